"""Requests in the names and shapes of a revision of the API; what a revision can't carry is an error, never dropped.

The models' fields say what each revision has (`revised`, from the API description). The writer of each model and
revision is made once, so that a call only walks tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cds_eks.errors import InvalidRequestError
from cds_eks.schema.extra_fields import check_no_collision
from cds_eks.schema.revisions import HoistedField, RevisionDifference
from cds_eks.schema.shape import Nested, Shape, fields_of
from cds_eks.schema.validators import ListOf, MapOfText, Rule, ValidationFailure, joined, value_at

MOST_REPEATED = 99
"""In a revision that lists each disk by itself, the largest number of one disk [I]: no machine has more."""

Write = Callable[[Any], Any]
"""Converts a checked value of a field to the wire. Raises `ValidationFailure` with the path below the field."""


def to_wire(request: Shape, revision: str) -> dict[str, Any]:
    """Return a request as plain data by wire names; what is unset (None) is left out, zero, "" and False are not.

    Args:
        request: The model.
        revision: The revision of the API to write it in.

    Raises:
        InvalidRequestError: A field is set that the revision can't carry, or an undocumented one would replace it.
    """
    write = _WRITERS.get((type(request), revision)) or _compiled(type(request), revision)
    try:
        return write(request)
    except ValidationFailure as failure:
        path, rule = failure.path, failure.rule
    raise InvalidRequestError(path, rule)


_WRITERS: dict[tuple[type[Shape], str], Callable[[Shape], dict[str, Any]]] = {}


def writer(shape: type[Shape], revision: str) -> Callable[[Shape], dict[str, Any]]:
    """Return the writer of a model in a revision; it is made when it is first asked for."""
    return _WRITERS.get((shape, revision)) or _compiled(shape, revision)


def _compiled(shape: type[Shape], revision: str) -> Callable[[Shape], dict[str, Any]]:
    present: list[tuple[str, str, Write]] = []
    absent: list[tuple[str, RevisionDifference]] = []
    for member in fields_of(shape):
        if "wire" not in member.metadata:
            continue
        difference = member.metadata["revised"].get(revision) or RevisionDifference(member.metadata["wire"])
        if difference.wire is not None:
            present.append((member.name, difference.wire, _write(member.metadata["rule"], difference, revision)))
        elif not difference.in_parent:
            absent.append((member.name, difference))
    hoisted = [each for each in shape.HOISTED_FIELDS if each.revision == revision]

    def write(request: Shape) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for name, difference in absent:
            if (value := getattr(request, name)) and not _is_default(value, difference.default_values):
                raise ValidationFailure(_not_in_revision(difference, revision), name)
        for name, wire, write_value in present:
            if (value := getattr(request, name)) is not None:
                try:
                    plain[wire] = write_value(value)
                except ValidationFailure as failure:
                    raise ValidationFailure(failure.rule, joined(name, failure.path)) from None
        for each in hoisted:
            plain[each.wire] = _hoist(request, each)
        extra: Mapping[str, Any] = getattr(request, "extra")  # noqa: B009 - the base has none
        return _with_extra(extra, plain) if extra else plain

    _WRITERS[shape, revision] = write
    return write


def _write(rule: Rule, difference: RevisionDifference, revision: str) -> Write:
    """Return the writer of the values that a rule allows."""
    if isinstance(rule, Nested):
        return lambda value: writer(type(value), revision)(value)
    if isinstance(rule, MapOfText):
        return dict
    if isinstance(rule, ListOf):
        return _write_list(_write(rule.entry, difference, revision), difference, revision)
    if difference.spellings or difference.removed_values:
        return _write_known(difference, revision)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _write_known(difference: RevisionDifference, revision: str) -> Write:
    def write(value: Any) -> Any:
        if value in difference.removed_values:
            raise ValidationFailure(f"{value!r} does not exist in revision {revision}")
        return difference.spellings.get(value, value)

    return write


def _write_list(write: Write, difference: RevisionDifference, revision: str) -> Write:
    if difference.only is not None:
        write = _write_only(difference.only, revision)
    times = _times(difference.repeat, revision) if difference.repeat is not None else _once

    def write_all(entries: Sequence[Any]) -> list[Any]:
        made = []
        for index, entry in enumerate(entries):
            try:
                made += [write(entry)] * times(entry)
            except ValidationFailure as failure:
                raise ValidationFailure(failure.rule, joined(f"[{index}]", failure.path)) from None
        return made

    return write_all


def _write_only(only: str, revision: str) -> Write:
    def write(entry: Shape) -> Any:
        for member in fields_of(type(entry)):
            if member.name != only and getattr(entry, member.name):
                raise ValidationFailure(
                    f"can't be sent in revision {revision}, which takes the {only} alone", member.name
                )
        return getattr(entry, only)

    return write


def _once(_: Any) -> int:
    return 1


def _times(repeat: str, revision: str) -> Callable[[Any], int]:
    def times(entry: Shape) -> int:
        number: int = getattr(entry, repeat) or 1
        if number > MOST_REPEATED:
            raise ValidationFailure(
                f"must be at most {MOST_REPEATED} in revision {revision}, which lists each of them", repeat
            )
        return number

    return times


def _is_default(value: Any, default_values: tuple[Any, ...] | Mapping[str, tuple[Any, ...] | None]) -> bool:
    """Whether a value that a revision can't carry is the default, and may be left out; empty and zero values are."""
    if not isinstance(default_values, Mapping):
        return value in default_values
    said = {member.name: getattr(value, member.name) for member in fields_of(type(value))}
    allowed = {name: default_values.get(name, ()) for name, each in said.items() if each}
    return all(values is None or said[name] in values for name, values in allowed.items())


def _not_in_revision(difference: RevisionDifference, revision: str) -> str:
    rule = f"does not exist in revision {revision}"
    if isinstance(difference.default_values, Mapping):
        default = ", ".join(
            f"{name} {_choice(each)}" for name, each in difference.default_values.items() if each is not None
        )
    else:
        default = _choice(difference.default_values)
    return f"{rule}, so it can say nothing but the default: {default}" if default else f"{rule}: leave it out"


def _choice(values: tuple[Any, ...]) -> str:
    return " or ".join(map(repr, values))


def _hoist(request: Shape, hoisted: HoistedField) -> Any:
    value = value_at(request, hoisted.path)
    for path in hoisted.same:
        if value_at(request, path) != value:
            raise ValidationFailure(
                f"must equal {hoisted.path} in revision {hoisted.revision}, which has but one", path
            )
    return value


def _with_extra(extra: Mapping[str, Any], plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return undocumented fields beside the documented ones, which they can't replace."""
    check_no_collision(extra, dict.fromkeys(plain, "a field of the model"))
    return {**extra, **plain}
