"""What to do about a failure is told, in the language of the help."""

from __future__ import annotations

import pytest

from cds_eks import errors
from cds_eks.cli.failures import ResultNotPrinted, as_lines
from cds_eks.cli.hints import HINTS
from cds_eks.cli.summaries import SUMMARIES, summary_of
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
    assert run.err.splitlines()[-1] == "提示: 请检查 ID、接入点和账号（--profile）"
    assert cli("clusters", "get", "nowhere", "-o", "json", env=chinese).failure["hint"].startswith("check the id")
    assert "需要 --yes: 删除集群：cluster_id=c-1？" in cli("clusters", "delete", "c-1", env=chinese).err
    cluster = emulator.add_cluster()
    emulator.add_node_pool(cluster, replicas=99)
    assert "--page-all 显示全部" in cli.done("nodes", "list", cluster, env=chinese).err


def test_every_hint_is_in_both_languages() -> None:
    for _, (english, chinese) in HINTS:
        assert english.isascii()
        assert not chinese.isascii()


PUBLIC = [kind for name in errors.__all__ if isinstance(kind := getattr(errors, name), type)]


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_public_class_of_errors_has_a_summary_of_its_own(kind: type[errors.EksError]) -> None:
    texts = dict(SUMMARIES)
    assert not texts[kind].isascii()
    assert summary_of(kind.__new__(kind)) == texts[kind]  # none of a class above it comes first


def test_the_summaries_differ() -> None:
    texts = [text for _, text in SUMMARIES]
    assert len(set(texts)) == len(texts) > len(PUBLIC)
    assert summary_of(OSError()) is None


def test_in_chinese_a_summary_stands_above_the_text_of_an_error_which_stays_as_it_is(
    cli: CommandLine, emulator: Emulator
) -> None:
    words = ("clusters", "get", "nowhere")
    english, chinese = cli(*words), cli(*words, env={"LANG": "zh_CN.UTF-8"})
    first, second, *_ = chinese.err.splitlines()
    assert first == "错误：资源不存在"
    assert second == english.err.splitlines()[0]
    assert second.startswith("error: GetCluster: ")
    assert english.err.isascii()
    usage = cli("clusters", "get", "--qqqqqq", env={"LANG": "zh_CN.UTF-8"})
    assert usage.err.splitlines()[:2] == ["错误：命令用法有误", "error: No such option '--qqqqqq'."]
    told = [cli(*words, "-o", "json", env={"LANG": language}).failure for language in ("zh_CN.UTF-8", "en_US.UTF-8")]
    assert [each.pop("request_id") is not None for each in told] == [True, True]
    assert {**told[0], "call_id": ""} == {**told[1], "call_id": ""}


def test_a_result_that_can_not_be_printed_is_said_to_be_done_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_eks.cli.failures.is_chinese", lambda: True)
    lines = as_lines(ResultNotPrinted("no space", action="CreateCluster", ids={"cluster_id": "c-1"}, request_id="r-1"))
    assert lines[0] == "错误：操作已执行，但结果无法输出"
    assert lines[1].startswith("error: CreateCluster: it was done")
