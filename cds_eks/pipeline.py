"""The pipeline: middlewares around a send, each free to act before and after it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from types import CoroutineType
from typing import Any, cast

from cds_eks.errors import ConfigurationError
from cds_eks.wire import RawResponse, Request

Send = Callable[[Request], Awaitable[RawResponse]]
Middleware = Callable[[Request, Send], Awaitable[RawResponse]]


class OutOfTime(Exception):
    """The request's deadline has passed. The deadline middleware turns it into `DeadlineExceeded`."""


def chain(middlewares: Iterable[Middleware], send: Send) -> Send:
    """Return a send that goes through the middlewares, the first outermost."""
    for middleware in reversed(list(middlewares)):
        send = _link(middleware, send)
    return send


def _link(middleware: Middleware, send: Send) -> Send:
    # An object's method is called in half the time that the object takes.
    is_object = not inspect.isfunction(middleware) and not isinstance(middleware, type)
    call: Middleware = cast("Any", middleware).__call__ if is_object else middleware
    if inspect.iscoroutinefunction(call):
        return lambda request: call(request, send)

    def send_on(request: Request) -> Awaitable[RawResponse]:
        returned = call(request, send)
        return returned if type(returned) is CoroutineType else _awaitable(returned, request)

    return send_on


def _awaitable(returned: Any, request: Request) -> Awaitable[RawResponse]:
    """Return what a middleware that is no coroutine function has returned.

    Raises:
        ConfigurationError: It can't be awaited.
    """
    if inspect.isawaitable(returned):
        return returned
    raise ConfigurationError(
        f"a middleware must be async, or return an awaitable, not {type(returned).__name__}",
        action=request.operation.name,
        outcome="unknown",  # it may have sent the request in a task of its own
    )
