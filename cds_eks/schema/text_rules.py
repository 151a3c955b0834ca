"""Rules for the texts of requests, and the hint for a value that should be a text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable


def is_range(text: str) -> bool:
    """Whether a text is an address range (CIDR), or empty. One whose address has bits of hosts set is read as well."""
    try:
        return not text or ("/" in text and bool(ipaddress.ip_network(text, strict=False)))
    except ValueError:
        return False


# The service's own rules [O]: names have 1-26 characters, passwords 8-30. The document masks the passwords of its
# example as asterisks, so a text of nothing but asterisks passes as one.
NAMED_RULES: dict[str, tuple[Callable[[str], object], str]] = {
    "name": (
        re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,24}[A-Za-z0-9])?").fullmatch,
        "must have 1 to 26 letters, digits and dashes, the first and the last a letter or digit",
    ),
    "password": (
        re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^A-Za-z0-9]).{8,30}|\*{8,30}", re.DOTALL).fullmatch,
        "must have 8 to 30 characters, among them upper and lower case, a digit and a special character",
    ),
    "cidr": (is_range, "must be an address range such as 10.0.0.0/16"),
}


MUST_BE_UTF8 = "must be text that UTF-8 can hold (it has a lone surrogate)"


def is_utf8(text: str) -> bool:
    """Whether a text can be sent. It does not raise: Python's error holds the text, and that may be a secret."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


MUST_BE_TEXT = "must be a text (str)"


def quoted(value: object, path: str) -> str:
    """Return the hint how to quote a text in YAML; the spelling of values such as 1.30 and yes is lost by then."""
    shown = str(value) if type(value) is int and 0 <= value < 1000 else "…"
    name = path.rpartition(".")[2]
    return f'quote it in YAML: "{shown}"' if name.endswith("]") else f'quote it in YAML: {name}: "{shown}"'
