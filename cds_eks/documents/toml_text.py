"""TOML: the standard library reads the values, and a scan of the text, which is valid by then, finds their lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from cds_eks.documents.reading import Path, Read, Unreadable

_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
_TEXT = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)
_BARE = re.compile(r"[^,\]}\n#]+")
_SPACE = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\n]|#[^\n]*)*")


def read_toml(text: str) -> Read:
    """Read TOML.

    Raises:
        Unreadable: It is not TOML.
    """
    text = text.replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(message := str(error))
        line = int(place["line"]) if place and place["line"] else text.count("\n") + 1
        if "overwrite a value" in message and (twice := _last_key(text, place)):
            raise Unreadable(f"is not TOML: {_spelled(twice[0])} is there twice", twice[1]) from None
        raise Unreadable(f"is not TOML: {_PLACE.sub('', message)}", line) from None
    except (RecursionError, ValueError):
        raise Unreadable(
            "is not TOML that can be read: it is nested too deeply, or a number is too long", None
        ) from None
    return Read(data, _Scan(text).lines)


def _last_key(text: str, place: re.Match[str] | None) -> tuple[Path, int] | None:
    """Return the last key before the place of an error, and its line; None if it can't be made out.

    The text is sound up to there: the standard library has read it, and only then found that the key is there already.
    """
    end = len(text)
    if place and place["line"]:
        before = text.split("\n")[: int(place["line"]) - 1]
        end = sum(len(line) + 1 for line in before) + int(place["column"]) - 1
    try:
        scan = _Scan(text[:end] + "\n")
    except (AssertionError, IndexError, RecursionError):
        return None
    return scan.last


def _spelled(path: Path) -> str:
    """Spell a path of keys: `clusters[0].name`."""
    text = ""
    for step in path:
        key = step if isinstance(step, str) and _KEY.fullmatch(step) else repr(step)
        text += f"[{step}]" if isinstance(step, int) else f".{key}" if text else key
    return text


class _Scan:
    """The lines of all values of a valid text.

    Attributes:
        lines: The line of each value.
        last: The last key, and its line; None if there is none.
    """

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {(): 1}
        self.last: tuple[Path, int] | None = None
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._tables: dict[Path, int] = {}  # how many entries each array of tables has until now
        base: Path = ()
        while self._skip(_BETWEEN):
            if self._text[self._at] == "[":
                base = self._header()
            else:
                self._pair(base)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at < len(self._text)

    def _note(self, path: Path) -> None:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.lines.setdefault(path, self._line)

    def _keys(self) -> Iterator[str]:
        while True:
            self._skip(_SPACE)
            match = _KEY.match(self._text, self._at)
            assert match is not None, "the text is valid, so there is a key"
            raw = match[0]
            yield tomllib.loads(f"k={raw}")["k"] if raw[0] in "\"'" else raw
            self._at = match.end()
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return
            self._at += 1

    def _header(self) -> Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        *outer, last = self._keys()
        base: Path = ()
        for key in outer:
            base = (*base, key)
            self._note(base)
            if base in self._tables:
                base = (*base, self._tables[base] - 1)
        base = (*base, last)
        self._note(base)
        self.last = (base, self._line)
        if is_array:
            self._tables[base] = count = self._tables.get(base, 0) + 1
            base = (*base, count - 1)
            self._note(base)
        self._at += 2 if is_array else 1
        return base

    def _pair(self, base: Path) -> None:
        for key in self._keys():
            base = (*base, key)
            self._note(base)
        self.last = (base, self._line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(base)

    def _value(self, path: Path) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._at += 1
            index = 0
            while self._skip(_BETWEEN) and self._text[self._at] != "]":
                self._note((*path, index))
                self._value((*path, index))
                index += 1
                self._comma()
            self._at += 1
        elif opening == "{":
            self._at += 1
            while self._skip(_BETWEEN) and self._text[self._at] != "}":
                self._pair(path)
                self._comma()
            self._at += 1
        else:
            self._skip(_TEXT if opening in "\"'" else _BARE)

    def _comma(self) -> None:
        self._skip(_BETWEEN)
        if self._text[self._at] == ",":
            self._at += 1
