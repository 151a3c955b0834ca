"""Tolerant reading of the values in answers; the generated readers are made of it.

Tolerant means [D][O]: names in any case, numbers as text and text as numbers, one object in place of a list and a list
of one in place of an object, null for anything; and the names and shapes of any revision, whichever was asked in.
Undocumented names are stored in `extra`. A value that can't be converted (an object for a number, say) is a decode
error, `Unreadable`, with its path.
"""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Callable
from typing import Any, TypeVar

from cds_eks.schema.shape import Shape

T = TypeVar("T")

Read = Callable[[Any, Any], T]
"""Converts a value, given its type as well, as a hook of cattrs is."""


class Unreadable(ValueError):
    """A decode error: a value is of another kind than its field. Its path grows on the way up."""

    def with_parent_path(self, step: str) -> Unreadable:
        """Return the same, one step up."""
        return Unreadable(f"{step}{self}")


def type_mismatch(kind: str, value: object) -> Unreadable:
    """Return the error of a value that is of another kind."""
    return Unreadable(f" should be {kind}, not {type(value).__name__}")


def read_str(value: Any, _: Any = None) -> str | None:
    """Read a text, also from a number or a boolean."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    raise type_mismatch("a text", value)


def read_int(value: Any, _: Any = None) -> int | None:
    """Read a whole number, also from text; blank text is None."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,30}(\.0*)?\s*", value):
        return int(value.partition(".")[0])
    raise type_mismatch("a whole number", value)


def read_bool(value: Any, _: Any = None) -> bool | None:
    """Read a boolean, also from 0 and 1 and from text; blank text is None."""
    if isinstance(value, bool) or value is None:
        return value
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": None}
    if isinstance(value, (int, str)) and (word := str(value).strip().lower()) in known:
        return known[word]
    raise type_mismatch("true or false", value)


def read_any_scalar(value: Any, hint: Any) -> Any:
    """Read a flag (`bool | int`) or a flag text."""
    return read_int(value, hint) if int in typing.get_args(hint) else read_str(value, hint)


def read_map(value: Any, _: Any = None) -> dict[str, str]:
    """Read a mapping from text to text."""
    if value is None or value in ("", []):
        return {}
    if not isinstance(value, dict):
        raise type_mismatch("an object", value)
    return {key: read_str(entry) or "" for key, entry in value.items()}


def entries_of(kind: type[T], read_entry: Callable[[Any, Any], T | None]) -> Callable[..., list[T]]:
    """Return what reads a list; null in it is left out.

    Args:
        kind: What its entries are.
        read_entry: What reads one.
    """
    shape = kind if isinstance(kind, type) and issubclass(kind, Shape) else None
    is_shape, drops_zeros = shape is not None, shape is not None and shape.ZERO_IS_NONE

    def read(value: Any, _: Any = None) -> list[T]:
        if not isinstance(value, list):
            value = _listed(value, is_shape=is_shape)
        if drops_zeros:
            value = [None if _is_zero(item) else item for item in value]
        entries: list[Any] = []
        try:
            for item in value:
                if item is not None:
                    entries.append(read_entry(item, kind))  # noqa: PERF401 - how many there are is read below
        except Unreadable as error:
            present = [index for index, item in enumerate(value) if item is not None]
            raise error.with_parent_path(f"[{present[len(entries)]}]") from None
        return entries

    return read


def _is_zero(item: Any) -> bool:
    """Whether an object is a Go service's zero struct: it has fields, and all of them are empty or zero."""
    return isinstance(item, dict) and bool(item) and not any(item.values())


def _listed(value: Any, *, is_shape: bool) -> list[Any]:
    """Return a list for what the service sends in place of one: nothing, or the one entry."""
    if value is None or value == "" or (value == {} and is_shape):
        return []
    if isinstance(value, dict if is_shape else str):
        return [value]
    raise type_mismatch("a list", value)


read_texts: Callable[..., list[str]] = entries_of(str, read_str)
"""Read a list of texts."""
