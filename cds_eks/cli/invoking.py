"""A command of an operation, carried out."""

from __future__ import annotations

import importlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cds_eks.cli.context import Context
from cds_eks.cli.description import Field, Operation
from cds_eks.cli.documents import NO_DOCUMENT, Document, by_python_names, read
from cds_eks.cli.fields import json_of, leaves, merged, metavar_of, option_name, plain_value
from cds_eks.cli.language import say
from cds_eks.cli.redacting import redacted
from cds_eks.cli.streams import write_out
from cds_eks.redaction import is_secret_name

if TYPE_CHECKING:
    from cds_eks.sync.client import EksClient


class Said(NamedTuple):
    """What a command line says, beside the words without options.

    Attributes:
        fields: The fields, as nested plain data.
        file: The file with further fields.
        extra: Undocumented fields, each as text.
        is_dry_run: Whether nothing is to be sent.
        skeleton: The format of the file to fill in, or None.
        all_pages: Whether all pages are asked for.
        limit: How many entries at most, or None.
        is_waiting: Whether what a write has begun is waited for.
        poll_interval: The pauses between the polls of that, in seconds, or None.
    """

    fields: dict[str, Any]
    file: str | None
    extra: Sequence[str]
    is_dry_run: bool
    skeleton: str | None
    all_pages: bool
    limit: int | None
    is_waiting: bool = False
    poll_interval: float | None = None


def invoke(operation: Operation, context: Context, said: Said, words: Sequence[str], required: Sequence[Field]) -> None:
    """Carry a command out: read and check what was given, ask, send, print."""
    document = by_python_names(read(said.file), operation.fields) if said.file is not None else NO_DOCUMENT
    options = by_python_names(Document(said.fields, {}), operation.fields).data
    given = merged(document.data, options)
    given |= positional_values(words, required, given)
    document = document._replace(replaced=tuple(leaves(options)))
    if said.skeleton is not None:
        from cds_eks.cli.skeleton import skeleton

        write_out(skeleton(operation, given, said.skeleton))
        return
    if said.file is None:  # else it is one of the faults, with the lines of the others
        check_complete(required, given)
    extra = {name: value for text in said.extra for name, value in [field_of(text, "--extra")]}
    if not said.is_dry_run:
        context.check_columns(columns_after(operation, is_waiting=said.is_waiting))
    from cds_eks.cli.requests import ask_for_secrets, request_of

    ask_for_secrets(operation, given)
    request = request_of(operation, given, document)
    with context.client(is_for_write=operation.writes) as eks:
        if said.is_dry_run:
            context.emit(dry_run(operation, request, extra, eks))
            return
        if operation.is_destructive:
            told = " ".join(f"{name}={_short(given[name])}" for name in given)
            thing = operation.group.replace("_", "-").removesuffix("s")
            context.confirm(say(f"{operation.command} {thing} {told}?", f"{operation.zh}：{told}？"))
        result = _send(operation, context, said, request, extra, eks)
    if result is not None:
        from cds_eks.cli.waits.waiting import emit_after

        emit_after(context, operation, given, result, said.poll_interval)


def columns_after(operation: Operation, *, is_waiting: bool) -> tuple[str, ...]:
    """Return the columns that the result of an operation may have."""
    from cds_eks.cli.waits.plan import KEYS

    written = ("request_id", *(dict.fromkeys(KEYS.values()) if is_waiting else ())) if operation.writes else ()
    return (*operation.answer, *written, "extra")


def check_complete(required: Sequence[Field], given: Mapping[str, Any]) -> None:
    """Refuse a command line that lacks a word.

    Raises:
        UsageError: It does; all that are missing are named.
    """
    missing = [field.name for field in required if given.get(field.name) is None]
    if missing:
        told = ", ".join(f"{metavar_of(name)} (or {option_name((name,))})" for name in missing)
        raise click.UsageError(f"Missing argument{'s' if len(missing) > 1 else ''} {told}.")


