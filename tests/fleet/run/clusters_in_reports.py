"""The clusters of a report, and the backends on which runs are tested."""

from __future__ import annotations

from typing import Any


def of_clusters(report: Any) -> list[Any]:
    return [item for item in report.items if item.kind == "cluster"]
