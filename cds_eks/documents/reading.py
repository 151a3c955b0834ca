"""What a reader of a text returns: plain data, with the line of each value."""

from __future__ import annotations

from typing import Any

import attrs

Path = tuple[str | int, ...]
"""Where a value stands in a text: keys, and the indexes of entries of lists."""


def not_utf8(content: bytes) -> str:
    """Return what is wrong with the content of a file that is not UTF-8."""
    is_utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return "is not UTF-8" + (": it is UTF-16, as PowerShell may write it; save it as UTF-8" if is_utf16 else "")


class Unreadable(Exception):
    """A text is not of its format. The message holds nothing of it."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@attrs.frozen
class Read:
    """What a reader of a format returns.

    Attributes:
        data: The data.
        lines: The line of each value.
        twice: The keys that a mapping has twice, and the line of the second one.
    """

    data: Any
    lines: dict[Path, int]
    twice: list[tuple[Path, int]] = attrs.field(factory=list)
