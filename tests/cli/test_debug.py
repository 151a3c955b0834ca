"""`--debug`: the request, the attempts and the outcome of each call, as text and as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cds_eks.cli.main import COMMANDS
from cds_eks.cli.redacting import secrets_of_environment
from cds_eks.emulator import Emulator, Fault
from cli.command_line import CommandLine, Run
from cli.commands_by_hand import COMMANDS as BY_HAND


def events(run: Run) -> list[dict[str, Any]]:
    """Stderr, each line of which must be a JSON object."""
    return [json.loads(line) for line in run.err.splitlines()]


def test_each_attempt_is_told_with_the_reason_of_the_next(cli: CommandLine, emulator: Emulator) -> None:
    emulator.faults.add(Fault("status", "ListClusters", status=503, count=1))
    run = cli.done("clusters", "list", "--keyword", "gpu", "--debug")
    lines = [re.sub(r"elapsed=[\d.]+|wait=[\d.]+", "TIME", line) for line in run.err.splitlines()]
    begun, connected, first, again, *rest = [line for line in lines if "request:" not in line]
    assert re.fullmatch(
        r'debug: cds_eks.cli: ListClusters request: method=GET, url=http://[\d.:]+/eks/v1, params={"Keyword": "gpu"}',
        lines[0],
    )
    assert begun == "debug: cds_eks.cli: ListClusters attempt begins: attempt=1"
    assert connected == "debug: cds_eks.backend: ListClusters connected: TIME"
    assert re.fullmatch(r"debug: .* attempt got a response: attempt=1, http_status=503, bytes=\d+, TIME", first)
    assert re.fullmatch(
        r"info: .* failed, and is sent again: attempt=1, error=ServerFault, .*reason=it may pass", again
    )
    assert rest[0] == "debug: cds_eks.cli: ListClusters attempt begins: attempt=2"
    assert re.fullmatch(r"debug: .* answered: attempts=2, code=Success, request_id=[\w-]+, TIME", rest[-1])


def test_a_create_is_told_with_its_body_redacted_and_its_outcome(
    cli: CommandLine, emulator: Emulator, request_file: str
) -> None:
    run = cli.done("clusters", "create", "-f", request_file, "-o", "json", "--debug", "--log-format", "json")
    told = events(run)
    request, answered = told[0], told[-1]
    assert (request["event"], request["action"], request["method"]) == ("request", "CreateCluster", "POST")
    assert request["body"]["ClusterName"] == "first-cluster"
    assert (request["body"]["Ak"], request["body"]["MasterConfig"]["Password"]) == ("***", "***")
    assert (answered["event"], answered["outcome"], answered["attempts"]) == ("answered", "accepted", 1)
    assert answered["request_id"] == run.json["request_id"]
    assert [each["attempt"] for each in told if each["event"].startswith("attempt")] == [1, 1]
    assert all({"time", "level", "logger", "message"} <= set(each) for each in told)


def test_a_failure_is_told_with_its_outcome_and_each_line_is_json(
    cli: CommandLine, emulator: Emulator, request_file: str
) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    run = cli("clusters", "create", "-f", request_file, "--debug", "--log-format", "json")
    told = events(run)
    assert run.code == 5
    names = [each["event"] for each in told if "event" in each]
    assert "attempt got no response" in names
    (ended,) = [each for each in told if each.get("event") == "ended with an error"]
    assert (ended["outcome"], ended["attempts"]) == ("unknown", 1)
    (where,) = [each for each in told if each.get("event") == "traceback"]
    assert "CreateCluster" in where["traceback"].splitlines()[-1]
    assert (told[-1]["class"], told[-1]["exit_code"]) == ("AmbiguousCreate", 5)


def test_notes_are_json_too(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_node(emulator.add_cluster("c-1"), "n-1")
    (note,) = events(cli.done("nodes", "list", "c-1", "--page-size", "1", "--log-format", "json"))
    assert note["level"] == "info"
    assert note["message"].startswith("1 of 5: --page-all")


def test_an_action_by_another_name_is_told_with_it(cli: CommandLine) -> None:
    told = events(cli("call", "Undocumented", "--debug", "--log-format", "json"))
    assert (told[0]["action"], told[0]["params"]) == ("Undocumented", {})


def test_without_debug_nothing_is_told(cli: CommandLine) -> None:
    assert cli.done("clusters", "list").err == ""
    assert cli.done("clusters", "list", "--log-format", "json").err == ""


@pytest.mark.parametrize("more", [[], ["--log-format", "json"]])
def test_the_traceback_of_another_library_has_no_secret_of_the_environment(
    offline: CommandLine, monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "a mistake of ours")
    run = CommandLine({**COMMANDS, **BY_HAND})("broken", "--debug", *more)
    assert run.code == 1
    assert "Traceback" in run.err
    assert "a mistake of ours" not in run.err


def test_what_an_environment_has_of_secrets() -> None:
    found = secrets_of_environment(
        {"CDS_SECRET_KEY": "key-1", "https_proxy": "http://me:pass%40word@proxy:3128", "HOME": "/root", "PWD": "/root"}
    )
    assert all(found.may_be_in(text) for text in ("key-1", "pass%40word", "pass@word"))
    assert not found.may_be_in("/root proxy:3128")
