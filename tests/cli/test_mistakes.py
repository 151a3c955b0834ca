"""Mistakes of newcomers at the shell: what is wrong, and what was meant, without a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cli.command_line import PROCESS, CommandLine, Run, process
from cli.conftest import ROOT


def refused(run: Run, *words: str) -> str:
    assert run.code == 2, run.err
    assert run.out == ""
    assert "Traceback" not in run.err
    for each in words:
        assert each in run.err
    return run.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clusters", "create", "c.toml"], "Got unexpected extra argument (c.toml). Did you mean -f c.toml?"),
        (["clusters", "create", "--dry-run", "c.YAML"], "Did you mean -f c.YAML?"),
        (["validate", "c.toml"], "Missing option '-f' / '--file'. Did you mean -f c.toml?"),
        (["plan", "check", "-f", "fleet.toml"], "PLAN stands without an option."),
        (["provision", "--file", "fleet.toml"], "PLAN stands without an option."),
        (["provision", "--plan", "fleet.toml"], "PLAN stands without an option."),
        (["provision", "fleet.toml", "--dry-run"], "`cds-eks plan diff PLAN` shows what"),
        (["clusters", "delete", "c-1", "--force"], "Did you mean --yes?"),
        (["clusters", "list", "--colums", "a"], "--columns"),
        (["provision", "p.toml", "--batc", "1"], "--batch"),
        (["clusters", "list", "--limit", "x"], "'x' is not a valid whole number."),
        (["provision", "p.toml", "--runners", "1.5"], "'1.5' is not a valid whole number."),
        (["provision", "p.toml", "--requests-per-second", "x"], "'x' is not a valid number."),
        (["provision", "p.toml", "--requests-per-second", "0"], "0.0 is not in the range x>0."),
        (["clusters", "list", "--query", "[?"], "--query is no JMESPath: incomplete expression, in '[?'"),
        (["completion"], "Missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish"),
        (["help"], "Did you mean `cds-eks --help`?"),
        (["version"], "Did you mean `cds-eks --version`?"),
        (["clusters", "help"], "Did you mean `cds-eks clusters --help`?"),
    ],
)
def test_what_was_meant(offline: CommandLine, arguments: list[str], words: str) -> None:
    told = refused(offline(*arguments), words)
    assert told.splitlines()[-1].startswith("hint: see `cds-eks")
    assert told.count("\n") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["clusters", "create", "-f", "a.toml", "b.toml"],
        ["clusters", "get", "a", "b.toml"],
        ["clusters", "list", "-f"],
        ["plan", "check", "--nothing", "p.toml"],
        ["clusters", "list", "x.txt"],
    ],
    ids=" ".join,
)
def test_what_is_not_known_to_be_meant_is_not_guessed_at(offline: CommandLine, arguments: list[str]) -> None:
    told = refused(offline(*arguments), "hint: see `cds-eks")
    assert "stands without" not in told
    assert "Did you mean -f" not in told


@pytest.mark.parametrize(
    "arguments", [["clusters", "get", "x", "--wait"], ["clusters", "create", "--xyz"], ["plan", "check", "p", "--now"]]
)
def test_an_option_that_only_its_dashes_are_like_is_not_suggested(offline: CommandLine, arguments: list[str]) -> None:
    told = refused(offline(*arguments), "No such option")
    assert "mean" not in told


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["clusters", "list", "-o"], "cds-eks clusters list"),
        (["--output"], "cds-eks"),
        (["clusters", "get", "--cluster-id"], "cds-eks clusters get"),
        (["clusters", "list", "--query", "["], "cds-eks clusters list"),
        (["clusters", "--nope"], "cds-eks clusters"),
    ],
    ids=str,
)
def test_every_wrong_usage_names_the_help_of_its_command(offline: CommandLine, arguments: list[str], path: str) -> None:
    assert refused(offline(*arguments)).splitlines()[-1] == f"hint: see `{path} --help`"


def test_who_gives_no_request_is_told_how_to_get_a_file(offline: CommandLine, tmp_path: Path) -> None:
    skeleton = "cds-eks clusters create --skeleton yaml > FILE"
    refused(offline("clusters", "create"), "cluster_name: is required", f"hint: a file to fill in: {skeleton}")
    assert offline("clusters", "create", "-o", "json").failure["hint"] == f"a file to fill in: {skeleton}"
    chinese = offline("clusters", "create", env={"LANG": "zh_CN.UTF-8"}).err
    assert f"提示: 待填写的文件：{skeleton}" in chinese
    file = tmp_path / "a.toml"
    file.write_text("cluster_name = 'x'")
    assert "--skeleton" not in refused(offline("clusters", "create", "-f", str(file)), "vpc_id: is required")


def test_a_plan_and_a_request_that_are_taken_for_each_other_are_told_apart(offline: CommandLine) -> None:
    plan, request = (str(ROOT / "examples" / name) for name in ("fleet.toml", "first_cluster.toml"))
    told = refused(offline("clusters", "create", "-f", plan), "clusters: is not a field of CreateClusterRequest")
    assert told.splitlines()[-1] == f"hint: it looks like the plan of a fleet: cds-eks plan check {plan}"
    for command in (["plan", "check"], ["provision"], ["destroy"], ["status"]):
        told = refused(offline(*command, request), "clusters: is required")
        assert told.splitlines()[-1] == f"hint: it may be a request: cds-eks validate -f {request}"
    text = Path(request).read_text(encoding="utf-8")
    assert "cds-eks validate -f -" in refused(offline("plan", "check", "-", stdin=text))
    text = Path(plan).read_text(encoding="utf-8")
    assert "cds-eks plan check -" in refused(offline("clusters", "create", "-f", "-", stdin=text))
    assert "hint" not in refused(offline("plan", "check", "-", stdin="version = 1\n[[clusters]]\nname = 'x'\n"))


SAMPLES = {
    "utf16.toml": (
        "a = 1".encode("utf-16"),
        "is not UTF-8: it is UTF-16, as PowerShell may write it; save it as UTF-8",
    ),
    "latin1.toml": (b"a = '\xe9'", "is not UTF-8"),
    "empty.json": (b" \n", ":1: is not JSON: it is empty"),
    "bad.json": (b'{"a": 1,}', ":1: is not JSON: a key in double quotes is expected"),
    "list.json": (b"[1]", "must be a table (a mapping)"),
    "nul.toml": (b"a = 1\x00", ":1: is not TOML"),
    "none.toml": (None, "can't be read: No such file or directory"),
}


@pytest.mark.parametrize("command", [["clusters", "create", "-f"], ["validate", "-f"], ["plan", "check"]], ids=" ".join)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_is_none(offline: CommandLine, tmp_path: Path, command: list[str], name: str) -> None:
    content, words = SAMPLES[name]
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    refused(offline(*command, str(file)), f"{file}", words)


def test_a_folder_and_an_empty_text_are_no_plan(offline: CommandLine, tmp_path: Path) -> None:
    refused(offline("plan", "check", str(tmp_path)), f"{tmp_path}: is a folder, not the file of a plan")
    refused(offline("plan", "check", "-", stdin=""), "stdin: must be a table (a mapping), not nothing: it is empty")


@pytest.mark.parametrize("begin", ["\ufeff", ""], ids=["bom", "no bom"])
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize("name", ["first_cluster.toml", "fleet.toml"])
def test_marks_and_line_ends_of_other_systems_are_read(
    offline: CommandLine, tmp_path: Path, name: str, begin: str, end: str
) -> None:
    text = (ROOT / "examples" / name).read_text(encoding="utf-8")
    file = tmp_path / name
    file.write_bytes((begin + text).replace("\n", end).encode())
    assert offline.done("validate", "-f", str(file), "--skip-secrets", "-o", "json").json["valid"] is True


def test_a_profile_that_is_not_there_says_how_it_is_made(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDS_CONFIG_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    told = refused(cli("clusters", "list", "--profile", "work"), "names the profile 'work', but there is no such file")
    hint = "cds-eks profiles list shows those that are there; cds-eks profiles set NAME makes one"
    assert told.splitlines()[-1] == f"hint: {hint}"
    assert cli("clusters", "list", "--profile", "work", "-o", "json").failure["hint"] == hint
    (tmp_path / "cds-eks").mkdir()
    (tmp_path / "cds-eks" / "config.toml").write_text("[profiles.work]\nnonsense = 1\n")
    assert hint in refused(cli("profiles", "show", "wrk"), "names the profile 'wrk', which is not there")
    assert hint not in refused(cli("clusters", "list", "--profile", "work"), ":2: profiles.work.nonsense: is not known")


def test_a_scheme_that_is_none_is_told_of_as_the_variable_that_has_it(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDS_EKS_ENDPOINT")
    monkeypatch.setenv("CDS_API_HOST", "eks.example.com")
    monkeypatch.setenv("CDS_API_SCHEMA", "ftp")
    refused(cli("clusters", "list"), "endpoint (CDS_API_SCHEMA) must begin with https:// or http://")


def test_a_selection_that_leaves_nothing_is_told_in_options(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CDS_CLOUD_AK", "CDS_CLOUD_SK", "NODE_PASSWORD"):
        monkeypatch.setenv(name, "Passw0rd!x")
    file = tmp_path / "fleet.toml"
    file.write_text((ROOT / "examples" / "fleet.toml").read_text(encoding="utf-8"), encoding="utf-8")
    told = refused(cli("provision", str(file), "--only", "gpu-001", "--exclude", "gpu-001"))
    assert "--only and --exclude leave no cluster of the plan" in told


def test_a_port_that_is_taken_says_what_to_do() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = process("emulator", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert done.stderr.startswith("cds-eks emulator: ")
    assert done.stderr.endswith("; --port 0 takes one that is free\n")


@pytest.mark.parametrize(
    "environ",
    [
        {"HOME": ""},
        {"HOME": "/nonexistent"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"LANG": "zh_CN.UTF-8", "PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb", "NO_COLOR": "1"},
        {"COLUMNS": "1"},
        {"COLUMNS": "abc"},
    ],
    ids=str,
)
def test_whatever_the_environment_is_there_is_help_and_no_traceback(environ: dict[str, str]) -> None:
    path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    for arguments in (["fleet", "--help"], ["clusters", "list", "--nope"], ["profiles", "list"]):
        done = subprocess.run(
            [*PROCESS, *arguments], env=path | environ, capture_output=True, encoding="utf-8", check=False
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == (2 if "--nope" in arguments else 0), done.stderr
        assert done.stdout + done.stderr != ""


@pytest.mark.parametrize("words", [["destroy", "fleet.toml", "--dry-run"], ["clusters", "list", "--force"]])
def test_nothing_is_meant_by_an_option_that_a_command_has_no_use_for(offline: CommandLine, words: list[str]) -> None:
    run = offline(*words)
    assert run.code == 2
    assert run.err.splitlines()[0].endswith(f"No such option {words[-1]!r}.")
