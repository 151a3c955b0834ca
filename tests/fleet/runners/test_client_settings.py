"""How a runner's client is set up: by the profile where it was launched, with keys that are had where it runs."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from cds_eks import Limits, RetryPolicy, Timeouts
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.runners.client_settings import ClientSettings

FILE = """\
default = "work"
[profiles.work]
secret_id = "env:RUNNER_ID"
secret_key = "env:RUNNER_KEY"
endpoint = "https://work.test"
api_revision = "2025-10-11"
timeouts = { read = 3 }
limits = { max_connections = 7 }
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE, encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("CDS_CONFIG_FILE", str(path))
    return path


@pytest.mark.parametrize("settings", [ClientSettings(), ClientSettings(profile="work")])
def test_the_profile_is_found_where_runners_are_launched_and_its_keys_where_they_run(
    settings: ClientSettings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = settings.resolved()  # no key is there yet, and none is asked for
    assert (found.profile, found.endpoint, found.api_revision) == ("work", "https://work.test", "2025-10-11")
    assert (found.timeouts, found.limits, found.retry) == (Timeouts(read=3), Limits(max_connections=7), RetryPolicy())
    there = pickle.loads(pickle.dumps(found))
    assert there == found
    # what else its file says where the runner runs, does not count
    file.write_text(FILE.replace("https://work.test", "https://other.test").replace("2025-10-11", "2025-09-08"))
    with pytest.raises(ConfigurationError, match="env:RUNNER_ID: there is no such environment variable"):
        there.client()
    monkeypatch.setenv("RUNNER_ID", "an-id")
    monkeypatch.setenv("RUNNER_KEY", "a-key")
    client = there.client()
    assert (client.endpoint, client.api_revision) == ("https://work.test", "2025-10-11")


def test_what_is_passed_counts_before_the_profile(file: Path) -> None:
    found = ClientSettings(profile="work", endpoint="https://mine.test", timeouts=Timeouts()).resolved()
    assert (found.endpoint, found.timeouts, found.limits.max_connections) == ("https://mine.test", Timeouts(), 7)


def test_keys_of_the_environment_leave_the_profile_aside(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = ClientSettings(credentials_env=("A_ID", "A_KEY")).resolved()
    assert (named.profile, named.endpoint) == (None, "https://api.capitalonline.net")
    monkeypatch.setenv("CDS_SECRET_ID", "x")
    monkeypatch.setenv("CDS_SECRET_KEY", "y")
    assert ClientSettings().resolved().profile is None
