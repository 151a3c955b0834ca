"""The async interface of a journal: what it is asked becomes an operation, which a thread carries out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import anyio

from cds_eks.fleet.items import AuditEntry, Change, Heartbeat, Item, NewItem, State
from cds_eks.fleet.journal.base import JournalError
from cds_eks.fleet.journal.operations import (
    Add,
    Alive,
    Audit,
    Belong,
    Claim,
    Find,
    Identify,
    Now,
    Operation,
    Query,
    Release,
    Renew,
    Stop,
    Unprotect,
    Write,
)
from cds_eks.fleet.journal.worker import Handler, Worker

T = TypeVar("T")


class JournalOfOperations:
    """A `Journal` by way of operations and queries; a subclass says how they are done.

    Attributes:
        rebind: Whether it takes over the service that it is used with next as the one that it is about.
        launch: The launch that it is open for: who renews leases here is told to stop with the runners of that, too.
    """

    rebind: bool = False
    launch: str | None = None

    async def change(self, operation: Operation[T]) -> T:
        """Carry out an operation, durably."""
        raise NotImplementedError

    async def read(self, query: Query[T]) -> T:
        """Answer a query."""
        raise NotImplementedError

    async def add(self, items: Iterable[NewItem]) -> None:
        """See `Journal.add`."""
        await self.change(Add(tuple(items)))

    async def unprotect(self, ids: Collection[str]) -> None:
        """See `Journal.unprotect`."""
        await self.change(Unprotect(frozenset(ids)))

    async def get(self, item_id: str) -> Item | None:
        """See `Journal.get`."""
        found = await self.read(Find(ids=frozenset({item_id})))
        return found[0] if found else None

    async def items(
        self,
        *,
        states: Collection[State] | None = None,
        ids: Collection[str] | None = None,
        clusters: Collection[str] | None = None,
    ) -> list[Item]:
        """See `Journal.items`."""
        return await self.read(Find(_set(states), _set(ids), _set(clusters)))

    async def claim(
        self,
        runner: str,
        *,
        limit: int,
        lease: float,
        states: Collection[State],
        ids: Collection[str] | None = None,
    ) -> list[Item]:
        """See `Journal.claim`."""
        _check(runner, lease)
        return await self.change(
            Claim(runner=runner, limit=max(0, limit), lease=lease, states=frozenset(states), ids=_set(ids))
        )

    async def renew(self, runner: str, *, lease: float) -> Heartbeat:
        """See `Journal.renew`."""
        _check(runner, lease)
        return await self.change(Renew(runner, lease, self.launch))

    async def release(self, runner: str, ids: Collection[str] | None = None) -> None:
        """See `Journal.release`."""
        await self.change(Release(runner, _set(ids)))

    async def write(self, *changes: Change) -> list[Item]:
        """See `Journal.write`."""
        return await self.change(Write(changes))

    async def audit(self, item_id: str | None = None) -> list[AuditEntry]:
        """See `Journal.audit`."""
        return await self.read(Audit(item_id))

    async def stop(self, reason: str | None) -> None:
        """See `Journal.stop`."""
        await self.change(Stop(reason))

    async def stop_launch(self, reason: str | None) -> None:
        """Ask the runners of the launch that it is open for to stop, and no others; None once there are none left."""
        if self.launch is None:
            raise ValueError("launch: the journal is open for none")
        await self.change(Stop(reason, self.launch))

    async def belong_to(self, service: str) -> str:
        """See `Journal.belong_to`."""
        anew, self.rebind = self.rebind, False  # one object takes over one service, and not each that comes
        try:
            return await self.change(Belong(service, anew))
        except BaseException:
            self.rebind = anew
            raise

    async def identity(self) -> str:
        """See `Journal.identity`."""
        return await self.change(Identify())

    async def runners(self) -> int:
        """See `Journal.runners`."""
        return await self.read(Alive())

    async def now(self) -> float:
        """See `Journal.now`."""
        return await self.read(Now())

    async def aclose(self) -> None:
        """See `Journal.aclose`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class ThreadedJournal(JournalOfOperations):
    """A journal with a thread that writes and a thread that reads, each with a connection of its own.

    Args:
        name: How the threads are named.
        open_writer: Makes the handler of operations.
        open_reader: Makes the handler of queries; called when the writer is open.
        is_on_one_machine: Whether all who use it are processes of one machine.
        patience: See `Worker`.
    """

    def __init__(
        self,
        name: str,
        open_writer: Callable[[], Handler],
        open_reader: Callable[[], Handler],
        *,
        is_on_one_machine: bool = False,
        patience: float | None = None,
    ) -> None:
        self.is_on_one_machine: bool = is_on_one_machine
        self._writer = Worker(f"{name} writer", open_writer, self._abandoned, patience)
        self._reader = Worker(f"{name} reader", open_reader, patience=patience)

    async def start(self) -> None:
        """Open it."""
        await self._writer.start()
        try:
            await self._reader.start()
        except BaseException:
            await self._writer.aclose()
            raise

    async def change(self, operation: Operation[T]) -> T:
        """Carry out an operation, in one transaction with what others ask for meanwhile."""
        return cast("T", await self._writer.do(operation))

    async def read(self, query: Query[T]) -> T:
        """Answer a query."""
        return cast("T", await self._reader.do(query))

    async def aclose(self) -> None:
        """See `Journal.aclose`."""
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as both:
                both.start_soon(self._writer.aclose)
                both.start_soon(self._reader.aclose)

    def _abandoned(self, operation: Any, result: Any) -> None:
        """Release what was claimed for a caller that was cancelled: nobody would, and its leases would be renewed."""
        if isinstance(operation, Claim) and not isinstance(result, BaseException) and result:
            with suppress(JournalError):  # it is closed by now: the leases end by themselves
                self._writer.put(Release(operation.runner, frozenset(item.id for item in result)))


def _set(values: Collection[T] | None) -> frozenset[T] | None:
    return None if values is None else frozenset(values)


def _check(runner: str, lease: float) -> None:
    if not runner:
        raise ValueError("runner: must not be empty")
    if not 0 < lease < float("inf"):
        raise ValueError(f"lease: must be a number of seconds above 0, not {lease!r}")
