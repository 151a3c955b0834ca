"""The marks [D], [O] and [I] of a page: on the site each says what it means, and leads to where that is explained."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from tools.site.links import outside_code

__all__ = ["MEANINGS", "with_meanings"]

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "D": "documented by the vendor",
        "O": "observed from the vendor's public Go client",
        "I": "inferred from sibling operations",
    },
    "zh": {"D": "厂商文档中有说明", "O": "从厂商公开的 Go 客户端观察得到", "I": "由同类接口推断"},
}
"""For each language: what a mark means, in a few words."""

EXPLAINED = {"en": "what-d-o-and-i-mean", "zh": "do-与-i-的含义"}
"""The heading of the page on operations that says more."""

_HEADING_OR_LINK = r"^#.*$|\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^()\s]+\)"
_MARK = re.compile(rf"(?P<other>{_HEADING_OR_LINK})|\[(?P<mark>[DOI])\](?![\[(:])", re.MULTILINE)


def with_meanings(text: str, page: str, language: str) -> str:
    """Return the text of a page of the site whose marks are links with titles; those of headings and links stay."""
    at = posixpath.relpath("operations.md", posixpath.dirname(page) or ".")

    def linked(found: re.Match[str]) -> str:
        if found["other"]:
            return found[0]
        mark = found["mark"]
        return f'[[{mark}]]({at}#{EXPLAINED[language]} "{MEANINGS[language][mark]}")'

    return outside_code(text, lambda plain: _MARK.sub(linked, plain))
