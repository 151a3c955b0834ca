"""Whether something is in the place of httpx's own methods: a mock (respx), a cassette (vcrpy), a tracing library."""

from __future__ import annotations

import logging
import types

import httpcore
import httpx

logger: logging.Logger = logging.getLogger("cds_eks.backend")


def are_intercepted() -> bool:
    """Whether somebody has put something else in the way of httpx's requests: respx does, and what traces them."""
    return not (
        _is_own(httpx.AsyncHTTPTransport.handle_async_request, "httpx.")
        and _is_own(httpcore.AsyncConnectionPool.handle_async_request, "httpcore.")
        and _is_own(httpcore.AsyncHTTPConnection.handle_async_request, "httpcore.")
    )


def has_warned_of_interception() -> bool:
    """Whether something is in the way of httpx's requests: then a warning is logged that a backend goes past it."""
    if not are_intercepted():
        return False
    logger.warning(
        "a mock (respx, pytest-httpx, vcrpy) or a tracer is in the way of httpx's requests, and the native backend "
        "goes past it: requests reach the real service; use backend='httpx' there"
    )
    return True


def _is_own(method: object, package: str) -> bool:
    """Whether a method is one that its package defines, not one that pretends to be."""
    return type(method) is types.FunctionType and method.__globals__["__name__"].startswith(package)
