"""The API description (api.yaml) as typed values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from codegen.faults import Place

Source = Literal["D", "O", "I"]


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
    zh_note: str | None = None
    zh_default: str | None = None
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
    rule: str | None = None
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
    in_parent: bool = False
    default_values: Any = None
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
class ExcludedWhen:
    """Fields that must be left out when another one has a certain value."""

    when: str
    equals: str
    fields: list[str]
    because: str
    source: Source


@attrs.frozen(kw_only=True)
class RequiredWhen:
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
class HoistedField:
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
    forbidden: list[ExcludedWhen] = attrs.field(factory=list)
    needed: list[RequiredWhen] = attrs.field(factory=list)
    ordered: list[Ordered] = attrs.field(factory=list)
    zero_is_none: bool = False
    hoisted: list[HoistedField] = attrs.field(factory=list)


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
    zh_note: str | None = None
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
class Group:
    """What belongs together: operations, which a client shows as an attribute, and shapes."""

    doc: str
    zh: str


@attrs.frozen(kw_only=True)
class Api:
    """The whole description.

    Attributes:
        revisions: The revisions of the API, the oldest first, each with its source.
        path: The path of the service's URL.
        version: The `Version` that every request names.
        groups: The groups, in the order of the clients' attributes.
        operations: The operations by documented name.
        values: The open lists of values.
        shapes: The shapes of requests and answers.
        lines: The line of api.yaml in which each place stands.
    """

    revisions: dict[str, Source]
    path: str
    version: str
    groups: dict[str, Group]
    operations: dict[str, Operation]
    values: dict[str, Values]
    shapes: dict[str, Shape]
    lines: Mapping[Place, int] = attrs.field(factory=dict, eq=False, repr=False)

    @property
    def operation_groups(self) -> list[str]:
        """The groups that have operations; one without holds shapes that the others share."""
        with_operations = {operation.group for operation in self.operations.values()}
        return [name for name in self.groups if name in with_operations]

    def operations_of(self, group: str) -> dict[str, Operation]:
        """The operations of a group."""
        return {name: operation for name, operation in self.operations.items() if operation.group == group}

    def entry_of(self, operation: Operation) -> str:
        """The shape of an entry of an operation's result, or of the result itself."""
        return Field(wire="", type=operation.result, source="D", doc="").inner

    def identity_of(self, shape: str) -> str | None:
        """The field that tells the entries of a list apart: the first that is always there."""
        return next((name for name, field in self.shapes[shape].fields.items() if field.always), None)

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
