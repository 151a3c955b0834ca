"""The ASGI app of the API: reads a request, hands it to the service, and sends the answer, as far as faults allow."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request

from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.faults.schedule import Faults
from cds_eks.emulator.http.body import Body, has_body, read_body
from cds_eks.emulator.http.connection import Connection
from cds_eks.emulator.http.network_faults import NetworkFaults
from cds_eks.emulator.http.request import IncomingRequest, action_of
from cds_eks.emulator.http.responder import Responder
from cds_eks.emulator.http.service import Service

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["Gateway"]


class Gateway:
    """An ASGI app that hands requests to the service, and sends the answers back.

    Args:
        service: The service.
        ledger: Where it is written down what became of the answers.
        faults: What is to go wrong.
        wall_clock: The time of the `Date` header.
    """

    def __init__(self, service: Service, ledger: Ledger, faults: Faults, wall_clock: Callable[[], float]) -> None:
        self._service = service
        self._faults = faults
        self._responder = Responder(ledger, wall_clock)
        self._network_faults = NetworkFaults(service, ledger, self._responder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of the API, and refuse any other."""
        http, connection = Request(scope, receive), Connection(scope, receive, send)
        if not connection.is_served and self._faults.refuse_connection():
            raise ConnectionRefusedError("the emulator refuses this connection: a fault")
        make_request = partial(
            IncomingRequest,
            method=http.method,
            path=scope["path"],
            query=scope["query_string"],
            digest=http.headers.get("content-md5"),
            call_id=http.headers.get("cds-request-id", ""),
        )
        fault = self._faults.strike(action_of(scope["query_string"]), http.method) if self._faults else None
        if fault is not None and fault.kind == "refuse":
            self._service.record(make_request(fault=fault))
            return await connection.reset()
        try:
            body = await read_body(http) if has_body(http) else Body(content=await http.body())
        except ClientDisconnect:
            return None  # it never came whole: nothing was carried out, and nobody waits for an answer
        request = make_request(body=body.content, fault=fault)
        if body.refusal is not None:
            return await self._responder.answer(connection, request, self._service.refuse(request, body.refusal))
        handler = self._network_faults.handler(request.fault_kind)
        if request.fault is None or handler is None:  # no fault, or one of the service itself
            return await self._responder.answer(connection, request, self._service.answer(request))
        return await handler(connection, request, request.fault)
