"""How people see that a command waits: live lines on a terminal, else a line at both ends, and now and then."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from cds_eks._runtime import clocks
from cds_eks.cli.context import Context
from cds_eks.cli.heartbeat import beating
from cds_eks.cli.language import say
from cds_eks.cli.output.text import visible
from cds_eks.cli.waits.plan import NAMES, Wait

MOST_LINES = 12
"""Of more things than these, a terminal shows only how many are done."""


class Sparse:
    """Tells of no change by itself, but how far it is when it is asked.

    Args:
        waits: The things.
    """

    wants_steps = False

    def __init__(self, waits: Sequence[Wait]) -> None:
        self._words = dict.fromkeys(waits, "")

    def changed(self, wait: Wait, words: str) -> None:
        """Take in a state."""
        self._words[wait] = words

    def ended(self, wait: Wait) -> None:
        """Take in that one has ended well."""
        self._words.pop(wait, None)

    def how_far(self) -> str:
        """Return what is still waited for, with its states."""
        left = dict(self._words)  # another thread may take one out
        shown = [f"{name_of(wait)} {visible(words)}".rstrip() for wait, words in list(left.items())[:MOST_LINES]]
        more = len(left) - MOST_LINES
        return ", ".join(shown) + (say(f" and {more} more", f" 等 {len(left)} 项") if more > 0 else "")


class Live:
    """Live lines on a terminal, one for each thing.

    Args:
        progress: What draws them.
        waits: The things.
    """

    wants_steps = True

    def __init__(self, progress: Any, waits: Sequence[Wait]) -> None:
        self._progress = progress
        self._many = len(waits) > MOST_LINES
        self._done = 0
        self._total = len(waits)
        self._lines: dict[Wait, Any] = {}
        self._all = progress.add_task(self._count(), total=None) if self._many else None
        if not self._many:
            self._lines = {wait: progress.add_task(name_of(wait), total=None, state="") for wait in waits}

    def changed(self, wait: Wait, words: str) -> None:
        """Tell of a state."""
        if not self._many:
            self._progress.update(self._lines[wait], description=f"{name_of(wait)}  {visible(words)}")

    def ended(self, wait: Wait) -> None:
        """Tell that one has ended well."""
        self._done += 1
        if self._many:
            self._progress.update(self._all, description=self._count())
        else:
            self._progress.update(self._lines[wait], total=1, completed=1)

    def _count(self) -> str:
        return say(f"{self._done} of {self._total} done", f"已完成 {self._done}/{self._total}")


def name_of(wait: Wait) -> str:
    """Return what a thing is called."""
    return visible(f"{say(*NAMES[wait.kind])} {wait.shown}")


def _named(waits: Sequence[Wait]) -> str:
    shown = ", ".join(name_of(wait) for wait in waits[:MOST_LINES])
    left = len(waits) - MOST_LINES
    return shown if left <= 0 else say(f"{shown} and {left} more", f"{shown} 等 {len(waits)} 项")


@contextlib.contextmanager
def told(context: Context, waits: Sequence[Wait], seconds: float) -> Iterator[Sparse | Live]:
    """Tell that a command waits, how it goes on, and that it is over."""
    began = clocks.monotonic()
    if not context.draws_progress:
        limit = length_of(seconds)
        context.tell(say(f"waiting for {_named(waits)}, up to {limit}", f"正在等待{_named(waits)}，最长 {limit}"))
        sparse = Sparse(waits)

        def tell_how_far() -> None:
            took, left = length_of(clocks.monotonic() - began), sparse.how_far()
            context.tell(say(f"after {took}: still waiting for {left}", f"已等待 {took}，仍在等待：{left}"))

        with beating(tell_how_far):
            yield sparse
    else:
        with drawn() as progress:
            yield Live(progress, waits)
    took = length_of(clocks.monotonic() - began)
    context.tell(say(f"done after {took}: {_named(waits)}", f"已完成，用时 {took}：{_named(waits)}"))


def drawn(console: Any = None) -> Any:
    """Return what draws progress, on stderr unless another console is given."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    return Progress(
        SpinnerColumn("line", table_column=Column(no_wrap=True, min_width=1)),  # of ASCII alone, for any terminal
        TimeElapsedColumn(table_column=Column(no_wrap=True, min_width=len("0:00:00"))),
        # What is too long for the terminal is cut off here, not at the time.
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        console=console or Console(stderr=True, highlight=False),
        transient=True,
        expand=True,
    )


def length_of(seconds: float) -> str:
    """Return a time as the options take it: `1h30m`."""
    whole = round(seconds)
    if whole < 1:
        return f"{seconds:.1f}s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (left, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)
