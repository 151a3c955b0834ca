"""The data of the page: columns instead of rows, times as differences, repeated texts once; deflated if long."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from cds_eks.fleet.report.data import ReportItem
from cds_eks.fleet.report.plain import plain

if TYPE_CHECKING:
    from cds_eks.fleet.report.fleet_report import FleetReport

LONGEST_MESSAGE = 1000
_HALF = re.compile("[\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CLUSTER, POOL, LONE_POOL = range(3)  # a lone pool: its cluster is not in the report


def encode(report: FleetReport, *, deflate_above: int) -> str:
    """Return the data as JSON; above a length, as JSON that holds it deflated (zlib) in base64."""
    text = json.dumps(columns(report), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = _HALF.sub("\ufffd", text)  # browsers do not agree on what half a character is
    if len(text) <= deflate_above:
        return text
    packed = zlib.compress(text.encode(), 9)
    return json.dumps({"deflate": base64.b64encode(packed).decode()})


def columns(report: FleetReport) -> dict[str, Any]:
    """Return a report as the page reads it. Times are in milliseconds, those of items since the run began."""
    rows = list(in_rows(report.items))
    texts = _Texts()
    troubled = {id(item) for item in (*report.failures, *report.unknown)}
    names = sorted({name for _, item in rows for name in item.ids})
    return {
        "v": 1,
        "start": round(report.started_at * 1000),
        "length": max(round((report.ended_at - report.started_at) * 1000), 0),
        "goal": report.goal,
        "ok": report.ok,
        "stopped": report.stopped,
        "series": plain(attrs.asdict(report.over_time())),
        "kind": "".join(str(kind) for kind, _ in rows),
        "name": [item.name for _, item in rows],
        "cluster": [texts.number(item.cluster_name) for kind, item in rows if kind == LONE_POOL],
        "vpc": [texts.number(item.vpc_id) for _, item in rows],
        "state": [texts.number(item.state) for _, item in rows],
        "origin": [texts.number(item.origin or "") for _, item in rows],
        "replicas": [item.replicas for _, item in rows],
        "request": packed([item.request_id or "" for _, item in rows]),
        "ids": {name: packed([str(item.ids.get(name, "")) for _, item in rows]) for name in names},
        "did": [[texts.number(moment.state) for moment in item.history] for _, item in rows],
        "at": [_differences(item, report.started_at) for _, item in rows],
        "error": {str(row): error for row, (_, item) in enumerate(rows) if (error := shown_error(item))},
        "differences": {str(row): plain(item.differences) for row, (_, item) in enumerate(rows) if item.differences},
        "troubled": [row for row, (_, item) in enumerate(rows) if id(item) in troubled],
        "unseen": {str(row): list(item.unseen) for row, (_, item) in enumerate(rows) if item.unseen},
        "status": {str(row): item.cluster_status for row, (_, item) in enumerate(rows) if item.cluster_status},
        "texts": texts.all,
    }


def in_rows(items: Iterable[ReportItem]) -> list[tuple[int, ReportItem]]:
    """Return each cluster, in order, its pools after it; then the pools whose clusters are not there."""
    items = tuple(items)
    pools: dict[tuple[str, str], list[ReportItem]] = {}
    for item in items:
        if item.kind == "node_pool":
            pools.setdefault((item.vpc_id, item.cluster_name), []).append(item)
    rows: list[tuple[int, ReportItem]] = []
    for item in items:
        if item.kind == "cluster":
            rows.append((CLUSTER, item))
            rows += [(POOL, pool) for pool in pools.pop((item.vpc_id, item.name), ())]
    rows += [(LONE_POOL, pool) for lone in pools.values() for pool in lone]
    return rows


def packed(ids: Sequence[str]) -> Sequence[str] | dict[str, str]:
    """Return a column of ids; if all are UUIDs, as these are random and nothing else makes them shorter, in base64."""
    known = [each for each in ids if each]
    if not all(_UUID.fullmatch(each) for each in known):
        return ids
    joined = bytes.fromhex("".join(known).replace("-", ""))
    return {"has": "".join("1" if each else "0" for each in ids), "uuids": base64.b64encode(joined).decode()}


def shown_error(item: ReportItem) -> dict[str, str]:
    """Return what is known of an item's error, as texts of bounded length."""
    return {name: str(value)[:LONGEST_MESSAGE] for name, value in (item.error or {}).items() if value is not None}


def _differences(item: ReportItem, start: float) -> list[int]:
    times = [round((moment.at - start) * 1000) for moment in item.history]
    return [after - before for before, after in zip([0, *times], times, strict=False)]


class _Texts:
    """Texts that occur often, each once, by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def all(self) -> list[str]:
        return list(self._numbers)
