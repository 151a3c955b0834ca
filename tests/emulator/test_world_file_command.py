"""A world's file by the emulator's command line."""

from __future__ import annotations

import _thread
import threading
from pathlib import Path
from typing import Any

import pytest

import cds_eks.emulator
from cds_eks.emulator import Emulator
from cds_eks.emulator.__main__ import main
from support.emulator_world import world_of

from .world_files import written


def made_by(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Run the command for a moment, and return the emulator that it has made."""
    made: list[Emulator] = []

    class Recorded(cds_eks.emulator.Emulator):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            made.append(self)

    monkeypatch.setattr(cds_eks.emulator, "Emulator", Recorded, raising=False)
    threading.Timer(0.3, _thread.interrupt_main).start()
    assert main(arguments) == 0
    return made[0]


def test_the_command_line_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        tmp_path,
        '[server]\nport = 0\nspeed = 5\naccess_key_id = "from-file"\napi_revision = "2025-09-08"\n'
        'subnets_as_objects = true\n[[clusters]]\nname = "a"\n[[faults]]\nkind = "refuse"\n',
    )
    emulator = made_by(["--config", str(path)], monkeypatch)
    assert emulator.clock.speed == 5  # type: ignore[attr-defined]
    assert emulator.credentials.access_key_id == "from-file"
    assert emulator._service._subnets_as_objects is True
    out = capsys.readouterr().out
    assert "export CDS_EKS_API_REVISION=2025-09-08\n" in out
    assert "/_emulator/\n" in out
    options = ["--speed", "9", "--access-key-id", "given", "--no-subnets-as-objects", "--api-revision", "2025-10-11"]
    more = ["--fault", "create:refuse", "--scaling-group", "sg-1", "--allow-host", "build.example"]
    emulator = made_by(["--config", str(path), *options, *more], monkeypatch)
    assert emulator.clock.speed == 9  # type: ignore[attr-defined]
    assert emulator.credentials.access_key_id == "given"
    assert emulator._service._subnets_as_objects is False
    assert [str(each) for each in emulator.faults] == ["create:refuse", "*:refuse"]
    assert len(world_of(emulator).clusters) == 2
    assert set(world_of(emulator).groups) == {"sg-1"}
    assert "build.example" in emulator._allowed_hosts


def test_the_command_tells_what_is_wrong_with_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "[server]\nport = 'a'\nx = 1\n")
    assert main(["--config", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["cds_eks.emulator"] * 2
    assert f"{path}:2: server.port: " in err
    assert f"{path}:3: server.x: " in err
