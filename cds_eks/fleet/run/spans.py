"""Where a run's spans come from: its client's telemetry, or nowhere. Without any, nothing is imported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from cds_eks.client.telemetry import telemetry_in
from cds_eks.fleet.items import Item, State
from cds_eks.fleet.run.events import Event

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient
    from cds_eks.otel import Telemetry


class RunSpans(Protocol):
    """The spans of one run."""

    async def around(
        self, work: Callable[[], Awaitable[None]], runner: str, failure: Callable[[], BaseException | None]
    ) -> None:
        """Do all of the run's work in one span.

        Args:
            work: The work.
            runner: The runner's name in the journal.
            failure: Returns what the run has failed with, if it has.
        """
        ...  # pragma: no cover - a protocol has no body

    def item(self, item: Item) -> AbstractContextManager[object]:
        """Return a span around what is done about one item."""
        ...  # pragma: no cover - a protocol has no body

    def polls(self) -> AbstractContextManager[object]:
        """Return a span around the lists that serve all items."""
        ...  # pragma: no cover - a protocol has no body

    def note(self, event: Event) -> None:
        """Note an event on the span that it is about."""
        ...  # pragma: no cover - a protocol has no body


class NoSpans:
    """Those of a run without telemetry."""

    async def around(
        self,
        work: Callable[[], Awaitable[None]],
        runner: str,  # noqa: ARG002 - a protocol's, as those below
        failure: Callable[[], BaseException | None],  # noqa: ARG002
    ) -> None:
        """Do the work."""
        await work()

    def item(self, item: Item) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return nothing."""
        return nullcontext()

    def polls(self) -> AbstractContextManager[object]:
        """Return nothing."""
        return nullcontext()

    def note(self, event: Event) -> None:
        """Note nothing."""


NO_SPANS = NoSpans()


def spans_of(eks: AsyncEksClient, goal: State) -> RunSpans:
    """Return the spans of a run.

    Args:
        eks: Its client, whose telemetry it has.
        goal: The state that all its items are to reach.
    """
    if (telemetry := telemetry_in(eks)) is None:
        return NO_SPANS
    from cds_eks.fleet.run.traced import TracedRun

    return TracedRun(telemetry, goal)


def launch_span(telemetry: Telemetry | None, runners: int) -> AbstractContextManager[Mapping[str, str]]:
    """Return a span around many runners; its value is what tells them of it, in another process too.

    Args:
        telemetry: The telemetry of the launch; None for no span.
        runners: How many runners to start.
    """
    if telemetry is None:
        return nullcontext({})
    from cds_eks.fleet.run.traced import launched

    return launched(telemetry, runners)


def joined(eks: AsyncEksClient, trace: Mapping[str, str]) -> AbstractContextManager[object]:
    """Return what has a runner go on with the trace of its launch.

    Args:
        eks: The runner's client; without telemetry there is no trace.
        trace: What the launch tells of it.
    """
    if telemetry_in(eks) is None or not trace:
        return nullcontext()
    from cds_eks.fleet.run.traced import continued

    return continued(trace)
