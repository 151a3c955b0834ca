"""Waiting for many things at once, a bounded number of polls at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, TypeVar

import anyio
import attrs

from cds_eks._runtime.numbers import is_finite, shown_number
from cds_eks.errors import EksError, InvalidRequestError, NotFound, TaskFailed, WaitTimeout
from cds_eks.models import ClusterDetail, Event, NodePool, TaskStatus
from cds_eks.waiting.intervals import PollInterval
from cds_eks.waiting.polling import PollClock
from cds_eks.waiting.watch import Watch

T = TypeVar("T")

Kind = Literal["task", "event", "cluster", "node_pool"]

LOOKUPS_AT_ONCE = 10
"""How many polls of one wait run at once; the vendor advises at most 10 calls."""

GRACE = 1.0
"""How many more seconds the slower polls of a round may take when one thing has ended."""

NAMED = 10
"""How many things an error's text names; its attributes have all."""


@attrs.frozen(kw_only=True)
class Done:
    """One thing that `eks.wait.each` waited for, and how it ended.

    Attributes:
        kind: What it is.
        id: Its id.
        ids: Its ids by name, as errors have them: a node pool's cluster too.
        state: The state that was seen last, or None.
        error: None if it ended well: a task that finished, an event that succeeded, a cluster that runs, a node pool
            that is ready. Else what a wait for it alone would have raised.
    """

    kind: Kind
    id: str
    ids: Mapping[str, str]
    state: TaskStatus | Event | ClusterDetail | NodePool | None = None
    error: EksError | None = None


async def rounds(
    watches: Sequence[Watch[Any]], poll_clock: PollClock, timeout: float | None, interval: PollInterval
) -> AsyncGenerator[list[Watch[Any]]]:
    """Poll many things, each after pauses of its own, and yield those that have ended, each once.

    Nothing runs in the background while the caller handles them, so any task may iterate over it.

    Args:
        watches: What is waited for.
        poll_clock: Its clock.
        timeout: Seconds for all of them, or None for no limit.
        interval: The pauses.
    """
    ends = None if timeout is None else poll_clock.clock() + timeout
    deadline = anyio.current_time() + timeout if timeout is not None else float("inf")
    waiting: dict[Watch[Any], tuple[float, Iterator[float]]]
    waiting = {watch: (poll_clock.clock(), poll_clock.pauses(interval)) for watch in watches}
    while waiting:
        now = poll_clock.clock()
        is_last = ends is not None and now >= ends
        due = [watch for watch, (at, _) in waiting.items() if is_last or at <= now]
        with anyio.CancelScope(deadline=deadline) as scope:
            if not due:
                pause = min(at for at, _ in waiting.values()) - now
                await poll_clock.sleep(pause if ends is None else min(pause, ends - now))
                continue
            polled = await _poll(due)
            for watch in polled:
                waiting[watch] = (poll_clock.clock() + next(waiting[watch][1]), waiting[watch][1])
        if is_last or scope.cancelled_caught:
            with anyio.move_on_after(GRACE):
                for watch in waiting:
                    await watch.evaluate()  # what came in time, before another poll hung
            for watch in waiting:
                watch.time_is_up(timeout)
        if ended := [watch for watch in waiting if watch.has_ended]:
            for watch in ended:
                del waiting[watch]
            yield ended


async def _poll(due: list[Watch[Any]]) -> list[Watch[Any]]:
    """Poll some things, and return those; the ones that take much longer than one that has ended are left out."""
    permits = anyio.CapacityLimiter(LOOKUPS_AT_ONCE)
    read: list[Watch[Any]] = []

    async def poll(watch: Watch[Any]) -> None:
        async with permits:
            await watch.read()
        read.append(watch)
        if watch.is_about_to_end:
            group.cancel_scope.deadline = min(group.cancel_scope.deadline, anyio.current_time() + GRACE)

    async with anyio.create_task_group() as group:
        for watch in due:
            group.start_soon(poll, watch)
    for watch in read:
        await watch.evaluate()
    return read


