"""What the tables of the command line (`cds_eks/cli/operations/`) say of the operations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cds_eks.schema.text_rules import NAMED_RULES
from codegen import chinese
from codegen.description import Api, Field, Operation, Shape

MOST_COLUMNS = 8
DESTRUCTIVE = ("Delete", "Remove", "Destroy", "Terminate")
"""How the names of operations begin whose effect can't be undone."""

SCALARS = ("str", "int", "bool", "flag", "flag_text")


class CommandTables:
    """The tables of one group.

    Args:
        api: The description.
        group: The group.
    """

    def __init__(self, api: Api, group: str) -> None:
        self._api = api
        self.operations = api.operations_of(group)

    def shapes(self) -> Iterator[tuple[str, Shape]]:
        """The shapes of the group's requests, each after the ones that it is made of."""
        done: set[str] = set()

        def visit(name: str) -> Iterator[tuple[str, Shape]]:
            if name in done or name not in self._api.shapes:
                return
            done.add(name)
            for field in self._api.shapes[name].fields.values():
                yield from visit(field.inner)
            yield name, self._api.shapes[name]

        for operation in self.operations.values():
            yield from visit(operation.request)

    def field(self, name: str, field: Field) -> str:
        """The arguments of a field's `Field`, but for its own fields."""
        is_shape = field.inner in self._api.shapes
        wires = (field.wire,) if isinstance(field.wire, str) else tuple(dict.fromkeys(field.wire.values()))
        kind = "shape" if is_shape else "map" if field.container == "map" else field.inner
        said: dict[str, object] = {"wires": wires, "required": field.required or None}
        said |= {
            "is_list": field.container == "list" or None,
            "secret": field.secret or None,
            "numbers": (0,) * field.or_zero * bool(field.one_of) + tuple(field.one_of),
        }
        said |= {"least": field.min, "most": field.max, "unit": field.unit, "default": field.default}
        said["values"] = tuple(value.value for value in self._api.values[field.values].values) if field.values else ()
        said["allow_empty"] = field.allow_empty or (field.container == "list" and not field.min_items) or None
        told = [repr(name), repr(kind), repr(help_of(field)), repr(help_zh(field))]
        return ", ".join([*told, *(f"{key}={value!r}" for key, value in said.items() if value or value == 0)])

    def answer(self, operation: Operation) -> str:
        """The arguments of an `Operation` that tell of its answer."""
        entry, entries = self._entry(operation)
        said: dict[str, object] = {"is_paged": operation.paged, "entries": entries}
        if entry is not None:
            shape = self._api.shapes[entry]
            identity = operation.result_id or self._api.identity_of(entry)
            said |= {"id": identity, "columns": columns_of(shape, identity)}
            said["answer"] = tuple(name for name, field in shape.fields.items() if not field.secret)
        said["is_list"] = operation.result.startswith("list[") or bool(entries)
        return ", ".join(f"{key}={value!r}" for key, value in said.items() if value)

    def _entry(self, operation: Operation) -> tuple[str | None, str]:
        """The shape of an entry of the answer, or of the answer; and the field that holds the entries, if one does."""
        shape = self._api.entry_of(operation)
        if shape not in self._api.shapes:
            return None, ""
        fields = self._api.shapes[shape].fields
        lists = [(name, each.inner) for name, each in fields.items() if each.container == "list"]
        if operation.method.startswith("list") and len(lists) == 1 and not operation.result.startswith("list["):
            return lists[0][1], lists[0][0]
        return shape, ""


def is_destructive(name: str) -> bool:
    """Whether what an operation does can't be undone, by its documented name."""
    return name.startswith(DESTRUCTIVE)


def help_of(field: Field) -> str:
    """What a field is, and the rule for its text."""
    rule = f" {NAMED_RULES[field.rule].doc}" if field.rule and not field.values else ""
    return without_marks(f"{field.doc}{rule}")


def help_zh(field: Field) -> str:
    """The same in Chinese; in English where the description has no Chinese."""
    if not field.zh:
        return help_of(field)
    parts = [field.zh, chinese.RULES[field.rule] if field.rule and not field.values else "", field.zh_note or ""]
    return without_marks("".join(part if part.endswith(("。", ".")) else f"{part}。" for part in parts if part))


def without_marks(text: str) -> str:
    """A text without the marks that say how well something is known: only the pages explain them."""
    return re.sub(r" ?\[[DOI]\]", "", text)


def columns_of(shape: Shape, identity: str | None) -> tuple[str, ...]:
    """The fields that a table shows: the id, the name and the state, then the first of the others."""
    scalars = [name for name, field in shape.fields.items() if field.type in SCALARS and not field.secret]
    first = [name for name in scalars if name == identity]
    first += [name for name in scalars if name == "name" or name.endswith("_name")][:1]
    first += [name for name in scalars if name == "status" or name.endswith("_status")][:2]
    others = sorted(scalars, key=lambda name: name.endswith(("_id", "_name")))  # what it belongs to comes last
    columns = tuple(dict.fromkeys([*first, *others]))[:MOST_COLUMNS]
    has_status = any(name.endswith("_status") for name in columns)
    return tuple(name for name in columns if name != "status_str" or not has_status)  # it says the same in words
