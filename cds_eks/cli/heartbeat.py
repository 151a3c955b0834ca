"""A line now and then while a command takes its time where no progress is drawn: in a pipe, or the log of a CI job."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

PAUSE = 30.0
"""How many seconds lie between two lines."""


@contextlib.contextmanager
def beating(beat: Callable[[], None]) -> Iterator[None]:
    """Call a function every `PAUSE` seconds, from a thread of its own.

    Args:
        beat: Tells how far the command is.
    """
    over = threading.Event()
    thread = threading.Thread(target=beats, args=(over.wait, beat), name="cds-eks heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def beats(wait: Callable[[float], bool], beat: Callable[[], None]) -> None:
    """Call a function after each pause, until the end has come, or nobody reads what it tells.

    Args:
        wait: Waits for so many seconds; whether the end has come meanwhile.
        beat: The function.
    """
    with contextlib.suppress(OSError, ValueError):  # stderr is closed
        while not wait(PAUSE):
            beat()
