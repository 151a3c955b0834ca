"""The way of a request over the network: in, through the service, and back; and all that goes wrong on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

import attrs
from starlette.requests import ClientDisconnect, Request

from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.faults.schedule import Fault, Faults
from cds_eks.emulator.http.auth import REPLAY
from cds_eks.emulator.http.body import take_in
from cds_eks.emulator.http.connection import Line, Reply
from cds_eks.emulator.http.service import Answered, Arrival, Service, action_of
from cds_eks.emulator.protocol.envelope import STATUSES, Answer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["Gateway"]

DRIP_PAUSE = 0.05


class Gateway:
    """An ASGI app that hands requests to the service, and the answers back, as far as the faults let it.

    Args:
        service: The service.
        ledger: Where it is written down what became of the answers.
        faults: What is to go wrong.
        wall_clock: The time of the `Date` header.
    """

    def __init__(self, service: Service, ledger: Ledger, faults: Faults, wall_clock: Callable[[], float]) -> None:
        self._service = service
        self._ledger = ledger
        self._faults = faults
        self._wall_clock = wall_clock
        self._strikes: dict[str, Callable[[Line, Arrival, Fault], Awaitable[None]]] = {
            "reset_before_commit": self._reset_before,
            "hang_before_commit": self._hang_before,
            "late": self._late,
            "replay": self._replay,
            "status": self._error,
            "throttle": self._error,
            "reset_after_commit": self._reset_after,
            "hang_after_commit": self._hang_after,
            "truncate": self._truncate,
            "drip": self._drip,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of the API, and refuse any other."""
        request, line = Request(scope, receive), Line(scope, receive, send)
        if not line.is_served and self._faults.refuse_connection():
            raise ConnectionRefusedError("the emulator refuses this connection: a fault")
        arrival = Arrival(
            method=request.method,
            path=scope["path"],
            query=scope["query_string"],
            digest=request.headers.get("content-md5"),
            call_id=request.headers.get("cds-request-id", ""),
            fault=self._faults.strike(action_of(scope["query_string"]), request.method) if self._faults else None,
        )
        if arrival.kind == "refuse":
            self._service.note(arrival)
            return await line.reset()
        try:
            intake = await take_in(request)
        except ClientDisconnect:
            return None  # it never came whole: nothing was carried out, and nobody waits for an answer
        arrival = attrs.evolve(arrival, body=intake.body)
        if intake.refusal is not None:
            return await self._answer(line, arrival, self._service.refuse(arrival, intake.refusal))
        strike = self._strikes.get(arrival.kind)
        if arrival.fault is None or strike is None:  # no fault, or one of the service itself
            return await self._answer(line, arrival, self._service.answer(arrival))
        return await strike(line, arrival, arrival.fault)

    async def _answer(self, line: Line, arrival: Arrival, answered: Answered) -> None:
        skew = (arrival.fault.seconds or 0.0) if arrival.fault and arrival.kind == "skew" else 0.0
        await self._send(line, self._reply(answered.answer, skew), answered.index)

    async def _send(self, line: Line, reply: Reply, index: int, *, step: int | None = None, pause: float = 0.0) -> None:
        """Send an answer whole; the ledger knows it before the client can."""
        await line.send(reply, lambda whole: self._ledger.amend(index, answered=whole), step=step, pause=pause)

    async def _reset_before(self, line: Line, arrival: Arrival, _fault: Fault) -> None:
        self._service.note(arrival)
        await line.reset()

    async def _hang_before(self, line: Line, arrival: Arrival, fault: Fault) -> None:
        index = self._service.note(arrival)
        if await line.wait(fault.seconds):
            await self._answer(line, arrival, self._service.answer(arrival, index))

    async def _late(self, line: Line, arrival: Arrival, fault: Fault) -> None:
        self._service.postpone(arrival, fault.seconds or 0.0)
        await line.reset()

    async def _replay(self, line: Line, arrival: Arrival, _fault: Fault) -> None:
        code, message = REPLAY
        answer = Answer(request_id=self._service.new_request_id(), status=STATUSES[code], code=code, message=message)
        await self._answer(line, arrival, Answered(answer=answer, index=self._service.note(arrival, answer)))

    async def _error(self, line: Line, arrival: Arrival, fault: Fault) -> None:
        request_id, index = "", None
        if fault.when == "after":
            done = self._service.answer(arrival)
            request_id, index = done.answer.request_id, done.index
        answer = _error(fault, request_id or self._service.new_request_id())
        code = answer.code if fault.body == "json" else ""
        if index is None:
            index = self._service.note(arrival, attrs.evolve(answer, code=code))
        else:
            self._ledger.amend(index, status=answer.status, code=code)
        await self._send(line, self._error_reply(fault, answer), index)

    def _error_reply(self, fault: Fault, answer: Answer) -> Reply:
        reply = self._reply(answer)
        if fault.body != "json":
            content = _page(answer.status) if fault.body == "html" else b""
            reply = attrs.evolve(reply, content=content, headers={**reply.headers, "Content-Type": "text/html"})
        if fault.retry_after is not None:
            reply = attrs.evolve(reply, headers={**reply.headers, "Retry-After": fault.retry_after})
        return reply

    async def _reset_after(self, line: Line, arrival: Arrival, _fault: Fault) -> None:
        self._service.answer(arrival)
        await line.reset()

    async def _hang_after(self, line: Line, arrival: Arrival, fault: Fault) -> None:
        answered = self._service.answer(arrival)
        if await line.wait(fault.seconds):
            await self._answer(line, arrival, answered)

    async def _truncate(self, line: Line, arrival: Arrival, fault: Fault) -> None:
        reply = self._reply(self._service.answer(arrival).answer)
        length = len(reply.content) // 2 if fault.bytes is None else fault.bytes
        after = (fault.after or "").encode()
        if after and after in reply.content:
            length = reply.content.index(after) + len(after) + (fault.bytes or 0)
        await line.send_part(reply, min(length, len(reply.content) - 1))

    async def _drip(self, line: Line, arrival: Arrival, fault: Fault) -> None:
        answered = self._service.answer(arrival)
        pause = DRIP_PAUSE if fault.seconds is None else fault.seconds
        await self._send(line, self._reply(answered.answer), answered.index, step=fault.bytes or 1, pause=pause)

    def _reply(self, answer: Answer, skew: float = 0.0) -> Reply:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Date": formatdate(self._wall_clock() + skew, usegmt=True),
        }
        return Reply(status=answer.status, headers=headers, content=answer.to_bytes())


def _error(fault: Fault, request_id: str) -> Answer:
    """Return the answer that a fault gives in place of the service."""
    if fault.kind == "throttle" or fault.status == 429:
        status, code, message = 429, "Throttling", "too many requests"
    elif fault.status == 200:
        status, code, message = 200, "Success", "success"
    else:
        status, code, message = 500, "InternalError", "the service failed"
    return Answer(
        request_id=request_id,
        status=fault.status or status,
        code=fault.code or code,
        message=fault.message or message,
    )


def _page(status: int) -> bytes:
    """Return the page that a proxy shows."""
    try:
        title = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        title = str(status)
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n".encode()
