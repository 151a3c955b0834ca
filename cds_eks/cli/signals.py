"""SIGTERM and SIGHUP end a command as Ctrl-C does: it tells the ids that it knows, and what is open."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from types import FrameType

ENDING: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Terminated(KeyboardInterrupt):
    """A signal that ends a program has come: `timeout`, a CI that cancels, a terminal that was closed.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Signals:
    """What has come."""

    def __init__(self) -> None:
        self._number: int | None = None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Do what Ctrl-C does at the moment: an event loop cancels what it runs, and raises when that has ended."""
        self._number = self._number or number
        on_interrupt = signal.getsignal(signal.SIGINT)
        if callable(on_interrupt) and on_interrupt is not signal.default_int_handler:
            on_interrupt(signal.SIGINT, frame)
        else:
            raise Terminated(number)

    def named(self, error: BaseException) -> BaseException:
        """Return an interruption as what has caused it."""
        is_other = self._number is None or type(error) is not KeyboardInterrupt
        return error if is_other else Terminated(self._number or 0).with_traceback(error.__traceback__)


@contextlib.contextmanager
def handled(*, is_process: bool) -> Iterator[Signals]:
    """Have these signals end the command in order. One that is ignored stays so: with `nohup` the command goes on.

    Args:
        is_process: Whether the process ends with the command: then none changes its exit code any more.
    """
    signals = Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = {each: signal.getsignal(each) for each in (*ENDING, signal.SIGINT)}
    for each in ENDING:
        if before[each] is signal.SIG_DFL:
            signal.signal(each, signals.handle)
    try:
        yield signals
    finally:
        if is_process:
            ignore()
        else:
            for each, handler in before.items():
                if handler is not None:
                    signal.signal(each, handler)


def ignore() -> None:
    """Ignore further signals while a failure is told, and until the process has ended: SIGKILL is left."""
    if threading.current_thread() is threading.main_thread():
        for each in (*ENDING, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
