"""gunicorn and uWSGI: one client in each worker, after a fork and with threads, and an end in the midst of a create."""

from __future__ import annotations

import configparser
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import attrs
import gunicorn_settings
import httpx
import pytest

from cds_eks import EksClient
from cds_eks.emulator import Emulator, Fault, parse_fault
from cds_eks.testing import DrivenEmulator
from support.eventually import until

from .conftest import RECIPES

# It makes its client with the module, which needs a key; each test has a client of its own.
with pytest.MonkeyPatch.context() as patch:
    patch.setenv("CDS_SECRET_ID", "none")
    patch.setenv("CDS_SECRET_KEY", "none")
    import wsgi_app

WAIT_TIMEOUT = 40.0
UWSGI = Path(sys.executable).with_name("uwsgi")
WORKERS = 2
LONGEST_CALL = 20.0

SERVERS = {
    f"gunicorn {kind} {when}": [
        *(sys.executable, "-m", "gunicorn", "--config", str(RECIPES / "gunicorn_settings.py"), "--bind", "127.0.0.1:0"),
        *("--workers", str(WORKERS), "--worker-class", kind, *(["--preload"] if when == "preloaded" else [])),
        app,
    ]
    for kind, app, when in [
        ("sync", "wsgi_app:application", "preloaded"),
        ("gthread", "wsgi_app:application", "preloaded"),
        ("gthread", "wsgi_app:application", "loaded by each worker"),
        ("asgi", "fastapi_service:app", "preloaded"),
        ("uvicorn.workers.UvicornWorker", "fastapi_service:app", "preloaded"),
    ]
} | {
    "uwsgi": [
        *(str(UWSGI), "--http-socket", "127.0.0.1:0", "--ini", str(RECIPES / "uwsgi.ini"), "--processes", str(WORKERS)),
        *("--virtualenv", sys.prefix),
    ],
}


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Emulator]:
    emulator = Emulator(speed=600)
    with emulator.serve() as url:
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        monkeypatch.setenv("CDS_SECRET_ID", emulator.credentials.access_key_id)
        monkeypatch.setenv("CDS_SECRET_KEY", emulator.credentials.secret_access_key)
        monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
        yield emulator


def clients(emulator: Emulator) -> set[str]:
    """The clients whose requests came: the ids of its calls begin with what a client has for itself."""
    return {seen.call_id.rpartition("-")[0] for seen in emulator.ledger.requests}


class Server:
    """A server with its workers."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._log = folder / "log"
        path = os.pathsep.join([str(RECIPES), str(RECIPES.parents[1])])
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
                cwd=folder, env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
        until(lambda: self.url is not None or self.process.poll() is not None, WAIT_TIMEOUT)
        assert self.url is not None, self.log()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def url(self) -> str | None:
        """Where it listens, once all its workers are there."""
        if len(re.findall(r"Booting worker|spawned uWSGI worker", self.log())) < WORKERS:
            return None
        found = re.search(r"Listening at: (http://\S+)|bound to TCP address (\S+)", self.log())
        return found and (found[1] or f"http://{found[2]}")

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT_TIMEOUT)


@contextmanager
def serving(name: str, folder: Path) -> Iterator[Server]:
    if name == "uwsgi" and not UWSGI.exists():
        pytest.skip("needs uwsgi beside this Python")
    server = Server(SERVERS[name], folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait(WAIT_TIMEOUT)


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVERS)
def test_every_worker_has_a_client_of_its_own_and_ends_when_its_create_was_answered(
    name: str, emulator: Emulator, tmp_path: Path
) -> None:
    emulator.add_cluster("c-1", name="gpu-0")
    is_fastapi = "fastapi_service:app" in SERVERS[name]
    path = "/clusters/c-1" if is_fastapi else "/clusters"
    with serving(name, tmp_path) as server, httpx.Client(timeout=WAIT_TIMEOUT) as caller, ThreadPoolExecutor(8) as pool:

        def ask(_: int) -> int:
            return caller.get(f"{server.url}{path}", headers={"Connection": "close"}).status_code

        def all_answer() -> bool:
            assert set(pool.map(ask, range(8))) == {200}
            return len(clients(emulator)) == WORKERS

        until(all_answer, WAIT_TIMEOUT)
        emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=1))
        method, path = ("POST", "/clusters") if is_fastapi else ("PUT", "/clusters/gpu-1")
        body = {"name": "gpu-1"} if is_fastapi else None
        post = pool.submit(httpx.request, method, f"{server.url}{path}", json=body, timeout=WAIT_TIMEOUT)
        until(lambda: emulator.ledger.count(action="CreateCluster") == 1, WAIT_TIMEOUT)
        server.end()
        answer = post.result(WAIT_TIMEOUT)
        assert "look for it" not in server.log()
        assert "Traceback" not in server.log()
    (cluster,) = emulator.ledger.created("cluster")
    assert (answer.status_code, answer.json()["ids"]["cluster_id"]) == (202, cluster.id)
    assert {seen.status for seen in emulator.ledger.requests} == {200}  # each signed with a nonce of its own


@pytest.mark.slow
def test_requests_for_one_name_to_all_workers_at_once_create_once(emulator: Emulator, tmp_path: Path) -> None:
    emulator.faults.add(Fault("lag", "ListClusters", seconds=60))
    name = "gunicorn gthread preloaded"
    with serving(name, tmp_path) as server, httpx.Client(timeout=WAIT_TIMEOUT) as caller, ThreadPoolExecutor(8) as pool:

        def put(_: int) -> httpx.Response:
            return caller.put(f"{server.url}/clusters/gpu-1", headers={"Connection": "close"})

        answers = list(pool.map(put, range(8)))
    (cluster,) = emulator.ledger.created("cluster")
    assert {(answer.status_code, answer.json()["ids"]["cluster_id"]) for answer in answers} == {(202, cluster.id)}


@pytest.mark.long
def test_a_request_whose_worker_is_killed_in_the_middle_of_the_create_may_be_repeated(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster", seconds=5, count=1))
    with serving("gunicorn gthread preloaded", tmp_path) as server, ThreadPoolExecutor(1) as pool:
        url = f"{server.url}/clusters/gpu-1"
        cut_off = pool.submit(httpx.put, url, timeout=WAIT_TIMEOUT)
        until(lambda: emulator.ledger.count(action="CreateCluster") == 1, WAIT_TIMEOUT)
        with sqlite3.connect(tmp_path / "fleet.db") as journal:
            ((runner,),) = journal.execute("SELECT runner FROM runners")
        os.kill(int(runner.split(":")[1]), signal.SIGKILL)
        with pytest.raises(httpx.HTTPError):
            cut_off.result(WAIT_TIMEOUT)
        answer = httpx.put(url, timeout=WAIT_TIMEOUT)
    (cluster,) = emulator.ledger.created("cluster")
    assert (answer.status_code, answer.json()["ids"]["cluster_id"]) == (202, cluster.id)


def test_servers_wait_longer_than_any_call_and_any_run() -> None:
    uwsgi = configparser.ConfigParser()
    uwsgi.read(RECIPES / "uwsgi.ini")
    waits = [gunicorn_settings.timeout, gunicorn_settings.graceful_timeout, uwsgi.getint("uwsgi", "harakiri")]
    code = (RECIPES / "wsgi_app.py").read_text(encoding="utf-8")
    assert f"Timeouts(total={LONGEST_CALL:g})" in code
    assert min(waits) >= max(LONGEST_CALL, wsgi_app.LONGEST_RUN + wsgi_app.LIMITS.grace) + 5


@pytest.fixture
def web(eks_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A caller of the application, in this process."""
    monkeypatch.setenv("CDS_FLEET_JOURNAL", str(tmp_path / "fleet.db"))
    with EksClient() as eks:
        monkeypatch.setattr(wsgi_app, "eks", eks)
        with httpx.Client(transport=httpx.WSGITransport(wsgi_app.application), base_url="http://web") as web:
            yield web


