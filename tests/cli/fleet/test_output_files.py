"""Files that a command of fleets is to write: none of what it reads is overwritten, and nothing is begun in vain."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator
from cli.command_line import PROCESS, CommandLine, Run
from cli.fleet.conftest import QUICK, plan_text


def refused(run: Run, words: str) -> None:
    assert (run.code, run.out) == (2, "")
    assert words in run.err


@pytest.mark.parametrize("option", ["--html", "--csv"])
@pytest.mark.parametrize("command", ["provision", "destroy", "status", "report"])
def test_neither_the_plan_nor_the_journal_is_overwritten(
    cli: CommandLine, emulator: Emulator, provisioned: Run, plan: str, command: str, option: str
) -> None:
    journal = Path(plan).with_suffix(".db")
    content = journal.read_bytes()
    sent = len(emulator.ledger.requests)
    more = ["--yes"] if command == "destroy" else []
    refused(cli(command, plan, option, plan, *more), f"{option} {plan}: is the plan, which would be overwritten")
    link = journal.with_name("link.html")
    os.link(journal, link)
    refused(cli(command, plan, option, str(link), *more), f"{option} {link}: is the journal")
    relative = os.path.relpath(plan)
    refused(cli(command, plan, option, relative, *more), "is the plan")
    assert Path(plan).read_text() == plan_text()
    assert journal.read_bytes() == content
    assert len(emulator.ledger.requests) == sent
    assert provisioned.code == 0


def test_a_folder_is_refused_before_anything_is_begun(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    folder = str(Path(plan).parent)
    refused(cli("provision", plan, "--html", folder, *QUICK), f"--html {folder}: is a folder")
    refused(cli("provision", plan, "--csv", f"{folder}/none/a.csv", *QUICK), "there is no such folder")
    refused(cli("provision", plan, "--csv", "-", *QUICK), "--csv -: is no file; -o csv prints a table")
    assert emulator.ledger.requests == []
    assert not Path(plan).with_suffix(".db").exists()


def test_both_reports_are_not_written_to_one_file(cli: CommandLine, plan: str, tmp_path: Path) -> None:
    file = str(tmp_path / "report")
    refused(cli("provision", plan, "--html", file, "--csv", file, *QUICK), "is what --html is to be")
    assert not Path(file).exists()


def test_a_report_is_not_written_over_what_it_is_made_of(
    offline: CommandLine, provisioned: Run, tmp_path: Path
) -> None:
    file = tmp_path / "run.json"
    file.write_text(provisioned.out)
    refused(offline("report", str(file), "--csv", str(file)), "is the plan, which would be overwritten")
    assert file.read_text() == provisioned.out


@pytest.mark.parametrize("command", ["report", "status"])
def test_they_are_written_though_nobody_reads_what_is_printed(
    cli: CommandLine, provisioned: Run, plan: str, tmp_path: Path, command: str
) -> None:
    assert provisioned.code == 0
    table = tmp_path / "items.csv"
    words = [*PROCESS, command, plan, "--csv", str(table), "-o", "json"]
    done = subprocess.run(["bash", "-c", 'exec "$@" >&-', "bash", *words], capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert table.read_text().startswith("kind,")


def test_a_saved_plan_overwrites_none_of_its_sources(cli: CommandLine, plan: str, tmp_path: Path) -> None:
    refused(cli("plan", "save", plan, plan), f"{plan}: is the plan, which would be overwritten")
    refused(cli("plan", "save", plan, str(tmp_path)), "is a folder")
    saved = tmp_path / "saved.json"
    cli.done("plan", "save", plan, str(saved))
    content = saved.read_text()
    cli.done("plan", "save", plan, str(saved))  # again: that is no source
    for file in (str(saved), plan):
        refused(cli("apply", str(saved), "--html", file, *QUICK), "is the plan, which would be overwritten")
    assert Path(plan).read_text() == plan_text()
    assert saved.read_text() == content


def test_it_is_told_in_chinese(cli: CommandLine, plan: str) -> None:
    run = cli("provision", plan, "--csv", plan, env={"LANG": "zh_CN.UTF-8"})
    assert "是计划文件，会被覆盖" in run.err
