"""What the environment says of the way to the service: proxies, and whose certificates are trusted."""

from __future__ import annotations

import contextlib
import functools
import os
import ssl
import urllib.request
from urllib.parse import urlsplit

import httpx

from cds_eks import forks
from cds_eks.config import is_host
from cds_eks.errors import ConfigurationError


def proxy_for(url: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for a URL (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).

    Raises:
        ConfigurationError: It names one that can't be used.
    """
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    with contextlib.suppress(ValueError, httpx.InvalidURL):
        usable = httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}")
        if is_host(usable.url.host) and (usable.url.port or 80) < 65536:
            return usable
    # Raised out here, because what httpx raises repeats the proxy's URL, and that may hold a password.
    raise ConfigurationError(f"the environment's proxy for {parts.scheme} can't be used")


def ssl_context() -> ssl.SSLContext:
    """Return the SSL context that all connections share: it takes 19 ms and much memory to make.

    Raises:
        ConfigurationError: The environment names certificates that can't be loaded.
    """
    try:
        with forks.first_use.here():
            return _shared_ssl_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; a path with a NUL is a ValueError
        raise ConfigurationError(
            f"the trusted certificates (SSL_CERT_FILE, SSL_CERT_DIR) can't be loaded ({type(error).__name__})"
        ) from None


@functools.cache
def _shared_ssl_context(*_: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()
