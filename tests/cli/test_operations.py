"""Every operation of the description as a command, driven against the emulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from cds_eks.cli.description import Operation
from cds_eks.cli.fields import flat, option_name
from cds_eks.cli.groups import loaded
from cds_eks.cli.main import COMMANDS
from cds_eks.cli.operation_group import OperationCommand
from cds_eks.cli.options import COMMON_NAMES
from cds_eks.cli.root import Root
from cds_eks.emulator import Emulator
from cli import samples
from cli.command_line import CommandLine
from cli.operation_calls import CALLS, OPERATIONS, POOL, world
from support.api_description import API

__all__ = ["world"]


def test_there_is_a_command_for_each_operation() -> None:
    assert {operation.name for operation in OPERATIONS} == set(API.operations)
    # One that is not here is called as its description says, in test_end_to_end.py, as all are.
    assert {operation.name for operation in OPERATIONS} >= {*CALLS, "CreateCluster", "QueryEventStatus"}
    assert {operation.name for operation in OPERATIONS} == {operation.name for operation in samples.OPERATIONS}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("revision", ["2025-09-08", "2025-10-11"])
def test_each_is_carried_out(
    cli: CommandLine,
    emulator: Emulator,
    world: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    revision: str,
) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "Passw0rd!x")
    operation = next(each for each in OPERATIONS if each.name == name)
    words = [world.get(word, word) for word in CALLS[name]]
    stdin = POOL.replace("CLUSTER", "c-1")
    if name == "UpdateNodePoolConfig":
        stdin = stdin.replace("name: more", "name: pool-1\n  id: p-1").replace("vpc_id: vpc-1\n", "")
    command = [operation.group.replace("_", "-"), operation.command, *words, "-o", "json"]
    run = cli.done(*command, "--api-revision", revision, stdin=stdin)
    assert run.err == ""
    assert isinstance(run.json, list) == operation.is_list
    if operation.writes:
        assert run.json["request_id"]
        assert not operation.id or run.json[operation.id]
    assert emulator.ledger.count(operation.name) == 1


def test_the_events_of_interfaces_can_be_followed(cli: CommandLine, world: dict[str, str]) -> None:
    event = cli.done("network-interfaces", "attach", "e-1", "i-1", "--query", "event_id", "-o", "json").json
    assert cli.done("events", "get-status", event, "-o", "json").json["event_id"] == event


def test_a_cluster_is_made_of_a_file_and_of_options_that_win(
    cli: CommandLine, emulator: Emulator, request_file: str
) -> None:
    options = ["--cluster-name", "other", "--cni.cni-config.node-pods-num", "128"]
    options += ["--node-pool-config.node-config.labels", "a=b", "--node-pool-config.node-config.labels", "c=d=e"]
    options += ["--master-config.specifics", "Optimized M6,8,16,0", "--no-master-config.billing-spec.auto-renew"]
    options += ["--master-config.data-disk", "disk_feature=ssd,disk_size=200,number=2"]
    run = cli.done("clusters", "create", "-f", request_file, *options, "--quiet")
    (made,) = json.loads(json.dumps(emulator.ledger.to_plain()))["resources"][:1]
    assert made["name"] == "other"
    assert run.out == f"{made['id']}\n"


def dry(cli: CommandLine, *arguments: str, **more: Any) -> Any:
    return cli.done(*arguments, "--dry-run", "-o", "json", **more).json


def test_nested_options_lists_and_maps_are_in_the_request(
    cli: CommandLine, emulator: Emulator, request_file: str
) -> None:
    options = [
        "--cni.cni-config.node-pods-num",
        "128",
        "--master-config.labels",
        "a=b",
        "--master-config.labels",
        "c=d=e",
    ]
    options += ["--master-config.specifics", "Optimized M6,8,16,0", "--master-config.billing-spec.auto-renew"]
    options += ["--master-config.data-disk", "disk_feature=ssd,disk_size=200,number=2"]
    options += ["--master-config.data-disk", '{"DiskFeature": "ssd", "DiskSize": 300}']
    body = dry(cli, "clusters", "create", "-f", request_file, *options)["body"]
    assert body["Cni"]["CniConfig"]["NodePodsNum"] == 128
    masters = body["MasterConfig"]
    assert masters["Labels"] == {"a": "b", "c": "d=e"}
    assert masters["Specifics"] == [{"ProductName": "Optimized M6,8,16,0"}]
    assert masters["BillingSpec"]["AutoRenew"] == 1
    assert masters["DataDisk"] == [
        {"DiskFeature": "ssd", "DiskSize": 200, "Number": 2},
        {"DiskFeature": "ssd", "DiskSize": 300},
    ]
    assert emulator.ledger.count() == 0


def test_a_dry_run_speaks_the_revision_and_shows_no_secret(cli: CommandLine, request_file: str) -> None:
    shown = dry(cli, "clusters", "create", "-f", request_file, "--api-revision", "2025-10-11")
    assert shown["api_revision"] == "2025-10-11"
    assert (shown["body"]["Password"], shown["body"]["Ak"]) == ("***", "***")
    assert "Change-me-1st!" not in json.dumps(shown)
    assert "cloud-controller-manager" not in json.dumps(shown)


def test_a_dry_run_of_a_deletion_asks_nothing_and_sends_nothing(cli: CommandLine, emulator: Emulator) -> None:
    assert dry(cli, "clusters", "delete", "c-1")["body"] == {"ClusterId": "c-1"}
    assert emulator.ledger.count() == 0


def test_an_entry_of_a_list_may_be_its_fields_or_its_id(cli: CommandLine) -> None:
    entries = ["subnet-2", "subnet_id=subnet-3,segment=10.3.0.0/24,used_ip_num=7"]
    assert dry(cli, "clusters", "add-subnets", "c-1", *entries)["body"]["SubnetList"] == [
        {"SubnetId": "subnet-2"},
        {"SubnetId": "subnet-3", "Segment": "10.3.0.0/24", "UsedIpNum": 7},
    ]
    run = cli("clusters", "add-subnets", "c-1", "subnet_id=subnet-3,used_ip_num=x")
    assert (run.code, "'x' is no whole number" in run.err) == (2, True)


def test_undocumented_fields_go_along(cli: CommandLine) -> None:
    shown = dry(cli, "clusters", "delete", "c-1", "--extra", "Force:=true", "--extra", "Note=a=b")
    assert shown["body"] == {"ClusterId": "c-1", "Force": True, "Note": "a=b"}


def test_a_secret_is_no_argument(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    run = cli("clusters", "delete", "c-1", "--extra", "Password=hunter2-planted")
    assert run.code == 2
    assert "never an argument" in run.err
    assert "hunter2-planted" not in run.err
    monkeypatch.setenv("PLANTED", "hunter2-planted")
    shown = dry(cli, "clusters", "delete", "c-1", "--extra", "Password=env:PLANTED")
    assert shown["body"]["Password"] == "***"


def test_no_command_has_an_option_for_a_secret() -> None:
    secrets = {name for shape in API.shapes.values() for name, field in shape.fields.items() if field.secret}
    assert secrets
    for operation in OPERATIONS:
        assert not {path[-1] for path, _, _ in flat(operation.fields)} & secrets, operation.name


def test_no_option_of_a_field_is_a_common_one() -> None:
    options = [option_name(path) for operation in OPERATIONS for path, _, _ in flat(operation.fields)]
    assert not {name.removeprefix("--") for name in options} & COMMON_NAMES
    assert option_name(("output",)) == "--field.output"


def commands(command: click.Command, ctx: click.Context) -> list[click.Command]:
    if not isinstance(command, click.Group):
        return [command]
    below = [command.get_command(ctx, name) for name in command.list_commands(ctx)]
    return [each for one in below if one is not None for each in commands(one, ctx)]


def test_no_option_is_there_twice() -> None:
    root = Root(COMMANDS)
    found = commands(root, click.Context(root))
    by_hand = [each for name, entry in COMMANDS.items() for each in commands(loaded(name, entry), click.Context(root))]
    assert len(found) == len(OPERATIONS) + len(by_hand)
    assert sum(isinstance(each, OperationCommand) for each in found) == len(OPERATIONS)
    groups = {name for name, entry in COMMANDS.items() if isinstance(loaded(name, entry), click.Group)}
    assert {each.name for each in found} >= {name.rpartition(" ")[2] for name in COMMANDS} - groups
    for command in found:
        names = [name for param in command.params for name in (*param.opts, *param.secondary_opts)]
        assert len(names) == len(set(names)), command.name


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_each_has_help_in_both_languages(offline: CommandLine, operation: Operation) -> None:
    command = [operation.group.replace("_", "-"), operation.command, "--help"]
    english, chinese = offline.done(*command), offline.done(*command, env={"LANG": "zh_CN.UTF-8"})
    assert operation.help in " ".join(english.out.split())
    assert "Options:" in english.out
    assert operation.zh in chinese.out
    assert "用法" in chinese.out
    assert "选项" in chinese.out


@pytest.mark.parametrize(
    ("env", "is_chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LC_ALL": "zh_TW"}, True),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh:en"}, True),
        ({"LANG": "C", "LANGUAGE": "zh"}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
    ],
)
def test_the_language_is_the_environments(offline: CommandLine, env: dict[str, str], is_chinese: bool) -> None:
    assert ("用法" in offline.done("--help", env=env).out) == is_chinese


def test_a_call_of_any_action(cli: CommandLine, emulator: Emulator, tmp_path: Path) -> None:
    emulator.add_cluster("c-1", name="gpu-1")
    shown = cli.done("call", "ListClusters", "--param", "Keyword=gpu", "-o", "json", "--query", "Data[].ClusterId").json
    assert shown == ["c-1"]
    file = tmp_path / "arguments.json"
    file.write_text('{"ClusterId": "c-1"}')
    assert cli.done("call", "DeleteCluster", "-X", "post", "-f", str(file), "-o", "json").json["Code"] == "Success"
    dry_run = cli.done("call", "X", "-X", "POST", "--param", "A:=[1]", "--dry-run", "-o", "json").json
    assert (dry_run["action"], dry_run["method"], dry_run["body"]) == ("X", "POST", {"A": [1]})


def test_a_call_shows_no_secret_of_the_answer(cli: CommandLine, emulator: Emulator, request_file: str) -> None:
    made = cli.done("clusters", "create", "-f", request_file, "-q").out.strip()
    shown = cli.done("call", "GetCluster", "--param", f"ClusterId={made}", "-o", "json")
    assert shown.json["Data"]["ClusterId"] == made
    assert "cloud-controller-manager" not in shown.out
