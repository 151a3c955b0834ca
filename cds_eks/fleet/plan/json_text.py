"""JSON, with lines: the standard library reads the scalars, this walks through lists and objects."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from cds_eks.documents.reading import Path, Read, Unreadable

DEEPEST = 64
_SPACE = re.compile(r"[ \t\n\r]*")


def read_json(text: str) -> Read:
    """Read JSON.

    Raises:
        Unreadable: It is not JSON.
    """
    return _Reader(text).read()


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._lines: dict[Path, int] = {}
        self._twice: list[tuple[Path, int]] = []
        self._decoder = json.JSONDecoder(parse_constant=_refuse)

    def read(self) -> Read:
        if not self._text.strip():
            raise Unreadable("is not JSON: it is empty", 1)
        data = self._value(())
        self._space()
        if self._at < len(self._text):
            raise self._fault("there is something after the end")
        return Read(data, self._lines, self._twice)

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _fault(self, message: str, at: int | None = None) -> Unreadable:
        return Unreadable(f"is not JSON: {message}", self._text.count("\n", 0, self._at if at is None else at) + 1)

    def _space(self) -> str:
        """Skip white space and return what comes then; nothing at the end."""
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._text[self._at : self._at + 1]

    def _scalar(self) -> Any:
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise self._fault(error.msg, error.pos) from None
        except ValueError:
            raise self._fault("it has a number that is too long, or NaN or Infinity") from None
        return value

    def _value(self, path: Path) -> Any:
        if len(path) > DEEPEST:
            raise self._fault("it is nested too deeply")
        opening = self._space()
        self._lines.setdefault(path, self._here())
        if opening == "{":
            return self._object(path)
        if opening != "[":
            return self._scalar()
        self._at += 1
        entries: list[Any] = []
        if self._space() != "]":
            while True:
                entries.append(self._value((*path, len(entries))))
                if not self._goes_on("]"):
                    break
        self._at += 1
        return entries

    def _object(self, path: Path) -> dict[str, Any]:
        self._at += 1
        members: dict[str, Any] = {}
        if self._space() != "}":
            while True:
                if self._space() != '"':
                    raise self._fault("a key in double quotes is expected")
                line = self._here()
                where = (*path, key := self._scalar())
                if self._space() != ":":
                    raise self._fault("a colon is expected after a key")
                self._at += 1
                is_twice = key in members
                if is_twice:
                    self._twice.append((where, line))
                else:
                    self._lines[where] = line
                value = self._value(where)
                if not is_twice:
                    members[key] = value
                if not self._goes_on("}"):
                    break
        self._at += 1
        return members

    def _goes_on(self, end: str) -> bool:
        found = self._space()
        if found == ",":
            self._at += 1
            return True
        if found != end:
            raise self._fault(f"a comma or {end} is expected")
        return False
