"""`cds-eks whoami`: where each setting comes from, without any network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli.command_line import CommandLine, Run

from cds_eks.emulator import Emulator, Fault

PLANTED = "Pl4nted-key"

FILE = """\
default = "work"

[profiles.work]
secret_id = "env:WORK_ID"
secret_key = "env:WORK_KEY"
endpoint = "https://work.example"

[profiles.inline]
allow_inline = true
secret_id = "Pl4nted-key"
secret_key = "Pl4nted-key"
"""


@pytest.fixture
def file(config: Path) -> Path:
    config.parent.mkdir()
    config.write_text(FILE, encoding="utf-8")
    config.chmod(0o600)
    return config


def told(run: Run) -> dict[str, tuple[str, str]]:
    assert PLANTED not in run.out + run.err
    rows: list[dict[str, Any]] = run.json
    return {row["name"]: (row["value"], row["origin"]) for row in rows}


def test_each_setting_has_its_origin(profiles: CommandLine, file: Path) -> None:
    environ = {"CDS_EKS_API_REVISION": "2025-10-11"}
    found = told(profiles.done("whoami", "--backend", "native", "-o", "json", env=environ))
    assert found["profile"] == ("work", f"default ({file})")
    assert found["credentials"] == ("env:WORK_ID, env:WORK_KEY", f"profile work ({file}:4)")
    assert found["endpoint"] == ("https://work.example", f"profile work ({file}:6)")
    assert found["api_revision"] == ("2025-10-11", "environment (CDS_EKS_API_REVISION)")
    assert found["backend"] == ("native", "--backend")
    assert found["user_agent"] == ("cds-eks-cli", "cds-eks")
    assert found["timeouts"][1] == "default"
    found = told(profiles.done("--profile", "inline", "whoami", "-o", "json", "--debug"))
    assert found["profile"] == ("inline", "--profile")
    assert found["credentials"][0] == "redacted:, redacted:"
    found = told(profiles.done("whoami", "-o", "json", env={"CDS_PROFILE": "inline"}))
    assert found["profile"] == ("inline", "environment (CDS_PROFILE)")


def test_keys_of_the_environment_hide_the_profile(profiles: CommandLine, file: Path) -> None:
    environ = {"CDS_SECRET_ID": PLANTED, "CDS_SECRET_KEY": PLANTED, "CDS_PROFILE": "work"}
    found = told(profiles.done("whoami", "-o", "json", env=environ))
    assert found["profile"] == ("none", "")
    assert found["credentials"] == ("***", "environment (CDS_SECRET_ID, CDS_SECRET_KEY)")
    run = profiles.done("whoami", env=environ)
    assert run.err == "the profile 'work' of CDS_PROFILE is not used: the environment has keys\n"
    assert PLANTED not in run.out
    assert "配置档" in profiles.done("whoami", env={**environ, "LANG": "zh_CN.UTF-8"}).err


def test_without_keys_it_says_so(profiles: CommandLine) -> None:
    assert told(profiles.done("whoami", "-o", "json"))["credentials"] == ("none", "")
    run = profiles("whoami", "--check", "-o", "json")
    assert (run.code, run.failure["class"]) == (4, "CredentialsError")
    assert "check" not in told(run)


def test_nothing_is_sent_but_for_a_check_which_is_one_read(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_cluster("c-1")
    assert "check" not in told(cli.done("whoami", "-o", "json"))
    assert emulator.ledger.count() == 0
    value, origin = told(cli.done("whoami", "--check", "-o", "json"))["check"]
    assert (value, origin.partition(" ")[0]) == ("accepted", "request")
    assert [entry.action for entry in emulator.ledger.requests] == ["ListClusters"]


def test_a_check_that_fails_is_told_after_the_settings(cli: CommandLine, emulator: Emulator) -> None:
    emulator.faults.add(Fault("status", "*", status=400, code="InvalidAccessKeyId", message="no"))
    run = cli("whoami", "--check", "-o", "json")
    assert (run.code, run.failure["class"]) == (4, "AuthenticationError")
    assert told(run)["credentials"] == ("***", "environment (CDS_SECRET_ID, CDS_SECRET_KEY)")


def test_certificates_of_the_environment_are_named(profiles: CommandLine, file: Path) -> None:
    found = told(profiles.done("whoami", "-o", "json", env={"SSL_CERT_FILE": "/etc/ours.pem"}))
    assert found["tls"] == ("/etc/ours.pem", "environment (SSL_CERT_FILE)")


def test_the_password_of_an_endpoint_is_not_shown(profiles: CommandLine) -> None:
    for output in ("json", "table", "csv"):
        run = profiles.done("whoami", "--endpoint", f"http://u:{PLANTED}@h", "-o", output)
        assert PLANTED not in run.out + run.err
        assert "***@h" in run.out
