"""Whether httpx's own methods are patched (monkeypatched): by a mock (respx), a cassette (vcrpy), a tracing library."""

from __future__ import annotations

import logging
import types

import httpcore
import httpx

logger: logging.Logger = logging.getLogger("cds_eks.backend")


def is_httpx_intercepted() -> bool:
    """Whether the request methods of httpx are patched: respx does that, and so do tracing libraries."""
    return not (
        _is_own(httpx.AsyncHTTPTransport.handle_async_request, "httpx.")
        and _is_own(httpcore.AsyncConnectionPool.handle_async_request, "httpcore.")
        and _is_own(httpcore.AsyncHTTPConnection.handle_async_request, "httpcore.")
    )


def warn_if_intercepted() -> bool:
    """Warn if the request methods of httpx are patched, since a backend bypasses them; return whether they are."""
    if not is_httpx_intercepted():
        return False
    logger.warning(
        "a mock (respx, pytest-httpx, vcrpy) or a tracer is in the way of httpx's requests, and the native backend "
        "goes past it: requests reach the real service; use backend='httpx' there"
    )
    return True


def _is_own(method: object, package: str) -> bool:
    """Whether a method is one that its package defines, not one that pretends to be."""
    return type(method) is types.FunctionType and method.__globals__["__name__"].startswith(package)
