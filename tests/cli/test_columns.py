"""`--columns` names what there is: a typo is refused, before anything is sent if that can be known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from cds_eks.cli.options import Options
from cds_eks.cli.output import printing
from cds_eks.emulator import Emulator
from cli.command_line import CommandLine

ROWS: list[dict[str, Any]] = [
    {"id": "1", "name": "one", "labels": {"a": "b"}, "status": "running"},
    {"id": "2", "name": "two", "labels": {}, "status": "error"},
]


def print_(value: Any, **options: Any) -> None:
    printing.emit(value, Options(**options))


@pytest.mark.parametrize("output", ["table", "csv"])
@pytest.mark.parametrize("value", [ROWS, ROWS[0], iter(ROWS)], ids=["rows", "one", "iterator"])
def test_a_column_that_is_not_there_is_refused(value: Any, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    value = iter(ROWS) if not isinstance(value, (list, dict)) else value
    with pytest.raises(click.UsageError) as error:
        print_(value, output=output, columns=("id", "nme", "labels.x", "zzz"))
    assert str(error.value) == (
        "--columns: no such columns: 'nme' (did you mean 'name'?), 'zzz'. There are id, name, labels, status."
    )
    assert capsys.readouterr().out == ""


def test_of_no_rows_only_what_a_command_knows_is_checked() -> None:
    print_([], columns=("anything",))
    with pytest.raises(click.UsageError):
        printing.emit([], Options(columns=("anything",)), printing.Hints(fields=("id",)))


@pytest.mark.parametrize(
    "words",
    [
        ["clusters", "list"],
        ["clusters", "get", "c-1"],
        ["clusters", "delete", "c-1", "--yes", "--wait"],
        ["node-pools", "scale", "c-1", "p-1", "3"],
        ["wait", "cluster", "c-1"],
        ["wait", "cluster", "c-1", "--for", "deleted"],
        ["profiles", "use", "default"],
        ["profiles", "set", "default", "--endpoint", "http://127.0.0.1:1"],
        ["profiles", "remove", "default", "--yes"],
    ],
    ids=" ".join,
)
def test_columns_are_checked_before_anything_is_sent(
    cli: CommandLine, emulator: Emulator, tmp_path: Path, words: list[str]
) -> None:
    file = tmp_path / "config.toml"
    text = '[profiles.default]\nsecret_id = "env:A"\nsecret_key = "env:B"\n'
    file.write_text(text, encoding="utf-8")
    run = cli(*words, "--columns", "nope", env={"CDS_CONFIG_FILE": str(file)})
    assert (run.code, run.out) == (2, "")
    assert "--columns: no such column: 'nope'." in run.err
    assert emulator.ledger.count() == 0
    assert file.read_text(encoding="utf-8") == text


def test_columns_of_a_write_and_of_a_query(cli: CommandLine, emulator: Emulator, request_file: str) -> None:
    create = ["clusters", "create", "-f", request_file]
    columns = ["--columns", "cluster_id,request_id"]
    assert cli.done(*create, *columns).out.count("\n") == 2
    query = ["--query", "[].{a: cluster_name}", "--columns", "a"]
    assert cli.done("clusters", "list", *query).out == "A\nfirst-cluster\n"
    assert cli("clusters", "list", "--query", "[].{a: cluster_name}", "--columns", "b").code == 2
    assert cli.done(*create, "--dry-run", "--columns", "action,dry_run").out.count("\n") == 2


def test_the_default_columns_say_each_thing_once(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_cluster()
    heads = cli.done("clusters", "list").out.splitlines()[0]
    assert "CLUSTER STATUS" in heads
    assert "STATUS STR" not in heads
    assert "STATUS STR" in cli.done("clusters", "list", "--columns", "all").out.splitlines()[0]
