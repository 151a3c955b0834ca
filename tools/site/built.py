"""What is checked of the built site without a browser: where links lead, and that nothing comes from other hosts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

__all__ = ["BuiltPage", "faults", "faults_of", "read"]

TAKEN = {
    "audio": "src", "embed": "src", "form": "action", "iframe": "src", "img": "src", "input": "src", "link": "href",
    "object": "data", "script": "src", "source": "src", "video": "src",
}  # fmt: skip
"""What a browser fetches by itself, or sends to: elements, each with its attribute."""

NOT_TAKEN = {"alternate", "canonical", "next", "prev"}
"""What a `link` may be that a browser does not fetch."""

_IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


@attrs.frozen(kw_only=True)
class BuiltPage:
    """A page as a browser reads it.

    Attributes:
        anchors: The ids of its elements.
        links: Where it leads.
        taken: What is fetched for it.
    """

    anchors: frozenset[str]
    links: tuple[str, ...]
    taken: tuple[str, ...]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.taken: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value for name, value in attrs if value is not None}
        self.anchors |= {said[name] for name in ("id", "name") if name in said and (name == "id" or tag == "a")}
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        wanted = said.get(TAKEN.get(tag, ""))
        if wanted is not None and not (tag == "link" and said.get("rel", "") in NOT_TAKEN):
            self.taken.append(wanted)


def read(text: str) -> BuiltPage:
    """Return what a page of HTML has."""
    reader = _Reader()
    reader.feed(text)
    return BuiltPage(anchors=frozenset(reader.anchors), links=tuple(reader.links), taken=tuple(reader.taken))


def faults(site: Path) -> list[str]:
    """Return what is wrong with the built site."""
    files = frozenset(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    pages = {name: read((site / name).read_text(encoding="utf-8")) for name in sorted(files) if name.endswith(".html")}
    styles = {name: (site / name).read_text(encoding="utf-8") for name in sorted(files) if name.endswith(".css")}
    return list(faults_of(pages, styles, files))


def faults_of(pages: Mapping[str, BuiltPage], styles: Mapping[str, str], files: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with pages and style sheets, among these files."""
    for name, page in pages.items():
        is_anywhere = posixpath.basename(name) == "404.html"  # it is shown at any address: its links are absolute
        for target in page.links:
            if not is_anywhere and (fault := _of_link(name, target, pages, files)):
                yield f"{name}: the link to {target}: {fault}"
        for target in page.taken:
            if _is_elsewhere(target):
                yield f"{name}: {target} is fetched from another host"
            elif not (is_anywhere or urlsplit(target).scheme or _at(name, target, files) in files):
                yield f"{name}: {target} is not there"
    for name, text in styles.items():
        for found in _IN_CSS.finditer(text):
            if _is_elsewhere(found[1] or found[2]):
                yield f"{name}: {found[1] or found[2]} is fetched from another host"


def _of_link(name: str, target: str, pages: Mapping[str, BuiltPage], files: frozenset[str]) -> str | None:
    if urlsplit(target).scheme or target.startswith("//"):
        return None
    path, anchor = _at(name, target, files), unquote(urlsplit(target).fragment)
    if path not in files:
        return "no such file"
    if anchor and path in pages and anchor not in pages[path].anchors:
        return "no such anchor"
    return None


def _is_elsewhere(target: str) -> bool:
    return target.startswith("//") or urlsplit(target).scheme not in ("", "data", "mailto")


def _at(name: str, target: str, files: frozenset[str]) -> str:
    """The file that a relative address means, seen from a page; that of a folder is its first page."""
    path = unquote(urlsplit(target).path)
    found = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
    return found if found in files else posixpath.normpath(posixpath.join(found, "index.html"))