async def all_of(
    watches: Mapping[Any, Watch[T]],
    poll_clock: PollClock,
    timeout: float | None,
    interval: PollInterval,
    name: str,
) -> dict[Any, T]:
    """Wait until each of many things has ended.

    Args:
        watches: What is waited for, by id.
        poll_clock: Its clock.
        timeout: Seconds for all of them, or None for no limit.
        interval: The pauses.
        name: What the ids are called in errors.

    Returns:
        The states by id.

    Raises:
        TaskFailed: All have ended, some of them badly.
        WaitTimeout: The time was up.
        EksError: A poll failed in a way that does not pass.
    """
    async with aclosing(rounds(list(watches.values()), poll_clock, timeout, interval)) as walk:
        async for ended in walk:
            for watch in ended:
                if watch.error is not None and not isinstance(watch.error, (TaskFailed, WaitTimeout, NotFound)):
                    raise watch.error
    failed = {
        id_: watch.error.message
        for id_, watch in watches.items()
        if watch.error is not None and not isinstance(watch.error, WaitTimeout)
    }
    pending = {id_: watch.words for id_, watch in watches.items() if isinstance(watch.error, WaitTimeout)}
    states = {id_: watch.last for id_, watch in watches.items() if watch.last is not None}
    if pending:
        raise timeout_of_many(list(watches), failed, pending, states, name=name, timeout=timeout)
    if failed:
        raise failure_of_many(listed(failed), list(failed), states, name=name)
    return states


def failure_of_many(message: str, failed: Sequence[Any], states: Mapping[Any, Any], *, name: str) -> TaskFailed:
    """Return the error of a wait for many things of which some failed."""
    ids = {name: tuple(failed), "failed_ids": tuple(failed), "pending_ids": ()}
    return TaskFailed(message, ids=ids, last=dict(states))


def timeout_of_many(
    wanted: Sequence[Any],
    failed: Mapping[Any, str],
    pending: Mapping[Any, str],
    states: Mapping[Any, Any],
    *,
    name: str,
    timeout: float | None,
    trouble: str = "",
) -> WaitTimeout:
    """Return the error of a wait for many things of which some are pending; it names those that failed apart."""
    ids = {
        name: tuple(id_ for id_ in wanted if id_ in failed or id_ in pending),
        "failed_ids": tuple(failed),
        "pending_ids": tuple(pending),
    }
    message = f"{len(pending)} of {len(wanted)} did not end within {timeout:g} s: {listed(pending)}"
    if failed:
        message += f". {len(failed)} failed: {listed(failed)}"
    if trouble:
        message += f". {trouble[0].upper()}{trouble[1:]}"
    return WaitTimeout(message, ids=ids, last=dict(states))


def listed(words: Mapping[Any, str]) -> str:
    """Return some things in words, for the text of an error; only the first few if they are many."""
    parts = [f"{_shown_id(id_)}: {text}" for id_, text in list(words.items())[:NAMED]]
    return "; ".join(parts) + (f"; and {len(words) - NAMED} more" if len(words) > NAMED else "")


def _shown_id(id_: Any) -> str:
    return "/".join(id_) if isinstance(id_, tuple) else str(id_)


def check_many(name: str, given: Any, *, may_be_empty: bool = False) -> tuple[str, ...]:
    """Return ids, each once, in their order.

    Raises:
        InvalidRequestError: They can't be used.
    """
    ids = None if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__") else tuple(given)
    if ids is None or (not ids and not may_be_empty) or not all(isinstance(id_, str) and id_ for id_ in ids):
        raise InvalidRequestError(name, "must be a list of at least one id, each a text that is not empty")
    return tuple(dict.fromkeys(ids))


def check_pools(given: Any, *, may_be_empty: bool = False) -> dict[tuple[str, str], int | None]:
    """Return pairs of the id of a cluster and that of a node pool of it, with how many nodes it is to have.

    Raises:
        InvalidRequestError: They can't be used.
    """
    pairs = None if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__") else list(given)
    if pairs is None or (not pairs and not may_be_empty) or not all(_is_pair(pair) for pair in pairs):
        raise InvalidRequestError("node_pools", "must be a list of at least one pair of a cluster's and a pool's id")
    replicas = given if isinstance(given, Mapping) else {}
    found = {(pair[0], pair[1]): replicas.get((pair[0], pair[1])) for pair in pairs}
    for number in found.values():
        check_replicas(number)
    return found


def _is_pair(given: Any) -> bool:
    return isinstance(given, (tuple, list)) and len(given) == 2 and all(isinstance(id_, str) and id_ for id_ in given)


def check_replicas(given: Any) -> None:
    """Check a number of nodes.

    Raises:
        InvalidRequestError: It can't be used.
    """
    if given is not None and (not isinstance(given, int) or not is_finite(given) or given < 0):
        raise InvalidRequestError(
            "replicas", f"must be a whole number of at least 0, or None; got {shown_number(given)}"
        )
