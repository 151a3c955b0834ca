"""Calls of the operations of invented.yaml: `test_generic` runs this file with an emulator that is generated from it.

It prints the envelopes of the answers, and what the ledger shows, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httpx
from caller import Caller  # type: ignore[import-not-found]  # it stands beside the copy of this file

from cds_eks.emulator import Emulator, Fault, ManualClock

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

answers: dict[str, Any] = {}


async def tell(label: str, call: Any, action: str, method: str = "GET", **arguments: Any) -> Any:
    """Call an action; its status and envelope are printed under the label. Returns its data."""
    if method == "GET":
        response = await call.send(action, {name: str(value) for name, value in arguments.items()}, method=method)
    else:
        response = await call.send(action, body=arguments, method=method)
    answers[label] = [response.status_code, response.json()]
    return response.json()["Data"]


async def snapshots(call: Any) -> None:
    """Create, get, list and delete, in the spelling of either revision."""
    made = await tell("create", call, "CreateSnapshot", "POST", **SNAPSHOT)
    id_ = made["SnapshotId"]
    await tell("task", call, "TaskStatus", TaskId=made["TaskId"])
    await tell("get", call, "GetSnapshot", SnapshotId=id_)
    await tell("get of its cluster", call, "GetSnapshot", SnapshotId=id_, ClusterId="c-1")
    await tell("get of another cluster", call, "GetSnapshot", SnapshotId=id_, ClusterId="c-2")
    await tell("get in the newer revision", call, "DescribeSnapshot", SnapshotId=id_)
    newer = {"Name": "snap-2", "ClusterId": "c-1", "Volumes": [{"SizeGb": 80}]}
    other = await tell("create in the newer revision", call, "CreateSnapshot", "POST", **newer)
    await tell("get of the newer", call, "GetSnapshot", SnapshotId=other["Id"])
    await tell("list", call, "ListSnapshots", ClusterId="c-1")
    await tell("second page", call, "ListSnapshots", ClusterId="c-1", PageIndex=2, PageSize=1)
    await tell("list by name", call, "ListSnapshots", ClusterId="c-1", Keyword="SNAP-2", Zone="z", PageIndex=0)
    await tell("list of another cluster", call, "ListSnapshots", ClusterId="c-2")
    await tell("too long", call, "CreateSnapshot", "POST", **{**SNAPSHOT, "Retention": 31})
    await tell("unset", call, "CreateSnapshot", "POST", **{**SNAPSHOT, "SnapshotName": "snap-3", "Retention": 0})
    await tell("bad name", call, "CreateSnapshot", "POST", **{**SNAPSHOT, "SnapshotName": "-"})
    await tell("no cluster", call, "CreateSnapshot", "POST", SnapshotName="snap-4")
    await tell("delete", call, "DeleteSnapshot", "POST", SnapshotId=id_)
    await tell("get of the deleted", call, "GetSnapshot", SnapshotId=id_)
    await tell("delete again", call, "DeleteSnapshot", "POST", SnapshotId=id_)
    await tell("list at the end", call, "ListSnapshots", ClusterId="c-1")


async def policies(call: Any) -> None:
    """A list within a shape, several ids at once, and events."""
    ids = [(await tell(f"policy {name}", call, "CreatePolicy", "POST", Name=name))["Id"] for name in ("x", "y", "xy")]
    await tell("event", call, "QueryEventStatus", EventId=answers["policy x"][1]["Data"]["EventId"])
    await tell("policies", call, "DescribePolicies", Filter="X")
    await tell("policies of a name", call, "DescribePolicies", Name="y")
    await tell("none to delete", call, "DeletePolicies", "POST", PolicyIds=[])
    await tell("one is unknown", call, "DeletePolicies", "POST", PolicyIds=[ids[0], "nobody"])
    await tell("two deleted", call, "DeletePolicies", "POST", PolicyIds=[ids[0], ids[1], ids[0]])
    await tell("policies at the end", call, "DescribePolicies")


async def under_faults(call: Any) -> None:
    """The faults of creates and lists are for these too."""
    faults = call.emulator.faults
    faults.add(Fault("duplicate", "create", count=1, bypass_nonce=True))
    await tell("delivered twice", call, "CreateSnapshot", "POST", **{**SNAPSHOT, "ClusterId": "c-twice"})
    await tell("listed twice", call, "ListSnapshots", ClusterId="c-twice")
    faults.clear()
    faults.add(Fault("stale", "CreateSnapshot", count=1, seconds=60))
    made = await tell("stale", call, "CreateSnapshot", "POST", **{**SNAPSHOT, "ClusterId": "c-stale"})
    await tell("not found yet", call, "GetSnapshot", SnapshotId=made["SnapshotId"])
    await tell("not listed yet", call, "ListSnapshots", ClusterId="c-stale")
    call.advance(60)
    await tell("found then", call, "GetSnapshot", SnapshotId=made["SnapshotId"])
    faults.clear()
    faults.add(Fault("lag", "ListSnapshots", seconds=1000))
    await tell("lags", call, "ListSnapshots", ClusterId="c-stale")
    faults.clear()
    faults.add(Fault("task_fails", "CreateSnapshot", message="no room"))
    made = await tell("fails", call, "CreateSnapshot", "POST", **SNAPSHOT)
    await tell("failed task", call, "TaskStatus", TaskId=made["TaskId"])
    await tell("get of the failed", call, "GetSnapshot", SnapshotId=made["SnapshotId"])


async def run() -> dict[str, Any]:
    """Call everything; return what is to be printed."""
    emulator = Emulator(clock=ManualClock())
    transport = httpx.ASGITransport(app=emulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
        call = Caller(emulator, client)
        await snapshots(call)
        before = emulator.ledger.to_plain()
        kinds = [each.name for each in emulator.ledger.created("snapshot")]
        await policies(call)
        await under_faults(call)
    return {"answers": answers, "ledger": before, "created": kinds, "later": emulator.ledger.to_plain()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run())))
