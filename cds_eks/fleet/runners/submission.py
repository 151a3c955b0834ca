"""Submitting a runner to an executor that may hold whoever submits, as one does whose queue is full."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any

import anyio
import anyio.lowlevel

from cds_eks.fleet.runners.pool import RunnerPool
from cds_eks.fleet.runners.task import RunnerSummary, RunnerTask


class Submission:
    """Submits a runner in a thread, which nobody has to wait for: it keeps no program from ending.

    Args:
        pool: Where to.
        task: What the runner does.

    Attributes:
        executor: The executor that has taken it.
    """

    def __init__(self, pool: RunnerPool, task: RunnerTask) -> None:
        self.executor: Executor | None = None
        self._pool = pool
        self._task = task
        self._end: Future[RunnerSummary] | BaseException | None = None
        self._is_given_up = False
        self._lock = threading.Lock()
        self._ended = anyio.Event()
        native: Any = anyio.lowlevel.current_token().native_token
        self._soon: Callable[..., object] = getattr(native, "run_sync_soon", None) or native.call_soon_threadsafe
        threading.Thread(target=self._submit, name="fleet submission", daemon=True).start()

    @property
    def is_under_way(self) -> bool:
        """Whether the executor has neither taken nor refused it yet."""
        return self._end is None

    async def future(self) -> Future[RunnerSummary]:
        """Return the runner's future once it is submitted.

        Who is cancelled while waiting leaves at once. A runner that the executor takes later on is cancelled.

        Raises:
            RunnersLost: The executor takes nothing any more, and can't be made anew.
        """
        try:
            await self._ended.wait()
        except BaseException:
            with self._lock:
                self._is_given_up = True
                if isinstance(self._end, Future):
                    self._end.cancel()
            raise
        if isinstance(self._end, BaseException):
            raise self._end
        assert self._end is not None
        return self._end

    def _submit(self) -> None:
        try:
            end: Future[RunnerSummary] | BaseException = self._pool.submit(self._task)
            self.executor = self._pool.current
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            end = error
        with self._lock:
            self._end = end
            if self._is_given_up and isinstance(end, Future):
                end.cancel()
        with suppress(RuntimeError):  # the loop has ended, and with it who has waited
            self._soon(self._ended.set)
