"""A thread of our own that does blocking work for an event loop, many pieces of it at once."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import anyio
import anyio.lowlevel

from cds_eks._runtime.logs import log
from cds_eks.fleet.journal.base import JournalClosed, JournalError

logger: logging.Logger = logging.getLogger("cds_eks.fleet")

MOST_AT_ONCE = 1_000
PATIENCE = 30.0
"""For how many seconds, beyond its own time for being away, a journal that is closed may not get on with its work."""


class Handler(Protocol):
    """What does the work, in the thread only."""

    def handle(self, pieces: Sequence[Any]) -> list[Any]:
        """Do all pieces; return for each its result, or the exception it ends with. Never raises but for mistakes."""
        ...  # pragma: no cover - a protocol has no body

    def close(self) -> None:
        """Free what it holds. Never raises."""
        ...  # pragma: no cover - a protocol has no body


class _Piece:
    """A piece of work that somebody waits for; `is_done` and `is_abandoned` belong to the event loop."""

    __slots__ = ("done", "is_abandoned", "is_done", "result", "what")

    def __init__(self, what: Any) -> None:
        self.what: Any = what
        self.done: anyio.Event = anyio.Event()
        self.result: Any = None
        self.is_done: bool = False
        self.is_abandoned: bool = False


class Worker:
    """Does what tasks of one event loop give it, in a thread, in order.

    What is given while it is busy is handled together: for a journal that is one commit, and one wait for the disk, for
    all of it. The thread is a daemon: nothing that it waits for keeps a program from ending.

    Args:
        name: The thread's name.
        open_handler: Makes what does the work; called in the thread.
        abandoned: Told in the event loop what has been done for a caller that was cancelled meanwhile.
        patience: For how many seconds to wait for work that is not getting on when it is closed; None for no limit.
    """

    def __init__(
        self,
        name: str,
        open_handler: Callable[[], Handler],
        abandoned: Callable[[Any, Any], None] | None = None,
        patience: float | None = None,
    ) -> None:
        self._name = name
        self._patience = patience
        self._done = 0
        self._open_handler = open_handler
        self._abandoned = abandoned
        self._waiting: deque[_Piece] = deque()
        self._changed = threading.Condition()
        self._is_closing = False
        self._pid = os.getpid()
        self._opened = _Piece(None)
        self._ended = anyio.Event()
        native: Any = anyio.lowlevel.current_token().native_token
        self._soon: Callable[..., object] = getattr(native, "run_sync_soon", None) or native.call_soon_threadsafe
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    async def start(self) -> None:
        """Start the thread; raise what opening its handler raises."""
        self._thread.start()
        try:
            await self._opened.done.wait()
        except BaseException:
            self._end_when_idle()
            raise
        if isinstance(self._opened.result, BaseException):
            raise self._opened.result

    async def do(self, what: Any) -> Any:
        """Have a piece of work done, and return its result or raise its exception.

        A caller that is cancelled leaves at once; the work is done nevertheless.
        """
        await anyio.lowlevel.checkpoint_if_cancelled()
        piece = self.put(what)
        try:
            await piece.done.wait()
        except BaseException:
            piece.is_abandoned = True
            if piece.is_done and self._abandoned is not None:
                self._abandoned(piece.what, piece.result)
            raise
        if isinstance(piece.result, BaseException):
            raise piece.result
        return piece.result

    def put(self, what: Any) -> _Piece:
        """Have a piece of work done that nobody need wait for."""
        if os.getpid() != self._pid:
            raise JournalError("a journal is of no use in a forked process: open it there", outcome="not_sent")
        piece = _Piece(what)
        with self._changed:
            if self._is_closing:
                raise JournalClosed("the journal is closed", outcome="not_sent")
            self._waiting.append(piece)
            self._changed.notify()
        return piece

    async def aclose(self) -> None:
        """Finish what was given, and end the thread. More than once does no harm.

        A thread that does not get on, as what it has asked answers nothing, is left to itself.
        """
        if os.getpid() != self._pid:
            return
        self._end_when_idle()
        with anyio.CancelScope(shield=True):
            while not self._ended.is_set():
                done = self._done
                with anyio.move_on_after(self._patience) as waited:
                    await self._ended.wait()
                if waited.cancelled_caught and self._done == done:
                    log(logger, logging.WARNING, "journal", "does not answer, and is left", reason=self._name)
                    return

    def _end_when_idle(self) -> None:
        with self._changed:
            self._is_closing = True
            self._changed.notify()

    def _work(self) -> None:
        try:
            handler = self._open_handler()
        except BaseException as error:  # noqa: BLE001 - whoever opens it is to see it, whatever it is
            self._tell([self._opened], [error])
            self._in_loop(self._ended.set)
            return
        self._tell([self._opened], [None])
        try:
            while pieces := self._next():
                try:
                    results = handler.handle([piece.what for piece in pieces])
                except BaseException as error:  # noqa: BLE001 - nobody is to wait for ever
                    results = [error] * len(pieces)
                self._tell(pieces, results)
        finally:
            handler.close()
            self._in_loop(self._ended.set)

    def _next(self) -> list[_Piece]:
        with self._changed:
            while not self._waiting and not self._is_closing:
                self._changed.wait()
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]

    def _tell(self, pieces: list[_Piece], results: list[Any]) -> None:
        self._in_loop(self._finish, pieces, results)

    def _in_loop(self, function: Callable[..., object], *args: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it all who waited
            self._soon(function, *args)

    def _finish(self, pieces: list[_Piece], results: list[Any]) -> None:
        self._done += len(pieces)
        for piece, result in zip(pieces, results, strict=True):
            piece.result = result
            piece.is_done = True
            piece.done.set()
            if piece.is_abandoned and self._abandoned is not None:
                self._abandoned(piece.what, result)
