"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from cds_eks.documents import writing


def test_a_file_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    assert writing.write_whole(str(path), b"one") == path
    assert writing.write_whole(path, b"two") == path
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_has_the_mode_of_any_other(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        path = writing.write_whole(tmp_path / "a.html", b"one")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_a_file_that_is_replaced_hands_on_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(b"one")
    path.chmod(0o640)
    writing.write_whole(path, b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
@pytest.mark.parametrize("before", [None, 0o644, 0o600])
def test_a_private_file_is_its_owners_alone_from_the_first_byte(
    before: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys"
    if before is not None:
        path.write_bytes(b"one")
        path.chmod(before)
    seen = []
    monkeypatch.setattr(os, "fsync", lambda number: seen.append(stat.S_IMODE(os.fstat(number).st_mode)))
    umask = os.umask(0)
    try:
        writing.write_whole(path, b"two", is_private=True)
    finally:
        os.umask(umask)
    assert seen == [0o600]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"two"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "a.html")
    writing.write_whole(tmp_path / "link", b"one")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "deep" / "a.html").read_bytes() == b"one"


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(b"one")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        writing.write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_surrogate_pair_is_written_as_its_escape() -> None:
    assert writing.encoded("é\ud83d") == b"\xc3\xa9\\ud83d"


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        writing.write_whole(tmp_path / "none" / "a.html", b"one")


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert writing.write_whole(path, b"all of it") == path
        assert os.read(reader, 100) == b"all of it"
    finally:
        os.close(reader)
    assert path.is_fifo()
