"""What to do about a failure is told, in the language of the help."""

from __future__ import annotations

import pytest

from cds_eks.cli.hints import HINTS
from cds_eks.emulator import Emulator
from cli.command_line import CommandLine


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("network-interfaces list", "network-interfaces describe [NETCARD_ID]"),
        ("tasks list", "tasks get-status [TASK_ID]"),
        ("events get", "events get-status [EVENT_ID]"),
        ("nodes get", "nodes list [CLUSTER_ID]"),
        ("clusters describe", "clusters get [CLUSTER_ID]"),
    ],
)
def test_a_read_that_the_service_does_not_have_names_what_to_use(
    offline: CommandLine, words: str, instead: str
) -> None:
    run = offline(*words.split())
    assert run.code == 2
    assert f"The service has no operation for it; use `cds-eks {instead}`." in run.err


def test_hints_questions_and_notes_are_in_the_language_of_the_help_but_not_in_json(
    cli: CommandLine, emulator: Emulator
) -> None:
    chinese = {"LANG": "zh_CN.UTF-8"}
    run = cli("clusters", "get", "nowhere", env=chinese)
    assert run.err.splitlines()[-1] == "提示: 请检查 ID、服务地址和账号（--profile）"
    assert cli("clusters", "get", "nowhere", "-o", "json", env=chinese).failure["hint"].startswith("check the id")
    assert "需要 --yes: 删除集群：cluster_id=c-1？" in cli("clusters", "delete", "c-1", env=chinese).err
    cluster = emulator.add_cluster()
    emulator.add_node_pool(cluster, replicas=99)
    assert "--page-all 显示全部" in cli.done("nodes", "list", cluster, env=chinese).err


def test_every_hint_is_in_both_languages() -> None:
    for _, (english, chinese) in HINTS:
        assert english.isascii()
        assert not chinese.isascii()
