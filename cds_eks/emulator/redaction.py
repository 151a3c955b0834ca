"""What of a request may be kept: all that the description knows and does not call secret, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.emulator.api import SHAPES

__all__ = ["HIDDEN", "redacted"]

HIDDEN = "***"
"""What stands for a value that is not shown."""

_SECRETS = frozenset(field.wire.lower() for shape in SHAPES.values() for field in shape if field.secret)


def redacted(shape: str | None, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of some arguments in which `HIDDEN` stands for every secret and for every unknown field.

    Args:
        shape: The name of their shape in `SHAPES`; None if it is not known, so that every value is hidden.
        value: The arguments as they came.
    """
    types = {field.wire.lower(): field.type for field in SHAPES[shape] if not field.secret} if shape else {}
    return {name: _shown(types.get(name.lower()), each) for name, each in value.items()}


def _shown(type_: str | None, value: Any) -> Any:
    if value is None:
        return None
    if type_ is None:
        return HIDDEN
    if isinstance(value, list):
        return [_shown(type_[5:-1], each) for each in value] if type_.startswith("list[") else HIDDEN
    if isinstance(value, dict):
        if type_ in SHAPES:
            return redacted(type_, value)
        return {name: _label(name, each) for name, each in value.items()} if type_ == "map[str]" else HIDDEN
    return HIDDEN if type_ in SHAPES or "[" in type_ else value


def _label(name: str, value: Any) -> str:
    return value if isinstance(value, str) and name.lower() not in _SECRETS else HIDDEN
