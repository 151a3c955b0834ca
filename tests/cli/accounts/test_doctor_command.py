"""`cds-eks doctor`: a line a check, and the exit code of the first problem."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.command_line import CommandLine

from cds_eks.cli.accounts.doctor import ORDER
from cds_eks.cli.accounts.doctor_command import CODES, exit_code_of
from cds_eks.cli.accounts.verdicts import Check
from cds_eks.emulator import Emulator, Fault

PLANTED = "Pl4nted-key"


@pytest.fixture(autouse=True)
def _no_file(config: Path) -> None:
    """No file of whoever runs the tests."""


def test_all_is_well_is_0_with_a_line_a_check(cli: CommandLine, emulator: Emulator) -> None:
    run = cli.done("doctor")
    assert [line.split()[:2] for line in run.out.splitlines()] == [
        ["NAME", "STATE"], ["settings", "ok"], ["key", "ok"], ["proxy", "ok"], ["tls", "skipped"], ["endpoint", "ok"],
        ["clock", "ok"],
    ]  # fmt: skip
    assert (run.err, cli.done("doctor", "-q").out) == ("", "")
    rows = cli.done("doctor", "-o", "json").json
    assert list(rows[0]) == ["name", "state", "message", "advice"]
    assert {entry.action for entry in emulator.ledger.requests} == {"ListClusters"}


def test_a_request_that_could_be_a_write_is_sent_only_if_it_is_asked_for(cli: CommandLine, emulator: Emulator) -> None:
    run = cli.done("doctor", "--check-revision")
    assert run.err == (
        "--check-revision sends AddClusterSubnet for the cluster 'cds-eks-doctor-no-such-thing', which does not exist\n"
    )
    assert run.out.splitlines()[-1].split()[:2] == ["revision", "ok"]
    assert [entry.action for entry in emulator.ledger.requests] == ["ListClusters", "AddClusterSubnet"]
    assert not list(emulator.ledger.resources)
    for environ in ({}, {"LANG": "zh_CN.UTF-8"}):
        told = "".join(cli.done("doctor", "--help", env=environ).out.split())  # lines end behind hyphens
        assert "AddClusterSubnet" in told
        assert "cds-eks-doctor-no-such-thing" in told


def test_a_key_that_is_refused_is_4(cli: CommandLine) -> None:
    run = cli("doctor", "-o", "json", env={"CDS_SECRET_KEY": PLANTED})
    assert (run.code, run.err) == (4, "")
    assert {row["name"]: row["state"] for row in run.json}["key"] == "problem"
    assert PLANTED not in run.out
    assert cli("doctor", "-q", env={"CDS_SECRET_KEY": PLANTED}).out == "key\n"


def test_without_a_key_it_is_4_and_says_what_to_do(profiles: CommandLine) -> None:
    run = profiles("doctor")
    assert run.code == 4
    assert "cds-eks profiles set NAME" in run.out


def test_an_endpoint_where_nobody_is_is_1(cli: CommandLine) -> None:
    run = cli("doctor", "--endpoint", "http://127.0.0.1:1", "-o", "json")
    assert (run.code, [row["name"] for row in run.json if row["state"] == "problem"]) == (1, ["endpoint"])


def test_an_unknown_profile_is_2(cli: CommandLine) -> None:
    run = cli("doctor", "--profile", "none")
    assert (run.code, run.out.splitlines()[1].split()[:2]) == (2, ["settings", "problem"])


def test_a_proxy_that_can_not_be_used_is_2(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"ftp://ann:{PLANTED}@proxy.test")
    run = cli("doctor", "--endpoint", "http://eks.test")
    assert (run.code, PLANTED in run.out + run.err) == (2, False)


def test_a_service_with_a_fault_of_its_own_is_1(cli: CommandLine, emulator: Emulator) -> None:
    emulator.faults.add(Fault("status", "*", status=500, code="InternalError", message="no"))
    assert cli("doctor").code == 1


def test_the_first_problem_says_the_code() -> None:
    checks = [Check("endpoint", "ok", "x"), Check("clock", "problem", "x", "y"), Check("revision", "problem", "x", "y")]
    assert exit_code_of(checks) == 4
    assert set(CODES) == set(ORDER)


@pytest.mark.parametrize(
    ("arguments", "environ", "words"),
    [
        ([], {}, ["服务接受该密钥", "与服务相差不超过 60 s", "有响应", "无配置档", "未加密"]),
        ([], {"CDS_SECRET_KEY": PLANTED}, ["密钥与其 ID 不匹配", "可能被截断"]),
        (["--check-revision", "--api-revision", "2025-10-11"], {}, ["服务不支持 2025-10-11", "将 api_revision 设为"]),
        (["--endpoint", "http://127.0.0.1:1"], {}, ["检查接入点和网络", "服务未告知其时间", "服务未对其作出判断"]),
    ],
)
def test_it_speaks_chinese(
    cli: CommandLine, emulator: Emulator, arguments: list[str], environ: dict[str, str], words: list[str]
) -> None:
    emulator.faults.add(Fault("status", "AddClusterSubnet", status=400, code="ParamError", message="no"))
    run = cli("doctor", *arguments, env={"LANG": "zh_CN.UTF-8", **environ})
    for each in words:
        assert each in run.out
    assert PLANTED not in run.out
