"""Tolerant reading of answers, as hooks of cattrs.

Read tolerantly means [D][O]: names in any case, numbers as text and text as numbers, one object where a list is meant
and a list of one where an object is, null for anything; and the names and shapes of any revision, whichever was asked
in. What has no name here is kept in `extra`. What can't be meant (an object for a number, say) is an `Unreadable` that
tells where.
"""

from __future__ import annotations

import functools
import math
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import attrs
import cattrs
from cattrs.dispatch import StructureHook

from cds_eks.compiling import FieldReader, compiled
from cds_eks.modeling import Shape, fields_of, restore


class Unreadable(ValueError):
    """A value is of another kind than its field, in words; grows its path on the way up."""

    def under(self, step: str) -> Unreadable:
        """Return the same, one step up."""
        return Unreadable(f"{step}{self}")


def _wrong(kind: str, value: object) -> Unreadable:
    return Unreadable(f" should be {kind}, not {type(value).__name__}")


def read_str(value: Any, _: Any) -> str | None:
    """Read a text, also from a number or a boolean."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    raise _wrong("a text", value)


def read_int(value: Any, _: Any) -> int | None:
    """Read a whole number, also from text; blank text is None."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,30}(\.0*)?\s*", value):
        return int(value.partition(".")[0])
    raise _wrong("a whole number", value)


def read_bool(value: Any, _: Any) -> bool | None:
    """Read a boolean, also from 0 and 1 and from text; blank text is None."""
    if isinstance(value, bool) or value is None:
        return value
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": None}
    if isinstance(value, (int, str)) and (word := str(value).strip().lower()) in known:
        return known[word]
    raise _wrong("true or false", value)


def read_any_scalar(value: Any, hint: Any) -> Any:
    """Read a flag (`bool | int`) or a flag text."""
    return read_int(value, hint) if int in typing.get_args(hint) else read_str(value, hint)


def _list_hook(hint: Any) -> StructureHook:
    (entry_type,) = typing.get_args(hint)
    is_shape = isinstance(entry_type, type) and issubclass(entry_type, Shape)
    reader = converter().get_structure_hook(entry_type)
    drops_zeros = is_shape and entry_type.ZERO_IS_NONE

    def read(value: Any, _: Any) -> list[Any]:
        if not isinstance(value, list):
            value = _listed(value, is_shape=is_shape)
        if drops_zeros:
            value = [None if _is_zero(item) else item for item in value]
        entries: list[Any] = []
        try:
            for item in value:
                if item is not None:
                    entries.append(reader(item, entry_type))  # noqa: PERF401 - how many there are is read below
        except Unreadable as error:
            present = [index for index, item in enumerate(value) if item is not None]
            raise error.under(f"[{present[len(entries)]}]") from None
        return entries

    return read


def _is_zero(item: Any) -> bool:
    """Whether an object is a Go service's zero struct: it has fields, and all of them are empty or zero."""
    return isinstance(item, dict) and bool(item) and not any(item.values())


def _listed(value: Any, *, is_shape: bool) -> list[Any]:
    """Return a list for what stands for one: nothing, or the one entry."""
    if value is None or value == "" or (value == {} and is_shape):
        return []
    if isinstance(value, dict if is_shape else str):
        return [value]
    raise _wrong("a list", value)


def _map_hook(_: Any) -> StructureHook:
    def read(value: Any, _: Any) -> dict[str, str]:
        if value is None or value in ("", []):
            return {}
        if not isinstance(value, dict):
            raise _wrong("an object", value)
        return {key: read_str(entry, str) or "" for key, entry in value.items()}

    return read


