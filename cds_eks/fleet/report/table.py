"""A report as a table of comma-separated values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cds_eks.fleet.report.data import ReportItem

ID_COLUMNS = ("cluster_id", "node_pool_id", "task_id")
TIME_COLUMNS = ("planned", "sending", "accepted", "ready")
ERROR_COLUMNS = ("class", "code", "message", "outcome")
COLUMNS = (
    *("kind", "name", "cluster_name", "vpc_id", "state", "origin", "replicas"),
    *ID_COLUMNS,
    *("other_ids", "request_id"),
    *(f"error_{name}" for name in ERROR_COLUMNS),
    *(f"{name}_at" for name in TIME_COLUMNS),
    *("changed_at", "differences", "unseen", "cluster_status"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  (Excel takes those of full width, too)


def to_csv_text(items: Iterable[ReportItem]) -> str:
    """Return one row for each item below a row of `COLUMNS`, as RFC 4180 has it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in _row(item)] for item in items)
    return text.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe is put before what could be one."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_STARTS) else cell


def _row(item: ReportItem) -> list[str]:
    first: dict[str, float] = {}
    for moment in item.history:
        first.setdefault(moment.state, moment.at)
    error = item.error or {}
    others = {name: value for name, value in item.ids.items() if name not in ID_COLUMNS}
    return [
        *(item.kind, item.name, item.cluster_name, item.vpc_id, item.state, item.origin or "", str(item.replicas)),
        *(str(item.ids.get(name, "")) for name in ID_COLUMNS),
        *(_json(others), item.request_id or ""),
        *(_text(error.get(name)) for name in ERROR_COLUMNS),
        *(_time(first.get(name)) for name in TIME_COLUMNS),
        *(_time(item.history[-1].at if item.history else None), _json(item.differences)),
        *(" ".join(item.unseen), item.cluster_status or ""),
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True, default=str) if values else ""


def _time(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
