"""The API description (api.yaml) as typed values; a word that is not known there is an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import attrs
import cattrs
import cattrs.v
import yaml

from codegen import revision_differences

Source = Literal["D", "O", "I"]

PATH = Path(__file__).with_name("api.yaml")

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C takes a quarter of the time; not every build of PyYAML has it."""


def name_in(names: str | dict[str, str], revisions: list[str] | None, revision: str) -> str | None:
    """What something is called in a revision; None if that does not have it."""
    if revisions is not None and revision not in revisions:
        return None
    return names if isinstance(names, str) else names.get(revision)


@attrs.frozen(kw_only=True)
class Field:
    """A field of a shape; see the head of api.yaml."""

    wire: str | dict[str, str]
    type: str
    source: Source
    doc: str
    required: bool = False
    zh: str | None = None
    documented: str | None = None
    min: int | None = None
    max: int | None = None
    step: int | None = None
    one_of: list[int] = attrs.field(factory=list)
    one_of_source: Source | None = None
    or_zero: bool = False
    min_items: int = 0
    max_items: int | None = None
    values: str | None = None
    rule: Literal["name", "password", "cidr"] | None = None
    allow_empty: bool = False
    default: str | None = None
    unit: str | None = None
    secret: bool = False
    always: bool = False
    moment: str | None = None
    needs: list[str] = attrs.field(factory=list)
    each: dict[str, dict[str, int]] = attrs.field(factory=dict)
    revisions: list[str] | None = None
    only: dict[str, str] = attrs.field(factory=dict)
    repeat: dict[str, str] = attrs.field(factory=dict)
    above: bool = False
    unsaid: Any = None
    note: str | None = None

    @property
    def name(self) -> str:
        """Its wire name in the first revision that has it."""
        return self.wire if isinstance(self.wire, str) else next(iter(self.wire.values()))

    def wire_in(self, revision: str) -> str | None:
        """Its wire name in a revision; None if that has no such field."""
        return name_in(self.wire, self.revisions, revision)

    @property
    def inner(self) -> str:
        """The type of an entry, for lists and maps; else the type itself."""
        match = re.fullmatch(r"(?:list|map)\[(\w+)\]", self.type)
        return match[1] if match else self.type

    @property
    def container(self) -> str | None:
        """`list`, `map` or None."""
        return self.type.split("[")[0] if "[" in self.type else None


@attrs.frozen(kw_only=True)
class Forbidden:
    """Fields that must be left out when another one has a certain value."""

    when: str
    equals: str
    fields: list[str]
    because: str
    source: Source


@attrs.frozen(kw_only=True)
class Needed:
    """A number that must be one of a few when another field has one of certain values."""

    when: str
    among: list[str]
    field: str
    one_of: list[int]
    source: Source


@attrs.frozen(kw_only=True)
class Ordered:
    """Two numbers of which one must not be greater than the other."""

    least: str
    most: str
    source: Source


@attrs.frozen(kw_only=True)
class Gathered:
    """What some revisions say once in a shape, and the models say below it."""

    wire: str
    revisions: list[str]
    path: str
    source: Source
    same: list[str] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Shape:
    """A request or an answer, or a part of one."""

    group: str
    use: Literal["request", "answer", "both"]
    source: Source
    doc: str
    fields: dict[str, Field]
    forbidden: list[Forbidden] = attrs.field(factory=list)
    needed: list[Needed] = attrs.field(factory=list)
    ordered: list[Ordered] = attrs.field(factory=list)
    zero_is_none: bool = False
    gathered: list[Gathered] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Find:
    """How to look for what a create may have made."""

    by: str
    entry: str
    id: str
    status: str | None = None
    within: str | None = None
    search: dict[str, str] = attrs.field(factory=dict)
    under: dict[str, str] = attrs.field(factory=dict)
    match: dict[str, str] = attrs.field(factory=dict)

    @property
    def name(self) -> str | None:
        """The path of the name that is looked for, if the service can search by one."""
        return next(iter(self.match.values()), None)


@attrs.frozen(kw_only=True)
class Operation:
    """An operation of the service."""

    group: str
    method: str
    http: Literal["GET", "POST"]
    action: str | dict[str, str]
    source: Source
    action_source: Source
    kind: Literal["read", "idempotent", "create"]
    request: str
    result: str
    result_source: Source
    doc: str
    zh: str
    style: Literal["arguments", "request"] = "arguments"
    result_id: str | None = None
    natural_key: list[str] = attrs.field(factory=list)
    find: Find | None = None
    note: str | None = None
    paged: bool = False
    revisions: list[str] | None = None

    @property
    def base_action(self) -> str:
        """Its action in the first revision that has it."""
        return self.action if isinstance(self.action, str) else next(iter(self.action.values()))

    def action_in(self, revision: str) -> str | None:
        """Its action in a revision; None if that has no such operation."""
        return name_in(self.action, self.revisions, revision)


