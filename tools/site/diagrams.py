"""The diagrams of the pages, written in Mermaid: GitHub draws them, and for the site they are drawn beforehand.

A page takes nothing from other hosts and no script of three megabytes, so the drawings are files of docs/site/assets/.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from tools.chromium import Tab, open_browser
from tools.site.sources import ROOT, find_sources

__all__ = ["DiagramError", "draw", "drawings_of", "with_pictures"]

FOLDER = ROOT / "docs" / "site" / "assets" / "diagrams"

THEMES = {"light": "default", "dark": "dark"}

_BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)

_DRAW = """mermaid.initialize({startOnLoad: false, theme: %s, htmlLabels: false, flowchart: {htmlLabels: false}});
mermaid.render("diagram", %s).then(drawn => drawn.svg)"""


class DiagramError(RuntimeError):
    """A diagram is not drawn."""


def drawings_of(code: str) -> dict[str, str]:
    """Return the names of the files of a diagram, by colour scheme; they change with its text."""
    digest = hashlib.sha256(code.encode()).hexdigest()[:12]
    return {scheme: f"{digest}-{scheme}.svg" for scheme in THEMES}


def with_pictures(text: str, page: str, folder: Path = FOLDER) -> str:
    """Return the text of a page of the site with its drawings in place of its diagrams.

    Raises:
        DiagramError: One of them is not drawn.
    """

    def drawn(found: re.Match[str]) -> str:
        headings = re.findall(r"^#+ (.+)$", text[: found.start()], re.MULTILINE)
        pictures = []
        for scheme, name in drawings_of(found[1]).items():
            if not (folder / name).exists():
                raise DiagramError(f"{page}: a diagram is new: draw it with `python -m tools.site diagrams`")
            target = posixpath.relpath(f"assets/diagrams/{name}", posixpath.dirname(page) or ".")
            pictures.append(f"![{headings[-1] if headings else page}]({target}#only-{scheme})")
        return "\n".join(pictures)

    return _BLOCK.sub(drawn, text)


def diagrams(root: Path = ROOT) -> Iterator[str]:
    """Yield the diagrams of all pages."""
    for source in sorted({path for found in find_sources(root).values() for path in found if path.endswith(".md")}):
        yield from _BLOCK.findall((root / source).read_text(encoding="utf-8"))


def draw(mermaid: Path) -> list[str]:
    """Draw what is not drawn yet, delete what no page has any more, and return the names of the new files."""
    wanted = {code: drawings_of(code) for code in diagrams()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.svg"):
        if not any(path.name in names.values() for names in wanted.values()):
            path.unlink()
    made = []
    with open_browser() as browser:
        for code, names in wanted.items():
            for scheme, name in names.items():
                if not (FOLDER / name).exists():
                    tab = Tab(browser)
                    tab.evaluate(f"{mermaid.read_text(encoding='utf-8')}; 0")
                    svg = tab.evaluate(_DRAW % (json.dumps(THEMES[scheme]), json.dumps(code)))
                    (FOLDER / name).write_text(f"{svg}\n", encoding="utf-8")
                    made.append(name)
    return made
