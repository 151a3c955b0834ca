"""Reports of fleets that look like real ones, drawn from seeded random numbers."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from typing import Any

from cds_eks.fleet.items import Kind, State
from cds_eks.fleet.report.data import Moment, ReportItem, ReportPlan
from cds_eks.fleet.report.fleet_report import FleetReport

STARTED = 1_795_000_000.0
VPC = "0e1cbe77-6ae4-4cfb-b4ad-1b3c4ea2a9f1"
STEPS = ("创建虚拟机", "安装操作系统", "部署控制面", "Install the network")
ERRORS: tuple[dict[str, Any], ...] = (
    {
        "class": "QuotaExceeded",
        "code": "QuotaExceeded",
        "message": "The quota of GPUs is used up",
        "outcome": "refused",
    },
    {"class": "Conflict", "code": "ClusterNameExists", "message": "集群名称已存在", "outcome": "refused"},
)

KINDS: tuple[Kind, ...] = ("cluster", "node_pool")
HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]>'\"`&lt;b&gt;",
    "{{ 7 * 7 }}{% raw %}",
    "\u2028\u2029\x00\ud800",
    "${alert(1)}",
)


def report_of(clusters: int, *, pools: int = 2, seed: int = 1, troubled: float = 0.08) -> FleetReport:
    """Return the report of a run that made `clusters`, of which a part went wrong."""
    drawn = random.Random(seed)
    items = [item for index in range(1, clusters + 1) for item in _cluster(drawn, index, clusters, pools, troubled)]
    ended = max(moment.at for item in items for moment in item.history) + 1
    return FleetReport(
        items=tuple(items), started_at=STARTED, ended_at=ended, plan=ReportPlan(source="fleet.toml", digest="9f2c" * 16)
    )


def hostile_report() -> FleetReport:
    """Return a report whose every text tries to be markup, a script, or a template."""
    items = tuple(
        ReportItem(
            kind=kind, name=text, cluster_name=text, vpc_id=text, state="failed", request_id=text,
            ids={"cluster_id": text, text: text}, error={"class": text, "code": text, "message": text},
            differences={text: text},
        )
        for text in HOSTILE for kind in KINDS
    )  # fmt: skip
    text = "".join(HOSTILE)
    return FleetReport(
        items=items, started_at=0.0, ended_at=9.0, plan=ReportPlan(source=text, digest=text), stopped=text
    )


def _id(drawn: random.Random) -> str:
    return str(uuid.UUID(int=drawn.getrandbits(128), version=4))


def _cluster(drawn: random.Random, index: int, of: int, pools: int, troubled: float) -> Iterator[ReportItem]:
    name = f"gpu-{index:0{max(3, len(str(of)))}d}"
    state = _end(drawn, troubled)
    sent = STARTED + 0.5 + (index // 4) * 0.05 + drawn.random() * 0.4 + max(0, index - 256) * 0.22
    cluster = _item(drawn, "cluster", name, name, state, sent, drawn.uniform(40, 95), STEPS)
    yield cluster
    for number in range(pools):
        after = cluster.history[-1].at + drawn.uniform(0.2, 2)
        kind_name = ("workers", "gpu-a100", "spare")[number % 3]
        if state == "ready":
            yield _item(
                drawn, "node_pool", kind_name, name, _end(drawn, troubled / 3), after, drawn.uniform(12, 40), ()
            )
        else:
            yield _item(drawn, "node_pool", kind_name, name, "planned", after, 0, ())


def _end(drawn: random.Random, troubled: float) -> State:
    if drawn.random() >= troubled:
        return "ready"
    return drawn.choice(("failed", "refused", "refused", "unknown"))


def _item(
    drawn: random.Random,
    kind: Kind,
    name: str,
    cluster: str,
    state: State,
    sent: float,
    building: float,
    steps: tuple[str, ...],
) -> ReportItem:
    history = [Moment(at=STARTED + 0.1, state="planned")]
    ids = {}
    accepted = round(sent + drawn.uniform(0.05, 0.4), 3)
    if state != "planned":
        history.append(Moment(at=round(sent, 3), state="sending"))
    if state in ("ready", "failed"):
        history.append(Moment(at=accepted, state="accepted"))
        parts = sorted(drawn.random() for _ in steps)
        kept = len(steps) if state == "ready" else len(steps) // 2
        history += [
            Moment(at=round(accepted + part * building * 0.9, 3), state=step)
            for part, step in zip(parts[:kept], steps[:kept], strict=True)
        ]
        ids = {f"{kind}_id": _id(drawn), "task_id": _id(drawn)}
    if state in ("ready", "failed"):
        history.append(Moment(at=round(accepted + building, 3), state=state))
    elif state != "planned":
        history.append(Moment(at=accepted if state == "refused" else round(sent + 30, 3), state=state))
    error = {
        "refused": ERRORS[drawn.randrange(len(ERRORS))],
        "failed": {
            "class": "TaskFailed", "code": None, "outcome": "accepted",
            "message": f"task {ids.get('task_id')} failed: node {drawn.randrange(1, 9)} did not boot",
        },
        "unknown": {
            "class": "ConnectionLost", "code": None, "outcome": "unknown",
            "message": "the connection broke before an answer came",
        },
    }.get(state)  # fmt: skip
    return ReportItem(
        kind=kind,
        name=name,
        cluster_name=cluster,
        vpc_id=VPC,
        state=state,
        ids=ids,
        origin=drawn.choice(("created",) * 9 + ("recovered", "adopted")) if state == "ready" else None,
        request_id=None if state in ("planned", "unknown") else _id(drawn),
        error=error,
        history=tuple(history),
        unseen=("labels",) if state == "ready" and drawn.random() < 0.02 else (),
        replicas=4 if kind == "node_pool" else 8,
    )
