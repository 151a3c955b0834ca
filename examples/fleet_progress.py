"""What the example `fleet.py` shows while it goes on: a few bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from cds_eks.fleet.items import Item, Kind
from cds_eks.fleet.run.events import Event
from cds_eks.fleet.run.telling import TITLES, Counted, Tally, told

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

STEPS: tuple[Counted, ...] = ("created", "ready")
PAUSE = 2.0
"""How many seconds lie between two plain lines at the least."""


class FleetProgress:
    """Four bars, however large the fleet is: clusters and node pools, created and ready.

    Args:
        items: What the run is about, as the journal has it before the run.
        total: How many clusters and pools there are to be.
    """

    def __init__(self, items: Iterable[Item], total: dict[Kind, int]) -> None:
        self._tally = Tally(items)
        self._total = total
        self._last_line = ("", 0.0)
        self._began = time.monotonic()
        self._bars = _bars() if sys.stdout.isatty() else None
        self._tasks = {
            (kind, step): self._bars.add_task(f"{title} {step}", total=total[kind])
            for kind, title in TITLES.items()
            for step in STEPS
            if self._bars is not None
        }

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        self._show()
        return self

    def __exit__(self, *_: object) -> None:
        self._show(is_last=True)
        if self._bars is not None:
            self._bars.stop()

    def see(self, event: Event) -> None:
        """Show what an event of the run tells."""
        self._tally.see(event)
        if (text := told(event)) is not None:
            self.say(text)
        self._show()

    def say(self, text: str) -> None:
        """Show one line; above the bars, if there are any."""
        if self._bars is not None:
            self._bars.console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
        else:
            print(f"  {text}", flush=True)

    def _show(self, *, is_last: bool = False) -> None:
        if self._bars is not None:
            for (kind, step), task in self._tasks.items():
                self._bars.update(task, completed=self._tally.count(kind, step))
            return
        text = "; ".join(
            f"{title}: {self._tally.count(kind, 'created')} created, {self._tally.count(kind, 'ready')} ready "
            f"of {self._total[kind]}"
            for kind, title in TITLES.items()
        )
        shown, at = self._last_line
        now = time.monotonic()
        if text != shown and (is_last or not shown or now - at >= PAUSE):
            self._last_line = (text, now)
            print(f"{now - self._began:6.1f} s  {text}", flush=True)


def _bars() -> Bars:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description:<19}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn()
    )
