"""Models as plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from cds_eks.redaction import is_secret_name

Namer = Callable[["attrs.Attribute[Any]"], "str | None"]


def python_name(member: attrs.Attribute[Any]) -> str | None:
    """Name a field as Python does; undocumented fields go below `extra`."""
    return member.name


def wire_name(member: attrs.Attribute[Any]) -> str | None:
    """Name a field as the wire does; undocumented fields go beside the others."""
    return member.metadata.get("wire")


def dump(shape: Any, namer: Namer, *, secrets: bool) -> dict[str, Any]:
    """Return a model as plain data; what is unset (None) is left out, zero, "" and False are not.

    Args:
        shape: The model.
        namer: Names its fields.
        secrets: Whether to include what is secret.
    """
    plain: dict[str, Any] = {}
    for member in attrs.fields(type(shape)):
        value = getattr(shape, member.name)
        if not secrets:
            value = None if member.metadata.get("secret") else _without_secrets(value)
        name = namer(member)
        if name is None:
            plain = {**(value or {}), **plain}
        elif value is not None and (value or member.name != "extra"):
            plain[name] = _dump_value(value, namer, secrets=secrets)
    return plain


def _dump_value(value: Any, namer: Namer, *, secrets: bool) -> Any:
    if attrs.has(type(value)):
        return dump(value, namer, secrets=secrets)
    if isinstance(value, list):
        return [_dump_value(entry, namer, secrets=secrets) for entry in value]
    return dict(value) if isinstance(value, dict) else value


def _without_secrets(value: Any) -> Any:
    """Return plain data without what has the name of a secret: in undocumented fields there may be anything."""
    if isinstance(value, list):
        return [_without_secrets(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _without_secrets(entry) for name, entry in value.items() if not is_secret_name(name)}
    return value
