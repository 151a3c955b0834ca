"""The tables of the documentation: what stands between two markers on a page is made anew, the rest is left alone."""

from __future__ import annotations

from pathlib import Path

import jinja2

__all__ = ["TABLES", "between", "render"]

TABLES = {
    f"docs/{folder}{table}.md": (table, f"{table}{suffix}.md.jinja")
    for table in ("operations", "revisions")
    for folder, suffix in (("", ""), ("zh/", ".zh"))
}
"""For each page its table, and the template that it is made from."""


def between(page: str, text: str, table: str, made: str) -> str:
    """Return a page's text with the table between its markers.

    Raises:
        ValueError: It does not have both, once each, in their order.
    """
    begin, end = f"<!-- {table}: generated -->", f"<!-- {table}: end -->"
    head, _, rest = text.partition(begin)
    _, found, tail = rest.partition(end)
    if not found or begin in rest or end in tail:
        raise ValueError(f"{page} has no place for the table {table!r}: it must have {begin} and {end} once each")
    return f"{head}{begin}\n{made.strip()}\n{end}{tail}"


def render(root: Path, templates: jinja2.Environment) -> dict[Path, str]:
    """Return the pages that are there, with their tables made anew.

    Raises:
        SystemExit: A page has no place for its table.
    """
    files = {}
    for page, (table, template) in TABLES.items():
        path = root / page
        if not path.exists():
            continue
        made = templates.get_template(template).render()
        try:
            files[path] = between(page, path.read_text(encoding="utf-8"), table, made)
        except ValueError as error:
            raise SystemExit(str(error)) from None
    return files
