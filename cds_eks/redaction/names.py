"""Names on the wire that say that what has them must never be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SECRET_NAMES = re.compile(
    r"ak|sk|pass|.*(passw|passphrase|pwd|secret|accesskey|apikey|privatekey|signingkey|token|credential|"
    r"authorization|cookie|kubeconfig).*",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN_WORDS = re.compile(r"[-_.\s]+")


def is_secret_name(name: object) -> bool:
    """Whether what has this name on the wire must never be shown, and nothing that lies below it."""
    return isinstance(name, str) and _SECRET_NAMES.fullmatch(_BETWEEN_WORDS.sub("", name)) is not None


def secrets_in(plain: Any) -> set[str]:
    """Return the texts and numbers of plain data that lie below a name which says that they must never be shown."""
    found: set[str] = set()
    seen: set[tuple[int, bool]] = set()  # it is a caller's, and may be of any depth, or hold itself
    rest: list[tuple[Any, bool]] = [(plain, False)]
    while rest:
        value, is_secret = rest.pop()
        if isinstance(value, Mapping):
            if (id(value), is_secret) not in seen:
                seen.add((id(value), is_secret))
                rest += [(entry, is_secret or is_secret_name(name)) for name, entry in value.items()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            if (id(value), is_secret) not in seen:
                seen.add((id(value), is_secret))
                rest += [(entry, is_secret) for entry in value]
        elif is_secret and isinstance(value, str):
            found.add(value)
        elif is_secret and isinstance(value, (int, float)) and not isinstance(value, bool):
            found.add(_number_text(value))
    found.discard("")
    return found


def _number_text(number: float) -> str:
    try:
        return str(number)
    except ValueError:  # Python converts no very long ones, so none is shown
        return ""
