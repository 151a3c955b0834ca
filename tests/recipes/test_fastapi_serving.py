"""FastAPI behind a real server: callers that go away, and a shutdown in the midst of waits and creates."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi_service import app

from cds_eks.emulator import Emulator, Fault, ManualClock
from support.eventually import WAIT_TIMEOUT, until

from .conftest import RECIPES

pytestmark = pytest.mark.usefixtures("quick_polls")


class Web:
    """The service on a socket, on a loop of its own."""

    def __init__(self) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(app, port=0, timeout_graceful_shutdown=1, log_config=None, ws="none")
        )
        self._thread = threading.Thread(target=self._run)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive())
        (listener,) = self._server.servers[0].sockets
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve()

        asyncio.run(serve())

    def waits(self) -> int:
        """How many waits are under way."""
        assert self._loop is not None
        names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks(self._loop)]
        return names.count("events.<locals>.wait")

    def begin_to_end(self) -> None:
        """Do what SIGTERM does."""
        self._server.should_exit = True

    def end(self) -> None:
        """Shut down."""
        self.begin_to_end()
        self._thread.join(WAIT_TIMEOUT)
        assert not self._thread.is_alive()


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Emulator]:
    """A service where no time passes, so that no task ends."""
    emulator = Emulator(clock=ManualClock())
    with emulator.serve() as url:
        monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        monkeypatch.setenv("CDS_SECRET_ID", emulator.credentials.access_key_id)
        monkeypatch.setenv("CDS_SECRET_KEY", emulator.credentials.secret_access_key)
        yield emulator


@contextmanager
def serving() -> Iterator[Web]:
    web = Web()
    try:
        yield web
    finally:
        web.end()


@pytest.mark.slow
def test_who_leaves_a_progress_ends_the_wait_and_not_the_create(emulator: Emulator) -> None:
    with serving() as web, httpx.Client(base_url=web.url) as caller:
        location = caller.post("/clusters", json={"name": "gpu-1"}).headers["Location"]
        with caller.stream("GET", f"{location}/progress") as progress:
            lines = progress.iter_lines()  # whose end would be the end of the connection
            assert next(lines) == "event: progress"
            assert web.waits() == 1
        until(lambda: web.waits() == 0)
        emulator.clock.advance(3600)
        told = caller.get(f"{location}/progress").text
        assert told.strip().split("\n\n")[-1].startswith("event: done")
    assert emulator.ledger.count(action="CreateCluster", committed=True) == 1


@pytest.mark.slow
def test_who_leaves_a_create_gets_its_ids_by_asking_again(emulator: Emulator) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=0.5))
    with serving() as web, httpx.Client(base_url=web.url) as caller:
        with pytest.raises(httpx.ReadTimeout):
            caller.post("/clusters", json={"name": "gpu-1"}, timeout=0.4)
        assert emulator.ledger.count(action="CreateCluster") == 1
        assert caller.post("/clusters", json={"name": "gpu-1"}).status_code == 202
    assert emulator.ledger.count(action="CreateCluster", committed=True) == 1


@pytest.mark.slow
def test_a_shutdown_cuts_off_waits_and_lets_creates_end(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with serving() as web, httpx.Client(base_url=web.url) as caller:
        location = caller.post("/clusters", json={"name": "gpu-1"}).headers["Location"]
        emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=2))
        with caller.stream("GET", f"{location}/progress") as progress:
            lines = progress.iter_lines()
            assert next(lines) == "event: progress"
            posting = threading.Thread(target=post_in_vain, args=(web.url,))
            posting.start()
            until(lambda: emulator.ledger.count(action="CreateCluster") == 2)
            web.begin_to_end()
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
            posting.join(WAIT_TIMEOUT)
    assert app.state.eks.open_creates == ()  # the second one was answered before the client was closed
    assert "look for it" not in caplog.text
    assert emulator.ledger.count(action="CreateCluster", committed=True) == 2


def post_in_vain(url: str) -> None:
    with httpx.Client(base_url=url) as caller, pytest.raises(httpx.HTTPError):
        caller.post("/clusters", json={"name": "gpu-2"}).raise_for_status()


@pytest.mark.long
@pytest.mark.timeout(240)  # a killed create is looked for until it can't arrive any more: 75 s
@pytest.mark.parametrize("moment", ["hang_before_commit", "hang_after_commit"])
def test_a_request_whose_service_is_killed_in_the_middle_of_the_create_may_be_repeated(
    moment: str, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.faults.add(Fault(moment, "CreateCluster", seconds=5, count=1))
    with process(tmp_path) as (url, killed), ThreadPoolExecutor(1) as pool:
        cut_off = pool.submit(httpx.post, f"{url}/clusters", json={"name": "gpu-1"}, timeout=WAIT_TIMEOUT)
        until(lambda: emulator.ledger.count(action="CreateCluster") == 1)
        killed.kill()
        with pytest.raises(httpx.HTTPError):
            cut_off.result(WAIT_TIMEOUT)
    with process(tmp_path) as (url, _):
        until(lambda: httpx.post(f"{url}/clusters", json={"name": "gpu-1"}, timeout=60).status_code == 202, 150)
        answer = httpx.post(f"{url}/clusters", json={"name": "gpu-1"}, timeout=60)
    (cluster,) = emulator.ledger.created("cluster")
    assert answer.json()["ids"]["cluster_id"] == cluster.id


@pytest.mark.slow
def test_requests_for_one_name_to_two_processes_at_once_create_once(emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.add(Fault("lag", "ListClusters", seconds=60))
    (tmp_path / "other").mkdir()
    with process(tmp_path) as (one, _), process(tmp_path / "other") as (other, _), ThreadPoolExecutor(4) as pool:
        urls = [one, other, one, other]
        asked = [pool.submit(httpx.post, f"{url}/clusters", json={"name": "gpu-1"}, timeout=60) for url in urls]
        answers = [each.result(60) for each in asked]
    (cluster,) = emulator.ledger.created("cluster")
    assert {(answer.status_code, answer.json()["ids"]["cluster_id"]) for answer in answers} == {(202, cluster.id)}


@contextmanager
def process(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The service in a process of its own, and its URL."""
    log = folder / "log"
    command = [sys.executable, "-m", "uvicorn", "fastapi_service:app", "--port", "0"]
    path = os.pathsep.join([str(RECIPES), str(RECIPES.parents[1])])
    with log.open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "PYTHONPATH": path})
    try:
        until(lambda: "running on http://" in log.read_text() or started.poll() is not None, 4 * WAIT_TIMEOUT)
        yield log.read_text().partition("running on ")[2].split()[0], started
    finally:
        started.kill()
        started.wait(WAIT_TIMEOUT)
