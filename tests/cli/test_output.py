"""What stdout gets, in each format."""

from __future__ import annotations

import csv
import io
import json
import os
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from cds_eks._version import __version__
from cds_eks.cli.options import Options
from cds_eks.cli.output import csv_text, printing, structured, table
from cds_eks.cli.output.text import padded, visible, width
from cds_eks.emulator import Emulator
from cli.command_line import PROCESS, CommandLine, process

ROWS = [
    {"id": "1", "name": "甲乙", "labels": {"a": "b"}, "status": "running"},
    {"id": "2", "name": "plain", "labels": {}, "status": "error"},
]
HOSTILE = "red\x1b[31m\r\n\x9b5n\x07\u202etxt\x00"


def printed(value: Any, capsys: pytest.CaptureFixture[str], *, is_color: bool = False, **options: Any) -> str:
    printing.emit(value, Options(**options), is_color=is_color)
    return capsys.readouterr().out


def test_a_table_is_aligned_by_the_width_of_characters(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(ROWS, capsys).splitlines()
    assert lines == ["ID  NAME   STATUS", "1   甲乙   running", "2   plain  error"]
    assert [width(line[: line.index(word)]) for line, word in zip(lines[1:], ["running", "error"], strict=True)] == [
        11
    ] * 2


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("甲", 2), ("ｶ", 1), ("e\u0301", 1), ("Ａ", 2), ("", 0), ("한국", 4)]
)
def test_widths(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(padded(text, 8)) == 8


def test_columns_go_by_dotted_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(ROWS, capsys, columns=("labels.a", "id")).splitlines() == [
        "LABELS.A  ID",
        "b         1",
        "          2",
    ]
    assert "labels" in printed(ROWS, capsys, columns=("all",)).lower()
    assert printed(ROWS, capsys, columns=("id", "labels.a"), output="csv").splitlines() == ["id,labels.a", "1,b", "2,"]


def test_one_thing_is_a_table_of_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    shown = printed({"id": "1", "net": {"cidr": "10.0.0.0/8", "subnets": [{"id": "s"}]}, "tags": ["a", "b"]}, capsys)
    assert shown.splitlines() == [
        "id                1",
        "net.cidr          10.0.0.0/8",
        "net.subnets.0.id  s",
        "tags              a, b",
    ]


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(ROWS, capsys, output="json")) == ROWS
    assert json.loads(printed(iter(ROWS), capsys, output="json")) == ROWS
    assert [json.loads(line) for line in printed(iter(ROWS), capsys, output="jsonl").splitlines()] == ROWS
    assert yaml.safe_load(printed(ROWS, capsys, output="yaml")) == ROWS


def test_names_and_ids(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(ROWS, capsys, output="name") == "甲乙\nplain\n"
    assert printed(ROWS, capsys, quiet=True) == "1\n2\n"
    assert printed({"cluster_id": "c", "task_id": "t", "request_id": "r"}, capsys, quiet=True) == "c\n"
    assert printed({"request_id": "r"}, capsys, quiet=True) == ""


@pytest.mark.parametrize("output", ["json", "yaml", "jsonl", "csv", "name", "table"])
def test_a_format_that_was_asked_for_wins_over_quiet(capsys: pytest.CaptureFixture[str], output: str) -> None:
    whole = printed(ROWS, capsys, output=output)
    assert whole
    assert printed(ROWS, capsys, quiet=True, output=output) == whole


def test_quiet_with_a_format_is_one_document(cli: CommandLine, emulator: Emulator, request_file: str) -> None:
    create = ["clusters", "create", "-f", request_file, "-q", "-o", "json"]
    assert cli.done(*create, "--dry-run").json["dry_run"] is True
    assert set(cli.done(*create).json) == {"cluster_id", "task_id", "request_id"}
    assert cli.done("clusters", "list", "-q", "-o", "json").json[0]["cluster_name"] == "first-cluster"


def test_a_query_is_asked_of_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(iter(ROWS), capsys, output="json", query="[?status=='error'].id")) == ["2"]
    assert printed(ROWS, capsys, query="[].id") == "VALUE\n1\n2\n"
    assert printed(ROWS, capsys, query="[0].name") == "甲乙\n"
    assert printed(ROWS, capsys, query="[].[id, name]", output="csv") == "0,1\r\n1,甲乙\r\n2,plain\r\n"


@pytest.mark.parametrize("output", ["table", "json", "yaml", "jsonl", "csv", "name"])
def test_no_control_character_of_the_service_is_printed(capsys: pytest.CaptureFixture[str], output: str) -> None:
    shown = printed([{"id": "1", "name": HOSTILE}], capsys, output=output)
    bad = set(HOSTILE) - set("redtxt[315mn\n")
    assert not bad & set(shown.replace("\r\n", "\n"))
    if output in ("json", "jsonl", "yaml"):
        read = yaml.safe_load(shown)
        assert (read if isinstance(read, dict) else read[0])["name"] == HOSTILE


