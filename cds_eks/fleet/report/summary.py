"""A report in a few lines of plain text, for terminals and logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cds_eks.fleet.items import Kind
from cds_eks.fleet.report.data import ReportItem
from cds_eks.redaction import printable

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport

MOST_LISTED = 20
MOST_OF_A_MESSAGE = 300
STOPPED = {"ready": "No more creates were made", "deleted": "Stopped"}
_KINDS: tuple[tuple[Kind, str], ...] = (("cluster", "clusters"), ("node_pool", "node pools"))


def summary(report: FleetReport) -> str:
    """Return counts, failures with their request ids, and what is unknown and how to look for it."""
    return "\n".join(_lines(report))


def _lines(report: FleetReport) -> Iterator[str]:
    reached = sum(item.state == report.goal for item in report.items)
    source = _clean(report.plan.source) or "the plan"
    took = duration(report.ended_at - report.started_at)
    yield f"{source}: {reached} of {len(report.items)} {report.goal}, after {took}"
    for kind, title in _KINDS:
        if counts := report.counts.get(kind):
            yield f"  {title:<11} {', '.join(f'{count} {state}' for state, count in counts.items())}"
    if report.stopped is not None:
        yield f"{STOPPED[report.goal]}: {_clean(report.stopped)}"
    yield from _listed("Failed" if report.goal == "ready" else "Not deleted", report.failures)
    if report.unknown:
        yield from _listed("Unknown, may have been made", report.unknown)
        yield "  Run the same plan with the same journal again: it looks for these first, and creates nothing before."
        yield f"  By hand: {_look_up(report.unknown[0])}"


def _listed(title: str, items: Sequence[ReportItem]) -> Iterator[str]:
    if items:
        yield f"{title} ({len(items)}):"
        yield from (f"  {_line(item)}" for item in items[:MOST_LISTED])
        if len(items) > MOST_LISTED:
            yield f"  … and {len(items) - MOST_LISTED} more"


def _line(item: ReportItem) -> str:
    name = item.name if item.kind == "cluster" else f"{item.cluster_name}/{item.name}"
    error = item.error or {}
    said = [_clean(str(error[key])) for key in ("code", "message") if error.get(key)] or [
        _clean(str(error.get("class") or "no answer is known"))
    ]
    facts = {"request_id": item.request_id, **item.ids, "vpc_id": item.vpc_id}
    shown = ", ".join(f"{key}={_clean(str(value))}" for key, value in facts.items() if value)
    return f"{item.kind.replace('_', ' ')} {_clean(name)} ({item.state}): {': '.join(said)} [{shown}]"


def _look_up(item: ReportItem) -> str:
    if item.kind == "cluster":
        return f"eks.clusters.list(keyword={_clean(item.name)!r}, vpc_id={_clean(item.vpc_id)!r})"
    cluster = item.ids.get("cluster_id")
    where = repr(_clean(str(cluster))) if cluster else f"<id of {_clean(item.cluster_name)}>"
    return f"eks.node_pools.list({where}, filter={_clean(item.name)!r})"


def _clean(text: str) -> str:
    return printable(text, MOST_OF_A_MESSAGE)


def duration(seconds: float) -> str:
    """Return a length of time in the two greatest units that it has."""
    seconds = max(seconds, 0.0)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
