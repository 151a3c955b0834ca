"""Every operation of the description from end to end: between pipes, and in a pseudo-terminal.

What is called is made of the generated tables (`samples.py`), so that a new operation is here by itself.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyte
import pytest
import yaml

from cds_eks.cli.description import Operation
from cds_eks.emulator import Emulator, Fault, ManualClock
from cli.channels import COLUMNS, Ended, cells, in_pipes, in_terminal
from cli.command_line import CommandLine
from cli.samples import CHINESE, OPERATIONS, SECRET, Sample, fill, makers, sample
from cli.terminals import ended, spawned

EACH = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
READS = [operation for operation in OPERATIONS if not operation.writes]
LISTS = [operation for operation in OPERATIONS if operation.is_list]


@pytest.fixture
def emulator() -> Emulator:
    """A service in which no time passes, so that one call after another shows the same."""
    return Emulator(clock=ManualClock())


@pytest.fixture(autouse=True)
def _world(cli: CommandLine, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(emulator)
    monkeypatch.setenv("SAMPLE_SECRET", SECRET)
    monkeypatch.setenv("TERM", "xterm-256color")


def call_of(operation: Operation) -> Sample:
    """What it is called with, after what has to be there for it has been made."""
    ids = {field: piped(maker, "-q").out.strip() for field, maker in makers(operation).items()}
    return sample(operation, **ids)


def piped(operation: Operation, *more: str) -> Ended:
    call = call_of(operation)
    return in_pipes(*call.words, *more, stdin=call.document or "")


def on_terminal(operation: Operation, folder: Path, *more: str, typed: str = "") -> Ended:
    call = call_of(operation)
    words = list(call.command)
    if call.document is not None:
        file = folder / "request.yaml"
        file.write_text(call.document, encoding="utf-8")
        words += ["-f", str(file)]
    return in_terminal(*words, *more, typed=typed)


@EACH
def test_each_is_carried_out_between_pipes(emulator: Emulator, operation: Operation) -> None:
    run = piped(operation, "-o", "json", "--yes")
    assert (run.code, run.err) == (0, "")
    data = json.loads(run.out)
    assert isinstance(data, list) == operation.is_list
    assert not operation.writes or data["request_id"]
    assert emulator.ledger.count(operation.name) == 1


@pytest.mark.parametrize("operation", READS, ids=lambda each: each.name)
def test_each_format_of_a_pipe_parses_and_says_the_same(operation: Operation) -> None:
    call, forms = call_of(operation), ("json", "yaml", "jsonl", "csv", "table", "name")
    told = {form: in_pipes(*call.words, "-o", form, stdin=call.document or "") for form in forms}
    assert {each.code for each in told.values()} == {0}
    assert not any("\x1b" in each.out + each.err for each in told.values())
    data = json.loads(told["json"].out)
    assert yaml.safe_load(told["yaml"].out) == data
    entries = data if operation.is_list else [data]
    assert [json.loads(line) for line in told["jsonl"].out.splitlines()] == entries
    assert len(list(csv.DictReader(io.StringIO(told["csv"].out)))) == len(entries)


@EACH
def test_each_is_carried_out_in_a_terminal(emulator: Emulator, operation: Operation, tmp_path: Path) -> None:
    run = on_terminal(operation, tmp_path, typed="y\n" if operation.is_destructive else "")
    assert run.code == 0, run.out
    assert emulator.ledger.count(operation.name) == 1
    assert ("? [y/N]: " in run.out) == operation.is_destructive
    assert SECRET not in run.out
    assert run.rows


@EACH
def test_each_failure_is_json(emulator: Emulator, operation: Operation, tmp_path: Path) -> None:
    call_of(operation)
    fault = Fault("status", operation.name, status=409, code="Conflict", message="不可用")
    emulator.faults.add(fault)
    run = piped(operation, "-o", "json", "--yes")
    assert (run.code, run.out, run.err.count("\n")) == (6, "", 1)
    shown = on_terminal(operation, tmp_path, "-o", "json", "--yes")
    assert (shown.code, shown.out.count("\n")) == (6, 1)
    for failure in map(json.loads, (run.err, shown.out)):
        assert (failure["class"], failure["code"], failure["message"]) == ("Conflict", "Conflict", "不可用")
        assert (failure["action"], failure["outcome"], failure["exit_code"]) == (operation.name, "refused", 6)
        assert failure["request_id"]
        assert {"ids", "hint"} <= set(failure)
    count = emulator.ledger.count()
    wrong = in_pipes(*sample(operation).command[:2], "--no-such-option", "-o", "json")
    assert (wrong.code, wrong.out, json.loads(wrong.err)["exit_code"]) == (2, "", 2)
    assert emulator.ledger.count() == count


def starts(screen: pyte.Screen, row: int) -> list[int]:
    """The cells at which the columns of a table begin, by its head."""
    head = cells(screen, row)
    return [n for n in range(COLUMNS) if head[n] != " " and (n == 0 or head[n - 2 : n] in ([" ", " "], [" "]))]


def assert_aligned(screen: pyte.Screen, rows: int, row: int = 0) -> None:
    for number in range(row + 1, row + rows):
        found = cells(screen, number)
        for start in starts(screen, row)[1:]:
            assert found[start - 2 : start] == [" ", " "], screen.display[number]


@pytest.mark.parametrize("operation", LISTS, ids=lambda each: each.name)
def test_each_list_is_aligned_on_the_screen(operation: Operation, tmp_path: Path) -> None:
    assert in_pipes("node-pools", "scale", "c-1", "p-1", "3").code == 0  # which gives the cluster events
    run = on_terminal(operation, tmp_path)
    assert run.code == 0
    assert len(run.rows) >= 2
    assert len(starts(run.screen, 0)) >= 2
    if all(len(row) < COLUMNS for row in run.rows):  # else the terminal wraps it
        assert_aligned(run.screen, len(run.rows))


def test_chinese_text_is_aligned_on_the_screen() -> None:
    run = in_terminal("clusters", "list", "--columns", "cluster_id,cluster_name,cluster_status,node_sum")
    assert {CHINESE, "gpu-2"} <= {row.split()[1] for row in run.rows}
    assert len(run.rows) == 3
    assert_aligned(run.screen, 3)
    status = starts(run.screen, 0)[2]
    for row in (1, 2):
        assert "".join(cells(run.screen, row)[status : status + 7]) == "running"


def test_chinese_text_is_aligned_in_a_pipe_as_on_a_terminal() -> None:
    words = ("clusters", "list", "--columns", "cluster_id,cluster_name,cluster_status")
    shown = in_terminal(*words).rows
    assert [row.rstrip() for row in in_pipes(*words).out.splitlines()] == shown


def test_a_process_of_its_own_shows_the_same_on_a_real_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("clusters", "list", "--columns", "cluster_name,cluster_id")
    text, code = ended(spawned(*words, LANG="zh_CN.UTF-8"))
    assert code == 0
    assert Ended(code, text).rows == in_terminal(*words).rows
    assert CHINESE in text


def test_a_failure_of_a_process_of_its_own_is_one_object() -> None:
    text, code = ended(spawned("clusters", "get", "nowhere", "-o", "json", LANG="zh_CN.UTF-8"))
    assert code == 3
    assert json.loads(text)["class"] == "NotFound"
