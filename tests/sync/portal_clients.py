"""A client, of which a portal only needs to know that it opens and closes; and calls of it."""

from __future__ import annotations

import asyncio

from cds_eks.sync.portal import Portal


class FakeClient:
    """Notes when it is closed."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def aclose(self) -> None:
        self.log.append("closed")


async def nothing() -> None:
    """Be a call."""


async def forever() -> None:
    await asyncio.sleep(60)


def tasks(portal: Portal) -> int:
    """How many tasks run on the portal's loop, its own included."""
    return len(asyncio.all_tasks(portal.loop_thread().loop))
