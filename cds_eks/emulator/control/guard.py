"""Who may ask: programs, and the emulator's own page; no other page that a browser on this machine shows.

There is no authentication. What keeps other pages out is what a browser says of itself: the name that it asked for
(`Host`; a page that has had its own name point here shows that name), and where the request comes from (`Origin`,
`Sec-Fetch-Site`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cds_eks.emulator.control.errors import ControlError

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["check_sender"]


def check_sender(request: Request, allowed: Collection[str], *, is_served: bool) -> None:
    """Let a request through.

    Args:
        request: The request.
        allowed: The names, in lower case, that it may ask for, besides localhost.
        is_served: Whether it came by the emulator's own socket. Where there is none, in a test, or is another
            server's, any name without a dot will do.

    Raises:
        ControlError: It may come from another page.
    """
    hosts = request.headers.getlist("host")
    name = _name_of(hosts[0]) if len(hosts) == 1 else None
    if name is None or not (_is_local(name, allowed) or (not is_served and "." not in name)):
        raise ControlError(403, "this name is not allowed: ask by localhost or an address, or start with --allow-host")
    origin = request.headers.get("origin")
    if origin is not None and (not origin.startswith(("http://", "https://")) or _netloc(origin) != hosts[0].lower()):
        raise ControlError(403, "a page of another origin may not ask")
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _opens_a_page(request):
        raise ControlError(403, "a page of another site may not ask")


def _opens_a_page(request: Request) -> bool:
    """Whether a browser follows a link to here, and shows what it gets in place of the page that has the link."""
    headers = request.headers
    is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return is_link and request.method == "GET"


def _netloc(url: str) -> str | None:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return None


def _name_of(host: str) -> str | None:
    """Return the name that a `Host` header has, without the port; None if it makes no sense."""
    try:
        split = urlsplit(f"//{host}")
        _ = split.port
        name = split.hostname
    except ValueError:
        return None
    is_whole = split.netloc == host and "@" not in host
    return name.removesuffix(".") if name and is_whole else None


def _is_local(name: str, allowed: Collection[str]) -> bool:
    if name == "localhost" or name.endswith(".localhost") or name in allowed:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