def test_a_spreadsheet_finds_no_formula_in_csv() -> None:
    rows = [{"a": "=1+1", "b": -5, "c": "＋2", "d": 'x,"y"\nz', "e": None}]
    text = "".join(csv_text.lines(rows, ["a", "b", "c", "d", "e"]))
    assert list(csv.reader(io.StringIO(text, newline="")))[1] == ["'=1+1", "-5", "'＋2", 'x,"y"\nz', ""]


def test_half_a_surrogate_pair_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed([{"a": "\ud800"}], capsys, output="json")) == [{"a": "\ud800"}]
    assert visible("\ud800x") == "\\ud800x"


def test_an_encoding_without_chinese_gets_escapes(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_cluster("c-1", name="集群😀")
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = process("clusters", "list", "-o", "json", env=ascii_only)
    assert json.loads(done.stdout)[0]["cluster_name"] == "集群😀"
    assert process("clusters", "list", env=ascii_only).returncode == 0


@pytest.mark.parametrize("more", [[], ["--no-color"], ["-o", "json"], ["-o", "yaml"], ["-o", "csv"]])
def test_a_pipe_gets_no_escape(cli: CommandLine, emulator: Emulator, more: list[str]) -> None:
    emulator.add_cluster("c-1")
    assert "\x1b" not in process("clusters", "list", *more).stdout


def test_colors_change_no_alignment() -> None:
    plain = table.of_rows(ROWS, ["id", "status", "name"], is_color=False)
    colored = table.of_rows(ROWS, ["id", "status", "name"], is_color=True)
    assert "\x1b[31merror" in colored
    for escape in (table.BOLD, table.RESET, table.GREEN, table.RED, table.YELLOW):
        colored = colored.replace(escape, "")
    assert colored == plain


def test_a_thousand_nodes_are_drawn_at_once() -> None:
    nodes = [{f"column_{number}": f"节点-{index}-{number}" for number in range(8)} for index in range(1000)]
    begun = time.process_time()
    table.of_rows(nodes, list(nodes[0]), is_color=False)
    assert time.process_time() - begun < 1


@pytest.mark.slow
def test_jsonl_and_csv_are_written_in_flat_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def nodes() -> Iterator[dict[str, str]]:
        for number in range(20_000):
            yield {"node_id": f"n-{number}", "text": "x" * 500}

    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        monkeypatch.setattr("sys.stdout", nowhere)
        for output in ("jsonl", "csv", "name"):
            tracemalloc.start()
            hints = printing.Hints(fields=("node_id", "text"))
            printing.emit(nodes(), Options(output=output), hints)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < 2_000_000, output


def test_lists_go_by_pages(cli: CommandLine, emulator: Emulator) -> None:
    cluster = emulator.add_cluster("c-1", workers=22)
    first = cli.done("nodes", "list", cluster, "-o", "name")
    assert len(first.out.splitlines()) == 10
    assert first.err == "10 of 25: --page-all shows all, --page-index N another page\n"
    assert len(cli.done("nodes", "list", cluster, "--page-index", "3", "-o", "name").out.splitlines()) == 5
    assert len(cli.done("nodes", "list", cluster, "--page-all", "-o", "json").json) == 25
    assert (
        len(cli.done("nodes", "list", cluster, "--page-all", "--page-size", "2", "-o", "name").out.splitlines()) == 25
    )
    assert len(cli.done("nodes", "list", cluster, "--limit", "12", "-o", "csv").out.splitlines()) == 13
    assert emulator.ledger.count("ListNodes") == 1 + 1 + 1 + 13 + 1
    assert cli.done("clusters", "list", "--limit", "1", "--page-all", "-o", "name").out.count("\n") == 1


@pytest.mark.parametrize("output", ["table", "json", "yaml", "jsonl", "csv", "name"])
def test_a_deletion_is_printed_in_each_format(cli: CommandLine, emulator: Emulator, output: str) -> None:
    emulator.add_cluster("c-1")
    assert "c-1" in cli.done("clusters", "delete", "c-1", "--yes", "-o", output).out


def test_structured_text_has_no_raw_separator() -> None:
    assert structured.one_line({"a": "\u2028\x7f"}) == '{"a": "\\u2028\\u007f"}'
    assert PROCESS[1:] == ["-m", "cds_eks.cli"]


def test_a_query_that_finds_nothing_prints_nothing_in_a_table(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_cluster()
    assert cli.done("clusters", "list", "--query", "[9].cluster_id").out == ""
    assert cli.done("clusters", "list", "--query", "[9].cluster_id", "-o", "json").out == "null\n"


def test_the_version_is_a_document_for_programs(offline: CommandLine) -> None:
    for words in (["--version", "-o", "json"], ["-o", "json", "--version"]):
        assert offline.done(*words).json == {"name": "cds-eks", "version": __version__}
    assert offline.done("--version").out == f"cds-eks {__version__}\n"
