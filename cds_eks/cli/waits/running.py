"""Waits, carried out: several at once, until all have ended well, or one has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

import anyio

from cds_eks._runtime import clocks
from cds_eks.cli.language import say
from cds_eks.cli.waits.plan import Wait
from cds_eks.errors import EksError, NotFound, WaitTimeout
from cds_eks.schema.status import is_failure, normal
from cds_eks.waiting.polling import PollClock, wait_for
from cds_eks.waiting.rounds import timeout_of_many
from cds_eks.waiting.verdicts import Verdict
from cds_eks.waiting.watch import Watch, reworded

if TYPE_CHECKING:
    from cds_eks.client import AsyncEksClient
    from cds_eks.models import ClusterEvent, NodePool

LEAST = 0.001
"""Seconds that a wait is given when there are none left, so that it says what it knows."""


class Notices(Protocol):
    """Who is told how waits go on.

    Attributes:
        wants_steps: Whether the steps that the service takes on a cluster are read too, for one more request a poll.
    """

    wants_steps: bool

    def changed(self, wait: Wait, words: str) -> None:
        """Tell of a state."""

    def ended(self, wait: Wait) -> None:
        """Tell that one has ended well."""


async def carry_out(
    waits: Sequence[Wait],
    eks: AsyncEksClient,
    *,
    ends: float,
    limit: float,
    poll_interval: float | None,
    notices: Notices,
    was_begun: bool,
) -> dict[Wait, Any]:
    """Wait for things, all at once.

    Args:
        waits: The things.
        eks: The client.
        ends: The end of the time, in monotonic seconds.
        limit: How long the whole command may take, in seconds, for errors.
        poll_interval: The pauses between polls, in seconds; None for those of the SDK.
        notices: Is told of all changes.
        was_begun: Whether it is known that the things were begun; else what is not there when the time is up counts as
            not found, not as late.

    Returns:
        What each came to; True for what is gone as it was to be, None for the task of a deletion that is gone as well.

    Raises:
        EksError: One ended badly, and the others were left at once; or the time is up for some.
    """
    results: dict[Wait, Any] = {}
    timeouts: dict[Wait, WaitTimeout] = {}
    failures: list[EksError] = []

    async def run(wait: Wait) -> None:
        try:
            results[wait] = await _until_it_is_there(wait)
        except WaitTimeout as error:
            if was_begun or (missing := _never_seen(error)) is None:
                timeouts[wait] = error
            else:
                failures.append(missing)
                group.cancel_scope.cancel()
        except EksError as error:
            failures.append(error)
            group.cancel_scope.cancel()
        else:
            notices.ended(wait)

    async def _until_it_is_there(wait: Wait) -> Any:
        """Wait for one thing. While its task goes on, the task says best what becomes of a thing that is not there."""
        while True:
            seconds = max(round(ends - clocks.monotonic(), 1), LEAST)  # as it is told
            try:
                return await _one(wait, eks, seconds, poll_interval, notices)
            except WaitTimeout as error:
                # All before the wait is a part of the time too: what is told is the time that was asked for.
                error.message = error.message.replace(f" within {seconds:g} s", f" within {limit:g} s", 1)
                raise
            except NotFound:
                goes_on = any(each.kind in ("task", "event") and each not in results for each in waits)
                if wait.kind not in ("cluster", "pool") or not goes_on:
                    raise

    async with anyio.create_task_group() as group:
        for wait in waits:
            group.start_soon(run, wait)
    if failures:
        raise _with_others(failures[0], waits, results)
    if timeouts:
        raise _timed_out(waits, timeouts, results, limit)
    return results


def _never_seen(error: WaitTimeout) -> NotFound | None:
    """Return the error of what no poll has found until the time was up; None if any has."""
    cause = error.__cause__
    if error.last is not None or not isinstance(cause, NotFound):
        return None
    missing = reworded(cause, "it was never seen")
    missing.ids = {**error.ids, **cause.ids}
    return missing


def _with_others(error: EksError, waits: Sequence[Wait], results: Mapping[Wait, Any]) -> EksError:
    """Name in an error the other things of its kind that go on."""
    others = [wait for wait in waits if wait not in results and not wait.ids.items() <= error.ids.items()]
    if others and len({wait.kind for wait in waits}) == 1:
        error.ids = {**error.ids, "pending_ids": tuple(wait.shown for wait in others)}
    return error


def _timed_out(
    waits: Sequence[Wait], timeouts: Mapping[Wait, WaitTimeout], results: Mapping[Wait, Any], seconds: float
) -> WaitTimeout:
    kinds = {wait.kind for wait in waits}
    first, error = next(iter(timeouts.items()))
    if len(waits) == 1 or len(kinds) > 1:
        return error
    words = {wait.shown: timeouts[wait].message.partition("; ")[2] for wait in waits if wait in timeouts}
    name = f"{list(first.ids)[-1 if first.cluster_id else 0]}s"
    states = {wait.shown: state for wait, state in results.items()}
    wanted = [wait.shown for wait in waits]
    return timeout_of_many(wanted, {}, words, states, name=name, timeout=seconds)


async def _one(wait: Wait, eks: AsyncEksClient, timeout: float, poll_interval: float | None, notices: Notices) -> Any:
    """Wait for one thing."""
    words = ""

    def on_change(state: Any) -> None:
        nonlocal words
        words = words_of(state)
        notices.changed(wait, words)

    def on_step(step: ClusterEvent) -> None:
        name = say(step.subtask_type or step.subtask_name or "", step.subtask_name or step.subtask_type or "")
        notices.changed(wait, f"{words}: {name} {step.status or ''}".strip())

    settings: dict[str, Any] = {"timeout": timeout, "poll_interval": poll_interval, "on_change": on_change}
    match wait.kind:
        case "task":
            return await _task(wait, eks, settings)
        case "event":
            return await _event(wait, eks, settings)
        case "cluster":
            steps = on_step if notices.wants_steps else None
            return await eks.wait.cluster_running(wait.id, on_step=steps, **settings)
        case "idle":
            return await eks.wait.idle(wait.id, **settings)
        case "pool":
            return await eks.wait.node_pool_ready(wait.cluster_id, wait.id, wait.replicas, **settings)
        case "cluster_deleted":
            await eks.wait.cluster_deleted(wait.id, task_id=wait.task_id or None, missing_ok=True, **settings)
            return True
        case "pool_deleted":
            await _pool_deleted(wait, eks, settings)
            return True


async def _task(wait: Wait, eks: AsyncEksClient, settings: Mapping[str, Any]) -> Any:
    with _Seen(wait, settings) as seen:
        return await eks.wait.task(wait.id, **seen.settings)
    return None


async def _event(wait: Wait, eks: AsyncEksClient, settings: Mapping[str, Any]) -> Any:
    with _Seen(wait, settings) as seen:
        return await eks.wait.event(wait.id, **seen.settings)
    return None


class _Seen:
    """Takes it for a success that a deletion's task is gone with what it has deleted, if it was seen before."""

    def __init__(self, wait: Wait, settings: Mapping[str, Any]) -> None:
        self._wait = wait
        self._was_seen = False
        self._on_change = settings["on_change"]
        self.settings = {**settings, "on_change": self._see}

    def _see(self, state: Any) -> None:
        self._was_seen = True
        self._on_change(state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> bool:
        return isinstance(error, NotFound) and self._was_seen and self._wait.may_be_gone


async def _pool_deleted(wait: Wait, eks: AsyncEksClient, settings: Mapping[str, Any]) -> None:
    """Wait until a node pool is gone, be it with its cluster."""
    was_well = False

    async def fetch() -> NodePool:
        answer = await eks.node_pools.list(wait.cluster_id, node_pool_id=wait.id)
        found = next((pool for pool in answer.data.node_pool if pool.id == wait.id), None)
        if found is None:
            raise NotFound("the node pool is gone", action="ListNodePools", request_id=answer.request_id)
        return found

    def judge(pool: NodePool) -> Verdict:
        nonlocal was_well
        failed = is_failure(pool.status)
        failure = f"the node pool is in state {pool.status!r}" if failed and was_well else None
        was_well = was_well or not failed  # one in error is just what one deletes
        return Verdict(status=pool.status, failure=failure)

    poll_clock = PollClock()
    watch = Watch(
        fetch,
        judge,
        wait.ids,
        clock=poll_clock.clock,
        on_change=settings["on_change"],
        missing=lambda _, __: Verdict(done=True),
    )
    await wait_for(watch, poll_clock, settings["timeout"], settings["poll_interval"])


def words_of(state: Any) -> str:
    """Return a state in words: its status, and what the service says of it."""
    data = state.to_dict()
    if data.get("available_node_count") is not None:
        of = data.get("replicas") if data.get("replicas") is not None else data.get("total_node_count")
        return f"{data.get('status') or ''} {data['available_node_count']}/{of}".strip()
    names = ("task_status", "event_status", "cluster_status", "status")
    status = next((data[name] for name in names if data.get(name)), "")
    more = next((data[name] for name in ("task_msg", "event_status_display", "status_str") if data.get(name)), "")
    return status if normal(more) in ("", normal(status)) else f"{status} ({more})"
