"""Texts of the description where they end up: in docstrings, in string literals, in cells of tables."""

from __future__ import annotations

import re


def in_docstring(text: str) -> str:
    """A text as it stands between triple quotes, so that the docstring says just that."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def literal(text: str) -> str:
    """The string literal of a text."""
    return repr(text)


def in_cell(text: str) -> str:
    """A text as it stands in a cell of a table in Markdown: it ends no cell, and opens no tag or comment of HTML."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text).replace("|", "\\|")
