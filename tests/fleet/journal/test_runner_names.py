"""Whether a runner's process is gone: it is only said where nothing else can be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cds_eks.fleet.journal.processes import is_gone, new_runner, pid_space, where_of

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
NAMES_ITSELF = "from cds_eks.fleet.journal.processes import new_runner; print(new_runner(), flush=True); input()"


def no_such_process(pid: int, _signal: int) -> None:
    raise ProcessLookupError


@LINUX
def test_a_process_is_gone_once_it_was_waited_for_and_not_before() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", NAMES_ITSELF], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    name = child.stdout.readline().strip()
    assert where_of(name).endswith(f":{child.pid}")
    assert not is_gone(name)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_gone(name)  # it has ended, but its pid is still its own
    child.communicate()
    assert is_gone(name)


def test_this_process_is_not_gone() -> None:
    assert not is_gone(new_runner())
    assert new_runner() != new_runner()


@LINUX
@pytest.mark.parametrize(
    "name",
    [
        "here:4242:abc",  # of a version that did not say where
        "here:4242:abc:",
        "here:4242:abc:another",  # another machine, start or container
        "here:{pid}:abc:{space}:more",
        "here:0:abc:{space}",
        "here:1:abc:{space}",
        "here:-4242:abc:{space}",
        "here:x:abc:{space}",
        "here:²:abc:{space}",
        "",
    ],
)
def test_of_names_that_do_not_say_enough_nothing_follows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "kill", no_such_process)
    assert is_gone(f"here:4242:abc:{pid_space()}")
    assert not is_gone(name.format(pid=4242, space=pid_space()))


@LINUX
@pytest.mark.parametrize("answer", [PermissionError(), None, OverflowError()])
def test_a_process_that_may_be_there_is_not_gone(answer: Exception | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(_pid: int, signal: int) -> None:
        assert signal == 0
        if answer is not None:
            raise answer

    monkeypatch.setattr(os, "kill", kill)
    assert not is_gone(f"here:4242:abc:{pid_space()}")


def test_a_system_that_does_not_tell_gives_no_space_and_nothing_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot, space, other = tmp_path / "boot", tmp_path / "space", tmp_path / "other"
    assert pid_space(boot, space) == ""
    boot.write_text("one\n")
    assert pid_space(boot, space) == ""
    space.symlink_to("pid:[1]")
    other.symlink_to("pid:[2]")
    if sys.platform == "linux":
        assert len({pid_space(boot, space), pid_space(boot, other), ""}) == 3
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "kill", no_such_process)
    assert pid_space(boot, space) == ""
    assert not is_gone("here:4242:abc:")
