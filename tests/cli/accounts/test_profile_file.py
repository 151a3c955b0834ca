"""The file of profiles, changed by several at once: none loses another's change."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from cds_eks.cli.accounts.profile_edits import put_profile
from cds_eks.cli.accounts.profile_file import rewrite
from cds_eks.config.profiles import read_profiles


def test_the_lock_is_held_while_it_is_changed(config: Path) -> None:
    def change(text: str, path: Path) -> str:
        descriptor = os.open(path.with_name(".config.toml.lock"), os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
        return text

    rewrite(change)
    rewrite(change)  # it was released


def test_many_at_once_lose_none(config: Path) -> None:
    number = 8
    barrier = threading.Barrier(number)

    def add(name: str) -> None:
        barrier.wait()
        rewrite(lambda text, path: put_profile(text, name, {"endpoint": f"https://{name}.example"}, path))

    threads = [threading.Thread(target=add, args=(f"p{each}",)) for each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_profiles().names) == [f"p{each}" for each in range(number)]
