"""The endpoints below `/_emulator/`: what each tells and does, and what is said of a request that makes no sense."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from cds_eks import __version__
from cds_eks._runtime import clocks
from cds_eks.emulator import Emulator, Fault, ManualClock, WallClock
from cds_eks.emulator.control.world_tables import TABLES

from .caller import Caller

pytestmark = pytest.mark.anyio

MARK = "PLANTED-SECRET"


async def post(call: Caller, path: str, body: Any = None, **headers: str) -> httpx.Response:
    content = json.dumps({} if body is None else body)
    headers = {"Content-Type": "application/json", **headers}
    return await call.client.post(f"/_emulator/{path}", content=content, headers=headers)


async def got(call: Caller, path: str, **params: Any) -> Any:
    response = await call.client.get(f"/_emulator/{path}", params=params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    return response.json()


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


async def test_the_clock_is_wound(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    start = await got(call, "clock")
    assert start == {"now": 1.76e9, "speed": None, "next_change": None, "seconds_to_next_change": None}
    await call("CreateCluster", **create_cluster_body)
    assert (await got(call, "clock"))["seconds_to_next_change"] == 60
    seen = []
    for _ in range(3):
        response = await post(call, "clock", {"advance": "next_change"})
        assert response.status_code == 200
        seen.append(response.json()["now"] - start["now"])
    assert seen == [60, 70, 80]
    after = (await post(call, "clock", {"advance": 300})).json()
    assert after["now"] == pytest.approx(start["now"] + seen[-1] + 300)
    assert after["next_change"] is None
    assert [each["status"] for each in (await got(call, "world"))["clusters"]] == ["running"]
    response = await post(call, "clock", {"advance": "next_change"})
    assert (response.status_code, response.json()["Field"]) == (409, "advance")
    assert (await post(call, "clock", {"speed": 2})).status_code == 409


async def test_the_clock_is_not_put_where_times_can_not_be_written(call: Caller) -> None:
    call.emulator.clock.advance(253_370_764_800 - 86_400 - call.emulator.clock.now())
    call.emulator.add_cluster("c-1")
    assert (await post(call, "clock", {"advance": 86_400})).status_code == 200
    before = await got(call, "clock")
    response = await post(call, "clock", {"advance": 1})
    assert (response.status_code, response.json()["Rule"]) == (409, "needs a time before the year 9999")
    call.emulator._world.at(1e15, lambda: None)
    assert (await post(call, "clock", {"advance": "next_change"})).status_code == 409
    assert (await got(call, "clock"))["now"] == before["now"]
    assert [each["CreateTime"] for each in await call("ListClusters")] == ["9998-12-31 08:00:00"]


async def test_a_clock_that_can_not_be_put_ahead_keeps_its_speed() -> None:
    emulator = Emulator(speed=3)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        assert (await post(call, "clock", {"advance": "next_change", "speed": 9})).status_code == 409
        assert (await got(call, "clock"))["speed"] == 3
        assert (await post(call, "clock", {"advance": 5, "speed": 9})).json()["speed"] == 9


async def test_a_change_that_a_fault_has_cut_off_is_not_the_next(
    call: Caller, create_cluster_body: dict[str, Any]
) -> None:
    call.emulator.faults.add(Fault("task_never_ends", "CreateCluster", seconds=100))
    await call("CreateCluster", **create_cluster_body)
    call.advance(100)
    assert (await got(call, "clock"))["next_change"] is None


async def test_the_speed_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [100.0]
    monkeypatch.setattr(clocks, "monotonic", lambda: ticks[0])
    emulator = Emulator(speed=60)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        before = await got(call, "clock")
        ticks[0] += 1
        changed = (await post(call, "clock", {"speed": 0.5, "advance": 10})).json()
        assert changed["now"] - before["now"] == pytest.approx(70)
        assert (before["speed"], changed["speed"]) == (60, 0.5)
        ticks[0] += 10
        assert (await got(call, "clock"))["now"] - before["now"] == pytest.approx(75)
        await post(call, "reset")
        assert (await got(call, "clock"))["speed"] == 60
    assert isinstance(emulator.clock, WallClock)


async def test_reset_brings_back_the_beginning(create_cluster_body: dict[str, Any]) -> None:
    emulator = Emulator(
        clock=ManualClock(), setup=lambda it: it.add_cluster(name="seeded"), faults=[Fault("replay", count=1)]
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        before = await got(call, "world")
        runs = []
        for number in (1, 2):
            assert (await call.send("ListClusters")).json()["Code"] == "AccessDenied"
            response = await call.send("CreateCluster", body=create_cluster_body, method="POST")
            runs.append(response.json())
            query = response.request.url.query
            call.advance(500)
            emulator.faults.add(Fault("refuse", "write"))
            emulator.add_task("t")
            response = await post(call, "reset")
            assert (response.status_code, response.json()["resets"]) == (200, number)
            assert await got(call, "world") == before
            assert await got(call, "ledger") == {"requests": [], "resources": []}
            assert [str(each) for each in emulator.faults] == ["*:replay:count=1"]
            assert emulator.faults.struck == {}
            assert emulator.clock.now() == 1.76e9
        assert runs[0] == runs[1]
        emulator.faults.clear()
        again = await client.post(f"/eks/v1?{query.decode()}", json=create_cluster_body)
        assert again.json()["Code"] == "Success"


async def test_without_a_setup_a_reset_leaves_nothing(call: Caller) -> None:
    call.emulator.add_cluster()
    assert (await post(call, "reset")).status_code == 200
    assert all(rows == [] for rows in (await got(call, "world")).values())


async def test_what_is_under_way_at_a_reset_leaves_no_trace(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    emulator = call.emulator
    emulator.faults.add(Fault("late", "CreateCluster", seconds=5))
    with pytest.raises(ConnectionResetError):
        await call("CreateCluster", **create_cluster_body)
    ledger = emulator.ledger
    emulator.reset()
    await call("ListClusters")
    ledger.amend(0, answered=False)
    call.advance(1000)
    assert [each.action for each in emulator.ledger.requests] == ["ListClusters"]
    assert emulator.ledger.requests[0].answered
    assert emulator.ledger.resources == []


async def test_faults_are_added_switched_and_removed(call: Caller) -> None:
    assert await got(call, "faults") == {"faults": [], "struck": {}}
    response = await post(call, "faults", {"fault": "read:status=503:count=2"})
    assert response.status_code == 201
    first = response.json()
    assert first == {
        "id": 1, "fault": "read:status:count=2:status=503", "kind": "status", "action": "read", "count": 2,
        "status": 503, "enabled": True, "applied": 0, "is_over": False,
    }  # fmt: skip
    second = (await post(call, "faults", {"kind": "throttle", "action": "ListClusters"})).json()
    assert (second["id"], second["fault"]) == (2, "ListClusters:throttle")

    async def status() -> int:
        return (await call.send("ListClusters")).status_code

    assert await status() == 503
    assert (await post(call, "faults/1", {"enabled": False})).json()["enabled"] is False
    assert await status() == 429
    assert (await post(call, "faults/1", {"enabled": True})).json()["applied"] == 1
    assert [await status() for _ in range(2)] == [503, 429]
    plain = await got(call, "faults")
    assert [(each["applied"], each["is_over"]) for each in plain["faults"]] == [(2, True), (2, False)]
    assert plain["struck"] == {"status": 2, "throttle": 2}
    response = await call.client.delete("/_emulator/faults/2")
    assert [each["id"] for each in response.json()["faults"]] == [1]
    assert (await call.client.delete("/_emulator/faults")).json()["faults"] == []
    assert await status() == 200
    third = (await post(call, "faults", {"kind": "refuse"})).json()
    assert third["id"] == 3


async def test_kinds(call: Caller) -> None:
    kinds = (await got(call, "faults/kinds"))["kinds"]
    assert kinds["late"]["required"] == ["seconds"]
    assert kinds["late"]["parameters"]["seconds"] == "a number from 0"
    assert kinds["skew"]["parameters"]["seconds"] == "a finite number"
    assert kinds["refuse_connection"]["actions"] == ["*"]
    assert kinds["page_shifts"]["actions"] == ["*", "read", "ListNodes"]
    assert {"*", "create", "read", "write", "ListClusters"} <= set(kinds["status"]["actions"])
    for kind, told in kinds.items():
        needed = {"seconds": 1} if told["required"] else {}
        for action in told["actions"]:
            assert (await post(call, "faults", {"kind": kind, "action": action, **needed})).status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "field", "words"),
    [
        ("clock", {}, "advance", "is missing"),
        ("clock", {"advance": -1}, "advance", "must be a number from 0 to 31536000"),
        ("clock", {"advance": "tomorrow"}, "advance", "or next_change"),
        ("clock", {"advance": True}, "advance", "must be a number"),
        ("clock", {"advance": None}, "advance", "must be a number"),
        ("clock", {"advance": [1]}, "advance", "must be a number"),
        ("clock", {"advance": 10**400}, "advance", "must be a number"),
        ("clock", {"speed": 0}, "speed", "must be a number above 0, up to 1000000"),
        ("clock", {"advence": 1}, "advence", "is not known; did you mean 'advance'?"),
        ("clock", {"\u0007": 1}, "?", "is not known"),
        ("reset", {"hard": True}, "hard", "is not known"),
        ("faults", {}, "kind", "is missing: one of refuse_connection"),
        ("faults", {"kind": 3}, "kind", "must be one of"),
        ("faults", {"kind": "late"}, "seconds", "late needs seconds"),
        ("faults", {"kind": "refuse", "action": "Crate"}, "action", "there is no action 'Crate'"),
        ("faults", {"kind": "refuse", "action": None}, "action", "must be the name of an action"),
        ("faults", {"kind": "refuse", "seconds": 1}, "seconds", "refuse takes no seconds"),
        ("faults", {"kind": "status", "status": 302}, "status", "must be 200, or from 400 to 599"),
        ("faults", {"kind": "refuse", "sec": 1}, "sec", "is not known"),
        ("faults", {"fault": 3}, "fault", "must be a text"),
        ("faults", {"fault": "x"}, "fault", "has no kind"),
        ("faults", {"fault": "*:refuse", "kind": "refuse"}, "kind", "is not known"),
        ("faults/1", {}, "enabled", "is missing"),
        ("faults/1", {"enabled": 1}, "enabled", "must be true or false"),
    ],
)
async def test_a_body_that_makes_no_sense(call: Caller, path: str, body: Any, field: str, words: str) -> None:
    call.emulator.faults.add(Fault("refuse", "DeleteNodes"))
    response = await post(call, path, body)
    plain = response.json()
    assert (response.status_code, plain["Code"], plain["Field"]) == (400, "InvalidParameter", field)
    assert words in plain["Rule"]
    assert plain["Msg"] == f"{field}: {plain['Rule']}"
    assert len(call.emulator.faults) == 1
    assert call.emulator.clock.now() == 1.76e9


async def test_fields_that_do_not_go_together(call: Caller) -> None:
    response = await post(call, "faults", {"kind": "task_fails", "steps": 1, "seconds": 1})
    assert (response.status_code, response.json()) == (
        400, {"Code": "InvalidParameter", "Msg": "give steps or seconds, not both"},
    )  # fmt: skip


@pytest.mark.parametrize("content", [b"{", b"[]", b"3", b'{"advance": NaN}', b'{"advance": 1, "advance": 2}', b"\xff"])
async def test_a_body_that_is_no_json(call: Caller, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = await call.client.post("/_emulator/clock", content=content, headers=headers)
    assert (response.status_code, response.json()["Code"]) == (400, "MalformedJSON")


async def test_a_body_that_is_too_long(call: Caller) -> None:
    for size in (70_000, 9_000_000):
        response = await post(call, "clock", {"advance": "x" * size})
        assert (response.status_code, response.json()["Code"]) == (413, "InvalidHTTPRequest")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("table=cluster", "table"),
        ("limit=3", "table"),
        ("table=clusters&limit=0", "limit"),
        ("table=clusters&limit=1001", "limit"),
        ("table=clusters&limit=x", "limit"),
        ("table=clusters&offset=-1", "offset"),
        ("table=clusters&offset=99999999999999", "offset"),
        ("table=clusters&offset=%D9%A3", "offset"),
        ("table=clusters&order=up", "order"),
        ("table=clusters&search=%00", "search"),
        ("tabel=clusters", "tabel"),
    ],
)
async def test_a_query_that_makes_no_sense(call: Caller, query: str, field: str) -> None:
    response = await call.client.get(f"/_emulator/world?{query}")
    assert (response.status_code, response.json()["Field"]) == (400, field)


async def test_a_query_that_can_not_be_read(call: Caller) -> None:
    for query in ("table=%zz", "table=a&table=b"):
        assert (await call.client.get(f"/_emulator/ledger?{query}")).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "health", "HEAD, GET"),
        ("PUT", "faults", "HEAD, GET, POST, DELETE"),
        ("GET", "reset", "POST"),
        ("OPTIONS", "reset", "POST"),
        ("GET", "faults/1", "POST, DELETE"),
        ("DELETE", "world", "HEAD, GET"),
        ("POST", "", "HEAD, GET"),
    ],
)
async def test_another_method_is_refused(call: Caller, method: str, path: str, allow: str) -> None:
    response = await call.client.request(method, f"/_emulator/{path}")
    assert (response.status_code, response.json()["Code"], response.headers["Allow"]) == (
        405, "InvalidHTTPRequest", allow,
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/_emulator/x", "/_emulator/faults/", "/_emulator/faults/x", "/_emulator//health"])
async def test_another_path_is_refused(call: Caller, path: str) -> None:
    response = await call.client.get(path)
    assert (response.status_code, response.json()["Code"]) == (404, "InvalidHTTPRequest")
    assert "/health" in response.json()["Msg"]


@pytest.mark.parametrize("method", ["DELETE", "POST"])
async def test_a_fault_that_is_not_there(call: Caller, method: str) -> None:
    response = await call.client.request(method, "/_emulator/faults/9", json={"enabled": True})
    assert (response.status_code, response.json()["Code"]) == (404, "ResourceNotFound")


async def test_faults_do_not_touch_the_endpoints(call: Caller) -> None:
    for text in ("*:refuse", "*:reset_before_commit"):
        assert (await post(call, "faults", {"fault": text})).status_code == 201
    assert (await call.client.get("/_emulator/health")).status_code == 200
    assert (await got(call, "faults"))["struck"] == {}


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


async def test_a_clock_that_tests_have_made_shows_its_own_time_again() -> None:
    class Fixed:
        def now(self) -> float:
            return 5.0

    emulator = Emulator(clock=Fixed())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator), base_url="http://emulator") as client:
        call = Caller(emulator, client)
        assert (await post(call, "clock", {"advance": 10})).json()["now"] == 15
        await post(call, "reset")
        assert (await got(call, "clock"))["now"] == 5


async def test_text_that_is_no_unicode_does_not_break_an_answer(
    call: Caller, create_cluster_body: dict[str, Any]
) -> None:
    call.emulator.add_cluster("c", name="half \ud800")
    [row] = (await got(call, "world"))["clusters"]
    assert row["name"] == "half ?"


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
async def test_a_speed_that_makes_no_sense_changes_nothing(speed: float) -> None:
    clock = WallClock(3)
    with pytest.raises(ValueError, match="speed must be a finite number above 0"):
        clock.set_speed(speed)
    assert clock.speed == 3


async def test_faults_by_number(emulator: Emulator) -> None:
    faults = emulator.faults
    numbers = [faults.add(Fault("refuse")), faults.add(Fault("replay"))]
    faults.enable(numbers[0], enabled=False)
    fault = faults.strike("ListClusters", "GET")
    assert fault is not None
    assert fault.kind == "replay"
    faults.remove(numbers[1])
    assert faults.strike("ListClusters", "GET") is None
    for change in (faults.remove, faults.enable):
        with pytest.raises(KeyError):
            change(numbers[1])
    copies = faults.scheduled()
    copies[0].enabled = True
    assert [each.enabled for each in faults.scheduled()] == [False]


async def test_a_reset_gives_the_first_faults_their_numbers_again() -> None:
    faults = Emulator(faults=[Fault("refuse"), Fault("replay", count=1)]).faults
    for _ in range(2):
        assert [(each.id, each.fault.kind, each.enabled) for each in faults.scheduled()] == [
            (1, "refuse", True), (2, "replay", True),
        ]  # fmt: skip
        faults.enable(1, enabled=False)
        faults.remove(2)
        faults.add(Fault("drip"))
        faults.reset()
    assert faults.add(Fault("drip")) == 5  # no other has had it: a switch for one of the others does nothing to it


async def test_what_is_no_fault_is_refused_from_the_start() -> None:
    with pytest.raises(TypeError, match="parse_fault"):
        Emulator(faults=["create:refuse"])  # type: ignore[list-item]


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
