"""What of a request may be recorded: all that the description knows and does not call secret, and nothing else.

A request that was refused may speak any revision, or a mixture: a name is known if one of them knows it, and secret if
it is in one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cds_eks.emulator.protocol.api import OPERATIONS, SHAPES
from cds_eks.emulator.protocol.schema import Field

__all__ = ["HIDDEN", "MAX_RECORDED_BODY", "redact", "redact_action"]

HIDDEN = "***"
"""What stands for a value that is not shown."""

MAX_RECORDED_BODY = 256 * 1024
"""A body of more bytes is not recorded in the ledger, which may hold 100,000 of them."""

_MAX_NAME = 80
_ACTION = re.compile(r"[A-Z][A-Za-z]{2,39}")


def _of_all_revisions() -> dict[str, list[Field]]:
    fields: dict[str, list[Field]] = {}
    for shapes in SHAPES.values():
        for name, shape in shapes.items():
            fields.setdefault(name, []).extend(shape)
    return fields


_FIELDS = _of_all_revisions()
_SECRETS = {name: {field.wire.lower() for field in fields if field.secret} for name, fields in _FIELDS.items()}
_TYPES = {
    name: {field.wire.lower(): field.type for field in fields if field.wire.lower() not in _SECRETS[name]}
    for name, fields in _FIELDS.items()
}
"""The types of what is shown, by its name in lower case, and below also as the description spells it."""
for _name, _fields in _FIELDS.items():
    _TYPES[_name] |= {each.wire: type_ for each in _fields if (type_ := _TYPES[_name].get(each.wire.lower()))}

_SCALARS = frozenset(
    type_ for types in _TYPES.values() for type_ in types.values() if type_ not in _TYPES and "[" not in type_
)
_SECRET_ANYWHERE = frozenset(secret for secrets in _SECRETS.values() for secret in secrets)

# A map's names are the caller's own: these say that their values are secret. The SDK goes by the same words.
_SECRET_WORDS = re.compile(
    r"passw|passphrase|pwd|secret|accesskey|apikey|privatekey|signingkey|token|credential|authorization|cookie|kubeconfig"
)
_BETWEEN_WORDS = re.compile(r"[-_.\s]+")


def redact(shape: str | None, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of some arguments in which `HIDDEN` stands for every secret and for every unknown field.

    Args:
        shape: The name of their shape in `SHAPES`; None if it is not known, so that every value is hidden.
        value: The arguments as they came.
    """
    types = _TYPES[shape] if shape else {}
    shown = {}
    for name, each in value.items():
        type_ = types.get(name) or types.get(name.lower())
        is_scalar = type_ in _SCALARS and not isinstance(each, (list, dict))
        shown[name[:_MAX_NAME]] = each if is_scalar else _redact_value(type_, each)
    return shown


def redact_action(action: str) -> str:
    """Return an action as it is shown: a known one, one that looks like a name, or `HIDDEN`; a key has digits."""
    return action if not action or action in OPERATIONS or _ACTION.fullmatch(action) else HIDDEN


def _redact_value(type_: str | None, value: Any) -> Any:
    if value is None:
        return None
    if type_ is None:
        return HIDDEN
    if isinstance(value, list):
        return [_redact_value(type_[5:-1], each) for each in value] if type_.startswith("list[") else HIDDEN
    if isinstance(value, dict):
        if type_ in _TYPES:
            return redact(type_, value)
        return {name: _redact_label(name, each) for name, each in value.items()} if type_ == "map[str]" else HIDDEN
    return HIDDEN if type_ in _TYPES or "[" in type_ else value


def _redact_label(name: str, value: Any) -> str:
    plain = _BETWEEN_WORDS.sub("", name).lower()
    is_secret = plain == "pass" or plain in _SECRET_ANYWHERE or _SECRET_WORDS.search(plain) is not None
    return value if isinstance(value, str) and not is_secret else HIDDEN
