"""The runners of a launch from beginning to end: until all is done, the time is over, or the launch is interrupted."""

from __future__ import annotations

import threading

import anyio

from cds_eks.fleet.journal.base import JournalError, JournalGone
from cds_eks.fleet.journal.threaded import JournalOfOperations
from cds_eks.fleet.run import ending
from cds_eks.fleet.run.context import Settings
from cds_eks.fleet.runners.crew import Crew
from cds_eks.fleet.runners.pool import RunnerPool

INTERRUPTED = "the launch was interrupted"
OUT_OF_TIME = f"{ending.OUT_OF_TIME}, for all runners"
KILLED = 5.0
"""For how many seconds to wait until an executor tells that its processes were killed."""


async def carry_out(crew: Crew, pool: RunnerPool, journal: JournalOfOperations, settings: Settings) -> bool:
    """Have the runners carry the plan out; return whether their time was over before all was done.

    Args:
        crew: The runners.
        pool: Where they run.
        journal: The journal, open for their launch.
        settings: What was asked for.
    """
    limits = settings.limits
    seconds = limits.lease + limits.grace
    try:
        with anyio.move_on_after(settings.timeout) as limit:
            await crew.run()
        if limit.cancelled_caught:
            # Each runner has this time itself: it ends even if the journal is away.
            with anyio.CancelScope(shield=True):
                await _end(crew, pool, seconds)
            return True
        await _end(crew, pool, max(limits.lease, 2 * limits.poll_interval))
    except BaseException as error:
        reason = INTERRUPTED if not isinstance(error, Exception) else f"the launch has ended: {type(error).__name__}"
        with anyio.CancelScope(shield=True):
            await _stop(crew, pool, journal, reason, seconds)
        raise
    finally:
        crew.cancel()
        if crew.is_being_submitted:  # an executor that holds on to that may hold on to whoever shuts it down as well
            threading.Thread(target=pool.close, kwargs={"wait": False}, daemon=True).start()
        else:
            pool.close(wait=False)
    found = [summary.findings for summary in crew.summaries]
    return any(each.timed_out for each in found) and all(each.stopped is not None for each in found)


async def _end(crew: Crew, pool: RunnerPool, seconds: float) -> None:
    """Wait until all runners have ended; processes of this launch that have not by then are frozen, and are killed.

    Args:
        crew: The runners.
        pool: Where they run.
        seconds: For how long to wait for them.
    """
    await crew.wait(seconds)
    if crew.is_at_work and pool.kill():
        await crew.wait(KILLED)


async def _stop(crew: Crew, pool: RunnerPool, journal: JournalOfOperations, reason: str, seconds: float) -> None:
    """Stop the runners of the launch through the journal: executors can't stop what runs already.

    Args:
        crew: The runners.
        pool: Where they run.
        journal: The journal, open for the launch.
        reason: Why.
        seconds: For how long to wait for them.
    """
    try:
        await journal.stop_launch(reason)
        await _end(crew, pool, seconds)
        if crew.has_ended:
            await journal.stop_launch(None)
        # Else one may be frozen, or begin late: it is to stop then. The mark is removed by a much later launch.
    except JournalGone:
        await _end(crew, pool, seconds)  # they see it themselves, and end; what they know is told
    except JournalError:
        return  # it is away: runners create nothing without it
