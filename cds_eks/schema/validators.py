"""What the fields of a request accept: rules that check a value, and load it from plain data.

A rule's `check` returns the value to store, or raises `ValidationFailure` with the rule in words.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import attrs

from cds_eks.errors import InvalidRequestError
from cds_eks.schema.known_values import warn_if_misspelt
from cds_eks.schema.text_rules import MUST_BE_TEXT, MUST_BE_UTF8, NAMED_RULES, is_utf8, quoted


class ValidationFailure(ValueError):
    """A validation failure: the rule in words, and the path below the field."""

    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(rule)
        self.rule = rule
        self.path = path


def kind_of(value: object) -> str:
    """Return the name of a value's type, for an error."""
    return "nothing" if value is None else type(value).__name__


class Rule:
    """What a field accepts. The base accepts anything."""

    def check(self, value: Any) -> Any:
        """Return the value to store, or raise `ValidationFailure`."""
        return value

    def load(self, value: Any, path: str) -> Any:  # noqa: ARG002 - the rules of what is nested need it
        """Turn plain data (JSON, YAML, TOML) into what `check` accepts; `path` names it in errors."""
        return value

    def check_plain(self, value: Any, path: str) -> None:
        """Raise `InvalidRequestError` for what `check` would refuse, if there is a hint for authors of plain data."""

    def expanded(self, value: Any) -> Any:
        """Return an entry of a list of plain data in its long form, if it has a short one."""
        return value


@attrs.frozen
class Text(Rule):
    """A text.

    Attributes:
        rule: The name of a rule in `NAMED_RULES`.
        allow_empty: Whether it may be empty.
        open_list: The name of an open list of values.
        known: The values of that list, as each revision spells them. Others pass.
    """

    rule: str | None = None
    allow_empty: bool = True
    open_list: str = ""
    known: tuple[str, ...] = ()

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValidationFailure(f"{MUST_BE_TEXT}, not {kind_of(value)}")
        text = str.__str__(value)
        if not text and not self.allow_empty:
            raise ValidationFailure("must not be empty")
        if not is_utf8(text):
            raise ValidationFailure(MUST_BE_UTF8)
        if self.rule is not None:
            named = NAMED_RULES[self.rule]
            if not named.fits(text):
                raise ValidationFailure(named.words)
        if self.known and text and text not in self.known:
            warn_if_misspelt(self.open_list, text, self.known)
        return text

    def check_plain(self, value: Any, path: str) -> None:
        if isinstance(value, (int, float, date)):
            raise InvalidRequestError(path, f"{MUST_BE_TEXT}, not {kind_of(value)}: {quoted(value, path)}")


@attrs.frozen
class Integer(Rule):
    """A whole number in a range, or one of a few; with `or_zero` also 0, which means unset."""

    min: int | None = None
    max: int | None = None
    step: int | None = None
    one_of: tuple[int, ...] = ()
    or_zero: bool = False

    def check(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationFailure(f"must be a whole number (int), not {kind_of(value)}")
        number = int(value)
        if self.one_of and number not in self.one_of and not (self.or_zero and number == 0):
            raise ValidationFailure(f"must be one of {', '.join(map(str, self.one_of))}; got {_shown(number)}")
        if self.min is not None and number < self.min:
            raise ValidationFailure(f"must be at least {self.min}; got {_shown(number)}")
        if self.max is not None and number > self.max:
            raise ValidationFailure(f"must be at most {self.max}; got {_shown(number)}")
        if self.step is not None and number % self.step:
            raise ValidationFailure(f"must be a multiple of {self.step}; got {_shown(number)}")
        return number


@attrs.frozen
class Boolean(Rule):
    """True or False."""

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationFailure(f"must be True or False (bool), not {kind_of(value)}")
        return value


@attrs.frozen
class Flag(Rule):
    """True or False where the wire has 1 or 0; stored as 1 or 0."""

    def check(self, value: Any) -> int:
        if not isinstance(value, int) or value not in (0, 1):
            raise ValidationFailure("must be True, False, 1 or 0")
        return int(value)


@attrs.frozen
class FlagText(Rule):
    """A text; True, False, 1 and 0 become "1" and "0"."""

    def check(self, value: Any) -> str:
        return str(Flag().check(value)) if isinstance(value, int) else Text().check(value)


@attrs.frozen
class ListOf(Rule):
    """A list (or tuple) of entries of one kind; stored as a copy."""

    entry: Rule
    min_items: int = 0
    max_items: int | None = None

    def check(self, value: Any) -> list[Any]:
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)):
            raise ValidationFailure(f"must be a list, not {kind_of(value)}")
        _check_size(len(value), self.min_items, self.max_items)
        checked = []
        for index, entry in enumerate(value):
            try:
                checked.append(self.entry.check(entry))
            except ValidationFailure as failure:
                raise ValidationFailure(failure.rule, joined(f"[{index}]", failure.path)) from None
        return checked

    def load(self, value: Any, path: str) -> Any:
        if not isinstance(value, (list, tuple)):
            return value
        return [self.entry.load(self.entry.expanded(entry), f"{path}[{index}]") for index, entry in enumerate(value)]

    def check_plain(self, value: Any, path: str) -> None:
        for index, entry in enumerate(value if isinstance(value, (list, tuple)) else ()):
            self.entry.check_plain(entry, f"{path}[{index}]")


