"""`provision --runners N`: several processes share a plan; what they do is seen in the journal."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

import anyio
import click

from cds_eks._runtime import clocks
from cds_eks.cli.clients import resolved_settings
from cds_eks.cli.context import Context
from cds_eks.cli.fleet.interruptions import TOLD
from cds_eks.cli.fleet.journals import errors_in_options
from cds_eks.cli.fleet.progress import Progress
from cds_eks.cli.fleet.reports import of_journal
from cds_eks.cli.fleet.results import ending_of, unread
from cds_eks.cli.fleet.running import Order, begun, finish, meant_items
from cds_eks.fleet.journal.base import JournalError, JournalUnavailable
from cds_eks.fleet.journal.steps import planned
from cds_eks.fleet.run.events import Event, ItemChanged
from cds_eks.fleet.run.service import service_of
from cds_eks.fleet.run.telling import Tally

if TYPE_CHECKING:
    from cds_eks.fleet.items import Item, Kind, NewItem
    from cds_eks.fleet.journal.base import Journal
    from cds_eks.fleet.plan.model import Plan
    from cds_eks.fleet.report.fleet_report import FleetReport
    from cds_eks.fleet.runners.client_settings import ClientSettings

PAUSE = 1.0
"""How many seconds lie between two looks at the journal."""

SETTINGS = ("settle", "adopt", "only", "exclude", "limits", "stop_on_error", "strict")


def launch(context: Context, plan: Plan, where: str, runners: int, values: dict[str, Any]) -> None:
    """Carry a plan out with several runners.

    Raises:
        Incomplete: Not all was done.
        UsageError: A stream of events is asked for.
    """
    if context.options.output == "jsonl":
        raise click.UsageError("--runners has no stream of events: use -o json")
    order = Order(journal=where, html=values["html"], csv=values["csv"])
    items = meant_items(plan, values["only"], values["exclude"])
    settings: dict[str, Any] = {"timeout": context.options.timeout} | {name: values[name] for name in SETTINGS}
    launched = _Launch(context, plan, order, items, is_rebound=values["rebind"])
    began = clocks.monotonic()
    with errors_in_options():
        try:
            report = launched.carried_out(runners, _client(context), settings)
        except JournalUnavailable as error:
            timeout = context.options.timeout
            if timeout is None or clocks.monotonic() - began < timeout:
                raise
            raise unread(error) from error
    finish(context, order, report, ending=ending_of(report, is_interrupted=launched.is_interrupted))


def _client(context: Context) -> ClientSettings:
    from cds_eks.fleet.runners.client_settings import ClientSettings

    options = context.options
    given: dict[str, Any] = {
        "endpoint": options.endpoint,
        "api_revision": options.api_revision,
        "backend": options.backend,
        "profile": options.profile,
    }
    return ClientSettings(
        user_agent="cds-eks-cli", **{name: value for name, value in given.items() if value is not None}
    )


class _Launch:
    """A launch, and what the journal shows of it.

    Attributes:
        is_interrupted: Whether Ctrl-C has ended it.
    """

    def __init__(
        self, context: Context, plan: Plan, order: Order, items: Sequence[NewItem], *, is_rebound: bool
    ) -> None:
        self.is_interrupted: bool = False
        self._order = order
        self._is_rebound = is_rebound
        self._context = context
        self._plan = plan
        self._where = order.journal
        self._items = items

    def carried_out(self, runners: int, client: ClientSettings, settings: dict[str, Any]) -> FleetReport:
        """Have the runners carry the plan out, and return the report on all of it."""
        try:
            return anyio.run(self._carried_out, runners, client, settings)
        except KeyboardInterrupt:  # the runners have ended, or are told to by the journal
            self.is_interrupted = True
            return anyio.run(of_journal, self._plan, self._where, settings["only"], settings["exclude"])

    async def _carried_out(self, runners: int, client: ClientSettings, settings: dict[str, Any]) -> FleetReport:
        from cds_eks import fleet

        launched = partial(fleet.launch, self._plan, journal=self._where, runners=runners, client=client, **settings)
        async with fleet.open_journal(self._where, rebind=self._is_rebound) as journal:
            if self._is_rebound:
                await journal.belong_to(service_of(resolved_settings(self._context.options).endpoint))
            return await self._watched(journal, launched)

    async def _watched(self, journal: Journal, launched: Callable[[], Awaitable[FleetReport]]) -> FleetReport:
        """Show what a launch does, and return its report."""
        known = await self._known(journal)
        totals: Counter[Kind] = Counter(item.kind for item in self._items)
        seen = {item.id: planned(item) for item in self._items} | {item.id: item for item in known}
        report: FleetReport | Exception
        with Progress(self._context, Tally(known), totals, "ready") as progress, _interrupts_told(progress.say):
            progress.say(begun(self._order, totals, known))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._watch, journal, seen, progress.see)
                try:
                    report = await launched()
                except Exception as error:  # noqa: BLE001 - it is raised below: the group would wrap it
                    report = error
                tasks.cancel_scope.cancel()
            await self._look(journal, seen, progress.see)  # what came last
        if isinstance(report, Exception):
            raise report
        return report

    async def _known(self, journal: Journal) -> list[Item]:
        return await journal.items(ids=[item.id for item in self._items])

    async def _watch(self, journal: Journal, known: dict[str, Item], see: Callable[[Event], None]) -> None:
        """Tell of what has changed in the journal."""
        while True:
            await anyio.sleep(PAUSE)
            await self._look(journal, known, see)

    async def _look(self, journal: Journal, known: dict[str, Item], see: Callable[[Event], None]) -> None:
        try:
            items = await self._known(journal)
        except JournalError:
            return  # the runners see to it
        for item in items:
            before = known.get(item.id)
            if before is not None and before != item:
                see(ItemChanged(item=item, before=before))
            known[item.id] = item


@contextlib.contextmanager
def _interrupts_told(say: Callable[[str], None]) -> Iterator[None]:
    """Say at once that Ctrl-C was noticed: the runners finish what is under way before the launch ends."""
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    loop = asyncio.get_running_loop()  # a handler may not write itself: it may have interrupted somebody who does

    def on_signal(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(say, TOLD)
        previous(number, frame)

    signal.signal(signal.SIGINT, on_signal)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
