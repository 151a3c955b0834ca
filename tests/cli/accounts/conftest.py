"""A file of profiles of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.command_line import CommandLine


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file of profiles is; there is none yet."""
    path = tmp_path / "cds-eks" / "config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("CDS_CONFIG_FILE", raising=False)
    return path


@pytest.fixture
def profiles(offline: CommandLine, config: Path) -> CommandLine:
    """Runs `cds-eks` without keys in the environment."""
    return offline
