"""Which proxy the environment names for a URL: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, and `NO_PROXY`'s exceptions.

The rules are the same on all platforms, so the system settings of macOS and Windows are not read. Python's own reader
knows no address ranges and no IPv6 addresses in `NO_PROXY`, and walks through the whole environment for each question.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
import re
import weakref
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import httpx

from cds_eks.errors import ConfigurationError
from cds_eks.schema.hosts import in_ascii, is_host

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}


def proxy_for(url: str, environ: Mapping[str, str] = os.environ) -> httpx.Proxy | None:
    """Return the proxy that the environment names for a URL; None if there is none, or the host is excepted.

    Raises:
        ConfigurationError: It names one that can't be used. The error names the variable, not what it holds.
    """
    scheme = url.partition(":")[0].lower()
    name, proxy = _named(environ, scheme)
    if not proxy:
        name, proxy = _named(environ, "all")
    if not proxy:
        return None
    exceptions = environ.get("no_proxy")
    if exceptions is None:
        exceptions = environ.get("NO_PROXY", "")
    if _excepts(url, exceptions):
        return None
    found = _in_use.get((url, name, proxy))
    if found is None:
        found = _in_use[url, name, proxy] = _read(url, name, proxy)
    return found


def _named(environ: Mapping[str, str], scheme: str) -> tuple[str, str]:
    """Return the variable of a scheme that counts, and what it says: one in lower case goes first, an empty one too."""
    lower, upper = f"{scheme}_proxy", f"{scheme.upper()}_PROXY"
    # A CGI script finds the request's header `Proxy` in HTTP_PROXY, and on Windows in both: names have no case there.
    is_foreign = scheme == "http" and "REQUEST_METHOD" in environ
    if not (is_foreign and os.name == "nt"):
        value = environ.get(lower)
        if value is not None:
            return lower, value
    return upper, "" if is_foreign else environ.get(upper, "")


_in_use: weakref.WeakValueDictionary[tuple[str, str, str], httpx.Proxy] = weakref.WeakValueDictionary()
"""The proxies that connections go through, by URL, variable and what that holds: a password goes with the last one."""


@functools.lru_cache(maxsize=256)
def _excepts(url: str, exceptions: str) -> bool:
    parts = urlsplit(url)
    return is_excepted(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0), exceptions)


def _read(url: str, name: str, proxy: str) -> httpx.Proxy:
    with contextlib.suppress(ValueError, httpx.InvalidURL):
        usable = httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}")
        if is_host(usable.url.host) and usable.url.port != 0 and (usable.url.port or 80) < 65536:
            return usable
    # Raised out here, because what httpx raises repeats the proxy's URL, and that may hold a password.
    raise ConfigurationError(
        f"the environment's proxy for {urlsplit(url).scheme} can't be used: {name} must be a URL such as http://proxy.test:3128"
    )


def is_excepted(host: str, port: int, exceptions: str) -> bool:
    """Whether `NO_PROXY` excepts a host.

    Its entries stand between commas or spaces. One is `*` for all hosts; a domain, with its subdomains, with or without
    a dot or `*.` before it; an address; or a range of addresses such as `10.0.0.0/8` or `fd00::/8`. All but ranges may
    end with a port, behind brackets if it is an IPv6 address: `[::1]:8080`. What can't be read excepts nothing.

    Args:
        host: A name, or an address without brackets.
        port: The port that is asked for.
        exceptions: What `NO_PROXY` says.
    """
    own = _address(host)
    name = _name(host)
    return any(fits(own, name, port) for fits in _entries(exceptions))


Entry = Callable[[Address | None, str, int], bool]


@functools.lru_cache(maxsize=16)
def _entries(exceptions: str) -> tuple[Entry, ...]:
    read = (_entry(text.lower()) for text in re.split(r"[\s,]+", exceptions) if text)
    return tuple(entry for entry in read if entry is not None)


def _entry(text: str) -> Entry | None:
    """Read one entry; None if it excepts nothing."""
    if "/" in text:
        try:
            network = ipaddress.ip_network(text.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            return None
        return lambda address, _name, _port: address is not None and address in network
    host, only = _without_port(text)
    if host == "*":
        return lambda _address, _name, port: only in (None, port)
    if (wanted := _address(host)) is not None:
        return lambda address, _name, port: address == wanted and only in (None, port)
    domain = _name(host.removeprefix("*").lstrip("."))
    if not domain:
        return None
    below = f".{domain}"
    return lambda address, name, port: (
        address is None and only in (None, port) and (name == domain or name.endswith(below))
    )


def _without_port(text: str) -> tuple[str, int | None]:
    """Return an entry's host, without brackets, and its port if it has one."""
    if match := re.fullmatch(r"\[(.*)\](?::([0-9]+))?", text):
        return match[1], int(match[2]) if match[2] else None
    if match := re.fullmatch(r"([^:]*):([0-9]+)", text):
        return match[1], int(match[2])
    return text, None


def _address(text: str) -> Address | None:
    """Return an address, an IPv4 one that is written as IPv6 as what it is; None if it is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None) or address


def _name(host: str) -> str:
    return (in_ascii(host) or "").removesuffix(".")
