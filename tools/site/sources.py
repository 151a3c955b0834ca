"""What the site is made of: which file of the repository becomes which page of it, in either language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["LANDING", "LANGUAGES", "ROOT", "Sources", "find_sources", "sources"]

ROOT = Path(__file__).resolve().parents[2]

LANGUAGES = ("en", "zh")

PROJECT = {
    "ARCHITECTURE.md": "project/architecture.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/results/results.md": "project/benchmark-results.md",
}
"""Pages that lie elsewhere than in docs/, and are in English alone."""

LANDING = {"README.md": "docs/index.md", "README.zh-CN.md": "docs/zh/index.md"}
"""What a link to a README leads to."""

SHOWN = (".md", ".mjs", ".py", ".sh", ".toml", ".yaml")
"""The examples of these kinds have pages of their own."""

Sources = Mapping[str, Mapping[str, str]]
"""For each language: the path of each page and file on its site, by its path in the repository."""


def find_sources(root: Path = ROOT) -> Sources:
    """Return what the site is made of: `docs/zh/fleet.md` is `fleet.md` of the Chinese one."""
    docs = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*") if path.is_file())
    examples = [f"examples/{path.name}" for path in sorted((root / "examples").iterdir()) if path.suffix in SHOWN]
    pictures = [path.relative_to(root).as_posix() for path in sorted((root / "benchmarks" / "results").glob("*.png"))]
    recipes = [
        path.relative_to(root).as_posix()
        for path in sorted((root / "examples" / "recipes").iterdir())
        if path.is_file()
    ]
    return sources(docs, examples, pictures + recipes)


def sources(docs: Iterable[str], examples: Iterable[str], files_as_they_are: Iterable[str]) -> Sources:
    """Return the same of these files. What has no Chinese twin is in the Chinese site as well."""
    files = [path for path in docs if not path.startswith("docs/site/")]
    english = {path: path.removeprefix("docs/") for path in files if not path.startswith("docs/zh/")}
    chinese = {path: path.removeprefix("docs/zh/") for path in files if path.startswith("docs/zh/")}
    translated = set(chinese.values())
    shared = PROJECT | {path: f"{path}.md" for path in examples} | {path: path for path in files_as_they_are}
    untranslated = {path: page for path, page in english.items() if page not in translated}
    return {"en": english | shared, "zh": chinese | untranslated | shared}
