"""A create that may have been carried out: its outcome, what to do, and the command that looks for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.cli.context import Context
from cds_eks.cli.open_creates import find_command
from cds_eks.cli.options import Options
from cds_eks.cli.reporting import report
from cds_eks.emulator import Emulator, Fault
from cds_eks.types import OpenCreate
from cli.command_line import CommandLine


def test_a_create_whose_outcome_is_unknown_names_the_command_that_looks_for_it(
    cli: CommandLine, emulator: Emulator, request_file: str
) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster"))
    lines = cli("clusters", "create", "-f", request_file, "--backend", "native").err.splitlines()
    assert lines[0].startswith("error: CreateCluster: ")  # no line of the log is before it
    assert lines[-1].startswith("look for it: cds-eks clusters list --keyword first-cluster --vpc-id ")
    assert lines[-1].endswith(" --backend native")
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster"))
    run = cli("clusters", "create", "-f", request_file, "--cluster-name", "other", "--debug")
    assert "CreateCluster ended, and its outcome is unknown" in run.err


@pytest.mark.parametrize(
    ("action", "key", "command"),
    [
        (
            "CreateNodePool",
            {"config.name": "gpu 1", "cluster_id": "c-1", "vpc_id": "v-1"},
            "cds-eks node-pools list c-1 --filter 'gpu 1'",
        ),
        ("AddScalingNode", {"scaling_group_id": "s-1"}, "cds-eks scaling-groups describe s-1"),
        ("CreateNetworkInterface", {"netcard_name": "n", "subnet_id": "s-1"}, None),
        ("Anything", {"name": "n"}, None),
    ],
)
def test_the_command_that_looks_for_what_may_have_been_created(
    action: str, key: dict[str, str], command: str | None
) -> None:
    assert find_command(action, key, Options()) == command


@pytest.mark.parametrize(("outcome", "words"), [("unknown", "do not just repeat"), ("accepted", "do not repeat")])
def test_interrupted_in_a_create_says_what_to_do(capsys: Any, outcome: Any, words: str) -> None:
    now = datetime.now(UTC)
    context = Context()
    context.open_creates = (
        OpenCreate(
            action="CreateCluster", outcome=outcome, natural_key={"cluster_name": "gpu-9", "vpc_id": "v-1"},
            window=(now, now), ids={}, request_id=None, call_id="1", attempts=1, cause="CancelledError",
        ),
    )  # fmt: skip
    assert report(KeyboardInterrupt(), context, []) == 130
    error, shown, hint, look = capsys.readouterr().err.splitlines()
    assert (error, shown.partition(",")[0]) == ("error: interrupted", "  open: CreateCluster: cluster_name=gpu-9")
    assert hint.startswith("hint: ")
    assert words in hint
    assert look == "look for it: cds-eks clusters list --keyword gpu-9 --vpc-id v-1"
    assert report(KeyboardInterrupt(), context, ["-o", "json"]) == 130
    assert json.loads(capsys.readouterr().err)["outcome"] == outcome
    # another failure, after a create of which it says nothing
    assert report(errors.Conflict("busy", action="GetCluster"), context, []) == 6
    assert look in capsys.readouterr().err
