"""The command line against the emulator: in this process, and in processes of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator
from cli.command_line import CommandLine

LOCALE = ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")
ROOT = Path(__file__).parents[2]
REQUEST = ROOT / "examples" / "first_cluster.toml"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """English, and no setting of whoever runs the tests."""
    for name in (*LOCALE, "CDS_EKS_ENDPOINT", "CDS_API_HOST", "CDS_EKS_API_REVISION", "NO_COLOR", "CDS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def cli(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    """Runs `cds-eks` against the emulator."""
    with emulator.serve() as url:
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        monkeypatch.setenv("CDS_SECRET_ID", emulator.credentials.access_key_id)
        monkeypatch.setenv("CDS_SECRET_KEY", emulator.credentials.secret_access_key)
        yield CommandLine()


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Runs `cds-eks` where there are neither keys nor a service."""
    for name in ("CDS_SECRET_ID", "CDS_SECRET_KEY", "CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return CommandLine()


@pytest.fixture
def request_file() -> str:
    """The file of a request for a cluster, complete."""
    return str(REQUEST)
