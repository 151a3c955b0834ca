"""One RPC span a call, over all its attempts, and one HTTP span an attempt; and their metrics.

The span of a call is no middleware: only outside of the pipeline it is known how a call ends. There an answer has been
decoded, and the error has its outcome, the ids of all answers and its last class, such as `AmbiguousCreate`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import Token
from typing import Any, Protocol, TypeVar

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from cds_eks._runtime import clocks
from cds_eks.otel import facts, names
from cds_eks.otel.attempts import Attempts
from cds_eks.otel.guard import guard, tell
from cds_eks.otel.instruments import Instruments
from cds_eks.otel.providers import Providers
from cds_eks.otel.spans import Ending
from cds_eks.pipeline import Send
from cds_eks.wire import Operation, Request, Response

T = TypeVar("T")


class ExecuteCall(Protocol):
    """Sends a call through the pipeline; see `cds_eks.client.calls.Calls.execute_call`."""

    def __call__(self, operation: Operation[T], call: Request, arguments: Any) -> Coroutine[Any, Any, Response[T]]:
        """Send a call."""
        ...  # pragma: no cover - a protocol has no body


class Quota(Protocol):
    """What is left for retries."""

    left: int


class CallObservation:
    """What is noted of one call while it runs; its attempts find it on the call's record.

    Args:
        tracer: Starts its spans; None if it has none.
        instruments: Its metrics; None if nobody collects them.

    Attributes:
        sent: How often the call was sent so far.
        counted: Of how many attempts it is counted that they were retries.
    """

    __slots__ = ("_began", "_span", "_token", "counted", "instruments", "sent", "tracer")

    def __init__(self, tracer: Tracer | None, instruments: Instruments | None) -> None:
        self.tracer: Tracer | None = tracer
        self.instruments: Instruments | None = instruments
        self.sent: int = 0
        self.counted: int = 1
        self._span: Span | None = None
        self._token: Token[Context] | None = None
        self._began = 0.0

    def begin(self, request: Request) -> None:
        """The call begins: from now on its span is the current one."""
        request.record.observation = self
        self._began = clocks.monotonic()
        if self.tracer is None:
            return
        method = facts.method_of(request.operation)
        attributes = facts.call_begins(request)
        self._span = span = self.tracer.start_span(
            facts.span_name_of(method), kind=SpanKind.CLIENT, attributes=attributes
        )
        # Also one that is not recorded: what is started below it belongs to the same trace, and is not recorded either.
        self._token = context.attach(trace.set_span_in_context(span))
        if not span.is_recording():
            self._span = self.tracer = None

    def end(self, request: Request, code: str | None, error: BaseException | None) -> None:
        """The call has ended.

        Args:
            request: The request.
            code: The service's code in the answer, if there was one.
            error: What it has raised.
        """
        request.record.observation = None
        if self._token is not None and not isinstance(error, GeneratorExit):  # which may come in another context
            context.detach(self._token)
        if self._span is not None:
            with guard, Ending(self._span) as span:
                span.set_attributes(facts.call_ends(request, code, error))
                if error is not None:
                    span.set_status(Status(StatusCode.ERROR, facts.words_of(error, request)))
        if self.instruments is not None:
            self._measure(self.instruments, request, code, error)

    def _measure(
        self, instruments: Instruments, request: Request, code: str | None, error: BaseException | None
    ) -> None:
        method, server = facts.method_of(request.operation), facts.server_of(request.url)
        attributes: facts.Attributes = {names.RPC_SYSTEM_NAME: names.RPC_SYSTEM, names.RPC_METHOD: method, **server}
        if code is not None:
            attributes[names.RPC_RESPONSE_STATUS_CODE] = code = facts.counted_code(code)
        if error is not None:
            attributes[names.ERROR_TYPE] = facts.error_type(error, code)
        instruments.calls.record(clocks.monotonic() - self._began, attributes)
        if request.record.queued:
            instruments.queued.record(request.record.queued, {names.RPC_METHOD: method, **server})


class ClientObserver:
    """Observes the calls of one client.

    Args:
        providers: Where spans and metrics go.
        url: Where the client's requests go.
        version: The version of HTTP that its backend speaks, if it is known.
        sends_context: Whether the service is sent the trace's id (`traceparent`).
    """

    def __init__(self, providers: Providers, *, url: str, version: str | None, sends_context: bool) -> None:
        self.server: Mapping[str, str | int] = dict(facts.server_of(url))  # type: ignore[arg-type]
        self.quota: Quota | None = None
        self._providers = providers
        self._attempts = Attempts(version=version, sends_context=sends_context)
        self._shown_by: Instruments | None = None

    @property
    def active(self) -> int:
        """How many requests are under way."""
        return 0 if self._attempts.is_inherited else self._attempts.active

    @property
    def quota_left(self) -> int | None:
        """What is left for retries."""
        return None if self.quota is None or self._attempts.is_inherited else self.quota.left

    def observed_send(self, send: Send) -> Send:
        """Return what sends one attempt and observes it, around what only sends it."""
        return self._attempts.observed(send)

    def observed(self, execute: ExecuteCall) -> ExecuteCall:
        """Return what sends a call and observes it, around what only sends it."""

        def execute_call(operation: Operation[T], call: Request, arguments: Any) -> Coroutine[Any, Any, Response[T]]:
            observation = self._observation()
            if observation is None:  # nothing is recorded: nothing stands between the caller and the call
                return execute(operation, call, arguments)
            return _observed(observation, execute, operation, call, arguments)

        return execute_call

    def _observation(self) -> CallObservation | None:
        """Return what a call is noted with that begins now; None if nothing of it is recorded."""
        tracer: Tracer | None = None
        instruments: Instruments | None = None
        try:  # not `with guard`, which takes time in each call
            tracer = self._providers.tracer()
        except Exception as error:  # noqa: BLE001 - a provider's
            tell(error)
        try:
            instruments = self._providers.instruments()
            if instruments is not self._shown_by and instruments is not None:
                instruments.watch(self)
                self._shown_by = instruments
        except Exception as error:  # noqa: BLE001 - the same
            tell(error)
        return None if tracer is None and instruments is None else CallObservation(tracer, instruments)


async def _observed(
    observation: CallObservation,
    execute: Callable[[Operation[T], Request, Any], Awaitable[Response[T]]],
    operation: Operation[T],
    call: Request,
    arguments: Any,
) -> Response[T]:
    with guard:
        observation.begin(call)
    try:
        answer = await execute(operation, call, arguments)
    except BaseException as error:
        with guard:
            observation.end(call, facts.code_of(error), error)
        raise
    with guard:
        observation.end(call, answer.code, None)
    return answer
