"""What people see of a run on stderr: bars on a terminal; else notable events, and now and then how far it is."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from cds_eks._runtime import clocks
from cds_eks.cli.context import Context
from cds_eks.cli.fleet.wording import in_options
from cds_eks.cli.heartbeat import beating
from cds_eks.cli.waits.progress import length_of
from cds_eks.fleet.run.events import ItemChanged
from cds_eks.fleet.run.telling import LEFT_ALONE, TITLES, Counted, Tally, told

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from cds_eks.fleet.items import Kind
    from cds_eks.fleet.run.events import Event

MOST_LEFT_ALONE = 20
"""Of so many clusters that are left alone each is told of; of more only how many."""

STEPS: Mapping[str, tuple[Counted, ...]] = {"ready": ("created", "ready"), "deleted": ("deleted",)}
"""What bars there are for each kind, by the goal of the run: they are as many however large the fleet is."""


class Progress:
    """Shows a run.

    Args:
        context: Says whether bars are drawn.
        tally: The items as they are before the run.
        totals: How many of each kind there are to be.
        goal: The state that all are to reach.

    Attributes:
        left_alone: The ids of the items of which it was told that they are left alone.
    """

    def __init__(self, context: Context, tally: Tally, totals: Mapping[Kind, int], goal: str) -> None:
        self.left_alone: set[str] = set()
        self._context = context
        self._tally = tally
        self._totals = totals
        self._goal = goal
        self._began = clocks.monotonic()
        self._life = contextlib.ExitStack()
        self._bars = _bars(context) if context.draws_progress else None
        self._tasks: dict[tuple[Kind, Counted], TaskID] = {
            (kind, step): self._bars.add_task(f"{title} {step}", total=totals.get(kind, 0))
            for kind, title in TITLES.items()
            for step in STEPS[goal]
            if self._bars is not None
        }

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        else:
            self._life.enter_context(beating(self._tell_how_far))
        self._show()
        return self

    def __exit__(self, *_: object) -> None:
        self._life.close()
        if (more := len(self.left_alone) - MOST_LEFT_ALONE) > 0:
            self.say(f"… and {more} more are left alone")
        if self._bars is not None:
            self._show()
            self._bars.stop()

    @property
    def is_drawn(self) -> bool:
        """Whether there are bars, with the cursor hidden meanwhile."""
        return self._bars is not None

    def see(self, event: Event) -> None:
        """Show what an event tells."""
        self._tally.see(event)
        if (text := told(event)) is not None and self._is_to_be_told(event):
            self.say(in_options(text))
        self._show()

    def _is_to_be_told(self, event: Event) -> bool:
        if isinstance(event, ItemChanged) and (event.item.error or {}).get("class") in LEFT_ALONE:
            self.left_alone.add(event.item.id)
            return len(self.left_alone) <= MOST_LEFT_ALONE
        return True

    def say(self, text: str) -> None:
        """Show one line; above the bars, if there are any."""
        if self._bars is None:
            self._context.tell(text)
            return
        from cds_eks.cli.output.text import visible

        self._bars.console.print(visible(text), markup=False, highlight=False, soft_wrap=True)

    def _tell_how_far(self) -> None:
        self.say(f"after {length_of(clocks.monotonic() - self._began)}: {self.how_far()}")

    def how_far(self) -> str:
        """Return how far the run is: `clusters: 3 created, 1 ready of 30; node pools: …`."""
        parts = []
        for kind, title in TITLES.items():
            steps = ", ".join(f"{self._tally.count(kind, step)} {step}" for step in STEPS[self._goal])
            parts.append(f"{title}: {steps} of {self._totals.get(kind, 0)}")
        return "; ".join(parts)

    def _show(self) -> None:
        if self._bars is not None:
            for (kind, step), task in self._tasks.items():
                self._bars.update(task, completed=self._tally.count(kind, step))


def _bars(context: Context) -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description:<19}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True, no_color=True if context.options.no_color else None),
        redirect_stdout=False,  # the log on stderr is drawn above the bars; results on stdout are not theirs
    )
