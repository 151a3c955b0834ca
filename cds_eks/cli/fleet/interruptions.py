"""Ctrl-C while a run goes on: the first ends it well, a second one leaves at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, Self

from cds_eks.cli import failures

if TYPE_CHECKING:
    from cds_eks.cli.context import Context
    from cds_eks.cli.fleet.progress import Progress

SIGNALS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)

TOLD = "interrupted: what is under way is finished; press Ctrl-C again to leave at once"
LEFT = (
    "left at once: creates may be open, which the journal knows of; run the same command again: it looks for them first"
)


class Interruptions:
    """Stops a run when it is interrupted. SIGTERM and SIGHUP are as Ctrl-C.

    A handler of signals only notes that one has come: a thread of its own stops the run, since the main thread may be
    anywhere when it comes.

    Args:
        context: Has how failures are told.
        progress: Shows that it was interrupted.
        stop: Stops the run; any thread may call it.

    Attributes:
        is_interrupted: Whether it was.
    """

    def __init__(self, context: Context, progress: Progress, stop: Callable[[str], None]) -> None:
        self.is_interrupted: bool = False
        self._options = context.options
        self._progress = progress
        self._stop = stop
        self._is_over = False
        self._wake = threading.Event()
        self._previous: dict[int, Any] = {}
        self._thread = threading.Thread(target=self._watch, name="cds-eks interruptions", daemon=True)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = {each: signal.signal(each, self._on_signal) for each in SIGNALS}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._previous.items():
            signal.signal(each, handler)
        self._is_over = True
        self._wake.set()
        self._thread.join()

    def _on_signal(self, *_: int | FrameType | None) -> None:
        if self.is_interrupted:
            self._leave()
        self.is_interrupted = True
        self._wake.set()

    def _watch(self) -> None:
        self._wake.wait()
        if not self._is_over:
            self._stop("it was interrupted")
            self._progress.say(TOLD)

    def _leave(self) -> None:
        """End the process: whatever was begun is in the journal, which is as good after this as after a kill."""
        from cds_eks.cli.output.structured import one_line

        text = f"error: interrupted\nhint: {LEFT}\n"
        if self._options.is_for_machines:
            text = one_line(failures.as_data(KeyboardInterrupt()) | {"hint": LEFT}) + "\n"
        try:
            cursor = "\x1b[?25h\n" if self._progress.is_drawn else ""
            os.write(sys.stderr.fileno(), f"{cursor}{text}".encode())
        finally:
            os._exit(failures.INTERRUPTED)
