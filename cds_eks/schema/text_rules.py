"""Rules for the texts of requests, and the hint for a value that should be a text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

import attrs


def is_range(text: str) -> bool:
    """Whether a text is an address range (CIDR), or empty. One whose address has bits of hosts set is read as well."""
    try:
        return not text or ("/" in text and bool(ipaddress.ip_network(text, strict=False)))
    except ValueError:
        return False


@attrs.frozen(kw_only=True)
class NamedRule:
    """What a text must be, in every place that needs to know it.

    Attributes:
        fits: Whether a text is so.
        words: What the error says of one that is not; it never holds the text.
        doc: What docstrings say, as a sentence.
        good: Texts that are so, the first one without anything odd: tests make requests of them.
        bad: Texts that are not.
    """

    fits: Callable[[str], object]
    words: str
    doc: str
    good: tuple[str, ...]
    bad: tuple[str, ...]


NAMED_RULES: dict[str, NamedRule] = {
    "name": NamedRule(
        fits=re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,24}[A-Za-z0-9])?").fullmatch,
        words="must have 1 to 26 letters, digits and dashes, the first and the last a letter or digit",
        doc="1 to 26 letters, digits and dashes, no dash first or last [O].",
        good=("name-1", "a", "7", "A-z", "a" * 26),
        bad=("", "-", "-a", "a-", "a" * 27, "a_b", "a b", "名字", "a\n"),
    ),
    "password": NamedRule(  # the document masks the passwords of its example: nothing but asterisks passes as one
        fits=re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^A-Za-z0-9]).{8,30}|\*{8,30}", re.DOTALL).fullmatch,
        words="must have 8 to 30 characters, among them upper and lower case, a digit and a special character",
        doc="8 to 30 characters with upper and lower case, a digit and a special character [O].",
        good=('Aa1!é中&="x', "Passw0rd!x", "aA0 aA0 é", "********"),
        bad=("", "aA0!aA0", "Aa1!" * 7 + "Aa1", "passw0rd!", "PASSW0RD!", "Password!", "Passw0rdd", "*******"),
    ),
    "cidr": NamedRule(
        fits=is_range,
        words="must be an address range such as 10.0.0.0/16",
        doc="Such as `10.0.0.0/16`.",
        good=("10.0.0.0/16", "fd00::/64", "10.0.0.1/16", ""),
        bad=("10.0.0.0", "10.0.0.0/33", "/16", "10.0.0/16", "x"),
    ),
}
"""The rules that a text may have by name, as `rule:` in codegen/api.yaml: the service's own [O], and address ranges.

This table is the only place: the models' checks, their docstrings and the tests read it.
"""


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
