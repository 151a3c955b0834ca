"""How data of any shape are structured: by the generated readers, with a general one behind each of them.

A generated reader takes what the service really sends: the documented names, and none that is another spelling of one.
Anything else goes to the general reader, which knows every spelling, kind and revision, so that both always agree. All
are registered with cattrs; each is found when a shape is first read.
"""

from __future__ import annotations

import functools
import importlib
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, cast

import attrs
import cattrs
from cattrs.dispatch import StructureHook

from cds_eks._runtime import forks, loading
from cds_eks.codec.deserialize import (
    Unreadable,
    entries_of,
    read_any_scalar,
    read_bool,
    read_int,
    read_map,
    read_str,
    type_mismatch,
)
from cds_eks.schema.shape import Shape, fields_of, restore

ShapeT = TypeVar("ShapeT", bound=Shape)


class _General(NamedTuple):
    """The general reader of a shape, its documented names without values, and all accepted names in lower case."""

    read: StructureHook
    nothing: dict[str, None]
    spellings: frozenset[str]


class FallbackReader(Generic[ShapeT]):
    """The fallback of the generated reader of a shape: its general reader, made when it is first needed.

    Args:
        shape: The shape.
    """

    def __init__(self, shape: type[ShapeT]) -> None:
        self._shape = shape
        self._general: _General | None = None

    def with_all_names(self, given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return an object with all documented names, and its undocumented members.

        Raises:
            Unreadable: It is no object, or has names that may be other spellings of a documented one.
        """
        if type(given) is not dict:
            raise type_mismatch("an object", given)
        _, nothing, spellings = self._general or self._create()
        plain = {**nothing, **given}
        if len(plain) == len(nothing):
            return plain, {}
        extra = {key: entry for key, entry in given.items() if key not in nothing}
        if not spellings.isdisjoint([key.lower() for key in extra]):
            raise Unreadable(" has names in other spellings")
        return plain, extra

    def read(self, given: Any) -> ShapeT:
        """Read it in any spelling.

        Raises:
            Unreadable: A value can't be converted.
        """
        return cast("ShapeT", (self._general or self._create()).read(given, self._shape))

    def _create(self) -> _General:
        self._general = general(self._shape)
        return self._general


def reader_of_shape(shape: type[Shape]) -> StructureHook:
    """Return the generated reader of a shape, or the general one if there is none."""
    package, _, group = shape.__module__.rpartition(".")
    if package != "cds_eks.models":
        return general(shape).read
    with loading.in_progress, forks.first_use.of_this_process():
        readers: Mapping[type[Shape], StructureHook] = importlib.import_module(f"cds_eks.codec.readers.{group}").READERS
    return readers.get(shape) or general(shape).read


def _list_hook(hint: Any) -> StructureHook:
    (entry_type,) = typing.get_args(hint)
    return entries_of(entry_type, answer_converter().get_structure_hook(entry_type))


def general(shape: type[Shape]) -> _General:
    """Return the general reader of a shape."""
    attrs.resolve_types(cast("type[attrs.AttrsInstance]", shape))
    members = [member for member in fields_of(shape) if member.name != "extra"]
    hints = [_without_none(member.type) for member in members]
    readers = [
        (member.name, answer_converter().get_structure_hook(hint), hint)
        for member, hint in zip(members, hints, strict=True)
    ]
    empties = [_empty_of(member) for member in members]
    by_wire: dict[str, tuple[int, Callable[[Any], Any]]]
    by_wire = {member.metadata["wire"]: (index, _as_it_is) for index, member in enumerate(members)}
    by_other_wire = {wire: (index, wrap) for index, member in enumerate(members) for wire, wrap in _others(member)}
    by_lower = {wire.lower(): found for wire, found in {**by_other_wire, **by_wire}.items()}

    def read(value: Any, _: Any) -> Any:
        if isinstance(value, list) and len(value) <= 1:
            value = value[0] if value else None
        if value is None or value == "":
            value = {}
        if not isinstance(value, dict):
            raise type_mismatch("an object", value)
        state: dict[str, Any] = {name: empty() for (name, _, _), empty in zip(readers, empties, strict=True)}
        extra: dict[str, Any] = {}
        for key, entry in value.items():
            found = by_wire.get(key)
            if found is None:
                found = by_lower.get(key.lower())
                if found is None or value.get(members[found[0]].metadata["wire"]):
                    extra[key] = entry
                    continue
            index, wrap = found
            name, reader, hint = readers[index]
            try:
                present = None if entry is None else reader(wrap(entry), hint)
            except Unreadable as error:
                raise error.with_parent_path(f".{key}") from None
            if present is not None and (present or not state[name]):
                state[name] = present
        state["extra"] = extra
        return restore(shape, state)

    return _General(read, dict.fromkeys(by_wire), frozenset(by_lower))


def _others(member: attrs.Attribute[Any]) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield the names that a field has in other revisions, each with what gives its value the shape of the first's."""
    hint = _without_none(member.type)
    for difference in member.metadata["revised"].values():
        if difference.wire is not None and difference.only is not None:
            (entry_type,) = typing.get_args(hint)
            yield difference.wire, _wrapper_of(getattr(fields_of(entry_type), difference.only).metadata["wire"])
        elif difference.wire is not None and difference.wire != member.metadata["wire"]:
            yield difference.wire, _as_it_is


def _wrapper_of(wire: str) -> Callable[[Any], Any]:
    """Return what makes objects of entries that are nothing but this field."""

    def wrap(value: Any) -> Any:
        if isinstance(value, list):
            return [{wire: entry} if isinstance(entry, (str, int, float)) else entry for entry in value]
        return [{wire: value}] if isinstance(value, str) and value else value

    return wrap


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
        return lambda: answer_converter().structure({}, hint)
    if hint in (str, int, bool):
        return cast("Callable[[], Any]", hint)
    return dict if _is_map(hint) else list


def is_shape(hint: Any) -> bool:
    """Whether a type is a model."""
    return isinstance(hint, type) and issubclass(hint, Shape)


def _is_list(hint: Any) -> bool:
    return typing.get_origin(hint) in _LISTS


def _is_map(hint: Any) -> bool:
    return typing.get_origin(hint) in _MAPS


_LISTS: tuple[Any, ...] = (list, Sequence)
_MAPS: tuple[Any, ...] = (dict, Mapping)


@functools.cache
def reader_of(hint: Any) -> StructureHook:
    """Return what reads a type: what the converter would find each time anew."""
    return answer_converter().get_structure_hook(hint)


@functools.cache
def answer_converter() -> cattrs.Converter:
    """Return the converter that reads answers; its hooks are found when a shape is first read."""
    made = cattrs.Converter(detailed_validation=False)
    made.register_structure_hook(str, read_str)
    made.register_structure_hook(int, read_int)
    made.register_structure_hook(bool, read_bool)
    made.register_structure_hook_func(lambda hint: isinstance(hint, types.UnionType), read_any_scalar)
    made.register_structure_hook_factory(_is_list, _list_hook)
    made.register_structure_hook_factory(_is_map, lambda _: read_map)
    made.register_structure_hook_factory(is_shape, reader_of_shape)
    return made
