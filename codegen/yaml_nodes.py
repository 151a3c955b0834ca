"""The YAML of the description: its data, the line of everything in it, and what plain YAML allows and this does not."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml
from yaml.reader import Reader

from codegen.faults import Fault, Place

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C takes a quarter of the time; not every build of PyYAML has it."""

MERGE = "tag:yaml.org,2002:merge"
TEXT = "tag:yaml.org,2002:str"

INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""The categories of characters that nobody sees: in source and in tables they would break a line, or hide something."""


class NotReadableError(Exception):
    """A text is no YAML, or none that can be read as a description.

    Args:
        faults: Why.
        lines: The line of each place.
    """

    def __init__(self, faults: list[Fault], lines: dict[Place, int]) -> None:
        super().__init__(faults)
        self.faults = faults
        self.lines = lines


class Parsed(NamedTuple):
    """A YAML text that has been read."""

    data: Any
    lines: dict[Place, int]
    faults: list[Fault]


class _Loader(LOADER):  # type: ignore[misc]  # a class that is chosen at run time
    """Tells the line of a scalar that has no value, such as a date of month 13."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


def decoded(content: bytes) -> str:
    """The text of a file.

    Raises:
        NotReadableError: It is not UTF-8, or has a character that YAML does not take.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(
            f"byte {content[error.start]:#04x} is no UTF-8", content[: error.start].count(b"\n")
        ) from None
    if found := Reader.NON_PRINTABLE.search(text):
        reason = f"the character U+{ord(found[0]):04X} can't stand in YAML"
        raise _unreadable(reason, text.count("\n", 0, found.start()))
    return text


def parsed(text: str) -> Parsed:
    """The data of a YAML text, the line of each place in it, and what is wrong with single entries.

    Raises:
        NotReadableError: It is no YAML, or has a name that is no text, or something that holds itself.
    """
    try:
        return _parsed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _unreadable(f"this is no YAML: {error.problem}", mark.line if mark is not None else 0) from None
    except RecursionError:
        raise _unreadable("this is nested too deep", 0) from None


def _unreadable(reason: str, lines_before: int) -> NotReadableError:
    return NotReadableError([Fault((), reason)], {(): lines_before + 1})


def _parsed(text: str) -> Parsed:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Place, int] = {(): 1}
        if node is None:
            return Parsed({}, lines, [])
        if wrong := list(_misshapen(node, (), lines, ())):
            raise NotReadableError(wrong, lines)
        faults: list[Fault] = []
        for place, line, scalar in _places(node, ()):
            if place in lines and place:
                faults.append(Fault(place, f"stands here twice, in line {lines[place]} and in line {line}"))
            lines.setdefault(place, line)
            faults += [Fault(place, reason) for reason in _unprintable(scalar)]
        return Parsed(loader.construct_document(node), lines, faults)
    finally:
        loader.dispose()


def _misshapen(node: Any, place: Place, lines: dict[Place, int], above: tuple[Any, ...]) -> Iterator[Fault]:
    """Names that are no text (`7:`, `no:`), and what holds itself by an alias; `lines` gets the line of each."""
    if node in above:
        lines[place] = node.start_mark.line + 1
        yield Fault(place, "holds itself, by an alias")
    elif isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield from _misshapen(entry, (*place, index), lines, (*above, node))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.tag not in (TEXT, MERGE) or not isinstance(key, yaml.ScalarNode):
                said = f"`{key.value}`" if isinstance(key, yaml.ScalarNode) else "a list or a mapping"
                wrong = (*place, key.value) if isinstance(key, yaml.ScalarNode) else place
                lines[wrong] = key.start_mark.line + 1
                yield Fault(wrong, f"{said} is no text, as a name must be: quote it")
            else:
                yield from _misshapen(value, (*place, key.value), lines, (*above, node))


def _places(node: Any, above: Place) -> Iterator[tuple[Place, int, str]]:
    """Each place below a node, with its line and its text; what is merged from elsewhere (`<<`) has its line there."""
    if isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield (*above, index), entry.start_mark.line + 1, _scalar(entry)
            yield from _places(entry, (*above, index))
    elif isinstance(node, yaml.MappingNode):
        own = {key.value for key, _ in node.value}
        for key, value in node.value:
            if key.tag == MERGE:
                merged = _places(value, above)
                yield from (each for each in merged if each[0][len(above)] not in own)
            else:
                yield (*above, key.value), key.start_mark.line + 1, key.value + _scalar(value)
                yield from _places(value, (*above, key.value))


def _scalar(node: Any) -> str:
    return node.value if isinstance(node, yaml.ScalarNode) else ""


def _unprintable(text: str) -> Iterator[str]:
    """Why a text can't stand in a line of source or of a table."""
    if text.isprintable():  # as thousands are: this is quick
        return
    if "\n" in text:
        yield "is more than one line (`>-` joins lines, `>` and `|` leave a line break at the end)"
    elif invisible := next((char for char in text if unicodedata.category(char) in INVISIBLE), None):
        yield f"has the invisible character U+{ord(invisible):04X}"