def _shape_hook(shape: type[Shape]) -> StructureHook:
    attrs.resolve_types(cast("type[attrs.AttrsInstance]", shape))
    members = [member for member in fields_of(shape) if member.name != "extra"]
    hints = [_without_none(member.type) for member in members]
    readers = [
        (member.name, converter().get_structure_hook(hint), hint) for member, hint in zip(members, hints, strict=True)
    ]
    empties = [_empty_of(member) for member in members]
    by_wire: dict[str, tuple[int, Callable[[Any], Any]]]
    by_wire = {member.metadata["wire"]: (index, _as_it_is) for index, member in enumerate(members)}
    by_other_wire = {wire: (index, lift) for index, member in enumerate(members) for wire, lift in _others(member)}
    by_lower = {wire.lower(): found for wire, found in {**by_other_wire, **by_wire}.items()}

    def read(value: Any, _: Any) -> Any:
        if isinstance(value, list) and len(value) <= 1:
            value = value[0] if value else None
        if value is None or value == "":
            value = {}
        if not isinstance(value, dict):
            raise _wrong("an object", value)
        state: dict[str, Any] = {name: empty() for (name, _, _), empty in zip(readers, empties, strict=True)}
        extra: dict[str, Any] = {}
        for key, entry in value.items():
            found = by_wire.get(key)
            if found is None:
                found = by_lower.get(key.lower())
                if found is None or value.get(members[found[0]].metadata["wire"]):
                    extra[key] = entry
                    continue
            index, lift = found
            name, reader, hint = readers[index]
            try:
                present = None if entry is None else reader(lift(entry), hint)
            except Unreadable as error:
                raise error.under(f".{key}") from None
            if present is not None and (present or not state[name]):
                state[name] = present
        state["extra"] = extra
        return restore(shape, state)

    fields = [
        FieldReader(
            name=name,
            wire=member.metadata["wire"],
            exact=_exact(hint),
            read=reader,
            hint=hint,
            empty=empty,
        )
        for member, (name, reader, hint), empty in zip(members, readers, empties, strict=True)
    ]
    return compiled(shape, fields, read, by_lower)


def _exact(hint: Any) -> type | None:
    """Return the type of the values that a reader of scalars gives back as they are."""
    if isinstance(hint, types.UnionType):
        return int if int in typing.get_args(hint) else str
    return cast("type", hint) if hint in (str, int, bool) else None


def _others(member: attrs.Attribute[Any]) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield the names that a field has in other revisions, each with what gives its value the shape of the first's."""
    hint = _without_none(member.type)
    for there in member.metadata["revised"].values():
        if there.wire is not None and there.only is not None:
            (entry_type,) = typing.get_args(hint)
            yield there.wire, _lifted(getattr(fields_of(entry_type), there.only).metadata["wire"])
        elif there.wire is not None and there.wire != member.metadata["wire"]:
            yield there.wire, _as_it_is


def _lifted(wire: str) -> Callable[[Any], Any]:
    """Return what makes objects of entries that are nothing but this field."""

    def lift(value: Any) -> Any:
        if isinstance(value, list):
            return [{wire: entry} if isinstance(entry, (str, int, float)) else entry for entry in value]
        return [{wire: value}] if isinstance(value, str) and value else value

    return lift


def _as_it_is(value: Any) -> Any:
    return value


def _without_none(hint: Any) -> Any:
    """Return `T` of `T | None`; the hooks return None themselves."""
    if isinstance(hint, types.UnionType):
        rest = [part for part in typing.get_args(hint) if part is not type(None)]
        return functools.reduce(lambda left, right: left | right, rest)
    return hint


def _empty_of(member: attrs.Attribute[Any]) -> Callable[[], Any]:
    """Return what makes the value of a field that the service left out: None where the model allows it, else empty."""
    if member.default is None or isinstance(member.default, str):
        return lambda: member.default
    hint: Any = member.type
    if isinstance(hint, type) and issubclass(hint, Shape):
        return lambda: converter().structure({}, hint)
    if hint in (str, int, bool):
        return cast("Callable[[], Any]", hint)
    return dict if _is_map(hint) else list


def _is_list(hint: Any) -> bool:
    return typing.get_origin(hint) in _LISTS


def _is_map(hint: Any) -> bool:
    return typing.get_origin(hint) in _MAPS


_LISTS: tuple[Any, ...] = (list, Sequence)
_MAPS: tuple[Any, ...] = (dict, Mapping)


@functools.cache
def reader_of(hint: Any) -> StructureHook:
    """Return what reads a type: what the converter would find each time anew."""
    return converter().get_structure_hook(hint)


@functools.cache
def converter() -> cattrs.Converter:
    """Return the converter of all answers; its hooks are made when a shape is first read."""
    made = cattrs.Converter(detailed_validation=False)
    made.register_structure_hook(str, read_str)
    made.register_structure_hook(int, read_int)
    made.register_structure_hook(bool, read_bool)
    made.register_structure_hook_func(lambda hint: isinstance(hint, types.UnionType), read_any_scalar)
    made.register_structure_hook_factory(_is_list, _list_hook)
    made.register_structure_hook_factory(_is_map, _map_hook)
    made.register_structure_hook_factory(lambda hint: isinstance(hint, type) and issubclass(hint, Shape), _shape_hook)
    return made
