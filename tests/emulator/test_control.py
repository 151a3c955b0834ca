"""The endpoints below `/_emulator/` that tell: its health, the world, the ledger; and what they leave as it is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cds_eks import __version__
from cds_eks._runtime import clocks
from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.emulator.control.world_tables import TABLES

from .caller import Caller
from .control_calls import got

pytestmark = pytest.mark.anyio

MARK = "PLANTED-SECRET"


async def test_health(call: Caller) -> None:
    plain = await got(call, "health")
    assert plain.pop("uptime") >= 0
    assert plain == {"status": "ok", "version": __version__, "revision": None, "resets": 0}
    assert (await call.client.head("/_emulator/health")).status_code == 200
    assert call.emulator.ledger.count() == 0


async def test_the_uptime_is_real_time(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (await got(call, "health"))["uptime"]
    now = clocks.monotonic()
    monkeypatch.setattr(clocks, "monotonic", lambda: now + 1000)
    assert 1000 <= (await got(call, "health"))["uptime"] - before < 1010


async def test_the_world_has_every_table(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    emulator = call.emulator
    created = await call("CreateCluster", **create_cluster_body)
    netcard = await call("CreateNetworkInterface", SubnetId="s")
    seeded = emulator.add_cluster("c", name="<script>", workers=2)
    [pool_id] = emulator.node_pool_ids(seeded).values()
    group_id = emulator.add_scaling_group(node_pool_id=pool_id)
    call.advance(70)
    world = await got(call, "world")
    assert tuple(world) == TABLES
    first, second = world["clusters"]
    assert (first["id"], first["status"], first["action"]) == (created["ClusterId"], "creating", "CreateCluster")
    assert (first["task_id"], first["step"]) == (created["TaskId"], "创建主节点")
    assert (first["nodes"], first["ready_nodes"]) == (2, 0)
    assert (second["name"], second["status"], second["nodes"], second["ready_nodes"]) == ("<script>", "running", 5, 5)
    assert (second["task_id"], second["step"]) == (None, None)
    assert [each["cluster_id"] for each in world["node_pools"]] == [created["ClusterId"], seeded]
    assert world["node_pools"][1]["scaling_group_id"] == group_id
    roles = [each["role"] for each in world["nodes"] if each["cluster_id"] == seeded]
    assert roles == ["master"] * 3 + ["worker"] * 2
    assert [(each["id"], each["status"]) for each in world["network_interfaces"]] == [(netcard["NetcardId"], "valid")]
    assert [(each["id"], each["node_pool_id"]) for each in world["scaling_groups"]] == [(group_id, pool_id)]
    assert [each["status"] for each in world["tasks"]] == ["doing"]
    assert [each["status"] for each in world["events"]] == ["success"]
    assert emulator.ledger.count() == 2


async def test_a_part_of_a_table(call: Caller) -> None:
    for number in range(25):
        call.emulator.add_cluster(f"c-{number}", name=f"gpu-{number:02}", workers=1)
    part = await got(call, "world", table="clusters", offset=20, limit=10)
    assert [each["name"] for each in part["rows"]] == ["gpu-20", "gpu-21", "gpu-22", "gpu-23", "gpu-24"]
    assert (part["table"], part["total"], part["offset"]) == ("clusters", 25, 20)
    assert (part["counts"]["clusters"], part["counts"]["node_pools"], part["counts"]["nodes"]) == (25, 25, 100)
    part = await got(call, "world", table="clusters", search="GPU-1", order="newest", limit=2)
    assert ([each["name"] for each in part["rows"]], part["total"]) == (["gpu-19", "gpu-18"], 10)
    part = await got(call, "world", table="nodes", search="c-24")
    assert {each["cluster_name"] for each in part["rows"]} == {"gpu-24"}
    for table in TABLES:
        part = await got(call, "world", table=table)
        assert part["total"] == part["counts"][table] == len(part["rows"])


async def test_a_version_that_is_known_is_not_told_again(call: Caller) -> None:
    emulator = call.emulator
    emulator.add_cluster("c")

    async def ask(tag: str = "") -> tuple[int, str]:
        for path in ("world", "ledger"):
            response = await call.client.get(f"/_emulator/{path}", headers={"If-None-Match": tag} if tag else {})
            assert bool(response.content) == (response.status_code == 200)
        return response.status_code, response.headers["etag"]

    _, tag = await ask()
    assert await ask(tag) == (304, tag)
    assert await ask(f'"x", W/{tag}') == (304, tag)
    call.advance(1)
    assert await ask(tag) == (304, tag)
    seen = {tag}
    emulator.add_cluster()
    seen.add((await ask(tag))[1])
    await call("DeleteCluster", ClusterId="c")
    status, tag = await ask(tag)
    seen.add(tag)
    call.advance(120)
    seen.add((await ask(tag))[1])
    emulator.reset()
    seen.add((await ask(tag))[1])
    assert (len(seen), status) == (5, 200)


async def test_the_ledger_tells_by_which_request_and_how_often(
    call: Caller, create_cluster_body: dict[str, Any]
) -> None:
    call.emulator.faults.add(Fault("duplicate", "CreateCluster", bypass_nonce=True, count=1))
    await call("CreateCluster", **create_cluster_body)
    await call("CreateNetworkInterface", SubnetId="s")
    whole = await got(call, "ledger")
    assert set(whole) == {"requests", "resources"}
    part = await got(call, "ledger", table="resources")
    assert part["counts"] == {"resources": 5, "requests": 3, "twice": 1}
    clusters = [each for each in part["rows"] if each["kind"] == "cluster"]
    assert [(each["times"], each["request"]["action"]) for each in clusters] == [(2, "CreateCluster")] * 2
    assert [each["request"]["index"] for each in clusters] == [0, 1]
    assert [each["times"] for each in part["rows"] if each["kind"] == "node_pool"] == [1, 1]
    [interface] = (await got(call, "ledger", table="resources", search="interface"))["rows"]
    assert (interface["times"], interface["request"]["sent"]) == (1, 1)
    part = await got(call, "ledger", table="requests", order="newest", limit=1)
    [request] = part["rows"]
    assert (part["total"], request["index"], request["action"]) == (3, 2, "CreateNetworkInterface")
    assert not {"params", "body", "key"} & set(request)


async def test_a_resource_whose_request_is_forgotten() -> None:
    emulator = Emulator(clock=ManualClock(), ledger_limit=1)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        await call("CreateNetworkInterface", SubnetId="s")
        await call("ListClusters")
        [row] = (await got(call, "ledger", table="resources"))["rows"]
    assert (row["kind"], row["request"]) == ("network_interface", None)


async def test_nothing_secret_is_told(create_cluster_body: dict[str, Any]) -> None:
    from cds_eks.signing import Credentials

    emulator = Emulator(clock=ManualClock(), credentials=Credentials(f"{MARK}-id", f"{MARK}-key"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        body = {**create_cluster_body, "Ak": MARK, "Sk": MARK}
        body["MasterConfig"] = {**body["MasterConfig"], "Password": f"{MARK}-1a"}
        await call("CreateCluster", **body)
        call.advance(300)
        paths = ["", "health", "world", "ledger", "clock", "faults", "faults/kinds"]
        paths += [f"world?table={table}" for table in TABLES] + ["ledger?table=requests", "ledger?table=resources"]
        shown = [(await client.get(f"/_emulator/{path}")).text for path in paths]
    assert len(shown[2]) > 500
    assert [path for path, text in zip(paths, shown, strict=True) if MARK in text] == []


async def test_they_are_there_where_the_emulator_is_mounted_too() -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    emulator = Emulator(clock=ManualClock())
    app = Starlette(routes=[Mount("/eks-emulator", app=emulator)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/eks-emulator/_emulator/health")).json()["status"] == "ok"
        response = await client.get("/eks-emulator/_emulator")
        assert response.status_code == 307
        assert response.url.join(response.headers["location"]).path == "/eks-emulator/_emulator/"


async def test_text_that_is_no_unicode_does_not_break_an_answer(
    call: Caller, create_cluster_body: dict[str, Any]
) -> None:
    call.emulator.add_cluster("c", name="half \ud800")
    [row] = (await got(call, "world"))["clusters"]
    assert row["name"] == "half ?"


async def test_looking_changes_nothing_of_what_clients_are_told() -> None:
    async def told(looks: tuple[str, ...]) -> list[str]:
        faults = [Fault("late", "create", seconds=30, count=1), Fault("status", "read", status=503, skip=1)]
        emulator = Emulator(clock=ManualClock(), seed=3, setup=lambda it: it.add_cluster("c"), faults=faults)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
            call = Caller(emulator, client)
            with pytest.raises(ConnectionResetError):
                await call.send("CreateNetworkInterface", method="POST", body={"SubnetId": "s"})
            answers = [(await call.send("DeleteCluster", method="POST", body={"ClusterId": "c"})).text]
            for _ in range(12):
                call.advance(10)
                for path in looks:
                    await got(call, path)
                answers.append((await call.send("ListClusters")).text)
        created = [repr(each) for each in emulator.ledger.resources]
        return answers + created

    paths = ("world", "world?table=nodes", "ledger", "ledger?table=resources", "clock", "faults", "health")
    assert await told(()) == await told(paths)
