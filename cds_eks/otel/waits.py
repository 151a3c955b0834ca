"""One span a wait, with its polls beneath."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from opentelemetry import context, trace

from cds_eks.otel import facts, names
from cds_eks.otel.guard import guard
from cds_eks.otel.providers import Providers
from cds_eks.otel.spans import end_with_error, span_around
from cds_eks.redaction import Secrets

MANY = "each"
"""The wait that yields what has ended, and so does not end when its method returns."""


def trace_waits(waiters: Any, providers: Providers, secrets: Callable[[], Secrets]) -> None:
    """Have each wait of a client be a span.

    Its waits are replaced on this object alone: those of a client without telemetry are as they were.

    Args:
        waiters: The waits: an object of which each public coroutine function is one.
        providers: Where the spans go.
        secrets: Returns the texts that must never be shown: an id may come from an answer that repeats one.
    """
    for name, method in inspect.getmembers(type(waiters), inspect.isfunction):
        if name.startswith("_"):
            continue
        if inspect.iscoroutinefunction(method):
            setattr(waiters, name, _traced(name, getattr(waiters, name), providers, secrets))
        elif name == MANY:
            setattr(waiters, name, _traced_many(name, getattr(waiters, name), providers))


def _traced(
    name: str, wait: Callable[..., Awaitable[Any]], providers: Providers, secrets: Callable[[], Secrets]
) -> Callable[..., Awaitable[Any]]:
    signature = inspect.signature(wait)

    @functools.wraps(wait)
    async def traced(*args: Any, **options: Any) -> Any:
        with span_around(providers, f"{names.WAIT_SPAN} {name}", _ids(signature, args, options, secrets())):
            return await wait(*args, **options)

    return traced


def _ids(
    signature: inspect.Signature, args: tuple[Any, ...], options: Mapping[str, Any], hidden: Secrets
) -> facts.Attributes:
    """Return the ids that a wait was given, as attributes; what can't be bound the wait itself will refuse."""
    try:
        given = signature.bind(*args, **options).arguments
    except TypeError:
        return {}
    return facts.ids_shown(given, hidden)


def _traced_many(
    name: str, wait: Callable[..., AsyncIterator[Any]], providers: Providers
) -> Callable[..., AsyncIterator[Any]]:
    @functools.wraps(wait)
    def traced(*args: Any, **options: Any) -> AsyncIterator[Any]:
        return _walk(f"{names.WAIT_SPAN} {name}", wait(*args, **options), providers)

    return traced


async def _walk(name: str, walk: AsyncIterator[Any], providers: Providers) -> AsyncGenerator[Any]:
    """Yield what a wait yields.

    Its span is the current one while the wait itself runs, and not while its caller deals with what was yielded: that
    is no part of it, and may run in another task.
    """
    span, inside = None, None
    with guard:
        if (tracer := providers.tracer()) is not None:
            span = tracer.start_span(name)
            inside = trace.set_span_in_context(span)
    try:
        while True:
            token = None if inside is None else context.attach(inside)
            try:
                found = await anext(walk)
            except StopAsyncIteration:
                return
            except BaseException as error:
                if isinstance(error, GeneratorExit):  # which may come in another context
                    token = None
                if span is not None:
                    with guard:
                        end_with_error(span, error)
                raise
            finally:
                if token is not None:
                    context.detach(token)
            yield found
    finally:
        if span is not None:
            with guard:
                span.end()
        if isinstance(walk, AsyncGenerator):
            await walk.aclose()
