"""The speed benchmarks run: the stub answers, and a tiny run goes from end to end. No time is ever asserted here."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from benchmarks.__main__ import main
from benchmarks.speed.answers import CLUSTERS, nodes
from benchmarks.speed.contenders import CONTENDERS, INSTALL, missing
from benchmarks.speed.machine import describe
from benchmarks.speed.plan import Settings, points
from benchmarks.speed.processes import Failed, Stubs, Worker
from benchmarks.speed.result import Result
from benchmarks.speed.run import Samples, _Group, available
from benchmarks.speed.stub import Line, Stub
from benchmarks.speed.turns import Turns
from cds_eks import EksClient
from support.eventually import WAIT_TIMEOUT

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

GET = b"GET /eks/v1?Action=ListClusters HTTP/1.1\r\nHost: stub\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: stub\r\nX-TC-Action: DescribeClusters\r\ncontent-length: 4\r\n\r\n"


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def get_extra_info(self, _: str) -> None:
        return None

    def statuses(self) -> list[bytes]:
        return [part.split(b"\r\n")[0] for part in self.written.split(b"HTTP/1.1 ")[1:]]


def connected() -> tuple[Stub, Wire]:
    stub, wire = Stub(0.0, Line(0)), Wire()
    stub.connection_made(wire)  # type: ignore[arg-type]
    return stub, wire


def test_the_stub_answers_what_is_whole() -> None:
    stub, wire = connected()
    for byte in GET[:-1]:
        stub.data_received(bytes([byte]))
    assert wire.written == b""
    stub.data_received(GET[-1:] + GET + GET[:10])
    assert wire.statuses() == [b"200 OK"] * 2
    stub.data_received(GET[10:] + POST + b"bo")
    assert wire.statuses() == [b"200 OK"] * 3
    stub.data_received(b"dyGET /nothing HTTP/1.1\r\n\r\n")
    assert wire.statuses() == [b"200 OK"] * 4 + [b"404 Not Found"]


def test_the_answers_are_those_of_the_service() -> None:
    from cds_eks import codec, models
    from cds_eks.resources.nodes import LIST_NODES
    from cds_eks.schema.shape import fields_of
    from cds_eks.wire import RawResponse

    request = codec.encode(LIST_NODES, models.ListNodesRequest(cluster_id="c"), None, url="http://stub", headers={})
    answer = RawResponse(status=200, headers={}, content=nodes(3))
    found = codec.decode(LIST_NODES, request, answer, elapsed=0.0).data
    documented = [field.name for field in fields_of(models.Node) if field.name != "extra"]
    assert len(found) == 3
    assert len(documented) == 28
    for node in found:
        assert not node.extra
        assert all(getattr(node, name) is not None for name in documented)
    assert len(json.loads(CLUSTERS)["Data"]) == 2


@pytest.fixture(scope="module")
def stubs() -> Iterator[Stubs]:
    with Stubs(Settings(is_quick=True)) as running:
        yield running


def test_the_stub_serves_in_a_process_of_its_own(stubs: Stubs) -> None:
    url, pid = stubs.at("plain")
    assert stubs.at("plain") == (url, pid)
    assert pid != os.getpid()
    with EksClient(endpoint=url, signer=Unsigned()) as eks:
        assert [cluster.cluster_name for cluster in eks.clusters.list().data] == ["gpu-1", "gpu-2"]
        assert len(eks.nodes.list("c").data) == 100
    assert httpx.get(url + "/clusters", trust_env=False).json() == {"clusters": ["a", "b"]}


class Unsigned:
    def sign(self, _: str, params: Any) -> str:
        return "&".join(f"{name}={value}" for name, value in params.items())


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(Failed, match=r"ModuleNotFoundError.*cds_eks"):
        Worker({"job": "overhead", "batch": 1, "without": ["cds_eks"]}, {})


def test_turns() -> None:
    said = io.StringIO()
    turns = Turns(io.StringIO('{"job": "x"}\n\n'), said)
    assert turns.read() == {"job": "x"}
    assert turns.next(None)
    assert not turns.next({"rate": 1.5})
    assert said.getvalue() == '{}\n{"rate": 1.5}\n'


def test_a_client_that_is_not_installed_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert missing(CONTENDERS["default"]) is None
    assert missing(CONTENDERS["aiobotocore"]) == f"aiobotocore is skipped: there is no aiobotocore; {INSTALL}"
    there, notes = available(points(Settings()))
    assert {point.contender for point in there} == {"default"}
    assert not any(point.key.endswith("orjson") for point in there)
    assert len(notes) == len(CONTENDERS)


def test_the_machine_is_described_by_its_kind() -> None:
    kind = describe()
    assert "core" in kind
    assert os.uname().nodename not in kind


def test_a_tiny_run(tmp_path: Path) -> None:
    """As its users run it, with what the extra `dev` has."""
    file = tmp_path / "result.json"
    before = sorted((ROOT / "benchmarks").rglob("*.json"))
    names = "load sync default httpx"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "--quick", "--seconds", "0.05"),
            "--json",
            str(file),
            "--only",
            *names.split(),
        ],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=WAIT_TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    result = Result.load(file)
    assert {"load/default/50", "load/httpx/1000", "sync/default/16"} <= set(result.samples)
    assert not [note for note in result.notes if "failed" in note and "/httpx/" not in note]  # which may time out
    assert all(result.of(key, "rate")[0] for key in result.samples)
    assert "default backend, 50 in flight: calls/s over httpx's" in done.stdout
    assert "a quick run" in done.stdout
    assert sorted((ROOT / "benchmarks").rglob("*.json")) == before, "a partial run is not kept"


@pytest.mark.parametrize(
    ("sections", "keys"),
    [
        ("tls cold", "tls/default/50 tls/default/1000 cold/default/plain cold/default/tls"),
        ("cli emulator", "cli/default emulator/default"),
        ("provision", "provision/default"),
    ],
)
def test_a_tiny_run_of_connections_programs_and_fleets(sections: str, keys: str, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    options = ["--quick", "--json", str(file), "--only", *sections.split(), "default"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=WAIT_TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    result = Result.load(file)
    assert not [note for note in result.notes if "failed" in note]
    assert set(result.samples) == set(keys.split())
    for each in result.samples.values():
        for values in each.values():
            assert all(value is not None and value > 0 for value in values)
    for took, bound in zip(*(result.of("provision/default", name) for name in ("took_s", "bound_s")), strict=True):
        assert took is not None
        assert bound is not None
        assert took > bound


def test_what_is_measured_in_few_rounds_keeps_its_place() -> None:
    point = attrs.evolve(points(Settings(), ["provision"])[0], most_rounds=2)
    samples: Samples = {}
    with Stubs(Settings()) as stubs:
        group = _Group([point], stubs, has_native=False, samples=samples, notes=[])
        for number in range(4):
            group._keep(point, {"took_s": 1.0} if number < 2 else group._turn(point, {}, number), number)
    assert samples == {"provision/default": {"took_s": [1.0, 1.0, None, None]}}


@pytest.mark.parametrize("words", ["--rounds 0", "--seconds 0", "--only nonsense", "--compare no-such-file.json"])
def test_what_makes_no_sense_is_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(words.split())
    assert exit_.value.code == 2
    assert "error:" in capsys.readouterr().err
