"""Calls of the operations of invented.yaml, for an emulator of a description that has them."""

from __future__ import annotations

from typing import Any

import httpx

from .caller import Caller

OLDER, NEWER = "2025-09-08", "2025-10-11"
SNAPSHOT = {
    "SnapshotName": "snap-1",
    "ClusterId": "c-1",
    "Retention": 7,
    "Encrypted": 1,
    "Labels": {"team": "t"},
    "Volumes": [{"Size": 40, "Key": "hush-key"}],
    "Password": "hush-password",
}


class Tell:
    """Calls actions, and writes down what they are answered.

    Attributes:
        call: The client.
        answers: By label, the status and the envelope.
    """

    def __init__(self, call: Caller) -> None:
        self.call = call
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}

    async def __call__(self, label: str, action: str, method: str = "GET", **arguments: Any) -> Any:
        """Call an action; returns its data."""
        params = {name: str(value) for name, value in arguments.items()} if method == "GET" else None
        body = None if method == "GET" else arguments
        response = await self.call.send(action, params, body, method=method)
        envelope = response.json()
        self.answers[label] = response.status_code, envelope
        return envelope["Data"]


async def snapshots(tell: Tell) -> None:
    """Create, get, list and delete, in the spelling of either revision."""
    made = await tell("create", "CreateSnapshot", "POST", **SNAPSHOT)
    id_ = made["SnapshotId"]
    await tell("task", "TaskStatus", TaskId=made["TaskId"])
    await tell("get", "GetSnapshot", SnapshotId=id_)
    await tell("get of its cluster", "GetSnapshot", SnapshotId=id_, ClusterId="c-1")
    await tell("get of another cluster", "GetSnapshot", SnapshotId=id_, ClusterId="c-2")
    await tell("get in the newer revision", "DescribeSnapshot", SnapshotId=id_)
    newer = {"Name": "snap-2", "ClusterId": "c-1", "Volumes": [{"SizeGb": 80}]}
    other = await tell("create in the newer revision", "CreateSnapshot", "POST", **newer)
    await tell("get of the newer", "GetSnapshot", SnapshotId=other["Id"])
    await tell("list", "ListSnapshots", ClusterId="c-1")
    await tell("second page", "ListSnapshots", ClusterId="c-1", PageIndex=2, PageSize=1)
    await tell("list by name", "ListSnapshots", ClusterId="c-1", Keyword="SNAP-2", Zone="z", PageIndex=0)
    await tell("list of another cluster", "ListSnapshots", ClusterId="c-2")
    await tell("too long", "CreateSnapshot", "POST", **{**SNAPSHOT, "Retention": 31})
    await tell("unset", "CreateSnapshot", "POST", **{**SNAPSHOT, "SnapshotName": "snap-3", "Retention": 0})
    await tell("bad name", "CreateSnapshot", "POST", **{**SNAPSHOT, "SnapshotName": "-"})
    await tell("no cluster", "CreateSnapshot", "POST", SnapshotName="snap-4")
    await tell("delete", "DeleteSnapshot", "POST", SnapshotId=id_)
    await tell("get of the deleted", "GetSnapshot", SnapshotId=id_)
    await tell("delete again", "DeleteSnapshot", "POST", SnapshotId=id_)
    await tell("list at the end", "ListSnapshots", ClusterId="c-1")


async def policies(tell: Tell) -> None:
    """A list within a shape, several ids at once, and events."""
    ids = [(await tell(f"policy {name}", "CreatePolicy", "POST", Name=name))["Id"] for name in ("x", "y", "xy")]
    await tell("event", "QueryEventStatus", EventId=tell.answers["policy x"][1]["Data"]["EventId"])
    await tell("policies", "DescribePolicies", Filter="X")
    await tell("policies of a name", "DescribePolicies", Name="y")
    await tell("none to delete", "DeletePolicies", "POST", PolicyIds=[])
    await tell("one is unknown", "DeletePolicies", "POST", PolicyIds=[ids[0], "nobody"])
    await tell("two deleted", "DeletePolicies", "POST", PolicyIds=[ids[0], ids[1], ids[0]])
    await tell("policies at the end", "DescribePolicies")


async def under_faults(tell: Tell, fault: Any) -> None:
    """The faults of creates and lists are for these too."""
    faults = tell.call.emulator.faults
    faults.add(fault("duplicate", "create", count=1, bypass_nonce=True))
    await tell("delivered twice", "CreateSnapshot", "POST", **{**SNAPSHOT, "ClusterId": "c-twice"})
    await tell("listed twice", "ListSnapshots", ClusterId="c-twice")
    faults.clear()
    faults.add(fault("stale", "CreateSnapshot", count=1, seconds=60))
    made = await tell("stale", "CreateSnapshot", "POST", **{**SNAPSHOT, "ClusterId": "c-stale"})
    await tell("not found yet", "GetSnapshot", SnapshotId=made["SnapshotId"])
    await tell("not listed yet", "ListSnapshots", ClusterId="c-stale")
    tell.call.emulator.clock.advance(60)
    await tell("found then", "GetSnapshot", SnapshotId=made["SnapshotId"])
    faults.clear()
    faults.add(fault("lag", "ListSnapshots", seconds=1000))
    await tell("lags", "ListSnapshots", ClusterId="c-stale")
    faults.clear()
    faults.add(fault("task_fails", "CreateSnapshot", message="no room"))
    made = await tell("fails", "CreateSnapshot", "POST", **SNAPSHOT)
    await tell("failed task", "TaskStatus", TaskId=made["TaskId"])
    await tell("get of the failed", "GetSnapshot", SnapshotId=made["SnapshotId"])


async def run(module: Any) -> dict[str, Any]:
    """Call everything of an emulator.

    Args:
        module: `cds_eks.emulator`, of a description that has the invented operations.
    """
    emulator = module.Emulator(clock=module.ManualClock())
    transport = httpx.ASGITransport(app=emulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
        tell = Tell(Caller(emulator, client))
        await snapshots(tell)
        before = emulator.ledger.to_plain()
        created = [each.name for each in emulator.ledger.created("snapshot")]
        await policies(tell)
        await under_faults(tell, module.Fault)
    return {"answers": tell.answers, "ledger": before, "created": created, "later": emulator.ledger.to_plain()}
