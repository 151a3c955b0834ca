"""Stdout or stderr that is full, closed, or has no reader any more: exit codes stay, and no id is lost."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from cds_eks.emulator import Emulator, Fault
from cli.clusters_made import only_cluster
from cli.command_line import PROCESS, CommandLine
from cli.stepping import SteppingClock

NO_READER = "no reader"
STREAMS = ["2>/dev/full", "2>&-", NO_READER]


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=SteppingClock())


def redirected(redirection: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a process with a broken stream, by a redirection of the shell, or with a stderr that nobody reads."""
    stderr = subprocess.PIPE
    if redirection == NO_READER:
        reader, stderr = os.pipe()
        os.close(reader)
        redirection = ""
    command = ["bash", "-c", f'exec "$@" {redirection}', "bash", *PROCESS, *words]
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, encoding="utf-8", check=False, timeout=60)
    finally:
        if stderr != subprocess.PIPE:
            os.close(stderr)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("more", [["--wait", "--poll-interval", "0.001"], ["--debug"]], ids=["wait", "debug"])
def test_a_create_goes_on_without_its_stderr(
    cli: CommandLine, emulator: Emulator, request_file: str, stream: str, more: list[str]
) -> None:
    done = redirected(stream, "clusters", "create", "-f", request_file, "--output", "table", *more)
    assert done.returncode == 0
    assert only_cluster(emulator) in done.stdout


@pytest.mark.parametrize("stream", STREAMS)
def test_an_unknown_create_stays_5_without_stderr(
    cli: CommandLine, emulator: Emulator, request_file: str, stream: str
) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster"))
    assert redirected(stream, "clusters", "create", "-f", request_file, "-q").returncode == 5


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(("words", "code"), [(["clusters", "get", "nope"], 3), (["clusters"], 2), (["nonsense"], 2)])
def test_other_exit_codes_stay_without_stderr(cli: CommandLine, stream: str, words: list[str], code: int) -> None:
    assert redirected(stream, *words).returncode == code


@pytest.mark.parametrize("options", [["-q"], ["-o", "json"], ["-o", "yaml"]], ids=str)
def test_a_create_with_a_closed_stdout_tells_the_ids(
    cli: CommandLine, emulator: Emulator, request_file: str, options: list[str]
) -> None:
    done = redirected(">&-", "clusters", "create", "-f", request_file, *options)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert only_cluster(emulator) in done.stderr
    assert "stdout is closed" in done.stderr


def test_an_unknown_create_stays_5_with_a_closed_stdout(
    cli: CommandLine, emulator: Emulator, request_file: str
) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster"))
    done = redirected(">&-", "clusters", "create", "-f", request_file, "-o", "json")
    assert (done.returncode, json.loads(done.stderr)["class"]) == (5, "AmbiguousCreate")


def test_a_read_with_a_closed_stdout_is_1(cli: CommandLine) -> None:
    done = redirected(">&-", "clusters", "list")
    assert (done.returncode, done.stderr) == (1, "error: stdout is closed\n")


QUERIES = ["contains(cluster_id, `1`)", "values(@)[::0]", 'floor(to_number(`"inf"`))']


@pytest.mark.parametrize("query", QUERIES)
def test_whatever_a_query_fails_with_a_create_tells_its_ids(
    cli: CommandLine, emulator: Emulator, request_file: str, query: str
) -> None:
    run = cli("clusters", "create", "-f", request_file, "-o", "json", "--query", query)
    assert (run.code, run.failure["class"], run.failure["outcome"]) == (1, "ResultNotPrinted", "accepted")
    assert "--query: " in run.failure["message"]
    assert run.failure["ids"]["cluster_id"] == only_cluster(emulator)


@pytest.mark.parametrize("query", QUERIES)
def test_a_read_tells_what_a_query_fails_with(cli: CommandLine, emulator: Emulator, query: str) -> None:
    emulator.add_cluster("c-1")
    run = cli("clusters", "get", "c-1", "-o", "json", "--query", query)
    assert (run.code, run.failure["message"].partition(":")[0]) == (2, "--query")


@pytest.mark.parametrize("words", [[], ["--wait", "--poll-interval", "0.001"]], ids=["create", "wait"])
def test_any_error_in_the_printing_tells_the_ids(
    cli: CommandLine, emulator: Emulator, request_file: str, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    from cds_eks.cli.output import printing

    def emit(*_: Any, **__: Any) -> None:
        raise LookupError("a mistake of ours")

    monkeypatch.setattr(printing, "emit", emit)
    run = cli("clusters", "create", "-f", request_file, "-o", "json", *words)
    assert (run.code, run.failure["class"], run.failure["outcome"]) == (1, "ResultNotPrinted", "accepted")
    assert run.failure["ids"]["cluster_id"] == only_cluster(emulator)
    assert run.failure["request_id"]


def test_an_error_between_the_answer_and_the_printing_tells_the_ids(
    cli: CommandLine, emulator: Emulator, request_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cds_eks.models import ClusterTask

    def to_dict(_: object) -> dict[str, Any]:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(ClusterTask, "to_dict", to_dict)
    run = cli("clusters", "create", "-f", request_file, "-o", "json")
    assert (run.code, run.failure["class"], run.failure["outcome"]) == (1, "ResultNotPrinted", "accepted")
    assert run.failure["ids"]["cluster_id"] == only_cluster(emulator)