@attrs.frozen(kw_only=True)
class Value:
    """One value of an open list."""

    value: str
    source: Source
    name: str | None = None
    doc: str | None = None
    wire: str | dict[str, str] | None = None
    revisions: list[str] | None = None

    def wire_in(self, revision: str) -> str | None:
        """Its spelling in a revision; None if that has no such value."""
        return name_in(self.wire or self.value, self.revisions, revision)

    @property
    def constant(self) -> str:
        """Its name in Python."""
        return self.name or re.sub(r"[^A-Z0-9]+", "_", self.value.upper()).strip("_")


@attrs.frozen(kw_only=True)
class Values:
    """An open list of values."""

    doc: str
    group: str
    values: list[Value]

    @property
    def spellings(self) -> list[str]:
        """All values, as each revision spells them."""
        wires = (each.wire for each in self.values if each.wire is not None)
        others = [name for wire in wires for name in ([wire] if isinstance(wire, str) else wire.values())]
        return list(dict.fromkeys([*(each.value for each in self.values), *others]))


@attrs.frozen(kw_only=True)
class Api:
    """The whole description."""

    revisions: dict[str, Source]
    path: str
    version: str
    operations: dict[str, Operation]
    values: dict[str, Values]
    shapes: dict[str, Shape]

    @property
    def groups(self) -> list[str]:
        """The groups of operations, in the order of the description."""
        return list(dict.fromkeys(operation.group for operation in self.operations.values()))

    def shapes_of(self, group: str) -> Iterator[tuple[str, Shape]]:
        """The shapes of a group, each after the ones that it is made of."""
        done: set[str] = set()

        def visit(name: str) -> Iterator[tuple[str, Shape]]:
            if name in done or name not in self.shapes or self.shapes[name].group != group:
                return
            done.add(name)
            for field in self.shapes[name].fields.values():
                yield from visit(field.inner)
            yield name, self.shapes[name]

        for name in self.shapes:
            yield from visit(name)

    def check(self) -> None:
        """Raise ValueError if a name leads nowhere."""
        known = {"str", "int", "bool", "flag", "flag_text", "none", *self.shapes}
        for name, shape in self.shapes.items():
            for python, field in shape.fields.items():
                if field.inner not in known:
                    raise ValueError(f"{name}.{python}: there is no type {field.type}")
                if field.values is not None and field.values not in self.values:
                    raise ValueError(f"{name}.{python}: there is no list of values {field.values}")
                if field.container is None and field.always and field.type != "str":
                    raise ValueError(f"{name}.{python}: only a text can be `always` there")
            for need in shape.needed:
                if missing := {need.when, need.field} - shape.fields.keys():
                    raise ValueError(f"{name}: what is needed names {', '.join(sorted(missing))}, which it has not")
            for order in shape.ordered:
                if missing := {order.least, order.most} - shape.fields.keys():
                    raise ValueError(f"{name}: what is ordered names {', '.join(sorted(missing))}, which it has not")
        for name, operation in self.operations.items():
            result = Field(wire="", type=operation.result, source="D", doc="").inner
            if operation.request not in self.shapes or result not in known:
                raise ValueError(f"{name}: {operation.request} or {operation.result} is not a shape")
            if operation.find is not None:
                self._check_find(name, operation, operation.find)
        revision_differences.check(self)

    def _check_find(self, name: str, operation: Operation, find: Find) -> None:
        if find.by not in self.operations or find.entry not in self.shapes:
            raise ValueError(f"{name}: find: there is no {find.by} or {find.entry}")
        entry = self.shapes[find.entry].fields
        arguments = self.shapes[self.operations[find.by].request].fields
        wrong = [
            *(field for field in (find.id, find.status or find.id, *find.match) if field not in entry),
            *(argument for argument in (*find.search, *find.under) if argument not in arguments),
            *(path for path in (*find.search.values(), *find.under.values()) if path not in operation.natural_key),
            *(path for path in find.match.values() if path not in operation.natural_key),
        ]
        if wrong:
            raise ValueError(f"{name}: find: {', '.join(wrong)} lead nowhere")


def _structure_wire(value: Any, _: Any) -> Any:
    if isinstance(value, (str, Mapping)):
        return value
    raise ValueError(f"a name, or a mapping from revision to name, not {value!r}")


def _in_words(error: BaseException, kind: type | None) -> str:
    if isinstance(error, (KeyError, cattrs.errors.ForbiddenExtraKeysError)):
        return cattrs.v.format_exception(error, kind)
    return str(error)


def load(path: Path = PATH) -> Api:
    """Read and check the description.

    Raises:
        ValueError: It is not what it should be; each place is named.
    """
    converter = cattrs.Converter(forbid_extra_keys=True)
    wires = (str | dict[str, str], str | dict[str, str] | None)
    converter.register_structure_hook_func(lambda hint: hint in wires, _structure_wire)
    try:
        api = converter.structure(yaml.load(path.read_text(encoding="utf-8"), LOADER), Api)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    except cattrs.BaseValidationError as error:
        places = cattrs.transform_error(error, "", format_exception=_in_words)
        raise ValueError("\n".join(places)) from None
    api.check()
    return api
