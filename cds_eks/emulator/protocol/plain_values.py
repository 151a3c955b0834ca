"""Rules for plain values that people write: in the file of a world, and in the bodies of the control endpoints."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any, Protocol

import attrs

__all__ = ["MOST_TEXT", "Flag", "Number", "OneOf", "Rule", "Text", "Texts", "Whole", "similar"]

MOST_TEXT = 200
"""How many characters a text may have."""


class Rule(Protocol):
    """What a value must be."""

    @property
    def words(self) -> str:
        """The rule in words: `a whole number from 1 to 5`."""
        ...  # pragma: no cover - a protocol has no body

    def fits(self, value: object) -> bool:
        """Whether a value is as it must be."""
        ...  # pragma: no cover - a protocol has no body

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema."""
        ...  # pragma: no cover - a protocol has no body


@attrs.frozen
class Text:
    """A text of some characters, one at least unless it may be empty, without control characters."""

    may_be_empty: bool = False
    examples: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"a text of {0 if self.may_be_empty else 1} to {MOST_TEXT} characters, without control characters"

    def fits(self, value: object) -> bool:
        """Whether a value is such a text."""
        if not isinstance(value, str) or not int(not self.may_be_empty) <= len(value) <= MOST_TEXT:
            return False
        return not any(ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in value)

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema."""
        least = {} if self.may_be_empty else {"minLength": 1}
        examples = {"examples": list(self.examples)} if self.examples else {}
        return {"type": "string", **least, "maxLength": MOST_TEXT, **examples}


@attrs.frozen
class Whole:
    """A whole number within bounds."""

    least: int
    most: int

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"a whole number from {self.least} to {self.most}"

    def fits(self, value: object) -> bool:
        """Whether a value is such a number; true and false are none."""
        return type(value) is int and self.least <= value <= self.most

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@attrs.frozen
class Number:
    """A finite number within bounds, the lower one out of them if it is to be above that."""

    least: float
    most: float
    is_above: bool = False

    @property
    def words(self) -> str:
        """The rule in words."""
        least, most = (int(each) if each == int(each) else each for each in (self.least, self.most))
        return f"a number above {least}, up to {most}" if self.is_above else f"a number from {least} to {most}"

    def fits(self, value: object) -> bool:
        """Whether a value is such a number; true and false are none."""
        if type(value) is not int and (type(value) is not float or not math.isfinite(value)):
            return False
        return self.least <= value <= self.most and not (self.is_above and value == self.least)

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema."""
        return {"type": "number", "exclusiveMinimum" if self.is_above else "minimum": self.least, "maximum": self.most}


@attrs.frozen
class Flag:
    """Either true or false."""

    words: str = "true or false"

    def fits(self, value: object) -> bool:
        """Whether a value is one of the two."""
        return isinstance(value, bool)

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema."""
        return {"type": "boolean"}


@attrs.frozen
class OneOf:
    """One of some texts."""

    choices: tuple[str, ...]

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"one of {', '.join(self.choices)}"

    def fits(self, value: object) -> bool:
        """Whether a value is one of them."""
        return isinstance(value, str) and value in self.choices

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema."""
        return {"enum": list(self.choices)}


@attrs.frozen
class Texts:
    """A list of texts."""

    words: str = "a list of texts"

    def fits(self, value: object) -> bool:
        """Whether a value is such a list."""
        return isinstance(value, list) and all(Text().fits(each) for each in value)

    def schema(self) -> dict[str, Any]:
        """Return the rule as JSON Schema."""
        return {"type": "array", "items": Text().schema()}


def similar(name: str, known: Iterable[str]) -> str:
    """Return the end of an error about a name that is not known: the closest one, or all."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}"
