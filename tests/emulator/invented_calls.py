"""Calls of the operations of invented.yaml, for an emulator of a description that has them."""

from __future__ import annotations

from typing import Any

import httpx

from .caller import Caller

OLDER, NEWER = "2025-09-08", "2025-10-11"
SNAPSHOT = {
    "TeapotName": "snap-1",
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


async def teapots(tell: Tell) -> None:
    """Create, get, list and delete, in the spelling of either revision."""
    made = await tell("create", "CreateTeapot", "POST", **SNAPSHOT)
    id_ = made["TeapotId"]
    await tell("task", "TaskStatus", TaskId=made["TaskId"])
    await tell("get", "GetTeapot", TeapotId=id_)
    await tell("get of its cluster", "GetTeapot", TeapotId=id_, ClusterId="c-1")
    await tell("get of another cluster", "GetTeapot", TeapotId=id_, ClusterId="c-2")
    await tell("get in the newer revision", "DescribeTeapot", TeapotId=id_)
    newer = {"Name": "snap-2", "ClusterId": "c-1", "Volumes": [{"SizeGb": 80}]}
    other = await tell("create in the newer revision", "CreateTeapot", "POST", **newer)
    await tell("get of the newer", "GetTeapot", TeapotId=other["Id"])
    await tell("list", "ListTeapots", ClusterId="c-1")
    await tell("second page", "ListTeapots", ClusterId="c-1", PageIndex=2, PageSize=1)
    await tell("list by name", "ListTeapots", ClusterId="c-1", Keyword="SNAP-2", Zone="z", PageIndex=0)
    await tell("list of another cluster", "ListTeapots", ClusterId="c-2")
    await tell("too long", "CreateTeapot", "POST", **{**SNAPSHOT, "Retention": 31})
    await tell("unset", "CreateTeapot", "POST", **{**SNAPSHOT, "TeapotName": "snap-3", "Retention": 0})
    await tell("bad name", "CreateTeapot", "POST", **{**SNAPSHOT, "TeapotName": "-"})
    await tell("no cluster", "CreateTeapot", "POST", TeapotName="snap-4")
    await tell("delete", "DeleteTeapot", "POST", TeapotId=id_)
    await tell("get of the deleted", "GetTeapot", TeapotId=id_)
    await tell("delete again", "DeleteTeapot", "POST", TeapotId=id_)
    await tell("list at the end", "ListTeapots", ClusterId="c-1")


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
    await tell("delivered twice", "CreateTeapot", "POST", **{**SNAPSHOT, "ClusterId": "c-twice"})
    await tell("listed twice", "ListTeapots", ClusterId="c-twice")
    faults.clear()
    faults.add(fault("stale", "CreateTeapot", count=1, seconds=60))
    made = await tell("stale", "CreateTeapot", "POST", **{**SNAPSHOT, "ClusterId": "c-stale"})
    await tell("not found yet", "GetTeapot", TeapotId=made["TeapotId"])
    await tell("not listed yet", "ListTeapots", ClusterId="c-stale")
    tell.call.emulator.clock.advance(60)
    await tell("found then", "GetTeapot", TeapotId=made["TeapotId"])
    faults.clear()
    faults.add(fault("lag", "ListTeapots", seconds=1000))
    await tell("lags", "ListTeapots", ClusterId="c-stale")
    faults.clear()
    faults.add(fault("task_fails", "CreateTeapot", message="no room"))
    made = await tell("fails", "CreateTeapot", "POST", **SNAPSHOT)
    await tell("failed task", "TaskStatus", TaskId=made["TaskId"])
    await tell("get of the failed", "GetTeapot", TeapotId=made["TeapotId"])


async def run(module: Any) -> dict[str, Any]:
    """Call everything of an emulator.

    Args:
        module: `cds_eks.emulator`, of a description that has the invented operations.
    """
    emulator = module.Emulator(clock=module.ManualClock())
    transport = httpx.ASGITransport(app=emulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
        tell = Tell(Caller(emulator, client))
        await teapots(tell)
        before = emulator.ledger.to_plain()
        created = [each.name for each in emulator.ledger.created("teapot")]
        await policies(tell)
        await under_faults(tell, module.Fault)
    return {"answers": tell.answers, "ledger": before, "created": created, "later": emulator.ledger.to_plain()}
