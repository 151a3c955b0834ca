"""Lines of Chinese prose, joined: between two Chinese characters a browser would show the line's end as a blank."""

from __future__ import annotations

import re

from tools.site.links import outside_code

__all__ = ["with_joined_lines"]

_CHINESE = "\u2014\u2018-\u201d\u2026\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_BREAK = re.compile(rf"^(?!#)(?P<line>.*[{_CHINESE}]\**)\n *(?=\**[{_CHINESE}])", re.MULTILINE)


def with_joined_lines(text: str) -> str:
    """Return the text of a page without such ends of lines; code, headings and tables stay as they are."""
    return outside_code(text, _joined)


def _joined(text: str) -> str:
    before = ""
    while text != before:  # the line behind one that was joined may be joined as well
        before, text = text, _BREAK.sub(lambda found: found["line"], text)
    return text
