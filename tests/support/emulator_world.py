"""What an emulator has in its world: the only place of the tests that knows where it is kept."""

from __future__ import annotations

from cds_eks.emulator import Emulator
from cds_eks.emulator.engine.world import World

__all__ = ["world_of"]


def world_of(emulator: Emulator) -> World:
    """Return the world as it is now; after a reset it is another one."""
    return emulator._world