def _short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def positional_values(words: Sequence[str], required: Sequence[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words without options as fields: those that are not given otherwise, in their order.

    Raises:
        UsageError: There are more words than fields.
    """
    rest = list(words)
    found: dict[str, Any] = {}
    for field in required:
        if not rest:
            break
        if given.get(field.name) is not None:
            continue
        taken, rest = (rest, []) if field.is_list else (rest[:1], rest[1:])
        found[field.name] = plain_value(field, taken if field.is_list else taken[0], metavar_of(field.name))
    if rest:
        raise click.UsageError(f"Got unexpected extra argument{'s' if len(rest) > 1 else ''} ({' '.join(rest)}).")
    return found


def field_of(text: str, shown: str) -> tuple[str, Any]:
    """Return an undocumented field: `NAME=TEXT`, or `NAME:=JSON`. A secret must be a reference.

    Raises:
        BadParameter: It is neither, or a secret.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.rstrip(":"):
        raise click.BadParameter("must be NAME=TEXT or NAME:=JSON.", param_hint=shown)
    if name.endswith(":"):
        name, parsed = name[:-1], json_of(value, shown)
    else:
        parsed = value
    if not is_secret_name(name):
        return name, parsed
    from cds_eks.documents.secrets import SecretRef

    reference = SecretRef.of(value)
    if reference.source == "inline":
        raise click.BadParameter(
            f"{name} is a secret, which is never an argument: give env:NAME, file:PATH or cmd:COMMAND.",
            param_hint=shown,
        )
    return name, reference.resolve()


def dry_run(operation: Operation, request: Any, extra: Mapping[str, Any], eks: EksClient) -> dict[str, Any]:
    """Return the request as it would be sent, without its secrets.

    Raises:
        InvalidRequestError: It can't be sent, or not in the client's revision.
    """
    from cds_eks import codec
    from cds_eks.config import service_url

    constant = getattr(importlib.import_module(f"cds_eks.resources.{operation.group}"), operation.constant)
    url = service_url(eks.endpoint)
    made = codec.encode(constant, request, extra or None, url=url, headers={}, revision=eks.api_revision)
    body = json.loads(made.content) if made.content else None
    params = dict(made.params)
    return {
        "dry_run": True,
        "operation": operation.name,
        "action": params.pop("Action"),
        "method": made.operation.method,
        "url": url,
        "api_revision": eks.api_revision,
        "params": redacted(params, made.secrets),
        "body": redacted(body, made.secrets),
    }


def _send(
    operation: Operation, context: Context, said: Said, request: Any, extra: Mapping[str, Any], eks: EksClient
) -> dict[str, Any] | None:
    """Send a request and print what came of it, or return that if it is to be waited for."""
    group = getattr(eks, operation.group)
    more: dict[str, Any] = {"extra": extra or None, "timeout": context.options.timeout}
    if not operation.takes_request:
        values = {field.name: getattr(request, field.name) for field in operation.fields}
        more |= {name: value for name, value in values.items() if value is not None}
        more["extra"] = {**request.extra, **extra} or None
    is_walk = operation.is_paged and (said.all_pages or said.limit is not None) and request.page_index is None
    if is_walk:
        _print_list(operation, context, said, (each.to_dict() for each in group.iterate(**more)))
        return None
    method = getattr(group, operation.method)
    answer = method(request, **more) if operation.takes_request else method(**more)
    if not operation.is_list:
        data = {} if answer.data is None else answer.data.to_dict()
        if operation.writes:
            if said.is_waiting:
                return data | {"request_id": answer.request_id}
            context.emit_write(data, action=operation.name, request_id=answer.request_id, id=operation.id)
        else:
            context.emit(data, id=operation.id)
        return None
    entries = getattr(answer.data, operation.entries) if operation.entries else answer.data
    _print_list(operation, context, said, [each.to_dict() for each in entries])
    total = answer.total_count
    if operation.is_paged and total is not None and total > len(entries):
        more_en, more_zh = (
            "--page-all shows all, --page-index N another page",
            "--page-all 显示全部，--page-index N 显示其他页",
        )
        context.tell(say(f"{len(entries)} of {total}: {more_en}", f"已显示 {len(entries)}/{total}：{more_zh}"))
    return None


def _print_list(operation: Operation, context: Context, said: Said, entries: Iterable[dict[str, Any]]) -> None:
    rows: list[dict[str, Any]] | Iterator[dict[str, Any]]
    if isinstance(entries, list):
        rows = entries[: said.limit]
    else:
        rows = itertools.islice(entries, said.limit) if said.limit is not None else iter(entries)
    context.emit(rows, columns=operation.columns, id=operation.id, fields=operation.answer)
