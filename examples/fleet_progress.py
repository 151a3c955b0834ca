"""What the example `fleet.py` shows while it goes on: a few bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from cds_eks import fleet
from cds_eks.fleet.items import Item, Kind

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

TITLES: dict[Kind, str] = {"cluster": "clusters", "node_pool": "node pools"}
ID: dict[Kind, str] = {"cluster": "cluster_id", "node_pool": "node_pool_id"}
"""What the id of each is called among an item's ids."""
PAUSE = 2.0
"""How many seconds lie between two plain lines at the least."""


class FleetProgress:
    """Four bars, however large the fleet is: clusters and node pools, created and ready.

    Args:
        items: What the run is about, as the journal has it before the run.
        total: How many clusters and pools there are to be.
    """

    def __init__(self, items: Iterable[Item], total: dict[Kind, int]) -> None:
        self._items = {item.id: item for item in items}
        self._total = total
        self._last_line = ("", 0.0)
        self._began = time.monotonic()
        self._bars = _bars() if sys.stdout.isatty() else None
        self._tasks = {
            (kind, step): self._bars.add_task(f"{title} {step}", total=total[kind])
            for kind, title in TITLES.items()
            for step in ("created", "ready")
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

    def see(self, event: object) -> None:
        """Show what an event of the run tells."""
        match event:
            case fleet.RunStarted(open=open_items) if open_items:
                self.say(f"{open_items} creates of an earlier run are open: they are looked for first")
            case fleet.StoppedCreating(reason=reason):
                self.say(f"no more creates: {reason}")
            case fleet.ItemChanged(item=item, before=before):
                self._items[item.id] = item
                self._tell(item, before)
                self._show()

    def say(self, text: str) -> None:
        """Show one line; above the bars, if there are any."""
        if self._bars is not None:
            self._bars.console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
        else:
            print(f"  {text}", flush=True)

    def _tell(self, item: Item, before: Item) -> None:
        if item.state == before.state:
            return
        name = item.name if item.kind == "cluster" else f"{item.cluster_name}/{item.name}"
        why = (item.error or {}).get("message") or (item.error or {}).get("class") or ""
        if item.state == "unknown":
            self.say(f"{name}: nobody knows yet whether it was created; looking for it")
        elif item.state == "accepted" and before.state == "unknown":
            self.say(f"{name}: it was created after all ({item.origin})")
        elif item.state in ("planned", "sending") and before.state == "unknown":
            self.say(f"{name}: it was not created; once more")
        elif item.state in ("failed", "refused"):
            self.say(f"{name}: {item.state}: {why}")

    def _show(self, *, is_last: bool = False) -> None:
        counts = Counter((item.kind, "ready") for item in self._items.values() if item.state == "ready")
        counts.update((item.kind, "created") for item in self._items.values() if ID[item.kind] in item.ids)
        if self._bars is not None:
            for key, task in self._tasks.items():
                self._bars.update(task, completed=counts[key])
            return
        text = "; ".join(
            f"{title}: {counts[kind, 'created']} created, {counts[kind, 'ready']} ready of {self._total[kind]}"
            for kind, title in TITLES.items()
        )
        told, at = self._last_line
        now = time.monotonic()
        if text != told and (is_last or not told or now - at >= PAUSE):
            self._last_line = (text, now)
            print(f"{now - self._began:6.1f} s  {text}", flush=True)


def _bars() -> Bars:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description:<19}"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeElapsedColumn()
    )
