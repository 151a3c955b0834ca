"""`provision`: each cluster once, what a pipe is told, and what is left in files."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator, Fault
from cds_eks.fleet import FleetReport
from cli.command_line import CommandLine, Run, process
from cli.fleet.conftest import QUICK, SECRETS, plan_text

NAMES = ["gpu-001", "gpu-002", "gpu-003"]


def made(emulator: Emulator) -> Counter[str]:
    return Counter(each.name for each in emulator.ledger.created("cluster"))


def test_all_is_there_once_and_stdout_is_the_report(emulator: Emulator, provisioned: Run) -> None:
    assert provisioned.err == ""
    report = FleetReport.from_dict(provisioned.json)
    assert report.ok
    assert made(emulator) == Counter(NAMES)
    assert [item.state for item in report.items] == ["ready"] * 9
    assert not [secret for secret in SECRETS.values() if secret in provisioned.out]


@pytest.mark.usefixtures("provisioned")
def test_the_same_command_again_says_that_it_goes_on_and_creates_nothing(
    cli: CommandLine, emulator: Emulator, plan: str
) -> None:
    again = cli.done("fleet", "provision", plan, *QUICK)
    assert made(emulator) == Counter(NAMES)
    assert "it goes on where the last run has stopped, with 9 ready and 0 begun" in again.err
    assert f"the journal is {Path(plan).with_suffix('.db')}" in again.err


def test_rows_are_the_items(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    run = cli.done("provision", plan, *QUICK, "-o", "csv", "--only", "gpu-00[12]", "--exclude", "gpu-002")
    rows = list(csv.DictReader(io.StringIO(run.out)))
    assert [row["name"] for row in rows] == ["gpu-001", "gpu-001/workers", "gpu-001/batch"]
    assert {row["state"] for row in rows} == {"ready"}
    assert made(emulator) == Counter(["gpu-001"])
    ids = cli.done("provision", plan, *QUICK, "-q", "--only", "gpu-001")
    assert ids.out.split() == [rows[0]["cluster_id"], *(row["node_pool_id"] for row in rows[1:])]
    assert ids.err == ""
    names = cli.done("provision", plan, *QUICK, "-o", "name", "--only", "gpu-001")
    assert names.out.split() == [row["name"] for row in rows]
    query = cli.done("provision", plan, *QUICK, "--only", "gpu-001", "-o", "json", "--query", "counts.cluster.ready")
    assert query.json == 1


def test_a_pipe_is_told_what_is_notable_in_lines(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    run = cli.done("provision", plan, *QUICK)
    lost = next(line for line in run.err.splitlines() if "nobody knows yet whether it was created" in line)
    name = lost.partition(":")[0]
    assert f"{name}: it was created after all (recovered)\n" in run.err
    assert "9 of 9 ready" in run.err
    assert "warning:" not in run.err  # the client's of the same create
    assert made(emulator) == Counter(NAMES)
    assert "\x1b" not in run.out + run.err


def test_events_are_lines_of_json_with_the_report_at_the_end(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    emulator.faults.add(Fault("reset_after_commit", "CreateCluster", count=1))
    run = cli.done("provision", plan, *QUICK, "-o", "jsonl")
    events = [json.loads(line) for line in run.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-2:]) == ("run_started", ["run_ended", "report"])
    changes = [event for event in events if event["event"] == "item_changed"]
    assert {"sending", "unknown", "accepted", "ready"} <= {event["item"]["state"] for event in changes}
    assert {"planned", "unknown"} <= {event["before"] for event in changes}
    assert any(event["item"]["origin"] == "recovered" for event in changes)
    assert events[-1]["ok"] is True
    assert run.err == ""


def test_a_page_and_a_table_are_written(cli: CommandLine, plan: str, tmp_path: Path) -> None:
    page, table = tmp_path / "r.html", tmp_path / "r.csv"
    run = cli.done("provision", plan, *QUICK, "--html", str(page), "--csv", str(table))
    assert f"page: {page}" in run.err
    assert "<!doctype html>" in page.read_text(encoding="utf-8").lower()[:200]
    assert len(table.read_text(encoding="utf-8").splitlines()) == 10


def test_files_that_can_not_be_written_are_told_before_anything_is_begun(
    cli: CommandLine, emulator: Emulator, plan: str, tmp_path: Path
) -> None:
    for option in ("--html", "--csv"):
        told = cli("provision", plan, *QUICK, option, str(tmp_path / "none" / "report"))
        assert (told.code, told.out) == (2, "")
        assert f"{option} {tmp_path / 'none' / 'report'}: there is no such folder" in told.err
    assert emulator.ledger.count() == 0


@pytest.mark.usefixtures("provisioned")
def test_clusters_that_are_in_no_plan_are_wrong_usage(cli: CommandLine, plan: str) -> None:
    for words in (["provision"], ["status"], ["plan", "diff"], ["import"], ["destroy"], ["orphans"], ["report"]):
        for option in ("--only", "--exclude"):
            told = cli(*words, plan, option, "gpu-001", option, "cpu-*")
            assert (told.code, told.out) == (2, ""), words
            assert f"{option} cpu-*: no cluster of the plan has such a name" in told.err


def test_a_debug_log_has_no_secret(cli: CommandLine, emulator: Emulator, plan: str) -> None:
    run = cli.done("provision", plan, *QUICK, "--debug", "-o", "json")
    assert "debug: cds_eks.client: CreateCluster" in run.err
    planted = [*SECRETS.values(), emulator.credentials.secret_access_key]
    assert not [secret for secret in planted if secret in run.out + run.err]


def test_somebody_elses_cluster_is_taken_over_only_if_that_is_said(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run, tmp_path: Path
) -> None:
    other = ["--journal", str(tmp_path / "other.db")]
    never = cli("provision", plan, *QUICK, *other, "-o", "json")
    assert never.code == 1
    assert {item["error"]["class"] for item in never.json["items"] if item["kind"] == "cluster"} == {"AlreadyExists"}
    third = ["--journal", str(tmp_path / "third.db"), "--adopt", "require"]
    adopted = cli.done("provision", plan, *QUICK, *third, "-o", "json").json
    assert {item["origin"] for item in adopted["items"]} == {"adopted"}
    assert made(emulator) == Counter(NAMES)


def test_where_the_journal_is(cli: CommandLine, plan: str, tmp_path: Path) -> None:
    by_variable = tmp_path / "by-variable.db"
    cli.done("provision", plan, *QUICK, "--only", "gpu-001", env={"CDS_FLEET_JOURNAL": str(by_variable)})
    assert by_variable.exists()
    assert not Path(plan).with_suffix(".db").exists()
    told = cli("provision", "-", stdin=plan_text(1))
    assert told.code == 2
    assert "a plan from stdin needs --journal, or CDS_FLEET_JOURNAL" in told.err


@pytest.mark.parametrize("place", ["u:hunter2@h/db", "u@h/db?password=hunter2"])
def test_a_password_is_no_argument_and_never_shown(cli: CommandLine, plan: str, place: str) -> None:
    url = f"postgresql://{place}"
    told = cli("provision", plan, "--journal", url)
    assert (told.code, told.out) == (2, "")
    assert "--journal has a password in it" in told.err
    assert "hunter2" not in told.err


def test_a_reader_that_has_had_enough_stops_the_run_which_is_told(
    emulator: Emulator, cli: CommandLine, plan: str
) -> None:
    import subprocess

    from cli.command_line import PROCESS

    emulator.faults.add(Fault("hang_before_commit", "CreateNodePool", seconds=1.0))
    child = subprocess.Popen(
        [*PROCESS, "provision", plan, *QUICK, "-o", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stderr is not None
    assert json.loads(child.stdout.readline())["event"] == "run_started"
    child.stdout.close()
    failure = json.loads(child.stderr.read())
    child.stderr.close()
    assert child.wait() == failure["exit_code"] == 1
    assert "nobody reads what it writes" in failure["message"]
    assert process("provision", plan, *QUICK).returncode == 0
    assert made(emulator) == Counter(NAMES)


def test_a_run_is_not_begun_with_a_column_that_its_report_lacks(
    cli: CommandLine, emulator: Emulator, plan: str
) -> None:
    run = cli("provision", plan, "--columns", "name,stat")
    assert (run.code, emulator.ledger.count()) == (2, 0)
    assert "no such column: 'stat' (did you mean 'state'?)" in run.err
    assert not Path(plan).with_suffix(".db").exists()
