"""Watches the runners of a launch, and replaces those that are lost, until all of the plan is done."""

from __future__ import annotations

import logging
from collections.abc import Collection
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future

import anyio

from cds_eks._runtime.logs import log
from cds_eks.errors import ConfigurationError, ConnectFailed
from cds_eks.fleet.items import Item
from cds_eks.fleet.journal.base import Journal, JournalError, JournalGone, JournalTooNew
from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.runners.pool import RunnerPool, RunnersLost
from cds_eks.fleet.runners.submission import Submission
from cds_eks.fleet.runners.task import RunnerSummary, RunnerTask

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

TICK = 0.1
"""How often the runners are looked at, in seconds."""
LONGEST_PAUSE = 5.0
DEAD = 3
"""After how many leases without a live claim nobody is at work."""

WARN_AGAIN = 60.0
"""How often it is told, at the most, that no runner has begun, in seconds."""
NONE_BEGUN = "the executor has taken them, and may have no worker that is free"

_FATAL = (ConfigurationError, PlanError, JournalTooNew, JournalGone)  # another runner would say the same


class Crew:
    """The runners of a launch.

    Args:
        pool: Where they are submitted to.
        task: What each of them does.
        runners: How many there are to be.
        journal: The journal, to see what becomes of their work.
        item_ids: The items that they are about.
        start_timeout: For how many seconds to wait for a sign of any of them.

    Attributes:
        summaries: What those that have ended have handed back.
        gone: What those have ended with that found the journal gone.
    """

    def __init__(
        self,
        pool: RunnerPool,
        task: RunnerTask,
        *,
        runners: int,
        journal: Journal,
        item_ids: Collection[str],
        start_timeout: float = 600.0,
    ) -> None:
        self.summaries: list[RunnerSummary] = []
        self.gone: list[JournalGone] = []
        self._pool = pool
        self._task = task
        self._runners = runners
        self._journal = journal
        self._item_ids = item_ids
        self._lease = task.settings.limits.lease
        self._at_work: dict[Future[RunnerSummary], Executor | None] = {}
        self._latest: Submission | None = None
        self._losses = 0  # since anything was last seen to change
        self._known: frozenset[tuple[str, str, int]] = frozenset()
        self._seen_at_work: float | None = None
        self._has_given_up = False  # on one of which nothing was seen, and which may go on nevertheless
        self._start_timeout = start_timeout
        self._silent_since, self._warn_at = 0.0, 0.0  # by the event loop's clock, while none was seen at work

    @property
    def is_at_work(self) -> bool:
        """Whether a runner has not ended, as far as its executor tells."""
        return bool(self._at_work)

    @property
    def is_being_submitted(self) -> bool:
        """Whether an executor holds on to a submission, and may take the runner at any time."""
        return self._latest is not None and self._latest.is_under_way

    @property
    def has_ended(self) -> bool:
        """Whether no runner can go on, or begin, any more."""
        return not (self.is_at_work or self.is_being_submitted or self._has_given_up)

    async def run(self) -> None:
        """Submit the runners, and replace those that are lost, until one of them has found nothing more to do.

        Raises:
            RunnersLost: They are lost again and again, or none begins.
            JournalGone: The journal is gone, or is another one where a runner runs.
            ConnectFailed: The service can't be reached, and nothing was begun.
            ConfigurationError: A runner can't work where it runs.
        """
        for _ in range(self._runners):
            await self._submit()
        looked = self._silent_since = anyio.current_time()
        self._warn_at = looked + DEAD * self._lease
        while self._at_work:
            lost = [error for future in self._ended() if (error := self._take(future)) is not None]
            if any(summary.findings.stopped is None for summary in self.summaries):
                return  # it saw the end of all items
            for error in lost:
                await self._replace(error)
            if anyio.current_time() - looked >= self._lease / 3:
                looked = anyio.current_time()
                await self._look_after_silent_ones()
            await anyio.sleep(TICK)

    async def wait(self, seconds: float) -> None:
        """Wait for those that are still at work, but not longer than this; then they are left to themselves."""
        with anyio.move_on_after(seconds):
            while self._at_work:
                for future in self._ended():
                    self._take(future, is_over=True)
                await anyio.sleep(TICK)

    def cancel(self) -> None:
        """Have those not begin that wait in their executor."""
        for future in self._at_work:
            future.cancel()

    def _ended(self) -> list[Future[RunnerSummary]]:
        return [future for future in self._at_work if future.done()]

    async def _submit(self) -> None:
        self._latest = submission = Submission(self._pool, self._task)
        future = await submission.future()
        self._at_work[future] = submission.executor

    def _take(self, future: Future[RunnerSummary], *, is_over: bool = False) -> BaseException | None:
        """Take what a runner has handed back; return why it is lost, if it is."""
        executor = self._at_work.pop(future)
        error = CancelledError() if future.cancelled() else future.exception()
        if error is None:
            self.summaries.append(future.result())
            return None
        if isinstance(error, BrokenExecutor):
            self._pool.discard(executor)
            self._pool.check_that_processes_begin()
        if isinstance(error, JournalGone):
            self.gone.append(error)
        if isinstance(error, _FATAL) and not is_over:
            raise error
        return error

    async def _replace(self, error: BaseException) -> None:
        """Submit another runner in place of one that was lost."""
        reason = error.message if isinstance(error, JournalError) else None  # others' texts are not the SDK's own
        log(logger, logging.WARNING, "runner", "lost", error=type(error).__name__, reason=reason)
        await self._note_progress()
        if isinstance(error, ConnectFailed):  # it could not reach the service when it began
            if not await self._has_begun():
                raise error
            self._losses = 0  # the others wait for the service, and so does this one's successor
            await anyio.sleep(LONGEST_PAUSE)
        self._losses += 1
        if self._losses > 3 * self._runners + 3:
            raise RunnersLost(
                f"runners are lost again and again, and nothing gets done: {type(error).__name__}: {error}"
            ) from error
        await anyio.sleep(min(LONGEST_PAUSE, TICK * 2.0 ** (self._losses - 1)))
        await self._check_journal()
        await self._submit()

    async def _check_journal(self) -> None:
        """See that the journal is what it was; one that is away says nothing.

        Raises:
            JournalGone: It was deleted or replaced.
        """
        try:
            await self._journal.identity()
        except JournalGone:
            raise
        except JournalError:
            return

    async def _has_begun(self) -> bool:
        """Whether anything was done since the launch began, as far as the journal can say."""
        try:
            items = await self._journal.items(ids=self._item_ids)
        except JournalError:
            return True
        return any(item.state != "planned" and item.changed_at >= self._task.began for item in items)

    async def _note_progress(self) -> list[Item]:
        try:
            items = await self._journal.items(ids=self._item_ids)
        except JournalError:
            return []
        known = frozenset((item.id, item.state, item.epoch) for item in items)
        if known != self._known:
            self._known, self._losses = known, 0
        return items

    async def _look_after_silent_ones(self) -> None:
        """Replace runners of which nothing was seen for some leases: not all executors tell of what they have lost."""
        await self._check_journal()
        try:
            now = await self._journal.now()
            items = await self._journal.items(ids=self._item_ids)
            alive = await self._journal.runners()
        except JournalError:
            return
        if any(item.lease_until is not None and item.lease_until > now for item in items):
            self._seen_at_work = now
        elif self._seen_at_work is not None and now - self._seen_at_work > DEAD * self._lease:
            self._seen_at_work = now
            silent = list(self._at_work)
            self._at_work.clear()
            if silent and not self._pool.replace_processes():
                self._has_given_up = True
                for future in silent:
                    future.cancel()
            for _ in silent:
                await self._replace(TimeoutError("nothing was seen of it for some leases"))
        elif self._seen_at_work is None:
            self._look_whether_any_has_begun(alive)

    def _look_whether_any_has_begun(self, alive: int) -> None:
        """Tell if no runner has shown itself yet: an executor may take them and have nobody to run them.

        Raises:
            RunnersLost: It was waited for long enough.
        """
        now = anyio.current_time()
        if alive:
            self._silent_since, self._warn_at = now, now + DEAD * self._lease
            return
        silent = now - self._silent_since
        if silent >= self._start_timeout:
            raise RunnersLost(
                f"no runner has begun within {silent:.0f} s (start_timeout): the executor has taken them, and does not "
                "run them. See that it has workers, that they are not busy with other work, and that they reach the "
                "journal"
            )
        if now >= self._warn_at:
            self._warn_at = now + max(WARN_AGAIN, DEAD * self._lease)
            log(logger, logging.WARNING, "runners", "none has begun", reason=NONE_BEGUN, elapsed=round(silent, 1))
