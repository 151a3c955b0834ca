"""What is wrong in the keys of a field: keys that mean nothing for its type, and bounds that nothing can meet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import attrs

from codegen.description import Api, Field, Shape
from codegen.faults import Fault, Place

WHOLE = re.compile(r"-?\d+(?![\w.])")
TRUTH = re.compile(r"(true|false|0|1)\b", re.IGNORECASE)

TEXTS = ("note", "default", "unit", "documented", "moment")
"""The texts of a field that may be left out, but not be empty."""


class Said(NamedTuple):
    """A field and where it stands."""

    api: Api
    shape: Shape
    field: Field

    @property
    def is_sent(self) -> bool:
        """Whether it is in a request."""
        return self.shape.use != "answer"

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.field.inner == "int"

    @property
    def is_text(self) -> bool:
        """Whether it is a text or a list of texts."""
        return self.field.inner == "str" and self.field.container != "map"

    @property
    def is_shape(self) -> bool:
        """Whether it is a shape, or a list of one."""
        return self.field.inner in self.api.shapes


class Meaning(NamedTuple):
    """Where a key means something."""

    words: str
    fits: Callable[[Said], bool]


_NUMBER = Meaning("a number (int)", lambda said: said.is_number)
_CHOICE = Meaning("a number (int) with `one_of`", lambda said: said.is_number and bool(said.field.one_of))
_TEXT = Meaning("a text, or a list of texts", lambda said: said.is_text)
_SHAPE = Meaning("a shape in a request", lambda said: said.is_sent and said.is_shape)

MEANINGS: Mapping[str, Meaning] = {
    "required": Meaning("a request", lambda said: said.is_sent or not said.field.required),
    "min": _NUMBER,
    "max": _NUMBER,
    "step": _NUMBER,
    "one_of": _NUMBER,
    "one_of_source": _CHOICE,
    "or_zero": _CHOICE,
    "unit": _NUMBER,
    "min_items": Meaning("a list in a request", lambda said: said.is_sent and said.field.container == "list"),
    "max_items": Meaning("a list or a map in a request", lambda said: said.is_sent and bool(said.field.container)),
    "values": _TEXT,
    "rule": _TEXT,
    "allow_empty": Meaning(
        "a text that a request must have",
        lambda said: said.is_sent and said.field.type == "str" and said.field.required,
    ),
    "default": Meaning("what a request may leave out", lambda said: said.is_sent and not said.field.required),
    "zh_default": Meaning("a field with `default`", lambda said: bool(said.field.default)),
    "needs": _SHAPE,
    "each": _SHAPE,
    "always": Meaning("a text in an answer", lambda said: not said.is_sent and said.field.type == "str"),
    "moment": Meaning("a text in an answer", lambda said: said.shape.use != "request" and said.field.type == "str"),
}
"""The keys that do not mean something for every field."""

_SILENT = Field(wire="", type="", source="D", doc="")
"""A field that says nothing that may be left out."""


def faults(api: Api) -> Iterator[Fault]:
    """Yield each fault."""
    for name, shape in api.shapes.items():
        for python, field in shape.fields.items():
            place = ("shapes", name, "fields", python)
            yield from _meaningless(place, Said(api, shape, field))
            yield from _type(place, Said(api, shape, field))
            yield from _bounds(place, attrs.asdict(field, recurse=False))
            yield from _numbers(api, place, field)
            yield from _default(place, field)
            yield from _below(place, Said(api, shape, field))
            for key in TEXTS:
                if (text := getattr(field, key)) is not None and not text.strip():
                    yield Fault((*place, key), "is empty")


def _meaningless(place: Place, said: Said) -> Iterator[Fault]:
    for key, meaning in MEANINGS.items():
        is_said = (*place, key) in said.api.lines or getattr(said.field, key) != getattr(_SILENT, key)
        if is_said and not meaning.fits(said):
            yield Fault((*place, key), f"means nothing here: `{key}` is for {meaning.words}")


def _type(place: Place, said: Said) -> Iterator[Fault]:
    field, api = said.field, said.api
    if field.container == "map" and field.inner != "str":
        yield Fault((*place, "type"), f"{field.type}: a map holds texts, map[str]")
    elif field.container == "list" and said.shape.use != "request" and not (said.is_shape or said.is_text):
        yield Fault((*place, "type"), f"{field.type}: a list in an answer holds texts or shapes")
    inner = api.shapes[field.inner].use if said.is_shape else "both"
    if inner not in ("both", said.shape.use):
        yield Fault((*place, "type"), f"{field.inner} has `use: {inner}`, which is too little for `{said.shape.use}`")


def _bounds(place: Place, bounds: Mapping[str, int | None]) -> Iterator[Fault]:
    """What no number can meet."""
    least, most, step = (bounds.get(key) for key in ("min", "max", "step"))
    if step is not None and step < 1:
        yield Fault((*place, "step"), f"{step} is no step: it must be at least 1")
    elif least is not None and most is not None and least > most:
        yield Fault((*place, "min"), f"{least} is more than `max`, {most}")
    elif least is not None and most is not None and step is not None and most // step * step < least:
        yield Fault((*place, "step"), f"no multiple of {step} is from {least} to {most}")


def _numbers(api: Api, place: Place, field: Field) -> Iterator[Fault]:
    if (*place, "one_of") in api.lines and not field.one_of:
        yield Fault((*place, "one_of"), "is empty: no number would pass")
    for number in field.one_of:
        if reason := _out_of_bounds(number, field):
            yield Fault((*place, "one_of"), f"{number} would never pass: {reason}")
    if len(set(field.one_of)) < len(field.one_of):
        yield Fault((*place, "one_of"), "has a number twice")
    if field.or_zero and (reason := _out_of_bounds(0, field)):
        yield Fault((*place, "or_zero"), f"0 would never pass: {reason}")
    if field.min_items < 0:
        yield Fault((*place, "min_items"), f"{field.min_items} is less than 0")
    if field.max_items is not None and field.max_items < max(field.min_items, 1):
        reason = f"is less than `min_items`, {field.min_items}" if field.min_items else "leaves no room for an entry"
        yield Fault((*place, "max_items"), f"{field.max_items} {reason}")


def refused(number: int, field: Field) -> str | None:
    """Why a field does not take a number; None if it does."""
    if number == 0 and field.or_zero:
        return None
    if field.one_of and number not in field.one_of:
        return "it is not in `one_of`"
    return _out_of_bounds(number, field)


def _out_of_bounds(number: int, field: Field) -> str | None:
    if field.min is not None and number < field.min:
        return f"it is less than `min`, {field.min}"
    if field.max is not None and number > field.max:
        return f"it is more than `max`, {field.max}"
    if field.step is not None and field.step > 0 and number % field.step:
        return f"it is no multiple of `step`, {field.step}"
    return None


def _default(place: Place, field: Field) -> Iterator[Fault]:
    """What is assumed is something that could be sent: words may follow it (`0, no test fund`)."""
    if field.default is None:
        return
    if field.type == "int":
        if (found := WHOLE.match(field.default)) is None:
            yield Fault((*place, "default"), f"{field.default!r} does not begin with a whole number")
        elif reason := refused(number := int(found[0]), field):
            yield Fault((*place, "default"), f"{number} could not be sent: {reason}")
    elif field.type in ("bool", "flag") and not TRUTH.match(field.default):
        yield Fault((*place, "default"), f"{field.default!r} does not begin with true, false, 0 or 1")


def _below(place: Place, said: Said) -> Iterator[Fault]:
    """What is said of the fields of a nested shape."""
    if not said.is_shape:
        return
    fields = said.api.shapes[said.field.inner].fields
    for name in said.field.needs:
        if name not in fields or fields[name].required:
            yield Fault((*place, "needs"), f"{said.field.inner} has no field {name} that may be left out")
    for name, bounds in said.field.each.items():
        inside = (*place, "each", name)
        if name not in fields or fields[name].type != "int":
            yield Fault(inside, f"{said.field.inner} has no number {name}")
        for key in bounds.keys() - {"min", "max", "step"}:
            yield Fault((*inside, key), "there is no such key: a closer rule has `min`, `max` and `step`")
        yield from _bounds(inside, bounds)
