"""The generated tables of the READMEs."""

from __future__ import annotations

from pathlib import Path

from codegen.description import Api
from codegen.rendering import environment

ROOT = Path(__file__).resolve().parent.parent

TABLES = {"README.md": ["operations", "revisions"], "README.zh-CN.md": ["operations", "revisions", "fields"]}


def render_tables(api: Api) -> dict[Path, str]:
    """The README files with their generated tables made anew."""
    templates = environment(api)
    files = {}
    for name, tables in TABLES.items():
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        for table in tables:
            begin, end = f"<!-- {table}: generated -->", f"<!-- {table}: end -->"
            head, _, rest = text.partition(begin)
            _, found, tail = rest.partition(end)
            if not found:
                raise SystemExit(f"{name} has no place for the table {table!r}: {begin} … {end}")
            made = templates.get_template(f"{name}.{table}.jinja").render()
            text = f"{head}{begin}\n{made.strip()}\n{end}{tail}"
        files[path] = text
    return files
