"""Reporting the steps that the service takes on a cluster during a wait."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

import anyio

from cds_eks.errors import EksError
from cds_eks.models import ClusterEvent
from cds_eks.waiting.watch import call_back
from cds_eks.wire import Response

logger: logging.Logger = logging.getLogger("cds_eks.waiting")

READ_TIMEOUT = 10.0
"""How many seconds a read of the steps may take: it must not delay the wait."""


class Steps:
    """Reports each step once when it appears, and whenever its status or its error changes.

    A read that fails is skipped: steps are reported for people, and do not decide when a wait ends.

    Args:
        fetch: Lists the steps.
        on_step: Called with each.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Response[list[ClusterEvent]]]],
        on_step: Callable[[ClusterEvent], Awaitable[None] | None],
    ) -> None:
        self._fetch = fetch
        self._on_step = on_step
        self._reported: dict[tuple[object, ...], tuple[str | None, str | None]] = {}
        self._has_warned = False

    async def __call__(self) -> None:
        """Read the steps, and report what is new."""
        steps: list[ClusterEvent] = []
        try:
            with anyio.move_on_after(READ_TIMEOUT):
                steps = (await self._fetch()).data
        except EksError as error:
            if not self._has_warned:
                self._has_warned = True
                logger.warning("the steps of a cluster can't be read, the wait goes on: %s", type(error).__name__)
        alike: Counter[tuple[object, ...]] = Counter()
        for step in steps:
            name = (step.subtask_name, step.subtask_type, step.subtask_start_time)
            alike[name] += 1
            key = (*name, alike[name])
            reported = (step.status, step.error_info)
            if self._reported.get(key) != reported:
                self._reported[key] = reported
                await call_back(self._on_step, step)
