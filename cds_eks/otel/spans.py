"""A span of our own work around others: a wait, a fleet's run, an item of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from cds_eks.otel import facts, names
from cds_eks.otel.guard import guard
from cds_eks.otel.providers import Providers


@contextmanager
def span_around(
    providers: Providers, name: str, attributes: Mapping[str, facts.Value], kind: SpanKind = SpanKind.INTERNAL
) -> Iterator[Span | None]:
    """Have a span around what is done inside, which is its parent; None if it would be dropped for certain.

    An error ends it with its class alone: what it says may hold anything.
    """
    span, token = None, None
    with guard:
        if (tracer := providers.tracer()) is not None:
            span = tracer.start_span(name, kind=kind, attributes=dict(attributes))
            token = context.attach(trace.set_span_in_context(span))
    error: BaseException | None = None
    try:
        yield span
    except BaseException as raised:
        error = raised
        raise
    finally:
        with guard:
            if token is not None and not isinstance(error, GeneratorExit):  # which may come in another context
                context.detach(token)
            if span is not None:
                with Ending(span):
                    if error is not None:
                        end_with_error(span, error)
        del error  # its traceback holds this frame: they would hold each other


class Ending:
    """Have a span end when what is done inside has been done, or has failed: `with Ending(span) as span: …`.

    What can fail there is the SDK's, such as an attribute that its own subclass of a span refuses.
    """

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> Span:
        return self._span

    def __exit__(self, *_: object) -> None:
        self._span.end()


def end_with_error(span: Span, error: BaseException) -> None:
    """Note on a span that it ends with an error."""
    span.set_attribute(names.ERROR_TYPE, facts.class_of(error))
    span.set_attribute(names.CDS_ERROR, type(error).__name__)
    span.set_status(Status(StatusCode.ERROR, type(error).__name__))
