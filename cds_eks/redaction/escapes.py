"""Escapes undone: each kind by itself, with the place of each character in the text that had them."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Callable, Iterator

import attrs

_HEX = "[0-9A-Fa-f]"


@attrs.frozen
class Unescaped:
    """A text with one kind of escapes undone.

    Args:
        text: It.
        edges: Where each of its characters begins and ends in the text that had the escapes.
    """

    text: str
    edges: list[tuple[int, int]]


@attrs.frozen
class Escape:
    """One kind of escapes.

    Args:
        mark: The character that each of them begins with.
        pattern: One of them, or several in a row that are only together a text.
        cut: The beginning of one at the end of a text.
        undo: Yields the characters of a match, each with the length that it has there; it is told whether the text was
            cut right behind it.
    """

    mark: str
    pattern: re.Pattern[str]
    cut: re.Pattern[str]
    undo: Callable[[str, bool], Iterator[tuple[str, int]]]

    def undone(self, text: str, *, is_cut: bool) -> str:
        """Return a text without them; of one that was cut, without the beginning of one at its end as well."""
        whole = self.cut.sub("", text) if is_cut else text
        end = len(whole) if is_cut else -1
        known: dict[str, str] = {}  # megabytes of escapes have few different ones

        def plain(found: re.Match[str]) -> str:
            if found.end() == end:
                return "".join([chars for chars, _ in self.undo(found[0], True)])
            escaped = found[0]
            if (chars := known.get(escaped)) is None:
                known[escaped] = chars = "".join([chars for chars, _ in self.undo(escaped, False)])
            return chars

        return self.pattern.sub(plain, whole)

    def undone_with_edges(self, text: str, *, is_cut: bool) -> Unescaped:
        """Return the same with the place of each character."""
        whole = self.cut.sub("", text) if is_cut else text
        shown: list[str] = []
        edges: list[tuple[int, int]] = []
        since = 0
        for found in self.pattern.finditer(whole):
            at = found.start()
            shown.append(whole[since:at])
            edges += [(place, place + 1) for place in range(since, at)]
            for chars, length in self.undo(found[0], is_cut and found.end() == len(whole)):
                shown.append(chars)
                edges += [(at, at + length)] * len(chars)
                at += length
            since = found.end()
        shown.append(whole[since:])
        edges += [(place, place + 1) for place in range(since, len(whole))]
        return Unescaped("".join(shown), edges)


def _of_bytes(plain: bytes, length: int, is_cut: bool) -> Iterator[tuple[str, int]]:
    """Yield the characters of some bytes, each of which has a length: UTF-8, but each byte that is none for itself."""
    text, _ = codecs.utf_8_decode(plain, "surrogateescape", not is_cut)
    for char in text:
        if "\udc80" <= char <= "\udcff":
            yield chr(ord(char) - 0xDC00), length
        else:
            yield char, len(char.encode()) * length


def _in_url(escaped: str, is_cut: bool) -> Iterator[tuple[str, int]]:
    if escaped[1] in "uU":  # as JavaScript's `escape` has it
        return _of_units(re.split("%[uU]", escaped)[1:], len(escaped))
    return _of_bytes(bytes.fromhex(escaped.replace("%", "")), 3, is_cut)


def _of_units(units: list[str], length: int) -> Iterator[tuple[str, int]]:
    """Yield the character of one or two UTF-16 units in hex."""
    yield b"".join([bytes.fromhex(unit) for unit in units]).decode("utf-16-be", "surrogatepass"), length


_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _in_json(escaped: str, is_cut: bool) -> Iterator[tuple[str, int]]:
    kind = escaped[1]
    if len(escaped) == 2:  # a backslash and a character
        yield _CONTROLS.get(kind, kind), 2
    elif kind == "x":
        yield from _of_bytes(bytes.fromhex(escaped.replace("\\x", "")), 4, is_cut)
    elif kind in "0123":  # octal, as protobuf and C have it
        yield from _of_bytes(bytes([int(digits, 8) for digits in escaped.split("\\")[1:]]), 4, is_cut)
    elif kind == "u" and escaped[2] != "{":
        yield from _of_units(escaped.split("\\u")[1:], len(escaped))
    else:
        digits = escaped[2:].strip("{}")
        code = int(digits, 16)
        yield chr(code) if code <= 0x10FFFF else "", len(escaped)  # the last of all characters


def _in_html(escaped: str, _: bool) -> Iterator[tuple[str, int]]:
    plain = html.unescape(escaped)
    yield plain if plain != escaped else html.unescape(escaped.lower()), len(escaped)  # some names have no other case


ESCAPES = (
    Escape(
        "%",
        re.compile(
            f"(?:%{_HEX}{{2}})+|%[uU][dD][89abAB]{_HEX}{{2}}%[uU][dD][c-fC-F]{_HEX}{{2}}|%[uU]{_HEX}{{4}}",
        ),
        re.compile(f"(?:%[uU][dD][89abAB]{_HEX}{{2}})?(?:%(?:{_HEX}|[uU]{_HEX}{{0,3}})?)?\\Z"),
        _in_url,
    ),
    Escape(
        "\\",
        re.compile(
            rf"(?:\\x{_HEX}{{2}})+|\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}|\\u{_HEX}{{4}}|\\U{_HEX}{{8}}"
            rf"|(?:\\[0-3][0-7]{{2}})+|\\u\{{{_HEX}{{1,6}}\}}"
            rf"|\\(?![uUx]{_HEX}{{0,7}}(?:\Z|[^0-9A-Za-z])).",
            re.DOTALL,
        ),
        re.compile(
            rf"(?:\\u[dD][89abAB]{_HEX}{{2}})?(?:\\(?:x{_HEX}?|u{_HEX}{{0,3}}|u\{{{_HEX}{{0,6}}|U{_HEX}{{0,7}}|[0-3][0-7]?)?)?\Z"
        ),
        _in_json,
    ),
    Escape(
        "&",
        re.compile(f"&(?:#0{{0,20}}[0-9]{{1,8}}|#[xX]0{{0,20}}{_HEX}{{1,8}}|[A-Za-z][A-Za-z0-9]{{1,30}});"),
        re.compile("&#?[A-Za-z0-9]{0,31}\\Z"),
        _in_html,
    ),
    Escape("\0", re.compile("\0+"), re.compile("\\Z"), lambda _, __: iter(())),
)
"""In URLs, in JSON and Python, in HTML, and in UTF-16 that was read as bytes."""
