"""How the plain data of the description are taken: what has another type is refused, not turned into the one wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cattrs
from cattrs.cols import is_sequence, list_structure_factory

NAMES = (str | dict[str, str], str | dict[str, str] | None)
"""The types of what has one name, or one by revision."""


def converter(*, forbid_extra_keys: bool) -> cattrs.Converter:
    """What makes typed values of plain data."""
    made = cattrs.Converter(forbid_extra_keys=forbid_extra_keys)
    made.register_structure_hook_func(lambda hint: hint in NAMES, _names)
    made.register_structure_hook(str, _text)
    made.register_structure_hook(bool, _boolean)
    made.register_structure_hook(int, _whole)
    made.register_structure_hook_factory(is_sequence, _list)
    return made


def _text(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError(f"{_shown(value)} is no text" + ("" if isinstance(value, (list, Mapping)) else ": quote it"))


def _boolean(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{_shown(value)} is neither true nor false")


def _whole(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{_shown(value)} is no whole number")


def _names(value: Any, _: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, Mapping) and all(isinstance(name, str) for name in value.values())):
        return value
    raise ValueError(f"a name, or a mapping from revision to name, not {_shown(value)}")


def _list(kind: Any, made: cattrs.Converter) -> Callable[[Any, Any], Any]:
    structure = list_structure_factory(kind, made)

    def structured(value: Any, hint: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"{_shown(value)} is no list")  # noqa: TRY004 - told as what is wrong, with its place
        return structure(value, hint)

    return structured


def _shown(value: Any) -> str:
    """A value as YAML has it, if it is a simple one."""
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else repr(value)
