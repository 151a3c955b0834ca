"""`status`, `plan diff`, `import`, `report`, `plan save` and `apply`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator
from cli.command_line import CommandLine, Run
from cli.fleet.conftest import QUICK, plan_text


def test_status_has_the_journals_state_and_the_services(cli: CommandLine, plan: str, provisioned: Run) -> None:
    run = cli.done("status", plan)
    rows = [line.split() for line in run.out.splitlines()]
    assert rows[0] == ["KIND", "NAME", "STATE", "CLUSTER", "STATUS", "ID", "ERROR"]
    assert rows[1][:4] == ["cluster", "gpu-001", "ready", "running"]
    assert "clusters: 3 ready" in run.err
    data = cli.done("status", plan, "-o", "json", "--only", "gpu-001").json
    assert data["items"][0]["cluster_status"] == "running"
    assert len(data["items"]) == 3


def test_diff_is_2_with_differences_and_0_without(
    cli: CommandLine, plan: str, provisioned: Run, tmp_path: Path
) -> None:
    same = cli("plan", "diff", plan, "-o", "csv")
    assert (same.code, same.out) == (0, "kind,name,field,wanted,found\n")
    Path(plan).write_text(plan_text(4).replace("replicas = 2\n\n  [[", "replicas = 5\n\n  [["))
    run = cli("plan", "diff", plan, "-o", "csv")
    assert run.code == 2
    lines = run.out.splitlines()
    assert "node_pool,gpu-001/workers,replicas,5,2" in lines
    assert "cluster,gpu-004,there,true,false" in lines
    data = cli("plan", "diff", plan, "-o", "json")
    assert (data.code, data.err) == (2, "")
    assert data.json["items"][1]["differences"]["replicas"] == {"wanted": 5, "found": 2}


def test_a_diff_that_can_not_be_made_is_a_failure(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run
) -> None:
    from cds_eks.emulator import Fault

    emulator.faults.add(Fault("status", "GetCluster", status=400, code="InvalidParameter", message="no"))
    run = cli("plan", "diff", plan, "-o", "json", "--reads", "1")
    assert run.code == 1
    assert "3 clusters could not be compared: gpu-001, gpu-002, gpu-003" in run.failure["message"]
    assert run.json["items"][0]["differences"]["not_compared"].startswith("BadArgument: ")


def test_import_takes_what_is_there(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run, tmp_path: Path
) -> None:
    journal = ["--journal", str(tmp_path / "other.db")]
    Path(plan).write_text(plan_text(4))
    run = cli.done("import", plan, *journal, "-o", "json")
    assert {item["origin"] for item in run.json["items"][:9]} == {"imported"}
    assert {item["state"] for item in run.json["items"][9:]} == {"planned"}
    by_id = ["--id", f"gpu-001={run.json['items'][0]['ids']['cluster_id']}"]
    third = cli.done("import", plan, "--journal", str(tmp_path / "third.db"), "--only", "gpu-001", *by_id)
    assert "3 of 3 are imported, 0 are not there" in third.err
    assert cli("import", plan, *journal, "--id", "gpu-001").code == 2
    assert cli("import", plan, *journal, "--id", "gpu-001=c-none").code == 2
    assert emulator.ledger.count("CreateCluster") == 3


def test_a_report_needs_neither_key_nor_network(
    cli: CommandLine, plan: str, provisioned: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDS_SECRET_ID")
    monkeypatch.setenv("CDS_EKS_ENDPOINT", "http://elsewhere.invalid")
    page = tmp_path / "report.html"
    of_journal = cli.done("report", plan, "--html", str(page), "-o", "json").json
    assert page.stat().st_size > 10_000
    assert of_journal["counts"] == provisioned.json["counts"]
    assert of_journal["ended_at"] > of_journal["started_at"]
    kept = tmp_path / "run.json"
    kept.write_text(provisioned.out)
    of_json = cli.done("report", str(kept), "-o", "json").json
    assert of_json == provisioned.json
    kept.write_text(json.dumps({"schema_version": 99}))
    assert cli("report", str(kept)).code == 2


def test_a_saved_plan_is_carried_out_as_it_was_looked_at(
    cli: CommandLine, emulator: Emulator, plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "saved.plan.json"
    told = cli.done("plan", "save", plan, str(saved), "-o", "json").json
    assert told["journal"] == str(Path(plan).with_suffix(".db"))
    Path(plan).write_text(plan_text(9))  # it is what was saved that counts
    monkeypatch.chdir(tmp_path.parent)
    applied = cli.done("apply", str(saved), *QUICK, "-o", "json").json
    assert applied["counts"]["cluster"] == {"ready": 3}
    outdated = cli("apply", str(saved), *QUICK, "-o", "json")
    assert (outdated.code, outdated.out) == (6, "")
    assert {"class": "PlanOutdated", "outcome": "not_sent"}.items() <= outdated.failure.items()
    assert "journal and service changed since the plan was saved" in outdated.failure["message"]
    assert emulator.ledger.count("CreateCluster") == 3


def test_apply_needs_a_saved_plan_and_its_journal(cli: CommandLine, plan: str, tmp_path: Path) -> None:
    assert "is no saved plan" in cli("apply", plan).err
    saved = tmp_path / "saved.plan.json"
    cli.done("plan", "save", plan, str(saved))
    Path(plan).unlink()
    lost = cli("apply", str(saved))
    assert lost.code == 2
    assert "needs --journal" in lost.err
