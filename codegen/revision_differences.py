"""What differs between the revisions of the API: for models, for the emulator, for the tables, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from codegen.description import Api, Field, Operation, Value

PASSED_ON = "any"


def actions(api: Api, operation: Operation) -> dict[str, list[str]]:
    """Each name that an operation has on the wire, with its revisions."""
    found: dict[str, list[str]] = {}
    for revision in api.revisions:
        if (action := operation.action_in(revision)) is not None:
            found.setdefault(action, []).append(revision)
    return found


def other_actions(api: Api, operation: Operation) -> dict[str, str | None]:
    """The revisions in which an operation has another action than its first; None where there is none."""
    named = {revision: operation.action_in(revision) for revision in api.revisions}
    return {revision: action for revision, action in named.items() if action != operation.base_action}


def spellings(api: Api, field: Field, revision: str) -> tuple[dict[str, str], list[str]]:
    """How a revision spells known values of a field that others spell otherwise, and which it has no more."""
    spelt: dict[str, str] = {}
    removed_values: list[str] = []
    for value in api.values[field.values].values if field.values else ():
        known = {value.value, *filter(None, (value.wire_in(each) for each in api.revisions))}
        here = value.wire_in(revision)
        if here is None:
            removed_values += sorted(known)
        else:
            spelt |= dict.fromkeys(sorted(known - {here}), here)
    return spelt, removed_values


def differences(api: Api, field: Field) -> dict[str, str]:
    """The revisions in which a field differs from its first one, with the expression of its `RevisionDifference`."""
    found = {}
    for revision in api.revisions:
        wire = field.wire_in(revision)
        spelt, removed_values = spellings(api, field, revision)
        more: dict[str, Any] = {
            "in_parent": wire is None and field.in_parent,
            "default_values": _frozen(field.default_values) if wire is None else None,
            "only": field.only.get(revision),
            "repeat": field.repeat.get(revision),
            "spellings": spelt if wire is not None else None,
            "removed_values": tuple(removed_values) if wire is not None else None,
        }
        said = {name: value for name, value in more.items() if value}
        if wire != field.name or said:
            arguments = [repr(wire), *(f"{name}={value!r}" for name, value in said.items())]
            found[revision] = f"RevisionDifference({', '.join(arguments)})"
    return found


def _frozen(default_values: Any) -> Any:
    if isinstance(default_values, Mapping):
        return {name: None if values == PASSED_ON else tuple(values) for name, values in default_values.items()}
    return tuple(default_values or ())


class WireField(NamedTuple):
    """A field as it is on the wire in one revision."""

    wire: str
    type: str
    required: bool
    secret: bool
    removed_values: tuple[str, ...]
    about: Field


def wire_shape(api: Api, name: str, revision: str) -> list[WireField]:
    """A shape of requests as it is on the wire in a revision."""
    found = []
    for field in api.shapes[name].fields.values():
        if (wire := field.wire_in(revision)) is None:
            continue
        only = field.only.get(revision)
        kind = f"list[{api.shapes[field.inner].fields[only].type}]" if only else field.type
        removed_values = tuple(spellings(api, field, revision)[1])
        found.append(WireField(wire, kind, field.required, field.secret, removed_values, field))
    for hoisted in api.shapes[name].hoisted:
        if revision in hoisted.revisions:
            field = field_at(api, name, hoisted.path)
            found.append(WireField(hoisted.wire, field.type, field.required, field.secret, (), field))
    return found


def changed_shapes(api: Api) -> dict[str, dict[str, list[WireField]]]:
    """By revision: the shapes of requests, those of the first, and of each further one those that differ from it."""
    names = [name for name, shape in api.shapes.items() if shape.use != "answer"]
    first, *others = api.revisions
    whole = {name: wire_shape(api, name, first) for name in names}
    found = {first: whole}
    for revision in others:
        there = {name: wire_shape(api, name, revision) for name in names}
        found[revision] = {name: fields for name, fields in there.items() if fields != whole[name]}
    return found


def field_at(api: Api, shape: str, path: str) -> Field:
    """The field at a dotted path below a shape; KeyError if there is none."""
    *above, name = path.split(".")
    for step in above:
        shape = api.shapes[shape].fields[step].inner
    return api.shapes[shape].fields[name]


def words(field: Field, sources: Mapping[str, str]) -> list[str]:
    """What a docstring says of a field's revisions."""
    said = []
    names = field.wire if isinstance(field.wire, Mapping) else {}
    for revision, wire in list(names.items())[1:]:
        more = f", its `{only}` alone" if (only := field.only.get(revision)) else ""
        if often := field.repeat.get(revision):
            more = f", each listed as often as its `{often}` says"
        said.append(f"In revision {revision} [{sources[revision]}]: `{wire}`{more}.")
    if field.revisions is not None and not field.in_parent:
        default = default_in_words(field.default_values)
        but = f"; others take nothing but the default ({default})" if default else ""
        said.append(f"Only in revision {', '.join(field.revisions)}{but}.")
    if field.note:
        said.append(field.note)
    return said


