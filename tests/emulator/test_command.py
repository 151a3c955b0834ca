"""`python -m cds_eks.emulator`."""

from __future__ import annotations

import _thread
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import httpx
import pytest

import cds_eks.emulator
from cds_eks.emulator.__main__ import main
from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.signing import Credentials
from support.emulator_world import world_of

from .caller import common_parameters, signed_query


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(stop: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-m", "cds_eks.emulator", "--port", "0", "--speed", "60"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        watchdog = threading.Timer(20, process.kill)
        watchdog.start()
        try:
            exports = dict(_export(line) for line in [process.stdout.readline() for _ in range(6)][2:])
            assert exports["CDS_API_SCHEMA"] == "http"
            credentials = Credentials(exports["CDS_SECRET_ID"], exports["CDS_SECRET_KEY"])
            query = signed_query(credentials, "GET", common_parameters(credentials, "ListClusters"))
            response = httpx.get(f"http://{exports['CDS_API_HOST']}/eks/v1?{query}", trust_env=False)
            assert response.json()["Code"] == "Success"
            process.send_signal(stop)
            assert process.wait() == 0
            assert process.stderr.read() == ""
        finally:
            watchdog.cancel()


def _export(line: str) -> tuple[str, str]:
    match = re.fullmatch(r"export (\w+)=(\S+)\n", line)
    assert match is not None, line
    return match[1], match[2]


def test_it_runs_in_this_process_too(capsys: pytest.CaptureFixture[str]) -> None:
    threading.Timer(0.5, _thread.interrupt_main).start()
    before = signal.getsignal(signal.SIGTERM)
    assert main(["--port", "0", "--access-key-id", "my id", "--secret-access-key", "k"]) == 0
    assert signal.getsignal(signal.SIGTERM) is before
    out, err = capsys.readouterr()
    assert "export CDS_SECRET_ID='my id'\n" in out
    assert "export CDS_SECRET_KEY=k\n" in out
    assert err == ""


@pytest.mark.parametrize("revision", REVISIONS)
def test_it_speaks_the_revision_that_it_is_told_and_says_so(
    revision: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str | None] = []

    class Spoken(cds_eks.emulator.Emulator):
        def __init__(self, **given: Any) -> None:
            made.append(given["api_revision"])
            super().__init__(**given)

    monkeypatch.setattr(cds_eks.emulator, "Emulator", Spoken, raising=False)
    for arguments in ([], ["--api-revision", revision]):
        threading.Timer(0.3, _thread.interrupt_main).start()
        assert main(["--port", "0", *arguments]) == 0
    assert made == [None, revision]
    out = capsys.readouterr().out
    assert out.count("CDS_EKS_API_REVISION") == 1
    assert f"export CDS_EKS_API_REVISION={revision}\n" in out


def test_a_revision_that_nobody_speaks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--api-revision", "2019-08-08"])
    assert stopped.value.code == 2
    err = capsys.readouterr().err
    assert all(revision in err for revision in REVISIONS)


@pytest.mark.parametrize("arguments", [["--speed", "0"], ["--port", "70000"], ["--host", "192.0.2.1"]])
def test_what_can_not_be_served(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("cds_eks.emulator: ")
    assert err.count("\n") == 1


def test_a_taken_port(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    err = capsys.readouterr().err
    assert "in use" in err
    assert str(port) in err
    assert err.count("\n") == 1


def test_without_its_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "cds_eks.emulator.app")
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    assert main([]) == 2
    err = capsys.readouterr().err
    assert 'pip install "cds-eks[emulator]"' in err
    assert err.count("\n") == 1
    with pytest.raises(ModuleNotFoundError, match="starlette"):
        cds_eks.emulator.Emulator  # noqa: B018


def test_bad_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--port", "many"])
    assert stopped.value.code == 2
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "ids"), [("sg-1", ("sg-1", 1, 10)), ("sg-1:2:5", ("sg-1", 2, 5)), ("sg-1:0:99", ("sg-1", 0, 99))]
)
def test_it_has_the_scaling_groups_and_the_form_of_subnets_that_it_is_told(
    text: str, ids: tuple[str, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[cds_eks.emulator.Emulator] = []

    class RecordedEmulator(cds_eks.emulator.Emulator):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            made.append(self)

    monkeypatch.setattr(cds_eks.emulator, "Emulator", RecordedEmulator, raising=False)
    threading.Timer(0.3, _thread.interrupt_main).start()
    assert main(["--port", "0", "--scaling-group", text, "--scaling-group", "other", "--subnets-as-objects"]) == 0
    (emulator,) = made
    groups = world_of(emulator).groups
    group = groups[ids[0]]
    assert (group.id, group.min_size, group.max_size) == ids
    assert set(groups) == {"sg-1", "other"}
    assert emulator._service._subnets_as_objects is True


@pytest.mark.parametrize("text", ["", ":1:2", "sg:1", "sg:1:2:3", "sg:5:2", "sg:-1:2", "sg:1:100", "sg:a:b"])
def test_a_scaling_group_that_makes_no_sense(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "0", "--scaling-group", text]) == 2
    err = capsys.readouterr().err
    assert f"--scaling-group {text!r}: must be ID or ID:MIN:MAX" in err
    assert err.count("\n") == 1
