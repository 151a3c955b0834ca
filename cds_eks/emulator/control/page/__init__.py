"""The page at `/_emulator/`, and the files that it is made of: all of them lie here, and it asks nobody else."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from hashlib import sha256
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from cds_eks.emulator.control.handle import Handle

__all__ = ["FILES", "LANGUAGES", "SCRIPTS", "index", "language_of", "words"]

LANGUAGES = ("en", "zh")
SCRIPTS = (
    "clock.js",
    "dom.js",
    "fault_form.js",
    "faults.js",
    "ledger.js",
    "main.js",
    "server.js",
    "table.js",
    "words.js",
    "world.js",
)

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_WORD = re.compile(r"\{\{(\w+)\}\}")
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]{1,40})?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")


async def index(_handle: Handle, request: Request) -> Response:
    """Give the page, in the language that the browser would rather have."""
    language = language_of(request.headers.get("accept-language", ""))
    content = _page(language)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": language,
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Vary": "Accept-Language",
        "X-Frame-Options": "DENY",
    }
    return _cached(request, content, headers)


def language_of(accepted: str) -> str:
    """Return the language of the page that an `Accept-Language` header asks for first."""
    best, language = 0.0, LANGUAGES[0]
    for part in accepted[:1000].split(","):
        match = _RANGE.fullmatch(part)
        if match is not None and match[1].lower() in LANGUAGES and (weight := float(match[2] or 1)) > best:
            best, language = weight, match[1].lower()
    return language


@cache
def words() -> dict[str, dict[str, str]]:
    """Return what the page says, in each of its languages."""
    found: dict[str, dict[str, str]] = json.loads(_part("words.json"))
    return found


@cache
def _page(language: str) -> bytes:
    known = words()[language] | {"language": language}
    text = _part("index.html").decode()
    return _WORD.sub(lambda match: html.escape(known[match[1]]), text).encode()


@cache
def _part(name: str) -> bytes:
    return resources.files(__name__).joinpath(name).read_bytes()


def _cached(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    tag = f'"{sha256(content).hexdigest()[:20]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(content, headers=headers | {"ETag": tag})


def _file(name: str) -> Callable[[Handle, Request], Awaitable[Response]]:
    async def give(_handle: Handle, request: Request) -> Response:
        return _cached(request, _part(name), {"Content-Type": _TYPES[name[name.rindex(".") :]]})

    return give


FILES: Mapping[str, Mapping[str, Callable[[Handle, Request], Awaitable[Response]]]] = {
    f"/page/{name}": {"GET": _file(name)} for name in ("style.css", "words.json", *SCRIPTS)
}
"""The page's files, by their paths below `/_emulator`."""
