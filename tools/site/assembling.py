"""Assembles what a site is built from, in a folder under build/: its builder reads what is there, and nothing else."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from tools.site.chinese_lines import with_joined_lines
from tools.site.diagrams import with_pictures
from tools.site.links import for_the_site
from tools.site.marks import with_meanings
from tools.site.search_words import SEARCH_WORDS
from tools.site.sources import LANGUAGES, ROOT, Sources, find_sources

__all__ = ["assemble", "files_of", "without_escaped_pipes"]

ONLY_ENGLISH = "!!! note\n    本页只有英文版。\n"
"""What the Chinese site says on a page that is not translated."""

LESS_WANTED = ("examples/", "project/", "reference/python/", "hostile.md", "reliability.md")
"""Pages that the search shows last."""

LOOKED_UP = ("cli-reference.md", "operations.md", "recipes/", "reference/", "verification.md")
"""Pages that it shows below those that say how something is done."""

DOWNLOAD = {"en": "download it", "zh": "下载"}
"""What the link says on the page of an example."""

READ_ABOUT = ("explanation/",)
"""Pages that say why: below those."""

FENCES = {".mjs": "javascript", ".py": "python", ".sh": "sh", ".toml": "toml", ".yaml": "yaml"}


def assemble(to: Path, root: Path = ROOT) -> None:
    """Write the configuration, the pages of both languages, and what they need beside them; what differs alone.

    Raises:
        LinkError: A page has a link to what is not on the site.
        DiagramError: A page has a diagram that is not drawn.
    """
    sources = find_sources(root)
    wanted = {path.name: path.read_bytes() for path in sorted((root / "docs" / "site").glob("*.yml"))}
    for language in LANGUAGES:
        wanted |= {f"pages/{language}/{name}": content for name, content in files_of(language, sources, root)}
    for name, content in wanted.items():
        path = to / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
    for path in (to / "pages").rglob("*"):
        if path.is_file() and path.relative_to(to).as_posix() not in wanted:
            path.unlink()


def files_of(language: str, sources: Sources, root: Path = ROOT) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each file of a language's site."""
    for source, page in sources[language].items():
        path = root / source
        if path.suffix == ".md":
            yield page, _page(path.read_text(encoding="utf-8"), source, language, sources).encode()
        elif page.endswith(".md"):
            text = path.read_text(encoding="utf-8")
            yield page, (settings_of(page, language) + _listing(source, text, language)).encode()
            yield source, text.encode()
        else:
            yield page, path.read_bytes()
    assets = root / "docs" / "site"
    for path in sorted((assets / "assets").rglob("*")):
        if path.is_file():
            yield path.relative_to(assets).as_posix(), path.read_bytes()


def _page(text: str, source: str, language: str, sources: Sources) -> str:
    text = without_escaped_pipes(text)
    text = with_pictures(for_the_site(text, source, language, sources), sources[language][source])
    if language == "zh" and not source.startswith("docs/zh/"):
        heading, _, rest = text.partition("\n")
        text = f"{heading}\n\n{ONLY_ENGLISH}\n{rest}"
    text = with_meanings(text, sources[language][source], language)
    return settings_of(sources[language][source], language) + (with_joined_lines(text) if language == "zh" else text)


def without_escaped_pipes(text: str) -> str:
    r"""Return a page with `|` for `\|` in the code of tables: GitHub wants the latter, Python-Markdown shows it."""

    def of_row(row: re.Match[str]) -> str:
        return re.sub(r"`[^`\n]+`", lambda code: code[0].replace("\\|", "|"), row[0])

    return re.sub(r"^\|.*$", of_row, text, flags=re.MULTILINE)


def settings_of(page: str, language: str) -> str:
    """Return the settings that a page of the site begins with; GitHub would show them as a table."""
    if page == "index.md":
        return "---\nhide: [navigation, toc]\n---\n"
    boosts = {LESS_WANTED: 0.3, READ_ABOUT: 0.7, LOOKED_UP: 1.0}
    boost = next((boost for pages, boost in boosts.items() if page.startswith(pages)), 1.5)
    words = json.dumps(SEARCH_WORDS[language].get(page, ()), ensure_ascii=False)
    tags = "" if words == "[]" else f"tags: {words}\n"
    return f"---\nsearch: {{boost: {boost}}}\n{tags}---\n"


def _listing(source: str, text: str, language: str) -> str:
    """Return a page that shows a file, which lies beside it."""
    name = posixpath.basename(source)
    download = f"[{DOWNLOAD[language]}]({name}){{: download }}"
    return f"# {name}\n\n`{source}`: {download}\n\n```{FENCES[Path(source).suffix]}\n{text.rstrip()}\n```\n"
