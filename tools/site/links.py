"""The links of a page: as they are right on GitHub, and as they must be on the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from tools.site.sources import LANDING, Sources

__all__ = ["LinkError", "for_the_site", "outside_code"]


class LinkError(ValueError):
    """A link leads to nothing that is on the site."""


_CODE = re.compile(r"^(?P<fence> *(?:```+|~~~+))[^\n]*\n.*?^(?P=fence) *$|`+[^`\n]+`+", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[(?P<words>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^()\s]+)\)")


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change what is no code of a page; what stands in fences and between backticks is put back as it was."""
    codes: list[str] = []

    def hide(found: re.Match[str]) -> str:
        codes.append(found[0])
        return f"\0{len(codes) - 1}\0"

    changed = change(_CODE.sub(hide, text))
    return re.sub(r"\0(\d+)\0", lambda found: codes[int(found[1])], changed)


def for_the_site(text: str, source: str, language: str, sources: Sources) -> str:
    """Return a page's text with links as they must be in the site of a language.

    Args:
        text: The page as it is in the repository.
        source: Its path there.
        language: The site's.
        sources: What the sites are made of.

    Raises:
        LinkError: A link leads to what is on neither site.
    """
    here = posixpath.dirname(sources[language][source])

    def mended(found: re.Match[str]) -> str:
        words, target = found["words"], found["target"]
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        path, mark, anchor = target.partition("#")
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        wanted = LANDING.get(wanted, wanted)
        if page := sources[language].get(wanted):
            return f"[{words}]({posixpath.relpath(page, here or '.')}{mark}{anchor})"
        for other in sources.keys() - {language}:
            if page := sources[other].get(wanted):
                return _across(words, posixpath.relpath(_placed(page, other), _placed(here, language)) + mark + anchor)
        raise LinkError(f"{source}: the link to {target} leads to nothing that is on the site")

    return outside_code(text, lambda plain: _LINK.sub(mended, plain))


def _placed(page: str, language: str) -> str:
    """Where a page of a language's site lies on the whole."""
    return posixpath.normpath(page if language == "en" else f"{language}/{page}")


def _across(words: str, target: str) -> str:
    """Return a link to the other language's site: in HTML, for a site knows nothing of the other's pages."""
    return f'<a href="{re.sub(r"[.]md(?=#|$)", ".html", target)}">{words}</a>'