def of_value(api: Api, value: Value) -> str:
    """What the docstring of a constant says of its revisions."""
    said = ""
    for revision, source in api.revisions.items():
        if (spelt := value.wire_in(revision)) is None:
            said += f" Not in revision {revision} [{source}]."
        elif spelt != value.value:
            said += f" Sent as `{spelt}` in revision {revision} [{source}]."
    return said


def default_in_words(default_values: Any, either: str = " or ", comma: str = ", ") -> str:
    """The values that a field may have in a revision that lacks it; "" if there are none."""
    default_values = _frozen(default_values)
    if isinstance(default_values, Mapping):
        told = {name: values for name, values in default_values.items() if values is not None}
        return comma.join(f"`{name}` {_choice(values, either)}" for name, values in told.items())
    return _choice(default_values, either)


def _choice(values: tuple[Any, ...], either: str) -> str:
    return either.join(f"`{value}`" for value in values)


def parent_path(api: Api, shape: str, python: str) -> str | None:
    """Where a revision has what it lacks as a field of a shape: the path of another row of the table.

    A field with `in_parent` is sent once in a parent (`hoisted`), or by how often an entry stands in a list (`repeat`).
    """
    wanted = api.shapes[shape].fields[python]
    for name, other in api.shapes.items():
        for hoisted in other.hoisted:
            if field_at(api, name, hoisted.path) is wanted:
                return hoisted.path
    for name, other in api.shapes.items():
        for list_name, field in other.fields.items():
            if field.inner == shape and python in field.repeat.values():
                return f"{name}.{list_name}"
    return None


class Row(NamedTuple):
    """A row of the table in docs/revisions.md: what requests say in different ways.

    `in_parent` is the path of the row that has it where this field is missing; `about` is the field, if it is one.
    """

    model: str
    field: str
    names: Mapping[str, str | None]
    default_values: Any = None
    in_parent: str | None = None
    about: Field | None = None


def rows(api: Api) -> Iterator[Row]:
    """The rows of the table."""
    for name, shape in api.shapes.items():
        if shape.use == "answer":
            continue
        for python, field in shape.fields.items():
            names = {revision: field.wire_in(revision) for revision in api.revisions}
            if len(set(names.values())) > 1:
                in_parent = parent_path(api, name, python) if field.in_parent else None
                yield Row(name, python, names, field.default_values, in_parent, field)
        for hoisted in shape.hoisted:
            yield Row(name, hoisted.path, dict.fromkeys(hoisted.revisions, hoisted.wire))
    for name, values in api.values.items():
        for value in values.values:
            names = {revision: value.wire_in(revision) for revision in api.revisions}
            if len(set(names.values())) > 1:
                yield Row(name, value.constant, names)
