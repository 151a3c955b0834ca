"""The letters in which texts and secrets are compared."""

from __future__ import annotations

_SIGMAS = ("\N{GREEK SMALL LETTER FINAL SIGMA}", "\N{GREEK SMALL LETTER SIGMA}")
"""One letter, which `lower` writes in another way at the end of a word."""


def with_blanks(text: str) -> str:
    """Return a text in which a plus is a blank: in a query it is one, whatever else of the text is escaped."""
    return text.replace("+", " ")


def folded(text: str) -> str:
    """Return a text in lower case, in which each character is where it was."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join([low if len(low := char.lower()) == 1 else char for char in text])
    return lower if lower.isascii() else lower.replace(*_SIGMAS)
