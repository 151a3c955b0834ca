"""This process as the child of a fork that Python has not seen."""

from __future__ import annotations

import os

import pytest

from cds_eks._runtime import forks


def pass_for_child(patch: pytest.MonkeyPatch, process_id: int = -1) -> None:
    """Have this process pass for a forked child, until the patch is undone.

    Args:
        patch: What undoes it.
        process_id: The child's.
    """
    patch.setattr(forks, "_mark", b"\0")  # as the kernel leaves it in a child
    patch.setattr(forks, "_latest", forks._latest)  # so that it is put back
    patch.setattr(os, "getpid", lambda: process_id)