def test_what_is_asked_for_again_is_not_created_again(web: httpx.Client, eks_emulator: DrivenEmulator) -> None:
    eks_emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    first, again = [web.put("/clusters/gpu-1") for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["ids"]["cluster_id"] == eks_emulator.cluster_id("gpu-1")
    assert first.json()["ids"] == again.json()["ids"]
    assert "error" not in first.json()
    assert web.get("/clusters").json() == {"names": ["gpu-1"]}
    eks_emulator.assert_created_once("gpu-1")


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        ("CreateCluster:throttle", 503, "refused"),
        ("CreateCluster:status=400:code=InvalidParameter", 422, "refused"),
        ("CreateCluster:task_fails", 409, "failed"),
    ],
)
def test_each_end_of_a_create_has_a_status(
    fault: str, status: int, state: str, web: httpx.Client, eks_emulator: DrivenEmulator
) -> None:
    eks_emulator.faults.add(parse_fault(fault))
    answer = web.put("/clusters/gpu-1")
    assert (answer.status_code, answer.json()["state"]) == (status, state)
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_a_run_that_takes_too_long_is_stopped_and_the_next_request_goes_on(
    web: httpx.Client, eks_emulator: DrivenEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Fault("hang_after_commit", "CreateCluster", seconds=0.6, count=1)
    eks_emulator.faults.add(fault)
    monkeypatch.setattr(wsgi_app, "LONGEST_RUN", 0.2)
    monkeypatch.setattr(wsgi_app, "LIMITS", attrs.evolve(wsgi_app.LIMITS, grace=0.1))
    answer = web.put("/clusters/gpu-1")
    assert (answer.status_code, answer.json()["state"]) == (503, "sending")
    monkeypatch.setattr(wsgi_app, "LONGEST_RUN", 10.0)
    assert web.put("/clusters/gpu-1").json()["ids"]["cluster_id"] == eks_emulator.cluster_id("gpu-1")
    eks_emulator.assert_created_once("gpu-1")


def test_what_is_wrong_is_said(
    web: httpx.Client, eks_emulator: DrivenEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    assert web.get("/").status_code == 404
    wrong = web.put("/clusters/-no-name-")
    assert (wrong.status_code, wrong.json()["error"]) == (422, "PlanError")
    assert web.put("/clusters/gpu-%7Bindex%7D").status_code == 404  # a plan would make gpu-1 of it
    eks_emulator.faults.add(Fault("status", "*", status=401, code="InvalidAccessKeyId"))
    assert web.get("/clusters").status_code == 502
    assert web.put("/clusters/gpu-1").status_code == 503
    assert caplog.text.count("InvalidAccessKeyId") == 2
    eks_emulator.assert_nothing_created()
    eks_emulator.faults.clear()
    eks_emulator.faults.add(Fault("status", "*", status=500))
    assert web.get("/clusters").status_code == 503
