"""What people are told of events, and how far a run is."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cds_eks.fleet.items import Item, State
from cds_eks.fleet.run.events import (
    Event,
    ItemChanged,
    ItemDiffers,
    RunEnded,
    RunStarted,
    ServiceAway,
    ServiceBack,
    Step,
    StoppedCreating,
    WaitingForLease,
)
from cds_eks.fleet.run.telling import Tally, told


def item(state: State, *, pool: str | None = None, **more: Any) -> Item:
    name, kind = (pool, "node_pool") if pool else ("gpu-1", "cluster")
    return Item(id=f"{kind}/{name}", kind=kind, name=name, vpc_id="vpc", cluster_name="gpu-1", state=state, **more)  # type: ignore[arg-type]


def change(before: Item, after: Item) -> ItemChanged:
    return ItemChanged(item=after, before=before)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (RunStarted(runner="r", items=3, open=0), None),
        (
            RunStarted(runner="r", items=3, open=2),
            "2 creates of an earlier run are open: they are looked for first",
        ),
        (StoppedCreating(reason="spent"), "no more creates: spent"),
        (RunEnded(), None),
        (Step(item=item("accepted"), name="network"), None),
        (
            ItemDiffers(item=item("ready"), wanted="d"),
            "cluster gpu-1 was asked for by another plan; it is not replaced, see fleet.diff",
        ),
        (change(item("planned"), item("sending")), None),
        (
            change(item("sending"), item("unknown")),
            "gpu-1: nobody knows yet whether it was created; looking for it",
        ),
        (
            change(item("unknown"), item("accepted", origin="recovered")),
            "gpu-1: it was created after all (recovered)",
        ),
        (change(item("unknown"), item("planned")), "gpu-1: it was not created; once more"),
        (
            change(item("accepted", pool="w"), item("failed", pool="w", error={"class": "Gone", "message": ""})),
            "gpu-1/w: failed: Gone",
        ),
        (
            change(item("sending"), item("refused", error={"class": "BadArgument", "message": "no such VPC"})),
            "gpu-1: refused: no such VPC",
        ),
        (
            change(item("ready"), item("ready", error={"class": "Protected", "message": "it is protected"})),
            "gpu-1: it is left alone: it is protected",
        ),
        (change(item("ready"), item("ready", request_id="r")), None),
        (
            WaitingForLease(holder="h:7:x", where="h:7", until=1.0, items=3),
            "waiting for 3 items that the runner at h:7 holds until 00:00:01 UTC",
        ),
        (
            ServiceAway(endpoint="https://eks", seconds=61.2, error="ConnectFailed"),
            "https://eks has not answered for 61 s (ConnectFailed); it is tried again and again",
        ),
        (ServiceBack(endpoint="https://eks", seconds=61.2), "https://eks answers again, after 61 s"),
    ],
)
def test_what_is_notable_is_one_line(event: Event, text: str | None) -> None:
    assert told(event) == text


def test_a_tally_counts_each_item_once() -> None:
    tally = Tally([item("planned"), item("planned", pool="w")])
    assert (tally.count("cluster", "planned"), tally.count("cluster", "created")) == (1, 0)
    made = item("accepted", ids={"cluster_id": "c-1"})
    for after in (made, made, attrs.evolve(made, state="ready")):
        tally.see(change(item("planned"), after))
    tally.see(RunEnded())
    assert [tally.count("cluster", what) for what in ("planned", "accepted", "ready", "created")] == [0, 0, 1, 1]
    assert tally.count("node_pool", "planned") == 1
