"""FastAPI: one client, errors as HTTP statuses, one create for each name, progress as server-sent events."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from fastapi_service import LIMITS, app, events, get_eks, status_of

from cds_eks import AsyncEksClient, errors, fleet
from cds_eks.emulator import Fault, parse_fault
from cds_eks.testing import DrivenEmulator

pytestmark = pytest.mark.anyio


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request waits until its cluster has failed, however long a busy machine takes to tell it."""
    monkeypatch.setattr("fastapi_service.LIMITS", attrs.evolve(LIMITS, cluster_timeout=3600.0))


@pytest.fixture
async def web(eks_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the service, which is up and running."""
    monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://web") as web:
        yield web


async def test_a_create_answers_with_ids_and_its_progress_is_told_to_the_end(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert answer.status_code == 202
    ids = answer.json()["ids"]
    assert ids["cluster_id"] == eks_emulator.cluster_id("gpu-1")
    progress = await web.get(f"{answer.headers['Location']}/progress")
    assert progress.headers["Content-Type"].startswith("text/event-stream")
    told = [block.splitlines() for block in progress.text.split("\n\n") if block]
    assert [lines[0] for lines in told] == [*["event: progress"] * (len(told) - 1), "event: done"]
    assert len(told) >= 2
    cluster = (await web.get(answer.headers["Location"])).json()
    assert cluster == {"cluster_id": ids["cluster_id"], "name": "gpu-1", "status": "running"}
    eks_emulator.assert_created_once("gpu-1")


async def test_all_requests_share_one_client(
    eks_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
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


async def test_the_client_is_closed_with_the_application(
    eks_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
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
    assert {answer.json()["ids"]["cluster_id"] for answer in answers} == {eks_emulator.cluster_id("gpu-1")}
    eks_emulator.assert_created_once("gpu-1")


@pytest.mark.eks_faults("ListClusters:lag:seconds=50")
async def test_the_same_request_again_gets_the_same_answer_while_lists_lag(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    first, again = [await web.post("/clusters", json={"name": "gpu-1"}) for _ in range(2)]
    assert first.json()["ids"] == again.json()["ids"]
    eks_emulator.assert_created_once("gpu-1")


async def test_what_somebody_else_has_made_is_not_created_again(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    eks_emulator.with_cluster("gpu-1", cluster_id="c-1", vpc_id="cc32706e-a09a-11ef-8de7-06aabd6a5066")
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert (answer.status_code, answer.json()["ids"]["found_id"]) == (409, "c-1")
    assert answer.json()["error"]["class"] == "AlreadyExists"
    eks_emulator.assert_nothing_created()


@pytest.mark.eks_faults("CreateCluster:reset_after_commit:count=1")
async def test_a_create_of_unknown_outcome_is_looked_for_and_found(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    lost, again = [await web.post("/clusters", json={"name": "gpu-1"}) for _ in range(2)]
    assert (lost.status_code, again.status_code) == (202, 202)
    assert {answer.json()["ids"]["cluster_id"] for answer in (lost, again)} == {eks_emulator.cluster_id("gpu-1")}
    eks_emulator.assert_created_once("gpu-1")


@pytest.mark.slow
@pytest.mark.eks_faults("CreateCluster:reset_before_commit:count=1")
async def test_a_create_that_made_nothing_is_made_again_after_the_look(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastapi_service.LIMITS", attrs.evolve(LIMITS, create_timeout=0.5))
    monkeypatch.setattr(fleet, "provision", functools.partial(fleet.provision, settle=0.5))
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert (answer.status_code, answer.json()["ids"]["cluster_id"]) == (202, eks_emulator.cluster_id("gpu-1"))
    eks_emulator.assert_created_once("gpu-1")


async def test_a_create_that_takes_too_long_is_stopped_and_the_next_request_goes_on(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    eks_emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=0.6, count=1))
    monkeypatch.setattr("fastapi_service.LONGEST_RUN", 0.2)
    monkeypatch.setattr("fastapi_service.LIMITS", attrs.evolve(LIMITS, grace=0.1))
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert (answer.status_code, answer.json()["state"]) == (503, "sending")
    monkeypatch.setattr("fastapi_service.LONGEST_RUN", 10.0)
    again = await web.post("/clusters", json={"name": "gpu-1"})
    assert again.json()["ids"]["cluster_id"] == eks_emulator.cluster_id("gpu-1")
    eks_emulator.assert_created_once("gpu-1")


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        ("CreateCluster:throttle", 503, "refused"),
        ("CreateCluster:status=400:code=InvalidParameter", 422, "refused"),
        ("CreateCluster:task_fails", 409, "failed"),
    ],
)
async def test_each_end_of_a_create_has_a_status(
    fault: str, status: int, state: str, web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    eks_emulator.faults.add(parse_fault(fault))
    answer = await web.post("/clusters", json={"name": "gpu-1"})
    assert (answer.status_code, answer.json()["state"]) == (status, state)
    assert ("Retry-After" in answer.headers) == (status == 503)
    if status == 503:
        eks_emulator.faults.clear()
        assert (await web.post("/clusters", json={"name": "gpu-1"})).status_code == 202
        eks_emulator.assert_created_once("gpu-1")


@pytest.mark.eks_faults("GetCluster:throttle:retry_after=7")
async def test_throttling_asks_the_caller_to_come_back(web: httpx.AsyncClient) -> None:
    answer = await web.get("/clusters/c-1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.json()["error"] == "Throttled"
    assert answer.headers["Cds-Request-Id"]


async def test_what_is_not_there_and_what_is_wrong_is_said(
    web: httpx.AsyncClient, eks_emulator: DrivenEmulator
) -> None:
    assert (await web.get("/clusters/c-9")).status_code == 404
    wrong = await web.post("/clusters", json={"name": "-no-name-"})
    assert wrong.status_code == 422
    assert "clusters[0].name" in wrong.json()["detail"]
    assert (await web.post("/clusters", json={"name": "gpu-{index}"})).status_code == 422
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


@pytest.mark.usefixtures("patient")
async def test_a_cluster_that_fails_is_told(web: httpx.AsyncClient, eks_emulator: DrivenEmulator) -> None:
    eks_emulator.faults.add(Fault("task_fails", "CreateCluster"))
    failed = await web.post("/clusters", json={"name": "gpu-1"})
    assert failed.status_code == 409
    cluster_id = eks_emulator.cluster_id("gpu-1")
    told = (await web.get(f"/clusters/{cluster_id}/progress")).text.strip().split("\n\n")[-1]
    assert told.startswith("event: failed\n")
    assert cluster_id in told


@pytest.mark.parametrize(
    "error", [errors.AuthenticationError("see CDS_SECRET_KEY"), errors.TaskFailed("it broke", ids={})]
)
async def test_an_event_tells_what_an_answer_would(error: errors.EksError) -> None:
    class Waits:
        async def cluster_running(self, *_: object, **__: object) -> None:
            raise error

    class Eks:
        wait = Waits()

    (told,) = [event async for event in events(Eks(), "c-1")]  # type: ignore[arg-type]
    assert (error.message in told) == isinstance(error, errors.TaskFailed)
    assert f'"error": "{type(error).__name__}"' in told


async def test_who_waits_in_silence_hears_a_heartbeat_and_ends_the_wait_by_going(
    eks_emulator: DrivenEmulator,
) -> None:
    eks_emulator.faults.add(Fault("hang_before_commit", "GetCluster", seconds=30))
    async with eks_emulator.client() as eks:
        told = events(eks, "c-1", heartbeat=0.01)
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
        (errors.Conflict("busy"), 409),
        (errors.WaitTimeout("late", ids={}), 409),
        (errors.NotFound("no"), 404),
        (errors.BadArgument("no"), 422),
        (errors.InvalidRequestError("name", "no"), 422),
        (errors.Throttled("slow"), 503),
        (errors.ConnectFailed("no"), 503),
        (errors.ServerFault("no"), 503),
        (errors.DeadlineExceeded("late"), 503),
        (fleet.JournalUnavailable("away"), 503),
        (errors.TaskFailed("no", ids={}), 409),
        (errors.PermissionDenied("no"), 502),
        (errors.AuthenticationError("no"), 502),
        (errors.ConfigurationError("no"), 502),
    ],
)
async def test_each_error_has_a_status(error: errors.EksError, status: int) -> None:
    assert status_of(error) == status