@attrs.frozen
class MapOfText(Rule):
    """A mapping from text to text; stored as a copy."""

    max_items: int | None = None

    def check(self, value: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise ValidationFailure(f"must be a mapping from text to text, not {kind_of(value)}")
        _check_size(len(value), 0, self.max_items)
        try:
            return {Text().check(key): Text().check(entry) for key, entry in value.items()}
        except ValidationFailure as failure:
            raise ValidationFailure(f"{failure.rule}, in keys and in values") from None

    def check_plain(self, value: Any, path: str) -> None:
        for entry in value.values() if isinstance(value, Mapping) else ():
            if isinstance(entry, (int, float, date)):
                rule = f"{MUST_BE_TEXT}, not {kind_of(entry)}, in keys and in values: quote them in YAML"
                raise InvalidRequestError(path, rule)


ANY_TEXT = Text()
NON_EMPTY_TEXT = Text(allow_empty=False)
BOOLEAN = Boolean()
FLAG = Flag()
FLAG_TEXT = FlagText()
MAP_OF_TEXT = MapOfText()

MUST_BE_BY_WIRE_NAME = "must be a mapping whose keys are wire names"


def is_by_wire_name(value: object) -> bool:
    """Whether plain data can be fields by wire name."""
    return isinstance(value, Mapping) and all(isinstance(name, str) and name for name in value)


@attrs.frozen
class ExtraFields(Rule):
    """Undocumented fields, by wire name."""

    def check(self, value: Any) -> dict[str, Any]:
        if value == {}:
            return {}
        if not is_by_wire_name(value):
            raise ValidationFailure(MUST_BE_BY_WIRE_NAME)
        return dict(value)


def printable_name(name: str) -> str:
    """Return a name that a caller gave in one line, for an error."""
    return name if name.isprintable() else ascii(name)


def _shown(number: int) -> str:
    """Return a number as text, for an error; Python converts no very long ones, and they would not be readable."""
    return str(number) if abs(number) < 10**18 else "a longer number"


def _check_size(size: int, least: int, most: int | None) -> None:
    if size < least:
        raise ValidationFailure(f"must have at least {least} {'entry' if least == 1 else 'entries'}; got {size}")
    if most is not None and size > most:
        raise ValidationFailure(f"must have at most {most} {'entry' if most == 1 else 'entries'}; got {size}")


def joined(head: str, tail: str) -> str:
    """Return a path one step longer."""
    return f"{head}{tail}" if not tail or tail.startswith("[") else f"{head}.{tail}"


@attrs.frozen
class ExcludedWhen:
    """Fields that must be left out (or empty) when another one has a certain value."""

    when: str
    equals: str
    fields: tuple[str, ...]
    because: str


@attrs.frozen
class Ordered:
    """Two numbers of which one must not be greater than the other."""

    least: str
    most: str


@attrs.frozen
class RequiredWhen:
    """A number that must be one of a few when another field has one of certain values."""

    when: str
    among: tuple[str, ...]
    field: str
    one_of: tuple[int, ...]

    def complaint(self, value: int | None, when: Any) -> str | None:
        """Return the rule in words if the number breaks it, given the value of the other field."""
        if when not in self.among or value in self.one_of:
            return None
        if value is None:
            return f"is required when {self.when} is {when!r}"
        return f"must be one of {', '.join(map(str, self.one_of))} when {self.when} is {when!r}; got {_shown(value)}"


def value_at(shape: object, path: str) -> Any:
    """Return the value at a dotted path of Python names."""
    return functools.reduce(getattr, path.split("."), shape)
