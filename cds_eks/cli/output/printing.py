"""Results on stdout, in the format that was asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import click

from cds_eks.cli.options import Options
from cds_eks.cli.output import structured
from cds_eks.cli.output.columns import check_rows, matters
from cds_eks.cli.output.rows import as_mapping, columns_in, id_of, name_of, shown
from cds_eks.cli.streams import encoding_has, flush_out, write_out


class Hints(NamedTuple):
    """What a command knows of its result.

    Attributes:
        columns: What a table shows by default.
        id: The key of the id.
        fields: The columns of CSV by default.
        checks_columns: Whether `--columns` is still to be checked.
    """

    columns: tuple[str, ...] = ()
    id: str = ""
    fields: tuple[str, ...] = ()
    checks_columns: bool = True


def emit(value: Any, options: Options, hints: Hints = Hints(), *, is_color: bool = False) -> None:  # noqa: B008
    """Print a result.

    Args:
        value: A mapping for one thing; a list or an iterator for many. An iterator is read as it is printed, in flat
            memory, with `jsonl`, `csv`, `name` and `--quiet`, and without `--query`.
        options: How.
        hints: What is known of it.
        is_color: Whether stdout takes colours.
    """
    if options.query is not None:
        from cds_eks.cli.output.querying import apply

        value = apply(options.query, list(value) if isinstance(value, Iterator) else value)
        hints = Hints(id=hints.id)
    try:
        for text in _texts(value, options, hints, is_color):
            write_out(text)
    except RecursionError:
        raise click.ClickException(f"the result is nested too deep for -o {options.output}") from None
    flush_out()


def _texts(value: Any, options: Options, hints: Hints, is_color: bool) -> Iterable[str]:
    if options.prints_ids:
        return (f"{text}\n" for row in _rows(value) if (text := id_of(row, hints.id)))
    if options.format == "name":
        return (f"{text}\n" for row in _rows(value) if (text := name_of(row, hints.id)))
    if options.format == "jsonl":
        return (f"{structured.one_line(row)}\n" for row in _rows(value))
    if options.format == "csv":
        return _csv(value, options, hints)
    whole = list(value) if isinstance(value, Iterator) else value
    if options.format == "json":
        return [structured.document(whole), "\n"]
    if options.format == "yaml":
        text = structured.yaml_document(whole)
        # What an encoding lacks is an escape, which YAML reads in quotes alone.
        return [text if encoding_has(text) else structured.yaml_document(whole, is_ascii=True)]
    return _table(whole, options, hints, is_color)


def _rows(value: Any) -> Iterable[Any]:
    """Return the rows of a result: one thing is one row."""
    if isinstance(value, (list, Iterator)):
        return value
    return () if value is None else (value,)


def _columns(options: Options, default: tuple[str, ...]) -> tuple[str, ...]:
    return () if options.columns == ("all",) else options.columns or default


def _csv(value: Any, options: Options, hints: Hints) -> Iterator[str]:
    from cds_eks.cli.output import csv_text

    rows: Iterable[Any] = map(as_mapping, _rows(value))
    columns = _columns(options, hints.fields) or hints.fields
    if hints.checks_columns and matters(options):
        rows, first = _with_first(rows)
        check_rows(options.columns, first, (*hints.fields, *hints.columns))
    if not columns:
        known = list(rows)
        rows, columns = known, columns_in(known, scalars_only=False)
    return csv_text.lines(rows, columns)


def _with_first(rows: Iterable[Any]) -> tuple[Iterable[Any], list[Any]]:
    """Return rows that are read as they are printed, and the first of them."""
    rows = iter(rows)
    first = list(itertools.islice(rows, 1))
    return itertools.chain(first, rows), first


def _table(value: Any, options: Options, hints: Hints, is_color: bool) -> Iterator[str]:
    from cds_eks.cli.output import table

    if hints.checks_columns and matters(options) and isinstance(value, (list, Mapping)):
        check_rows(options.columns, _rows(value), (*hints.fields, *hints.columns))
    if isinstance(value, Mapping):
        yield table.of_one(value, _columns(options, hints.columns), is_color=is_color)
    elif isinstance(value, list):
        rows = [as_mapping(row) for row in value]
        columns = _columns(options, hints.columns) or columns_in(rows, scalars_only=options.columns != ("all",))
        if not columns:
            return
        yield table.of_rows(rows, columns, is_color=is_color)
    elif value is None:
        return  # a query has found nothing
    else:
        yield shown(value)
    yield "\n"
