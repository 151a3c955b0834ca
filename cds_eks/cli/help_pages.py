"""How help is laid out: by columns of a terminal, also a narrow one, in texts without blanks too."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator

import click
from click import formatting

from cds_eks.cli.output.text import padded, width

NARROWEST = 20
"""How few columns there are at the least: click has no less than 50, and what a terminal breaks is hard to read."""

WIDE = 70
"""From how many columns on names of options have thirty; below it they have a third."""

_NEVER_FIRST = "，。；：、！？）】》」』”’%…,.;:!?)]}"
_NEVER_LAST = "（【《「『“‘([{"

Piece = tuple[str, bool]
"""What is never broken, and whether a blank comes before it."""


def pieces_of(text: str) -> Iterator[Piece]:
    """Yield a text's words; one of wide characters, which has no blanks, character by character.

    What stands in brackets, as `[必填]` does, is one piece.
    """
    for word in text.split():
        has_blank, start, depth = True, 0, 0
        for end, char in enumerate(word, start=1):
            depth += {"[": 1, "]": -1}.get(char, 0)
            if end == len(word) or (depth <= 0 and _may_break(char, word[end])):
                yield word[start:end], has_blank
                start, has_blank = end, False


def _may_break(before: str, after: str) -> bool:
    is_between_wide = width(before) == 2 or width(after) == 2
    return is_between_wide and before not in _NEVER_LAST and after not in _NEVER_FIRST


def wrapped(text: str, columns: int, first: str = "", rest: str = "") -> list[str]:
    """Return a paragraph as lines of at most so many columns, but for what can't be broken.

    Args:
        text: The paragraph.
        columns: How many there are.
        first: What the first line begins with.
        rest: What the others begin with.
    """
    lines: list[str] = []
    line, is_begun = first, False
    for piece, has_blank in _narrowed(pieces_of(text), columns - width(rest)):
        blank = " " if has_blank and is_begun else ""
        if is_begun and width(line) + len(blank) + width(piece) > columns:
            lines.append(line)
            line, blank = rest, ""
        line, is_begun = f"{line}{blank}{piece}", True
    return [*lines, line]


def _narrowed(pieces: Iterable[Piece], columns: int) -> Iterator[Piece]:
    """Yield pieces of which a list of choices, `[a|b]`, is several if it is too wide for a line."""
    for piece, has_blank in pieces:
        parts = re.split(r"(?<=\|)", piece) if width(piece) > columns else [piece]
        yield from ((part, has_blank and not number) for number, part in enumerate(parts))


def _paragraphs(text: str) -> list[str]:
    return [each for each in re.split(r"\n[ \t]*\n", text.strip()) if each]


class HelpPage(click.HelpFormatter):
    """Lays a page of help out."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        super().__init__(indent_increment, width, max_width)
        columns = shutil.get_terminal_size().columns
        if width is None and formatting.FORCED_WIDTH is None and columns - 2 < self.width:
            self.width: int = max(columns - 2, NARROWEST)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        head = f"{prefix or 'Usage: '}{prog} "
        rest = " " * (width(head) if width(head) + 20 <= self.width else 4)
        self._write_lines(wrapped(f"{head}{args}", self.width, rest=rest))

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        indent = " " * self.current_indent
        self._write_lines(wrapped(f"{heading}:", self.width, indent, indent))

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        indent = " " * self.current_indent
        for number, paragraph in enumerate(_paragraphs(text)):
            if number:
                self.write("\n")
            self._write_lines(wrapped(paragraph, self.width, indent, indent))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with what they are: beside a short one, below a long one."""
        rows = list(rows)
        indent = " " * self.current_indent
        most = col_max if self.width >= WIDE else self.width // 3
        names = min(max((width(name) for name, _ in rows), default=0), most) + col_spacing
        rest = " " * (names + self.current_indent)
        for name, text in rows:
            if width(name) + col_spacing <= names:
                first = indent + padded(name, names)
            else:
                self._write_lines(wrapped(name, self.width, indent, indent))
                first = rest
            for number, paragraph in enumerate(_paragraphs(text) or [""]):
                self._write_lines(wrapped(paragraph, self.width, rest if number else first, rest))

    def _write_lines(self, lines: list[str]) -> None:
        self.write("".join(f"{line.rstrip()}\n" for line in lines))


class Context(click.Context):
    """The state of a command line whose help is laid out so."""

    formatter_class: type[click.HelpFormatter] = HelpPage
