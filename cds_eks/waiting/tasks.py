"""Waiting for tasks and events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from cds_eks.errors import InvalidRequestError
from cds_eks.models import ClusterEvent, Event, TaskStatus
from cds_eks.waiting.intervals import PollInterval, check_interval, check_timeout
from cds_eks.waiting.polling import check_id, wait_for
from cds_eks.waiting.rounds import all_of, check_many
from cds_eks.waiting.source import Source
from cds_eks.waiting.steps import Steps
from cds_eks.waiting.verdicts import judge_event, judge_task
from cds_eks.waiting.watch import Watch, check_callback


class TaskWaits(Source):
    """The waits of `eks.wait` for tasks and events."""

    async def task(
        self,
        task_id: str,
        *,
        cluster_id: str | None = None,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[TaskStatus], Awaitable[None] | None] | None = None,
        on_step: Callable[[ClusterEvent], Awaitable[None] | None] | None = None,
    ) -> TaskStatus:
        """Wait until a task has finished. The cluster that it works on takes the next operation then.

        Args:
            task_id: Id of the task.
            cluster_id: Id of the cluster that it works on, for `on_step`.
            timeout: How long to wait, in seconds; None for no limit.
            poll_interval: How long the pauses between polls are, in seconds, or a `PollInterval`; None for 1 s that
                grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with the task whenever it has changed.
            on_step: Called with each step that the service takes on the cluster, when it appears and when it changes.

        Returns:
            The finished task.

        Raises:
            TaskFailed: The task failed; holds its id and the service's message.
            WaitTimeout: The time is up; holds the id and the last state.
            NotFound: There is no such task any more, or a minute has passed and it was never seen: what was just begun
                may not be found at first.
            EksError: A poll failed in another way that won't pass, such as `PermissionDenied`.
        """
        check_id("task_id", task_id)
        check_callback("on_step", on_step)
        on_poll = None
        if on_step is not None:
            if cluster_id is None:
                raise InvalidRequestError("cluster_id", "must be given with on_step: steps are listed by cluster")
            on_poll = Steps(lambda: self._fetch_steps(cluster_id), on_step)
        if cluster_id is not None:
            check_id("cluster_id", cluster_id)
        watch = self._watch_task(task_id, on_change, on_poll)
        await wait_for(watch, self._poll_clock, timeout, poll_interval)
        return watch.state

    async def event(
        self,
        event_id: str,
        *,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[Event], Awaitable[None] | None] | None = None,
    ) -> Event:
        """Wait until an event has succeeded. The network interface that it works on takes the next operation then.

        Args:
            event_id: Id of the event.
            timeout: How long to wait, in seconds; None for no limit.
            poll_interval: How long the pauses between polls are, in seconds, or a `PollInterval`; None for 1 s that
                grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with the event whenever it has changed.

        Returns:
            The event.

        Raises:
            TaskFailed: The event failed; holds its id and the service's message.
            WaitTimeout: The time is up; holds the id and the last state.
            NotFound: There is no such event any more, or a minute has passed and it was never seen: what was just
                begun may not be found at first.
            EksError: A poll failed in another way that won't pass, such as `PermissionDenied`.
        """
        watch = self._watch_event(check_id("event_id", event_id), on_change)
        await wait_for(watch, self._poll_clock, timeout, poll_interval)
        return watch.state

    async def tasks(
        self,
        task_ids: Iterable[str],
        *,
        timeout: float | None = 3600.0,
        poll_interval: float | PollInterval | None = None,
        on_change: Callable[[TaskStatus], Awaitable[None] | None] | None = None,
    ) -> dict[str, TaskStatus]:
        """Wait until each of many tasks has finished or failed, with at most ten polls at once.

        Args:
            task_ids: Ids of the tasks.
            timeout: How long to wait for all of them, in seconds; None for no limit.
            poll_interval: How long the pauses between the polls of one task are, in seconds, or a `PollInterval`; None
                for 1 s that grows to 15 s. Each is shortened by up to a quarter.
            on_change: Called with each task whenever it has changed.

        Returns:
            The finished tasks by id.

        Raises:
            TaskFailed: All have ended, some of them badly; `failed_ids` names those, `last` has all by id.
            WaitTimeout: The time is up; `pending_ids` names those that go on, `failed_ids` those that failed, `last`
                has all that were seen by id.
            EksError: A poll failed in a way that won't pass, such as `PermissionDenied`.
        """
        seconds, interval = check_timeout(timeout), check_interval(poll_interval)
        watches = {id_: self._watch_task(id_, on_change) for id_ in check_many("task_ids", task_ids)}
        return await all_of(watches, self._poll_clock, seconds, interval, "task_ids")

    def _watch_task(
        self,
        task_id: str,
        on_change: Callable[[TaskStatus], Awaitable[None] | None] | None = None,
        on_poll: Steps | None = None,
    ) -> Watch[TaskStatus]:
        async def fetch() -> TaskStatus:
            return (await self._fetch_task(task_id)).data

        ids = {"task_id": task_id}
        return Watch(
            fetch,
            self._fit_to_show(judge_task),
            ids,
            clock=self._poll_clock.clock,
            on_change=on_change,
            on_poll=on_poll,
        )

    def _watch_event(
        self, event_id: str, on_change: Callable[[Event], Awaitable[None] | None] | None = None
    ) -> Watch[Event]:
        async def fetch() -> Event:
            return (await self._fetch_event(event_id)).data

        return Watch(
            fetch,
            self._fit_to_show(judge_event),
            {"event_id": event_id},
            clock=self._poll_clock.clock,
            on_change=on_change,
        )
