"""What is wrong with the prose of a Chinese page: signs, blanks, terms. Code and targets of links are no prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from doc_pages import headings

__all__ = ["avoided_words", "faults_of", "lacks_english", "prose"]

_HAN = "\u3400-\u9fff"
_FULL = "，。：；！？（）、“”"

RULES = {
    "a half-width sign beside Chinese": re.compile(rf"[{_HAN}](?:\*\*)?[,;:!?()]|[,;:!?()](?:\*\*)?[{_HAN}]"),
    "a half-width full stop": re.compile(rf"[{_HAN}]\.(?=\s|$|[{_HAN}])"),
    "no blank between Chinese and Latin": re.compile(rf"[{_HAN}](?:\*\*)?[A-Za-z0-9`]|[A-Za-z0-9`%](?:\*\*)?[{_HAN}]"),
    "a blank between Chinese": re.compile(rf"[{_HAN}{_FULL}] +[{_HAN}{_FULL}]"),
    "a blank beside a full-width sign": re.compile(rf"[{_FULL}] +[A-Za-z0-9`]|[A-Za-z0-9`\]] +[{_FULL}]"),
}
"""What a line must not have."""


def prose(text: str) -> str:
    """Return a page, line by line, without fenced code, comments, what is generated, and targets of links.

    Code within a line is left as two backticks.
    """
    text = re.sub(r"^```.*?^```$", lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!-- (\w+): generated -->.*?<!-- \1: end -->", _lines, text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", _lines, text, flags=re.DOTALL)
    text = re.sub(r"`[^`\n]+`", "``", text)
    return re.sub(r"\]\([^()\s]*\)", "]", text)


def _lines(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def faults_of(text: str, avoided: Iterable[str] = ()) -> Iterator[str]:
    """Yield each fault of a page, with its line; `avoided` are words that it must not have."""
    for number, line in enumerate(prose(text).splitlines(), 1):
        for name, pattern in RULES.items():
            for found in pattern.finditer(line):
                yield f"{number}: {name}: {line[max(0, found.start() - 12) : found.end() + 12]}"
        yield from (f"{number}: bold that GitHub does not end: {words}" for words in _unended_bold(line))
        yield from (f"{number}: {word}: see the table of terms in CONTRIBUTING.md" for word in avoided if word in line)
    yield from (f"the heading ends with a full stop: {words}" for _, words in headings(text) if words.endswith("。"))


def _unended_bold(line: str) -> Iterator[str]:
    """Yield bold text that stays open: CommonMark ends it behind a sign only before a blank or another sign."""
    parts = line.split("**")
    for bold, behind in zip(parts[1::2], parts[2::2], strict=False):
        if re.search(rf"[{_FULL}]$", bold) and re.match(rf"[{_HAN}A-Za-z0-9]", behind):
            yield bold


def avoided_words(contributing: str) -> list[str]:
    """Return the words of the last column of the table of Chinese terms."""
    table = contributing.partition("| English | Chinese | not |\n")[2].partition("\n\n")[0]
    return [word.strip() for row in table.splitlines()[1:] for word in row.split("|")[3].split(",") if word.strip()]


def lacks_english(text: str, chinese: str, english: str) -> bool:
    """Whether a page has a term, but not its English word where its text has it first; headings do not count."""
    first = re.sub(r"^#.*$", "", prose(text), flags=re.MULTILINE).partition(chinese)
    return bool(first[1]) and not re.match(rf"(\*\*)?（{english}", first[2])
