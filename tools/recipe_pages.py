"""Write the programs of examples/recipes into the pages of docs/recipes: `python -m tools.recipe_pages`.

A page shows a program below a comment with its path; a notebook is shown as its cells.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ("docs/recipes", "docs/zh/recipes")
LANGUAGES = {".py": "python", ".yml": "yaml", ".ini": "ini"}

_SHOWN = re.compile(r"^<!-- (examples/recipes/\S+) -->\n(?:```\w+\n.*?^```\n+)+", re.DOTALL | re.MULTILINE)


def pages() -> list[Path]:
    """Return the pages, in both languages."""
    return [page for folder in PAGES for page in sorted((ROOT / folder).glob("*.md"))]


def programs_of(text: str) -> list[str]:
    """Return the paths of the programs that a page shows."""
    return _SHOWN.findall(text)


def rendered(text: str) -> str:
    """Return a page with its programs as they are now."""
    return _SHOWN.sub(lambda found: f"<!-- {found[1]} -->\n{_blocks(ROOT / found[1])}\n\n", text)


def _blocks(program: Path) -> str:
    text = program.read_text(encoding="utf-8")
    if program.suffix != ".ipynb":
        return f"```{LANGUAGES[program.suffix]}\n{text.rstrip()}\n```"
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return "\n\n".join(f"```python\n{cell.rstrip()}\n```" for cell in cells)


def main() -> None:
    """Write all pages."""
    for page in pages():
        page.write_text(rendered(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
