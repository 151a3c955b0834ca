"""Each exit code, and what stderr says with it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from typing import Any

import click
import pytest

from cds_eks import errors
from cds_eks.cli.failures import CODES, exit_code
from cds_eks.emulator import Emulator, Fault
from cli import commands_by_hand
from cli.command_line import PROCESS, CommandLine
from support.eventually import WAIT_TIMEOUT, until

FAILING = CommandLine(commands_by_hand.COMMANDS)

SEVEN = ["class", "code", "message", "outcome", "ids", "request_id", "hint"]


def refused(code: str, status: int = 400) -> Fault:
    return Fault("status", "*", status=status, code=code, message="no")


def test_done_is_0(cli: CommandLine) -> None:
    assert cli("clusters", "list").code == 0


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        (refused("ParamError"), 1, "BadArgument"),
        (refused("ResourceNotFound"), 3, "NotFound"),
        (refused("InvalidAccessKeyId"), 4, "AuthenticationError"),
        (refused("AccessDenied"), 4, "PermissionDenied"),
        (refused("ResourceInUse"), 6, "Conflict"),
        (refused("QuotaExceeded"), 7, "QuotaExceeded"),
    ],
)
def test_what_the_service_refuses(cli: CommandLine, emulator: Emulator, fault: Fault, code: int, kind: str) -> None:
    emulator.faults.add(fault)
    run = cli("clusters", "get", "c-1", "-o", "json")
    assert (run.code, run.out) == (code, "")
    said = run.failure
    assert list(said)[:7] == SEVEN
    assert (said["class"], said["code"], said["message"]) == (kind, fault.code, "no")
    assert (said["outcome"], said["exit_code"], said["action"]) == ("refused", code, "GetCluster")
    assert said["request_id"]


def test_a_wrong_key_is_4(cli: CommandLine) -> None:
    run = cli("clusters", "list", env={"CDS_SECRET_KEY": "another"})
    assert run.code == 4
    assert "CDS_SECRET_KEY" in run.err


def test_a_cluster_that_is_not_there_is_3(cli: CommandLine) -> None:
    run = cli("clusters", "get", "nowhere")
    assert run.code == 3
    assert run.err.startswith("error: GetCluster: ClusterId 'nowhere' is not known (ResourceNotFound)\n  request_id=")
    assert "Traceback" not in run.err


def test_a_create_whose_outcome_is_unknown_is_5(cli: CommandLine, emulator: Emulator, request_file: str) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster"))
    run = cli("clusters", "create", "-f", request_file, "-o", "json")
    assert (run.code, run.out) == (5, "")
    said = run.failure
    assert (said["class"], said["outcome"], said["ids"]) == ("AmbiguousCreate", "unknown", {})
    assert said["natural_key"]["cluster_name"] == "first-cluster"
    assert "look for it" in said["hint"]
    assert emulator.ledger.count("CreateCluster") == 1
    found = cli.done(*shlex.split(said["find_with"])[1:], "-o", "json").json
    assert [each["cluster_name"] for each in found] == ["first-cluster"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clusters", "get"], "Missing argument CLUSTER_ID (or --cluster-id)."),
        (["clusters", "lst"], "No such command 'lst'. Did you mean 'list'?"),
        (["clusters", "list", "--nonsense"], "No such option"),
        (["clusters", "list", "--query", "["], "--query is no JMESPath"),
        (["clusters", "list", "--timeout", "soon"], "is no time above 0"),
        (["clusters", "get", "a", "b"], "Got unexpected extra argument (b)."),
        (["clusters", "delete", "c-1"], "needs --yes"),
        (["node-pools", "scale", "c-1", "p-1", "many"], "'many' is no whole number."),
        (["node-pools", "scale", "c-1", "p-1", "100"], "replicas: must be at most 99"),
        (["clusters", "create"], "cluster_name: is required"),
    ],
)
def test_wrong_usage_is_2(cli: CommandLine, emulator: Emulator, arguments: list[str], words: str) -> None:
    run = cli(*arguments)
    assert run.code == 2
    assert words in run.err
    again = cli(*arguments, "-o", "json")
    assert (again.code, again.out) == (2, "")
    told = again.failure
    assert told["outcome"] == "not_sent"
    assert words in f"{told['message']} {told.get('faults')}" or words.split(": ")[-1] in str(told["faults"])
    assert emulator.ledger.count() == 0


@pytest.mark.parametrize(
    "arguments", [["-o", "json", "nope"], ["-ojson", "nope"], ["--output=jsonl", "nope"], ["nope", "-o", "yaml"]]
)
def test_an_error_of_usage_is_json_wherever_the_format_stands(offline: CommandLine, arguments: list[str]) -> None:
    assert offline(*arguments).failure["class"] == "UsageError"


def test_without_a_command_there_is_the_help_or_json(offline: CommandLine) -> None:
    run = offline("clusters")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("Usage: cds-eks clusters")
    told = offline("-o", "json", "clusters").failure
    assert (told["message"], told["exit_code"]) == ("Missing command.", 2)


def test_without_keys_it_is_4(offline: CommandLine) -> None:
    run = offline("clusters", "list", "-o", "json")
    assert run.code == 4
    assert run.failure["class"] == "CredentialsError"
    assert "CDS_SECRET_ID" in run.failure["message"]


def test_differences_are_2_after_the_result() -> None:
    run = FAILING("differs", "-o", "json")
    assert (run.code, run.json, run.err) == (2, {"differences": 1}, "")
    assert FAILING("clusters", "further", "-o", "json").json == {"differences": 1}


def test_throttled_is_7() -> None:
    assert FAILING("throttled").code == 7


def test_a_wait_that_timed_out_is_124() -> None:
    run = FAILING("-o", "json", "wait")
    assert run.code == 124
    assert run.failure["ids"] == {"cluster_id": "c-1"}
    assert run.failure["outcome"] == "accepted"


def test_a_mistake_of_ours_is_1_without_traceback_and_without_its_message() -> None:
    run = FAILING("broken")
    assert run.code == 1
    assert run.err == "error: an error in cds-eks itself (TypeError); --debug shows where\n"
    assert FAILING("broken", "-o", "json").failure["class"] == "TypeError"


def test_debug_shows_the_traceback() -> None:
    run = FAILING("broken", "--debug")
    assert "Traceback" in run.err
    assert "commands_by_hand.py" in run.err


def test_interrupted_is_130_and_says_what_is_open(cli: CommandLine, emulator: Emulator, request_file: str) -> None:
    emulator.faults.add(Fault("hang_after_commit", "CreateCluster"))
    command = [*PROCESS, "-o", "json", "clusters", "create", "-f", request_file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) as run:
        until(lambda: emulator.ledger.count("CreateCluster") == 1)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=WAIT_TIMEOUT)
    assert (run.returncode, out) == (130, b"")
    said = json.loads(err)
    assert (said["message"], said["exit_code"]) == ("interrupted", 130)
    (create,) = said["open_creates"]
    assert (create["action"], create["outcome"]) == ("CreateCluster", "unknown")
    assert create["natural_key"]["cluster_name"] == "first-cluster"
    assert create["find_with"].startswith("cds-eks clusters list --keyword first-cluster --vpc-id ")
    assert said["outcome"] == "unknown"
    assert "do not just repeat" in said["hint"]


def test_who_has_read_enough_is_no_failure(cli: CommandLine, emulator: Emulator) -> None:
    cluster_id = emulator.add_cluster()
    for _ in range(5):
        emulator.add_node_pool(cluster_id, replicas=99)
    command = f'"$@" nodes list {cluster_id} --page-all -o jsonl | head -n 1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", command, "bash", *PROCESS], capture_output=True, encoding="utf-8", check=True)
    first, code = done.stdout.splitlines()
    assert json.loads(first)["cluster_id"] == cluster_id
    assert (code, done.stderr) == ("0", "")


@pytest.mark.parametrize(("kind", "code"), CODES, ids=str)
def test_each_class_has_its_code(kind: type[BaseException], code: int) -> None:
    made: Any = kind.__new__(kind)
    assert exit_code(made) == code


def test_all_other_errors_are_failures() -> None:
    listed = tuple(kind for kind, _ in CODES)
    others = [
        kind
        for name in errors.__all__
        if isinstance(kind := getattr(errors, name), type) and not issubclass(kind, listed)
    ]
    assert others
    made: list[Any] = [kind.__new__(kind) for kind in others]
    assert set(map(exit_code, made)) == {1}
    assert exit_code(click.ClickException("x")) == 1


@pytest.mark.parametrize("redirection", ["> /dev/full", "| true"])
def test_a_create_whose_result_can_not_be_printed_tells_the_ids(
    cli: CommandLine, emulator: Emulator, request_file: str, redirection: str
) -> None:
    command = f'"$@" clusters create -f {request_file} -o json {redirection}; echo "${{PIPESTATUS[0]}}" >&2'
    done = subprocess.run(["bash", "-c", command, "bash", *PROCESS], capture_output=True, encoding="utf-8", check=True)
    said, code = done.stderr.splitlines()
    assert code == "1"
    told = json.loads(said)
    assert (told["class"], told["outcome"]) == ("ResultNotPrinted", "accepted")
    assert told["ids"]["cluster_id"] == emulator.ledger.to_plain()["resources"][0]["id"]


def test_a_query_that_fails_on_the_result_of_a_create_does_not_hide_it(
    cli: CommandLine, emulator: Emulator, request_file: str
) -> None:
    run = cli("clusters", "create", "-f", request_file, "-o", "json", "--query", "abs(cluster_id)")
    assert run.code == 1
    assert (run.failure["outcome"], bool(run.failure["ids"]["cluster_id"])) == ("accepted", True)
    assert emulator.ledger.count("CreateCluster", "Success") == 1


def test_a_call_that_writes_tells_the_ids_too(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_cluster("c-1")
    call = ["call", "DeleteCluster", "-X", "POST", "--param", "ClusterId=c-1", "-o", "json", "--query", "abs(Code)"]
    told = cli(*call).failure
    assert (told["class"], told["ids"]["ClusterId"], told["outcome"]) == ("ResultNotPrinted", "c-1", "accepted")


def test_a_disk_that_is_full_is_1(cli: CommandLine) -> None:
    command = '"$@" clusters list > /dev/full'
    done = subprocess.run(["bash", "-c", command, "bash", *PROCESS], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")
