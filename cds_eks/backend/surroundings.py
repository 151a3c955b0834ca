"""What the environment says of the way to the service: proxies, and whose certificates are trusted."""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import attrs
import httpx

from cds_eks._runtime import forks
from cds_eks.backend.proxies import proxy_for
from cds_eks.backend.tls import context_of
from cds_eks.errors import ConfigurationError

__all__ = ["proxy_for", "ssl_context"]

logger: logging.Logger = logging.getLogger("cds_eks.backend")

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What may name the trusted certificates; the first that is set counts. The first two are OpenSSL's."""

MOST_CONTEXTS = 8


@attrs.frozen
class _Loaded:
    state: tuple[int, int, int]
    context: ssl.SSLContext


_loaded: dict[tuple[str, str], _Loaded] = {}


def ssl_context(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Return the SSL context that all connections share: it takes 19 ms and much memory to make.

    One whose file has been replaced is made anew, for the connections to come.

    Raises:
        ConfigurationError: The environment names certificates that can't be loaded.
    """
    variable, path = next(((name, environ[name]) for name in VARIABLES if environ.get(name)), ("", ""))
    with forks.first_use.here():
        known = _loaded.get((variable, path))
        try:
            state = _state(variable, path)
            if known is not None and known.state == state:
                return known.context
            context = _made(variable, path)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError; a path with a NUL is a ValueError
            failure = type(error).__name__
        else:
            while len(_loaded) >= MOST_CONTEXTS:
                del _loaded[next(iter(_loaded))]
            _loaded[variable, path] = _Loaded(state, context)
            return context
    if known is not None:  # it is being replaced, perhaps: what was trusted a moment ago is better than no service
        logger.warning(
            "the certificates of %s can't be loaded any more (%s): going on with the former", variable, failure
        )
        return known.context
    source = variable or "of the package certifi"
    raise ConfigurationError(f"the trusted certificates ({source}) can't be loaded ({failure})")


def _made(variable: str, path: str) -> ssl.SSLContext:
    if not variable:
        return httpx.create_ssl_context(trust_env=False)
    return ssl.create_default_context(cafile=path) if variable == "SSL_CERT_FILE" else context_of(path)


def _state(variable: str, path: str) -> tuple[int, int, int]:
    """Return what changes when a file is replaced."""
    if not variable or (variable == "SSL_CERT_DIR" and os.pathsep in path):
        return (0, 0, 0)
    facts = Path(path).stat()
    return (facts.st_mtime_ns, facts.st_size, facts.st_ino)
