"""The spans of a run whose client has telemetry: one for the run, one an item, one for the lists that serve all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from opentelemetry import context
from opentelemetry.trace import Span, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cds_eks.fleet.items import Item, State
from cds_eks.fleet.run.events import Event, ItemChanged, RunEnded, RunStarted, StoppedCreating
from cds_eks.fleet.run.telling import name_of
from cds_eks.otel import Telemetry, facts, names
from cds_eks.otel.guard import guard
from cds_eks.otel.spans import end_with_error

BAD: frozenset[State] = frozenset({"failed", "refused", "unknown"})
"""States in which an item's span is an error."""


class TracedRun:
    """The spans of one run; see `RunSpans`.

    Args:
        telemetry: The telemetry of its client.
        goal: The state that all its items are to reach.
    """

    def __init__(self, telemetry: Telemetry, goal: State) -> None:
        self._telemetry = telemetry
        self._goal = goal
        self._run: Span | None = None
        self._items: dict[str, Span] = {}
        self._states: dict[str, State] = {}

    async def around(
        self, work: Callable[[], Awaitable[None]], runner: str, failure: Callable[[], BaseException | None]
    ) -> None:
        """Do all of the run's work in one span."""
        attributes = {names.FLEET_RUNNER: runner, names.FLEET_GOAL: self._goal}
        with self._telemetry.span(names.FLEET_RUN_SPAN, attributes) as self._run:
            await work()
            error = failure()
            if error is not None and self._run is not None:
                with guard:
                    end_with_error(self._run, error)

    @contextmanager
    def item(self, item: Item) -> Iterator[None]:
        """Have a span around what is done about one item; what changes of it is noted there."""
        name = names.FLEET_CLUSTER_SPAN if item.kind == "cluster" else names.FLEET_POOL_SPAN
        attributes = {names.FLEET_ITEM: name_of(item), names.FLEET_STATE: item.state}
        with self._telemetry.span(name, attributes) as span:
            if span is None:
                yield
                return
            self._items[item.id], self._states[item.id] = span, item.state
            try:
                yield
            finally:
                del self._items[item.id]
                state = self._states.pop(item.id)
                if state in BAD:
                    with guard:
                        span.set_status(Status(StatusCode.ERROR, state))

    def polls(self) -> AbstractContextManager[object]:
        """Have a span around the lists that serve all items, so that they are one line of a trace, not hundreds."""
        return self._telemetry.span(names.FLEET_POLL_SPAN, {})

    def note(self, event: Event) -> None:
        """Note an event on the span that it is about."""
        if self._run is None:
            return
        with guard:
            match event:
                case ItemChanged(item=item, before=before):
                    # What an earlier run has left open is settled before there are spans of items.
                    if (span := self._items.get(item.id)) is not None:
                        self._states[item.id] = item.state
                        _note_change(span, item, before)
                case RunStarted(items=items, open=count):
                    self._run.set_attributes({names.FLEET_ITEMS: items, names.FLEET_OPEN: count})
                case StoppedCreating():  # why may be in words of the service
                    self._run.add_event(names.FLEET_STOPPED_EVENT)
                case RunEnded(open=open_items):
                    self._run.set_attribute(names.FLEET_OPEN, len(open_items))


def _note_change(span: Span, item: Item, before: Item) -> None:
    """Note on an item's span that it has changed."""
    known = facts.ids_shown(item.ids)
    if item.state != before.state:
        attributes: facts.Attributes = {names.FLEET_STATE: item.state, names.FLEET_STATE_BEFORE: before.state}
        if kind := (item.error or {}).get("class"):
            attributes[names.CDS_ERROR] = str(kind)[: facts.LONGEST]
        span.add_event(names.FLEET_STATE_EVENT, {**attributes, **known})
    span.set_attributes({names.FLEET_STATE: item.state, **known})


@contextmanager
def launched(telemetry: Telemetry, runners: int) -> Iterator[Mapping[str, str]]:
    """Have a span around many runners, and return what tells them of it: W3C's `traceparent`."""
    with telemetry.span(names.FLEET_LAUNCH_SPAN, {names.FLEET_RUNNERS: runners}):
        carrier: dict[str, str] = {}
        with guard:
            TraceContextTextMapPropagator().inject(carrier)
        yield carrier


@contextmanager
def continued(trace: Mapping[str, str]) -> Iterator[None]:
    """Go on with the trace of a launch, in whatever process and thread this is."""
    token = context.attach(TraceContextTextMapPropagator().extract(trace))
    try:
        yield
    finally:
        context.detach(token)
