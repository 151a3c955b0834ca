"""`destroy` and `orphans --prune`: asked for with counts; without a terminal only with --yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_eks.emulator import Emulator
from cli.command_line import CommandLine, Run
from cli.fleet.conftest import QUICK, plan_text
from cli.terminals import ended, spawned

CLUSTER_3 = """
[[clusters]]
name = "gpu-003"
protect = true
[[clusters.node_pools]]
name = "workers"
replicas = 2
[[clusters.node_pools]]
name = "batch"
replicas = 1
"""
QUICKER = ("--poll-interval", "0.02s", "--settle", "0.1s")


def test_without_a_terminal_it_needs_yes(cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run) -> None:
    refused = cli("destroy", plan, "-o", "json")
    assert (refused.code, refused.out) == (2, "")
    assert "needs --yes" in refused.failure["message"]
    assert "delete 3 clusters (gpu-001, gpu-002, gpu-003) with their node pools (6 in " in refused.failure["message"]
    assert emulator.ledger.count("DeleteCluster") == 0
    done = cli.done("destroy", plan, "--yes", *QUICKER, "-o", "json")
    assert done.json["goal"] == "deleted"
    assert done.json["counts"] == {"cluster": {"deleted": 3}, "node_pool": {"deleted": 6}}
    assert len(cli.done("clusters", "list", "-o", "json").json) == 0
    again = cli.done("destroy", plan, *QUICKER)
    assert "nothing to delete" in again.err


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_a_terminal_is_asked_with_counts(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run, answer: str, code: int
) -> None:
    child = spawned("destroy", plan, *QUICKER, "--only", "gpu-00[12]")
    child.expect_exact("delete 2 clusters (gpu-001, gpu-002) with their node pools (4 in ")
    child.expect_exact("[y/N]: ")
    child.sendline(answer)
    shown, exit_code = ended(child)
    assert exit_code == code
    assert ("clusters deleted" in shown) == (answer == "y")
    left = {each["cluster_name"] for each in cli.done("clusters", "list", "-o", "json").json}
    assert left == ({"gpu-003"} if answer == "y" else {"gpu-001", "gpu-002", "gpu-003"})


def test_what_is_protected_is_left_alone_and_told(cli: CommandLine, emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(
        plan_text(1) + '\n[[clusters]]\nname = "keep"\nprotect = true\n[[clusters.node_pools]]\nname = "w"\n'
    )
    cli.done("provision", str(file), *QUICK)
    refused = cli("destroy", str(file))
    assert "delete 1 clusters" in refused.err
    assert "; 1 are left alone, protected or not made by this journal?" in refused.err
    run = cli("destroy", str(file), "--yes", *QUICKER)
    assert run.code == 1
    assert "keep: it is left alone: cluster keep is protected" in run.err
    assert [each["cluster_name"] for each in cli.done("clusters", "list", "-o", "json").json] == ["keep"]


def test_what_is_left_alone_is_named_once_and_not_asked_for(
    cli: CommandLine, emulator: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(plan_text(3))
    cli.done("provision", str(file), *QUICK)
    file.write_text(plan_text(3).replace("count = 3", "count = 2") + CLUSTER_3)
    refused = cli("destroy", str(file))  # the plan protects it, and the journal does not know of that yet
    assert "delete 2 clusters (gpu-001, gpu-002) with their node pools (4 in " in refused.err
    assert "1 are left alone" in refused.err
    only = cli("destroy", str(file), "--only", "gpu-003", *QUICKER)  # there is nothing to be asked
    assert only.code == 1
    assert "nothing to delete: all 1 clusters are left alone, protected or not made by this journal" in only.err
    assert only.err.count("cluster gpu-003 is protected: ") == 1
    assert "1 of 1 clusters are not deleted, 1 of them left alone" in only.err
    assert "`--exclude NAME` leaves it out" in only.err
    assert "run the same command again" not in only.err
    again = cli("destroy", str(file), "--only", "gpu-003", *QUICKER)
    assert again.err.count("cluster gpu-003 is protected: ") == 1  # nothing of it has changed
    assert emulator.ledger.count("DeleteCluster") == 0
    assert cli("destroy", str(file), "--exclude", "gpu-003", "--yes", *QUICKER).code == 0


def test_what_was_imported_is_told_with_the_option_that_deletes_it(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run, tmp_path: Path
) -> None:
    journal = ["--journal", str(tmp_path / "other.db")]
    cli.done("import", plan, *journal)
    run = cli("destroy", plan, *journal, *QUICKER, "-o", "json")
    assert run.code == 1
    assert run.json["items"][0]["error"]["message"].endswith("was imported: see --include-adopted")
    assert "--include-adopted deletes it" in run.failure["hint"]
    assert "3 of 3 clusters are not deleted, 3 of them left alone" in run.failure["message"]
    assert emulator.ledger.count("DeleteCluster") == 0


def test_a_journal_that_is_not_there_deletes_nothing(cli: CommandLine, plan: str, tmp_path: Path) -> None:
    for command in ("destroy", "orphans", "report"):
        told = cli(command, plan, "--yes", "--journal", str(tmp_path / "typo.db"))
        assert told.code == 2, command
        assert "there is no journal" in told.err
    assert not (tmp_path / "typo.db").exists()


def test_orphans_are_found_and_pruned_by_id(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run, tmp_path: Path
) -> None:
    assert cli.done("orphans", plan, "-o", "json").json == []
    other = str(tmp_path / "other.db")
    assert cli("provision", plan, *QUICK, "--journal", other).code == 1  # somebody else's all of them
    found = cli.done("orphans", plan, "--journal", other, "-o", "json").json
    assert [each["name"] for each in found] == ["gpu-001", "gpu-002", "gpu-003"]
    assert "has the id of no cluster" in cli.done("orphans", plan, "--journal", other).err
    assert "has the id of no cluster" not in cli.done("orphans", plan).err
    nothing = cli.done("destroy", plan, "--journal", other, *QUICKER)  # of what it has refused it has no id
    assert "nothing to delete: the journal knows of no cluster of the plan that is there" in nothing.err
    first = found[0]["cluster_id"]
    assert cli("orphans", plan, "--journal", other, "--prune", first).code == 2
    assert cli("orphans", plan, "--journal", other, "--prune", "no-such", "--yes").code == 2
    assert emulator.ledger.count("DeleteCluster") == 0
    pruned = cli.done("orphans", plan, "--journal", other, "--prune", first, "--yes", "-o", "json").json
    assert [each["is_deleted"] for each in pruned] == [True, False, False]
    assert emulator.ledger.count("DeleteCluster") == 1
