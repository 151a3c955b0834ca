"""A report in a few lines of plain text, for terminals and logs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cds_eks.fleet.item_words import clean, in_words
from cds_eks.fleet.items import Kind
from cds_eks.fleet.report.data import ReportItem

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport

MOST_LISTED = 20
STOPPED = {"ready": "No more creates were made", "deleted": "Stopped"}
_KINDS: tuple[tuple[Kind, str], ...] = (("cluster", "clusters"), ("node_pool", "node pools"))


def summary(report: FleetReport) -> str:
    """Return counts, failures with their request ids, and what is unknown and how to look for it."""
    return "\n".join(_lines(report))


def _lines(report: FleetReport) -> Iterator[str]:
    reached = sum(item.state == report.goal for item in report.items)
    source = clean(report.plan.source) or "the plan"
    took = duration(report.ended_at - report.started_at)
    yield f"{source}: {reached} of {len(report.items)} {report.goal}, after {took}"
    for kind, title in _KINDS:
        if counts := report.counts.get(kind):
            yield f"  {title:<11} {', '.join(f'{count} {state}' for state, count in counts.items())}"
    if report.stopped is not None:
        yield f"{STOPPED[report.goal]}: {clean(report.stopped)}"
    yield from _listed("Failed" if report.goal == "ready" else "Not deleted", report.failures)
    if report.unknown:
        yield from _listed("Unknown, may have been made", report.unknown)
        yield "  Run the same plan with the same journal again: it looks for these first, and creates nothing before."
        yield f"  By hand: {_look_up(report.unknown[0])}"
    yield from _compared(report)


def _listed(title: str, items: Sequence[ReportItem]) -> Iterator[str]:
    if items:
        yield f"{title} ({len(items)}):"
        yield from (f"  {_line(item)}" for item in items[:MOST_LISTED])
        if len(items) > MOST_LISTED:
            yield f"  … and {len(items) - MOST_LISTED} more"


def _line(item: ReportItem) -> str:
    error = item.error or {}
    said = [clean(str(error[key])) for key in ("code", "message") if error.get(key)] or [
        clean(str(error.get("class") or "no answer is known"))
    ]
    facts = {"request_id": item.request_id, **item.ids, "vpc_id": item.vpc_id}
    shown = ", ".join(f"{key}={clean(str(value))}" for key, value in facts.items() if value)
    return f"{in_words(item)} ({item.state}): {': '.join(said)} [{shown}]"


def _compared(report: FleetReport) -> Iterator[str]:
    """Yield in what items differ from the plan, and how much nobody can see."""
    other = [item for item in report.differing if set(item.differences) == {"plan"}]
    if other:
        kinds = [f"{count} {title}" for kind, title in _KINDS if (count := sum(item.kind == kind for item in other))]
        yield f"Asked for by another plan before: {', '.join(kinds)}; nothing was replaced, see fleet.diff"
    told = [item for item in report.differing if set(item.differences) != {"plan"}]
    if told:
        yield f"Differ from the plan ({len(told)}):"
        yield from (f"  {in_words(item)}: {_differences(item)}" for item in told[:MOST_LISTED])
        if len(told) > MOST_LISTED:
            yield f"  … and {len(told) - MOST_LISTED} more"
    if unseen := sum(len(item.unseen) for item in report.items):
        yield f"The service does not show {unseen} fields of {sum(bool(item.unseen) for item in report.items)} items"


def _differences(item: ReportItem) -> str:
    return clean("; ".join(_difference(name, value) for name, value in item.differences.items()))


def _difference(name: str, value: object) -> str:
    """Return one difference in words: `replicas: 2, not 5`."""
    if not isinstance(value, Mapping) or set(value) != {"wanted", "found"}:
        return f"{name}: {value if isinstance(value, str) else _plain(value)}"
    if name == "there":
        return f"{_plain(value['found'])} of this name" if value["found"] else "is not there"
    if name == "in_journal":
        return "is there, but not in this journal: adopt or import it"
    return f"{name}: {_plain(value['found'])}, not {_plain(value['wanted'])}"


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _look_up(item: ReportItem) -> str:
    if item.kind == "cluster":
        return f"eks.clusters.list(keyword={clean(item.name)!r}, vpc_id={clean(item.vpc_id)!r})"
    cluster = item.ids.get("cluster_id")
    where = repr(clean(str(cluster))) if cluster else f"<id of {clean(item.cluster_name)}>"
    return f"eks.node_pools.list({where}, filter={clean(item.name)!r})"


def duration(seconds: float) -> str:
    """Return a length of time in the two greatest units that it has."""
    seconds = max(seconds, 0.0)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
