"""Where runners are submitted to: any executor; one that breaks is built anew."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import Any

from cds_eks.errors import ConfigurationError, EksError
from cds_eks.fleet.runners.task import RunnerSummary, RunnerTask, run_task

MakeExecutor = Callable[[], Executor]


NO_GUARD = 'a script that launches does so below `if __name__ == "__main__":`: each process that it starts imports it'


class RunnersLost(EksError):
    """Runners are lost again and again, or can't be submitted any more.

    The journal knows what is open: launch again.
    """


class RunnerPool:
    """Submits runners.

    Args:
        executor: Where to; or what makes it, and makes it anew when it is broken; None for a pool of processes here. A
            pool of processes that was passed and breaks is followed by one of this kind.
        runners: How many processes a pool made here has.
    """

    def __init__(self, executor: Executor | MakeExecutor | None, *, runners: int) -> None:
        self._make: MakeExecutor | None = None
        self._runners = runners
        self._own: list[Executor] = []
        self._started: list[BaseProcess] = []
        self._first: Future[int] | None = None  # the first thing that a pool of processes made here is asked for
        self._has_begun = False
        if executor is None:
            self._make = self._processes
        elif isinstance(executor, ProcessPoolExecutor):
            self._make = self._processes  # for when it breaks
        elif not isinstance(executor, Executor):
            if not callable(executor):
                raise ConfigurationError(f"executor must be an Executor, or make one, not {type(executor).__name__}")
            self._make = executor
        self._current: Executor | None = executor if isinstance(executor, Executor) else None

    def submit(self, task: RunnerTask) -> Future[RunnerSummary]:
        """Submit a runner, to a new executor if the one before is broken.

        Raises:
            RunnersLost: The executor takes nothing any more, and can't be made anew.
        """
        for _ in range(2):
            executor = self._executor()
            try:
                future = executor.submit(run_task, task)
                if isinstance(executor, ProcessPoolExecutor):
                    # It watches a process that this has started only from the next submission on: without one, it
                    # may not notice that the process is killed.
                    executor.submit(int)
            except BrokenExecutor:
                self.discard(executor)
                self.check_that_processes_begin()
            except Exception as error:
                raise RunnersLost(f"the executor takes no runners any more: {type(error).__name__}: {error}") from error
            else:
                return future
        raise RunnersLost("the executor broke again as soon as it was made")

    def discard(self, executor: Executor | None = None) -> None:
        """Use the executor no more, which is broken. Nothing is done if another one is in use by now."""
        if executor in (None, self._current) and self._make is not None:
            self._current = None

    @property
    def current(self) -> Executor | None:
        """The executor that is in use."""
        return self._current

    def check_that_processes_begin(self) -> None:
        """Refuse to go on after a pool made here has broken whose processes ended before they did anything.

        Raises:
            ConfigurationError: None has ever begun: another pool would be the same.
        """
        first, self._first = self._first, None
        if first is None or self._has_begun:
            return
        self._has_begun = first.done() and not first.cancelled() and first.exception() is None
        if not self._has_begun:
            raise ConfigurationError(
                f"the processes of runners end before they begin, and may have said why: {NO_GUARD}"
            )

    def close(self, *, wait: bool) -> None:
        """Shut down what was made here; `wait` until its processes are gone."""
        for executor in self._own:
            executor.shutdown(wait=wait, cancel_futures=True)

    def kill(self) -> bool:
        """Kill the processes that were started here, and return whether there are any.

        One that is frozen would keep this program from ending: a pool of processes joins them.
        """
        self._first = None  # how they end says nothing about how they begin
        self.close(wait=False)  # Python 3.11's pools stumble over cancelled work if they have to end what was killed
        for process in self._started:
            process.kill()
        return bool(self._started)

    def replace_processes(self) -> bool:
        """Kill the processes that were started here, and use a new pool; return whether the one in use was made here.

        Those that are frozen would have all that is submitted wait behind them.
        """
        if not self._started or self._current not in self._own:
            return False
        self.kill()
        self.discard()
        return True

    def _executor(self) -> Executor:
        if self._current is None:
            if self._make is None:
                raise RunnersLost("the executor is broken: pass a function that makes one, and it is made anew")
            self._current = self._make()
            self._own.append(self._current)
            if isinstance(self._current, ProcessPoolExecutor):
                self._first = self._current.submit(int)
        return self._current

    def _processes(self) -> Executor:
        return ProcessPoolExecutor(self._runners, mp_context=_Noting(self._started))


class _Noting(SpawnContext):
    """Starts processes anew, and notes them."""

    def __init__(self, started: list[BaseProcess]) -> None:
        super().__init__()
        self._started = started

    def Process(self, *arguments: Any, **settings: Any) -> SpawnProcess:  # type: ignore[override] # noqa: N802 - its name
        process = SpawnProcess(*arguments, **settings)
        self._started.append(process)
        return process
