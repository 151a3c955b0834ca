"""One HTTP span an attempt, and its metrics."""

from __future__ import annotations

from collections.abc import Awaitable
from contextvars import Token
from typing import TYPE_CHECKING

import attrs
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cds_eks._runtime import clocks, forks
from cds_eks._runtime.private_names import http_suppression_key
from cds_eks.otel import facts, names
from cds_eks.otel.guard import guard
from cds_eks.otel.spans import Ending
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request

if TYPE_CHECKING:
    from cds_eks.otel.calls import CallObservation


_SUPPRESSION = http_suppression_key()
"""Says that an instrumented httpx is to record nothing: it would record the attempt again, with the signed URL."""


class Attempts:
    """Observes each attempt just before it is signed, beneath all middlewares: it sees each request that leaves.

    Args:
        version: The version of HTTP, if it is known.
        sends_context: Whether the service is sent the trace's id (`traceparent`).

    Attributes:
        active: How many requests are under way.
    """

    def __init__(self, *, version: str | None, sends_context: bool) -> None:
        self.active: int = 0
        self._process = 0
        self._version = version
        self._sends_context = sends_context

    @property
    def is_inherited(self) -> bool:
        """Whether these are a parent's, in a forked child: what is under way there ends there."""
        return self._process not in (0, forks.process())

    def observed(self, send: Send) -> Send:
        """Return what sends a request and observes it, around what only sends it.

        It is no middleware, to which a call that is not observed would have to go all the same.
        """

        def send_observed(request: Request) -> Awaitable[RawResponse]:
            observation: CallObservation | None = request.record.observation
            return send(request) if observation is None else self._observed(observation, request, send)

        return send_observed

    async def _observed(self, observation: CallObservation, request: Request, send: Send) -> RawResponse:
        attempt = _Attempt(observation, request, self._version)
        with guard:
            attempt.begin()
            if self._sends_context:
                request = _with_context(request)
        with guard:
            attempt.count()
        self._process = self._process or forks.process()
        self.active += 1
        try:
            response = await send(request)
        except BaseException as error:
            self.active -= 1
            with guard:
                attempt.end(None, error)
            raise
        self.active -= 1
        with guard:
            attempt.end(response.status, None)
        return response


class _Attempt:
    """One attempt that is observed."""

    __slots__ = ("_began", "_observation", "_request", "_span", "_token", "_version")

    def __init__(self, observation: CallObservation, request: Request, version: str | None) -> None:
        self._observation = observation
        self._request = request
        self._version = version
        self._span: Span | None = None
        self._token: Token[Context] | None = None
        self._began = clocks.monotonic()

    def begin(self) -> None:
        """The attempt begins: its span is the current one, for what is below it."""
        observation, request = self._observation, self._request
        resend_count, observation.sent = observation.sent, observation.sent + 1
        if observation.tracer is not None:
            attributes = facts.attempt_begins(request, resend_count, self._version)
            self._span = observation.tracer.start_span(
                request.operation.method, kind=SpanKind.CLIENT, attributes=attributes
            )
            below = trace.set_span_in_context(self._span)
            if _SUPPRESSION is not None:
                below = context.set_value(_SUPPRESSION, True, below)
            self._token = context.attach(below)

    def count(self) -> None:
        """Count the attempt as a retry if it is one: a middleware may send an attempt several times, which is none."""
        observation, request = self._observation, self._request
        if observation.instruments is not None and request.record.attempts > observation.counted:
            observation.counted = request.record.attempts
            attributes = {names.RPC_METHOD: facts.method_of(request.operation), **facts.server_of(request.url)}
            if request.record.failures:
                attributes[names.ERROR_TYPE] = facts.error_type(request.record.failures[-1])
            observation.instruments.retries.add(1, attributes)

    def end(self, status: int | None, error: BaseException | None) -> None:
        """The attempt has ended.

        Args:
            status: The HTTP status of the answer, if there is one.
            error: What it has raised.
        """
        if self._token is not None and not isinstance(error, GeneratorExit):  # which may come in another context
            context.detach(self._token)
        attributes = facts.attempt_ends(status, error)
        if self._span is not None:
            with guard, Ending(self._span) as span:
                span.set_attributes(attributes)
                if error is not None:
                    span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                elif names.ERROR_TYPE in attributes:
                    span.set_status(Status(StatusCode.ERROR))
        if (instruments := self._observation.instruments) is not None:
            known = facts.attempt_begins(self._request, 0, self._version)
            del known[names.URL_FULL]
            instruments.requests.record(clocks.monotonic() - self._began, known | attributes)


def _with_context(request: Request) -> Request:
    """Return a request that carries the ids of the current span in its headers: W3C's `traceparent`, and no baggage."""
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return attrs.evolve(request, headers={**request.headers, **carrier}) if carrier else request
