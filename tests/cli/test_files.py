"""`-f`, `--skeleton` and `validate`."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_eks.cli.fields import put
from cds_eks.cli.operation_group import operations_of
from cds_eks.cli.operations import GROUPS
from cds_eks.emulator import Emulator
from cds_eks.models import CreateClusterRequest
from cli.command_line import PROCESS, CommandLine

REQUEST = Path(__file__).parents[2] / "examples" / "first_cluster.toml"
DATA = tomllib.loads(REQUEST.read_text(encoding="utf-8"))
WIRE = CreateClusterRequest.from_dict(DATA).to_dict(wire_names=True)
CREATE = ["clusters", "create"]
WRITES = [each for group in GROUPS for each in operations_of(group) if each.takes_request or each.kind == "create"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", REQUEST.read_text(encoding="utf-8")),
        ("a.yaml", yaml.safe_dump(DATA)),
        ("a.yml", yaml.safe_dump(WIRE)),
        ("a.json", json.dumps(WIRE)),
        ("-", REQUEST.read_text(encoding="utf-8")),
        ("-", yaml.safe_dump(DATA)),
        ("-", json.dumps(DATA)),
    ],
)
def test_a_file_of_any_format_and_names(cli: CommandLine, tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    if name != "-":
        path.write_text(text, encoding="utf-8")
    given = name if name == "-" else str(path)
    run = cli.done(*CREATE, "-f", given, "--dry-run", "-o", "json", stdin=text if name == "-" else None)
    body = run.json["body"]
    assert (body["ClusterName"], body["MasterNumber"], body["Ak"]) == ("first-cluster", 3, "***")
    assert body["MasterConfig"]["SystemDisk"] == {"DiskFeature": "ssd", "DiskSize": 40}


def test_options_replace_what_the_file_has_by_the_names_of_the_wire(cli: CommandLine, tmp_path: Path) -> None:
    run = cli.done(
        *CREATE, "-f", "-", "--cni.cni-config.node-pods-num", "32", "--cluster-name", "mine", "--dry-run", "-o", "json",
        stdin=json.dumps(WIRE),
    )  # fmt: skip
    assert run.json["body"]["ClusterName"] == "mine"
    assert run.json["body"]["Cni"]["CniConfig"]["NodePodsNum"] == 32


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cluster_name: [", "stdin:1"),
        ("a: 1\na: 2", "is there twice"),
        ("cluster_name: a\nClusterName: b", "stdin:2: cluster_name is there under two names"),
        ("- a", "must be a table"),
        ("cluster_name: x\nclustre: 1", "stdin:2: clustre: is not a field"),
        ("cluster_name: 12", "stdin:1: cluster_name: must be a text"),
        ("\ncni:\n  cni_type: x\n  nonsense: 1", "stdin:4: cni.nonsense: is not a field of CniInfo"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(offline: CommandLine, text: str, words: str) -> None:
    run = offline("validate", "--for", "clusters create", "-f", "-", stdin=text)
    assert run.code == 2
    assert words in run.err


@pytest.mark.parametrize(
    ("name", "words"), [("missing.toml", "can't be read: No such file"), ("a.txt", "ends with none of .toml")]
)
def test_a_file_that_can_not_be_read(offline: CommandLine, tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "a.txt").write_text("x")
    run = offline(*CREATE, "-f", str(tmp_path / name))
    assert run.code == 2
    assert words in run.err


def test_all_faults_are_told_at_once_as_json_too(offline: CommandLine) -> None:
    told = offline(*CREATE, "-f", "-", "-o", "json", stdin="cluster_name: '-'\nmaster_number: 4").failure
    faults = {fault["field"]: fault for fault in told["faults"]}
    assert faults["cluster_name"]["line"] == 1
    assert faults["master_number"] == {
        "field": "master_number",
        "message": "must be one of 3, 5, 7; got 4",
        "file": "stdin",
        "line": 2,
    }
    assert faults["vpc_id"]["message"] == "is required"


def test_secrets_come_by_reference_and_are_checked_but_never_shown(
    cli: CommandLine, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data: dict[str, Any] = json.loads(json.dumps(DATA)) | {"ak": "env:PLANTED_AK", "sk": "file:sk", "cluster_name": "x"}
    data["master_config"]["password"] = "cmd:printf planted-Passw0rd!"
    monkeypatch.setenv("PLANTED_AK", "planted-ak")
    (tmp_path / "sk").write_text("planted-sk\n")
    (tmp_path / "sk").chmod(0o600)
    file = tmp_path / "request.json"
    file.write_text(json.dumps(data))
    run = cli.done(*CREATE, "-f", str(file), "--debug")
    assert "planted" not in run.out + run.err
    assert emulator.ledger.count("CreateCluster", "Success") == 1

    data["node_pool_config"]["node_config"]["password"] = "planted"
    data["sk"] = "env:NOT_THERE"
    file.write_text(json.dumps(data))
    run = cli(*CREATE, "-f", str(file))
    assert run.code == 2
    assert "node_pool_config.node_config.password: must have 8 to 30 characters" in run.err
    assert "sk: env:NOT_THERE: there is no such environment variable" in run.err
    assert "planted" not in run.err.replace("PLANTED", "")


def test_validate_needs_no_keys_and_no_network(offline: CommandLine, request_file: str) -> None:
    run = offline.done("validate", "-f", request_file, "-o", "json")
    assert run.json == {"valid": True, "file": request_file, "for": "clusters create"}


def test_validate_knows_a_plan_of_a_fleet(offline: CommandLine, tmp_path: Path) -> None:
    plan = tmp_path / "fleet.toml"
    plan.write_text('version = 1\n[[clusters]]\nname = "a"\nnonsense = 1\n')
    run = offline("validate", "-f", str(plan), "-o", "json")
    assert run.code == 2
    faults = run.failure["faults"]
    assert any(fault["line"] == 4 and "nonsense" in fault["field"] for fault in faults)


def test_validate_asks_what_a_file_is_for(offline: CommandLine) -> None:
    assert "say what it is for" in offline("validate", "-f", "-", stdin="x: 1").err
    said = offline("validate", "-f", "-", "--for", "x", stdin="x: 1").err
    assert "is none of: " in said
    assert "clusters create" in said


@pytest.mark.parametrize("style", ["yaml", "toml"])
@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.name)
def test_a_skeleton_is_read_again_and_names_what_is_missing(offline: CommandLine, operation: Any, style: str) -> None:
    command = [operation.group.replace("_", "-"), operation.command]
    text = offline.done(*command, "--skeleton", style).out
    run = offline(*command, "-f", "-", "-o", "json", stdin=text)
    assert run.code == 2
    said = run.failure
    told = {fault["field"].split(".")[0].split("[")[0] for fault in said.get("faults", [])}
    for field in operation.fields:
        assert field.name in text
        if field.required and field.type != "shape":
            missing = f"{field.name.upper()}" in said["message"] or field.name in said["message"]
            assert missing or field.name in told, field.name
    assert text.count("REQUIRED") > len([field for field in operation.fields if field.required])


def required_leaves(fields: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for field in fields:
        if field.required and field.type == "shape" and not field.is_list:
            yield from required_leaves(field.fields, f"{path}{field.name}.")
        elif field.required:
            yield f"{path}{field.name}", field


@pytest.mark.parametrize("style", ["yaml", "toml"])
@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.name)
def test_all_that_is_required_is_there_to_be_filled_in_and_refused_until_it_is(
    offline: CommandLine, operation: Any, style: str
) -> None:
    command = [operation.group.replace("_", "-"), operation.command]
    text = offline.done(*command, "--skeleton", style).out
    loaded = yaml.safe_load(text) if style == "yaml" else tomllib.loads(text)
    said = offline(*command, "-f", "-", "-o", "json", stdin=text).failure
    lines = {fault["field"]: fault["line"] for fault in said.get("faults", [])} or {said["field"]: None}
    for path, field in required_leaves(operation.fields):
        there: Any = loaded
        for step in path.split("."):
            assert step in there, path  # not in a comment
            there = there[step]
        if field.is_list and field.allow_empty:
            assert there == []  # complete as it is
        else:
            assert path in lines
            line = lines[path]
            assert line is None or text.splitlines()[line - 1].split("=")[0].split(":")[0].strip() == field.name
    optional = {field.name for field in operation.fields if not field.required}
    assert not optional & loaded.keys()


@pytest.mark.parametrize("style", ["yaml", "toml"])
def test_what_alone_is_not_filled_in_is_refused_and_never_sent(
    cli: CommandLine, emulator: Emulator, request_file: str, style: str
) -> None:
    """The rest is as it was given: a text that may be empty must not pass as one."""
    whole = cli.done(*CREATE, "-f", request_file, "--skeleton", style).out
    blank = cli.done(*CREATE, "--skeleton", style).out
    for path in ("cni.cni_config.pod_cidr", "master_number", "node_pool_config.auto_scaling.enable"):
        name = path.rpartition(".")[2]
        line = next(line for line in blank.splitlines() if line.lstrip().startswith((f"{name}:", f"{name} =")))
        text = re.sub(rf"^ *{name}(:| =).*$", line, whole, count=1, flags=re.MULTILINE)
        text = re.sub(r"^( *)(ak|sk|password)(:| =).*$", r'\1\2\3 "Passw0rd!x"', text, flags=re.MULTILINE)
        run = cli(*CREATE, "-f", "-", stdin=text)
        assert (run.code, f"{path}: is required" in run.err) == (2, True), run.err
        assert run.err.count("stdin:") == 1
    assert emulator.ledger.count("CreateCluster") == 0


@pytest.mark.parametrize("style", ["yaml", "toml"])
def test_a_skeleton_has_what_was_given_and_can_be_sent(
    cli: CommandLine, request_file: str, monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    data: dict[str, Any] = json.loads(json.dumps(DATA))
    for path in (("ak",), ("sk",), ("master_config", "password"), ("node_pool_config", "node_config", "password")):
        put(data, path, "env:PLANTED")
    monkeypatch.setenv("PLANTED", "Passw0rd!x")
    given = [*CREATE, "-f", "-", "--cluster-name", "x-1"]
    text = cli.done(*given, "--skeleton", style, stdin=json.dumps(data)).out
    assert "env:PLANTED" in text
    again = cli.done(*CREATE, "-f", "-", "--dry-run", "-o", "json", stdin=text).json
    assert again == cli.done(*given, "--dry-run", "-o", "json", stdin=json.dumps(data)).json
    assert "Change-me-1st!" not in cli.done(*CREATE, "-f", request_file, "--skeleton", style).out


def test_the_comments_of_a_skeleton_are_in_chinese(offline: CommandLine) -> None:
    text = offline.done(*CREATE, "--skeleton", "yaml", env={"LANG": "zh_CN.UTF-8"}).out
    assert "集群名称" in text
    assert "REQUIRED" in text


@pytest.mark.parametrize("language", ["", "zh_CN.UTF-8"])
@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.name)
def test_neither_skeletons_nor_help_have_examples_that_say_nothing_or_marks(
    offline: CommandLine, operation: Any, language: str
) -> None:
    command = [operation.group.replace("_", "-"), operation.command]
    environ = {"LANG": language, "COLUMNS": "200"}
    skeleton = offline.done(*command, "--skeleton", "yaml", env=environ).out
    for text in (skeleton, offline.done(*command, "--help", env=environ).out):
        assert re.findall(r"\[[DOI]\]", text) == []
    assert re.findall(r"# (?:such as|例如) (?:\"\"|1|false)$", skeleton, re.MULTILINE) == []


def test_an_example_that_says_something_is_there(offline: CommandLine) -> None:
    text = offline.done(*CREATE, "--skeleton", "yaml").out
    for line in ("cluster_name:", '  cni_type:  # such as "flannel"', "master_number:  # such as 3", "    disk_size:"):
        assert line in text.splitlines()


@pytest.mark.parametrize("name", ["vpcid", "VPCID", "vpcId", "VPC_ID", "vpc_idd"])
def test_a_name_that_is_neither_pythons_nor_the_wires_is_refused(offline: CommandLine, name: str) -> None:
    data = {key: value for key, value in DATA.items() if key != "vpc_id"} | {name: "v-1"}
    run = offline(*CREATE, "-f", "-", "--dry-run", "-o", "json", stdin=json.dumps(data))
    assert run.code == 2
    assert name in {fault["field"] for fault in run.failure["faults"]}
    for known in ("vpc_id", "VpcId"):
        assert "is not a field" not in offline(*CREATE, "-f", "-", stdin=json.dumps({known: "v-1"})).err


@pytest.mark.parametrize("style", ["yaml", "toml"])
@pytest.mark.parametrize(
    "secret", [987654321987, 98765.4321, {"a": "Pl4nted"}, ["Pl4nted"], [987654321987], True], ids=str
)
def test_a_skeleton_shows_no_secret_of_any_type(offline: CommandLine, style: str, secret: Any) -> None:
    data: dict[str, Any] = {"sk": secret, "master_config": {"password": secret, "access_key": "Pl4nted"}}
    text = offline.done(*CREATE, "-f", "-", "--skeleton", style, stdin=json.dumps(data)).out
    assert "Pl4nted" not in text
    assert "98765" not in text
    assert not [line for line in text.splitlines() if line.strip().startswith("sk") and "true" in line]


@pytest.mark.parametrize("style", ["yaml", "toml"])
def test_a_skeleton_takes_a_date(offline: CommandLine, style: str, tmp_path: Path) -> None:
    file = tmp_path / "date.toml"
    file.write_text("cluster_name = 2026-01-02", encoding="utf-8")
    assert '"2026-01-02"' in offline.done(*CREATE, "-f", str(file), "--skeleton", style).out


@pytest.mark.parametrize("command", [["clusters", "create", "-f", "-"], ["validate", "-f", "-"]], ids=" ".join)
def test_a_closed_stdin_is_wrong_usage(offline: CommandLine, command: list[str]) -> None:
    done = subprocess.run(
        ["bash", "-c", 'exec "$@" <&-', "bash", *PROCESS, *command, "-o", "json"],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, json.loads(done.stderr)["message"]) == (2, "stdin: is closed")


def test_validate_leaves_the_secrets_of_a_plan_alone_too(offline: CommandLine, tmp_path: Path) -> None:
    text = (REQUEST.parent / "fleet.toml").read_text(encoding="utf-8")
    plan = tmp_path / "fleet.toml"
    plan.write_text(text, encoding="utf-8")
    faults = offline("validate", "-f", str(plan), "-o", "json").failure["faults"]
    assert {fault["field"].rpartition(".")[2] for fault in faults} == {"ak", "sk", "password"}
    assert offline.done("validate", "-f", str(plan), "--skip-secrets", "-o", "json").json["valid"] is True
    plan.write_text(text.replace("version = 1", "version = 1\nnonsense = 1"), encoding="utf-8")
    faults = offline("validate", "-f", str(plan), "--skip-secrets", "-o", "json").failure["faults"]
    assert [fault["field"] for fault in faults] == ["nonsense"]
