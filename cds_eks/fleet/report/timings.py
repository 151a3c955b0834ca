"""When things happened in a run: how long items were under way, how many at once, how many became ready. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from cds_eks.fleet.items import STATES, State
from cds_eks.fleet.report.data import ReportItem

CALLING: frozenset[str] = frozenset({"sending"})
BUILDING: frozenset[str] = frozenset({"accepted", "deleting"})
BINS = 120


@attrs.frozen(kw_only=True)
class Throughput:
    """How much was done in a run, in seconds by the clock of the journal.

    Attributes:
        seconds: How long it took.
        creates: How many creates were sent.
        ready: How many items became ready in it.
        ready_per_second: That, over the time; 0 if there was none.
        most_calling: How many creates were under way at most at once.
        most_building: How many items the service was building (or deleting) at most at once.
        deleted: How many items were deleted in it.
        deleted_per_second: That, over the time; 0 if there was none.
    """

    seconds: float
    creates: int
    ready: int
    ready_per_second: float
    most_calling: int
    most_building: int
    deleted: int = 0
    deleted_per_second: float = 0.0


@attrs.frozen(kw_only=True)
class Series:
    """What happened in each of equally long parts of a run.

    Attributes:
        seconds: How long a part is.
        clusters, node_pools: How many became ready in it; of a report about deleting, how many were deleted.
        calling, building: How many were under way in it, at most at once; see `Throughput`.
    """

    seconds: float
    clusters: tuple[int, ...]
    node_pools: tuple[int, ...]
    calling: tuple[int, ...]
    building: tuple[int, ...]


def spans(item: ReportItem, end: float) -> Iterator[tuple[State, float, float]]:
    """Yield each state of an item with when it began and ended; the last one ends with the run. Steps are no states."""
    known = [moment for moment in item.history if moment.state in STATES]
    for moment, after in zip(known, [*known[1:], None], strict=False):
        until = max(end, moment.at) if after is None else after.at
        yield moment.state, moment.at, until  # type: ignore[misc]  # it is among STATES


def throughput(items: Iterable[ReportItem], start: float, end: float) -> Throughput:
    """Count what was done between two times."""
    items = tuple(items)
    seconds = max(end - start, 0.0)
    began = [(item.kind, state, at) for item in items for state, at, _ in spans(item, end) if start <= at <= end]
    ready = sum(state == "ready" for _, state, _ in began)
    deleted = sum(state == "deleted" for _, state, _ in began)
    (calling,) = concurrency(items, CALLING, start, end, bins=1)
    (building,) = concurrency(items, BUILDING, start, end, bins=1)
    return Throughput(
        seconds=seconds,
        creates=sum(state == "sending" for _, state, _ in began),
        ready=ready,
        ready_per_second=ready / seconds if seconds else 0.0,
        most_calling=calling,
        most_building=building,
        deleted=deleted,
        deleted_per_second=deleted / seconds if seconds else 0.0,
    )


def series(items: Iterable[ReportItem], start: float, end: float, bins: int = BINS, *, goal: State = "ready") -> Series:
    """Part the time between two times into `bins`, and say what happened in each, and how many reached the goal."""
    items = tuple(items)
    width = max(end - start, 0.0) / bins
    counts = {"cluster": [0] * bins, "node_pool": [0] * bins}
    for item in items:
        for state, at, _ in spans(item, end):
            if state == goal and start <= at <= end:
                counts[item.kind][_bin(at, start, width, bins)] += 1
    return Series(
        seconds=width,
        clusters=tuple(counts["cluster"]),
        node_pools=tuple(counts["node_pool"]),
        calling=concurrency(items, CALLING, start, end, bins),
        building=concurrency(items, BUILDING, start, end, bins),
    )


def concurrency(
    items: Iterable[ReportItem], states: frozenset[str], start: float, end: float, bins: int
) -> tuple[int, ...]:
    """Return how many items were in one of these states at once, at most, in each part of the time."""
    edges: list[tuple[float, int]] = []
    for item in items:
        for state, begun, ended in spans(item, end):
            if state in states and ended >= start and begun <= end and ended > begun:
                edges += [(max(begun, start), 1), (ended, -1)]
    edges.sort()  # an end goes before a beginning at the same time
    width = max(end - start, 0.0) / bins
    most, now, at_bin = [0] * bins, 0, 0
    for at, step in edges:
        this = _bin(min(at, end), start, width, bins)
        for each in range(at_bin + 1, this + 1):
            most[each] = now
        at_bin = this
        now += step
        most[this] = max(most[this], now)
    return tuple(most)


def _bin(at: float, start: float, width: float, bins: int) -> int:
    return min(int((at - start) / width), bins - 1) if width else 0
