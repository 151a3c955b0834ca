"""Where journals are, and how they are shown."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from cds_eks.cli.fleet.journals import is_chosen, is_there, journal_for, must_be_there, shown
from cds_eks.emulator import Emulator
from cli.command_line import CommandLine, Run
from cli.fleet.conftest import QUICK


@pytest.mark.parametrize(
    ("given", "set_", "found"),
    [
        (None, None, "plans/fleet.db"),
        (None, "postgresql://u:pw@h/db", "postgresql://u:pw@h/db"),
        ("my.db", "other.db", "my.db"),
        ("postgresql://u@h:5433/db", None, "postgresql://u@h:5433/db"),
        ("sqlite:///a:b@c/x.db", None, "sqlite:///a:b@c/x.db"),
    ],
)
def test_what_was_given_then_the_variable_then_beside_the_plan(given: str | None, set_: str | None, found: str) -> None:
    assert journal_for(given, "plans/fleet.toml", {"CDS_FLEET_JOURNAL": set_} if set_ else {}) == found


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://u:hunter2@h/db",
        "postgres://u:hunter2@/db",
        "postgresql://h/db?user=u&password=hunter2",
        "postgresql+psycopg://u:@h/db",
        "postgresql://h/db?sslPASSWORD=hunter2",
    ],
)
def test_a_password_is_refused_without_being_told(given: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        journal_for(given, "fleet.toml", {})
    assert "hunter2" not in refused.value.message


@pytest.mark.parametrize(
    ("journal", "told"),
    [
        ("/srv/fleet.db", "/srv/fleet.db"),
        ("postgresql://u:hunter2@h:5433/db?sslmode=require&password=x", "postgresql://u@h:5433/db?sslmode=require"),
        ("postgresql://u:hun%40ter2@[::1]/db", "postgresql://u@[::1]/db"),
        ("postgresql://u:hunter2@h:port/db", "postgresql://…"),
        ("postgresql:///db?host=/run/pg", "postgresql:///db?host=/run/pg"),
    ],
)
def test_no_password_is_shown(journal: str, told: str) -> None:
    assert shown(journal) == told


def test_one_that_must_be_there(tmp_path: object) -> None:
    must_be_there("postgresql://u@h/db")
    for where in (f"{tmp_path}/none.db", f"sqlite:///{tmp_path}/none.db"):
        with pytest.raises(click.UsageError, match="there is no journal"):
            must_be_there(where)


def test_one_that_is_there_or_was_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    assert is_there(str(tmp_path / "a.db"))
    assert is_there("postgresql://u@h/db")
    assert not is_there(str(tmp_path / "b.db"))
    assert [is_chosen("a.db", {}), is_chosen(None, {"CDS_FLEET_JOURNAL": "a.db"}), is_chosen(None, {})] == [1, 1, 0]


LOOKS = (["status"], ["plan", "diff"], ["orphans"], ["report"], ["destroy"])


@pytest.mark.parametrize("words", LOOKS, ids="-".join)
def test_no_command_that_looks_makes_a_journal(
    cli: CommandLine, plan: str, provisioned: Run, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "other.toml").write_text(Path(plan).read_text())
    before = sorted(tmp_path.iterdir())
    run = cli(*words, str(tmp_path / "other.toml"), "--yes")
    assert run.code == 2
    assert f"there is no journal {tmp_path / 'other.db'}" in run.err
    for chosen in (["--journal", str(tmp_path / "typo.db")], []):
        env = {} if chosen else {"CDS_FLEET_JOURNAL": str(tmp_path / "typo.db")}
        run = cli(*words, plan, "--yes", *chosen, "-o", "json", env=env)
        assert (run.code, run.out) == (2, "")
        assert "there is no journal" in run.failure["message"]
    assert sorted(tmp_path.iterdir()) == before


def test_beside_a_plan_without_one_diff_tells_what_provision_would_meet(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run, tmp_path: Path
) -> None:
    (tmp_path / "other.toml").write_text(Path(plan).read_text())
    run = cli("plan", "diff", str(tmp_path / "other.toml"), "-o", "csv")
    assert run.code == 2
    assert run.out.splitlines()[1] == "cluster,gpu-001,in_journal,true,false"
    assert "3 clusters are there, but not in this journal" in run.err
    assert "`cds-eks import`" in run.err
    assert "--adopt matching" in run.err
    assert cli("plan", "diff", plan).code == 0


def test_a_journal_that_knows_nothing_prunes_nothing(
    cli: CommandLine, emulator: Emulator, plan: str, provisioned: Run, tmp_path: Path
) -> None:
    (tmp_path / "other.toml").write_text(Path(plan).read_text())
    other = str(tmp_path / "other.toml")
    cli.done("plan", "save", other, str(tmp_path / "saved.json"))  # which makes its journal, with nothing in it
    listed = cli.done("orphans", other)
    assert "has the id of no cluster, so that all that are called as in the plan are orphans to it" in listed.err
    first = listed.out.splitlines()[1].split()[0]
    refused = cli("orphans", other, "--prune", first, "--yes", "-o", "json")
    assert (refused.code, refused.out) == (2, "")
    assert "nothing was deleted" in refused.failure["message"]
    assert emulator.ledger.count("DeleteCluster") == 0


def test_a_service_of_another_name_is_told_of_and_rebound(
    cli: CommandLine, plan: str, provisioned: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_EKS_ENDPOINT", os.environ["CDS_EKS_ENDPOINT"].replace("127.0.0.1", "localhost"))
    refused = cli("status", plan)
    assert refused.code == 2
    assert "say so with --rebind once" in refused.err
    assert "rebind=" not in refused.err
    assert "clusters: 3 ready" in cli.done("status", plan, "--rebind").err
    assert cli("provision", plan, *QUICK).code == 0
