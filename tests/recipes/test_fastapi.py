"""FastAPI: one client, errors as HTTP statuses, one create for each name, progress as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi_service import app, events, get_eks, status_of

from cds_eks import AsyncEksClient, errors
from cds_eks.emulator import Fault
from cds_eks.testing import DrivenEmulator

pytestmark = pytest.mark.anyio


@pytest.fixture
async def web(eks_endpoint: str) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the service, which is up and running."""
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://web") as web:
        yield web


async def test_a_create_answers_with_ids_and_its_progress_is_told_to_the_end(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert answer.status_code == 202
    created = answer.json()
    assert created["cluster_id"] == eks_emulator.cluster_id("gpu-1")
    progress = await web.get(f"/tasks/{created['task_id']}/progress")
    assert progress.headers["Content-Type"].startswith("text/event-stream")
    told = [block.splitlines() for block in progress.text.split("\n\n") if block]
    assert [lines[0] for lines in told] == [*["event: progress"] * (len(told) - 1), "event: done"]
    assert len(told) >= 3
    cluster = (await web.get(answer.headers["Location"])).json()
    assert cluster == {"cluster_id": created["cluster_id"], "name": "gpu-1", "status": "running"}
    eks_emulator.assert_created_once("gpu-1")


async def test_all_requests_share_one_client(eks_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[AsyncEksClient] = []

    def make(**settings: Any) -> AsyncEksClient:
        made.append(AsyncEksClient(**settings))
        return made[-1]

    monkeypatch.setattr("fastapi_service.AsyncEksClient", make)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://web") as web:
        answers = await asyncio.gather(*(web.get("/clusters/c-1") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {404}
    assert len(made) == 1


async def test_the_client_is_closed_with_the_application(eks_endpoint: str) -> None:
    async with app.router.lifespan_context(app):
        eks: AsyncEksClient = app.state.eks
        await eks.clusters.list()
    with pytest.raises(errors.ConfigurationError, match="closed"):
        await eks.clusters.list()


async def test_the_same_request_at_the_same_time_creates_once(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    answers = await asyncio.gather(*(web.post("/clusters", json={"name": "gpu-1"}) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.json()["cluster_id"] for answer in answers} == {eks_emulator.cluster_id("gpu-1")}
    eks_emulator.assert_created_once("gpu-1")


@pytest.mark.eks_faults("ListClusters:lag:seconds=50")
async def test_the_same_request_again_gets_the_same_answer_while_lists_lag(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    first, again = [await web.post("/clusters", json={"name": "gpu-1"}) for _ in range(2)]
    assert first.json() == again.json()
    eks_emulator.assert_created_once("gpu-1")


async def test_what_is_there_already_is_not_created_again(web: httpx.AsyncClient, eks_emulator: DrivenEmulator) -> None:
    eks_emulator.with_cluster("gpu-1", cluster_id="c-1", vpc_id="cc32706e-a09a-11ef-8de7-06aabd6a5066")
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert (answer.status_code, answer.json()["cluster_id"]) == (409, "c-1")
    assert answer.headers["Location"] == "/clusters/c-1"
    eks_emulator.assert_nothing_created()


@pytest.mark.eks_faults("CreateCluster:reset_after_commit:count=1")
async def test_a_create_of_unknown_outcome_is_looked_for_and_found(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    lost, again = [await web.post("/clusters", json={"name": "gpu-1"}) for _ in range(2)]
    for answer in (lost, again):
        assert answer.status_code == 409
        assert "Retry-After" not in answer.headers
        assert (answer.json()["outcome"], answer.json()["natural_key"]["cluster_name"]) == ("unknown", "gpu-1")
    assert len(app.state.eks.open_creates) == 1
    found = await web.get(lost.headers["Location"])
    assert found.json()["cluster_id"] == eks_emulator.cluster_id("gpu-1")
    assert app.state.eks.open_creates == ()
    assert (await web.post("/clusters", json={"name": "gpu-1"})).status_code == 409
    eks_emulator.assert_created_once("gpu-1")


@pytest.mark.eks_faults("CreateCluster:reset_before_commit:count=1")
async def test_a_create_that_made_nothing_may_be_posted_again_after_the_look(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    lost = await web.post("/clusters", json={"name": "gpu-1"})
    assert (lost.status_code, lost.json()["outcome"]) == (409, "unknown")
    assert (await web.get(lost.headers["Location"])).status_code == 404
    assert (await web.post("/clusters", json={"name": "gpu-1"})).status_code == 202
    eks_emulator.assert_created_once("gpu-1")


@pytest.mark.eks_faults("CreateCluster:throttle:retry_after=7")
async def test_throttling_asks_the_caller_to_come_back(web: httpx.AsyncClient, eks_emulator: DrivenEmulator) -> None:
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert (answer.json()["error"], answer.json()["outcome"]) == ("Throttled", "refused")
    assert answer.headers["Cds-Request-Id"]
    eks_emulator.faults.clear()
    assert (await web.post("/clusters", json={"name": "gpu-1"})).status_code == 202
    eks_emulator.assert_created_once("gpu-1")


async def test_what_is_not_there_and_what_is_wrong_is_said(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    assert (await web.get("/clusters/c-9")).status_code == 404
    wrong = await web.post("/clusters", json={"name": "-not a name-"})
    assert wrong.status_code == 422
    assert "cluster_name" in wrong.json()["detail"]
    eks_emulator.assert_calls("CreateCluster", 0)


@pytest.mark.eks_faults("GetCluster:status=401:code=SignatureDoesNotMatch")
async def test_what_is_wrong_with_the_service_itself_is_logged_and_not_told(
    web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "fastapi_service"):
        answer = await web.get("/clusters/c-1")
    assert answer.status_code == 502
    assert "CDS_SECRET_KEY" not in answer.text
    assert "CDS_SECRET_KEY" in caplog.text


async def test_a_task_that_fails_is_told(web: httpx.AsyncClient, eks_emulator: DrivenEmulator) -> None:
    eks_emulator.faults.add(Fault("task_fails", "CreateCluster"))
    created = (await web.post("/clusters", json={"name": "gpu-1"})).json()
    told = (await web.get(f"/tasks/{created['task_id']}/progress")).text.strip().split("\n\n")[-1]
    assert told.startswith("event: failed\n")
    assert created["task_id"] in told


@pytest.mark.parametrize(
    "error", [errors.AuthenticationError("see CDS_SECRET_KEY"), errors.TaskFailed("it broke", ids={})]
)
async def test_an_event_tells_what_an_answer_would(error: errors.EksError) -> None:
    class Waits:
        async def task(self, *_: object, **__: object) -> None:
            raise error

    class Eks:
        wait = Waits()

    (told,) = [event async for event in events(Eks(), "t-1")]  # type: ignore[arg-type]
    assert (error.message in told) == isinstance(error, errors.TaskFailed)
    assert f'"error": "{type(error).__name__}"' in told


async def test_who_waits_in_silence_hears_a_heartbeat_and_ends_the_wait_by_going(
    eks_emulator: DrivenEmulator,
) -> None:
    eks_emulator.faults.add(Fault("hang_before_commit", "TaskStatus", seconds=30))
    async with eks_emulator.client() as eks:
        told = events(eks, "t-1", heartbeat=0.01)
        assert await anext(told) == ": still waiting\n\n"
        before = asyncio.all_tasks()
        await told.aclose()
        await asyncio.sleep(0)
        ended = [task for task in before if task.done() or task.cancelling()]
    assert len(ended) == 1


async def test_a_test_of_ones_own_replaces_the_client(web: httpx.AsyncClient, eks_client: AsyncEksClient) -> None:
    app.dependency_overrides[get_eks] = lambda: eks_client
    try:
        assert (await web.get("/clusters/c-1")).status_code == 404
    finally:
        app.dependency_overrides.clear()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.AmbiguousCreate("lost"), 409),
        (errors.Conflict("busy"), 409),
        (errors.QuotaExceeded("too many"), 409),
        (errors.NotFound("no"), 404),
        (errors.BadArgument("no"), 422),
        (errors.InvalidRequestError("name", "no"), 422),
        (errors.Throttled("slow"), 503),
        (errors.ConnectFailed("no"), 503),
        (errors.ServerFault("no"), 503),
        (errors.DeadlineExceeded("late"), 503),
        (errors.TaskFailed("no", ids={}), 409),
        (errors.PermissionDenied("no"), 502),
        (errors.AuthenticationError("no"), 502),
        (errors.ConfigurationError("no"), 502),
    ],
)
async def test_each_error_has_a_status(error: errors.EksError, status: int) -> None:
    assert status_of(error) == status
