"""Answers as HTTP responses, and sending them: the ledger knows what was sent before the client can."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache, partial

from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.http.connection import Connection, Reply
from cds_eks.emulator.http.request import IncomingRequest
from cds_eks.emulator.http.service import Answered
from cds_eks.emulator.protocol.envelope import Answer

_date = lru_cache(maxsize=16)(partial(formatdate, usegmt=True))
"""The `Date` header of a second; those who want to tell of parts of one round to microseconds first."""

__all__ = ["Responder"]


class Responder:
    """Sends answers.

    Args:
        ledger: Where it is written down what became of the answers.
        wall_clock: The time of the `Date` header.
    """

    def __init__(self, ledger: Ledger, wall_clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._wall_clock = wall_clock

    def reply(self, answer: Answer, skew: float = 0.0) -> Reply:
        """Return an answer as an HTTP response, its `Date` some seconds ahead."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Date": _date(int(round(self._wall_clock() + skew, 6) // 1)),
        }
        if answer.allow:
            headers["Allow"] = answer.allow
        return Reply(status=answer.status, headers=headers, content=answer.to_bytes())

    async def answer(self, connection: Connection, request: IncomingRequest, answered: Answered) -> None:
        """Send the answer to a request whole."""
        skew = (request.fault.seconds or 0.0) if request.fault and request.fault_kind == "skew" else 0.0
        await self.send(connection, self.reply(answered.answer, skew), answered.index)

    async def send(
        self, connection: Connection, reply: Reply, index: int, *, step: int | None = None, pause: float = 0.0
    ) -> None:
        """Send a response whole, for the request of an entry of the ledger; see `Connection.send`."""
        await connection.send(reply, lambda whole: self._ledger.amend(index, answered=whole), step=step, pause=pause)
