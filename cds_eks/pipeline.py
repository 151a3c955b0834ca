"""The pipeline: middlewares around a send, each free to act before and after it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

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
    return lambda request: call(request, send)
