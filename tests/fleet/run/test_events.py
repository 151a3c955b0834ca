"""What events say of themselves, for people: one short line each."""

from __future__ import annotations

import pytest

from cds_eks.fleet.items import Item
from cds_eks.fleet.report.data import ReportItem
from cds_eks.fleet.run import events

POOL = Item(
    id="node_pool/vpc-1/gpu-001/workers", kind="node_pool", name="workers", vpc_id="vpc-1", cluster_name="gpu-001",
    state="unknown", error={"class": "ConnectionLost", "code": "", "message": "it broke", "outcome": "unknown"},
)  # fmt: skip
CLUSTER = Item(id="cluster/vpc-1/gpu-001", kind="cluster", name="gpu-001", vpc_id="vpc-1", cluster_name="gpu-001")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (events.RunStarted(runner="a:1:b", items=6, open=1), "run of 6 items begins as a:1:b, 1 creates are open"),
        (
            events.ItemChanged(item=POOL, before=CLUSTER),
            "node pool gpu-001/workers: unknown (it broke), was planned",
        ),
        (events.ItemChanged(item=CLUSTER, before=CLUSTER), "cluster gpu-001: planned"),
        (
            events.ItemDiffers(item=CLUSTER, wanted="9f" * 32),
            "cluster gpu-001 was asked for by another plan; it is not replaced, see fleet.diff",
        ),
        (
            events.Step(item=CLUSTER, name="boot", status="finish", elapsed="3s"),
            "cluster gpu-001, step: boot finish 3s",
        ),
        (
            events.JournalAway(seconds=61.2, error="fleet.db: the disk is full"),
            "the journal can't be written, for 61 s; nothing new is created: fleet.db: the disk is full",
        ),
        (events.JournalBack(seconds=61.2), "the journal can be written again, after 61 s"),
        (events.StoppedCreating(reason="NotEnoughBalance"), "no more creates: NotEnoughBalance"),
        (events.RunEnded(open=(POOL,), reason="stopped"), "run has ended, 1 creates are open: stopped"),
        (events.RunEnded(), "run has ended, 0 creates are open"),
    ],
)  # fmt: skip
def test_an_event_is_one_line(event: events.Event, said: str) -> None:
    assert str(event) == said


def test_each_event_has_words_of_its_own() -> None:
    assert all("__str__" in vars(each) for each in events.Event.__subclasses__())


def test_texts_of_others_are_cut_and_harmless() -> None:
    item = ReportItem(
        kind="cluster", name="a\x1b[2J", cluster_name="", vpc_id="", state="failed",
        error={"class": "", "code": "C", "message": "x\n" * 5000},
    )  # fmt: skip
    assert str(item).startswith("cluster a [2J: failed (C: x x ")
    assert str(item).isprintable()
    assert len(str(item)) < 400
