"""Faults of the network and of proxies: connections that break or hang, answers that are cut off, slow or replaced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import attrs

from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.http.auth import REPLAY
from cds_eks.emulator.http.connection import Connection, Reply
from cds_eks.emulator.http.request import IncomingRequest
from cds_eks.emulator.http.responder import Responder
from cds_eks.emulator.http.service import Answered, Service
from cds_eks.emulator.protocol.envelope import STATUSES, Answer

__all__ = ["NetworkFaults"]

DRIP_PAUSE = 0.05
"""Seconds between two pieces of a body that drips, if the fault does not say."""

_Handler = Callable[[Connection, IncomingRequest, Fault], Awaitable[None]]


class NetworkFaults:
    """Answers a request, or not, as its fault says.

    Args:
        service: The service.
        ledger: Where it is written down what became of the answers.
        responder: Sends the answers.
    """

    def __init__(self, service: Service, ledger: Ledger, responder: Responder) -> None:
        self._service = service
        self._ledger = ledger
        self._responder = responder
        self._handlers: dict[str, _Handler] = {
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

    def handler(self, kind: str) -> _Handler | None:
        """Return what answers a request with a fault of a kind; None if the fault is not one of the network."""
        return self._handlers.get(kind)

    async def _reset_before(self, connection: Connection, request: IncomingRequest, _fault: Fault) -> None:
        self._service.record(request)
        await connection.reset()

    async def _hang_before(self, connection: Connection, request: IncomingRequest, fault: Fault) -> None:
        index = self._service.record(request)
        if await connection.wait(fault.seconds):
            await self._responder.answer(connection, request, self._service.answer(request, index))

    async def _late(self, connection: Connection, request: IncomingRequest, fault: Fault) -> None:
        self._service.postpone(request, fault.seconds or 0.0)
        await connection.reset()

    async def _replay(self, connection: Connection, request: IncomingRequest, _fault: Fault) -> None:
        code, message = REPLAY
        answer = Answer(request_id=self._service.new_request_id(), status=STATUSES[code], code=code, message=message)
        answered = Answered(answer=answer, index=self._service.record(request, answer))
        await self._responder.answer(connection, request, answered)

    async def _error(self, connection: Connection, request: IncomingRequest, fault: Fault) -> None:
        request_id, index = "", None
        if fault.when == "after":
            done = self._service.answer(request)
            request_id, index = done.answer.request_id, done.index
        answer = _error_answer(fault, request_id or self._service.new_request_id())
        code = answer.code if fault.body == "json" else ""
        if index is None:
            index = self._service.record(request, attrs.evolve(answer, code=code))
        else:
            self._ledger.amend(index, status=answer.status, code=code)
        await self._responder.send(connection, self._error_reply(fault, answer), index)

    def _error_reply(self, fault: Fault, answer: Answer) -> Reply:
        reply = self._responder.reply(answer)
        if fault.body != "json":
            content = _proxy_page(answer.status) if fault.body == "html" else b""
            reply = attrs.evolve(reply, content=content, headers={**reply.headers, "Content-Type": "text/html"})
        if fault.retry_after is not None:
            reply = attrs.evolve(reply, headers={**reply.headers, "Retry-After": fault.retry_after})
        return reply

    async def _reset_after(self, connection: Connection, request: IncomingRequest, _fault: Fault) -> None:
        self._service.answer(request)
        await connection.reset()

    async def _hang_after(self, connection: Connection, request: IncomingRequest, fault: Fault) -> None:
        answered = self._service.answer(request)
        if await connection.wait(fault.seconds):
            await self._responder.answer(connection, request, answered)

    async def _truncate(self, connection: Connection, request: IncomingRequest, fault: Fault) -> None:
        reply = self._responder.reply(self._service.answer(request).answer)
        length = len(reply.content) // 2 if fault.bytes is None else fault.bytes
        after = (fault.after or "").encode()
        if after and after in reply.content:
            length = reply.content.index(after) + len(after) + (fault.bytes or 0)
        await connection.send_part(reply, min(length, len(reply.content) - 1))

    async def _drip(self, connection: Connection, request: IncomingRequest, fault: Fault) -> None:
        answered = self._service.answer(request)
        pause = DRIP_PAUSE if fault.seconds is None else fault.seconds
        reply = self._responder.reply(answered.answer)
        await self._responder.send(connection, reply, answered.index, step=fault.bytes or 1, pause=pause)


def _error_answer(fault: Fault, request_id: str) -> Answer:
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


def _proxy_page(status: int) -> bytes:
    """Return the page that a proxy shows."""
    try:
        title = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        title = str(status)
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body><h1>{title}</h1></body>\r\n</html>\r\n".encode()
