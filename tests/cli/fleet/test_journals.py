"""Where journals are, and how they are shown."""

from __future__ import annotations

import click
import pytest

from cds_eks.cli.fleet.journals import journal_for, must_be_there, shown


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
