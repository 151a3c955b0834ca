"""The extra `fleet`: a plan in YAML, and the page of a report."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cds_eks import fleet

PLAN = """
version: 1
clusters:
  - name: "gpu-{index:03d}"
    count: 3
    vpc_id: vpc-1
    node_pools:
      - {name: workers, replicas: 2}
"""

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "fleet.yaml"
    file.write_text(PLAN, encoding="utf-8")
    plan = fleet.Plan.load(file)
    assert plan.check(), "it has no machine types, and that must be told"
    page = Path(folder) / "report.html"
    fleet.FleetReport(items=(), started_at=0.0, ended_at=1.0).to_html(page)
    assert "<html" in page.read_text(encoding="utf-8")
