"""One call of the soak: made, perhaps cancelled at a chosen moment, and what the client says of it."""

from __future__ import annotations

import contextvars
import json
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import attrs

from cds_eks import AsyncEksClient, Credentials, Limits, Response, RetryPolicy, Timeouts
from cds_eks.errors import ConnectionLost, DeadlineExceeded, EksError
from cds_eks.pipeline import Send
from cds_eks.wire import CallRecord, RawResponse, Request

__all__ = ["IDS", "MOMENTS", "CallReport", "Caller"]

IDS = {
    "CreateCluster": ("cluster", "ClusterId", "cluster_id"),
    "CreateNodePool": ("node_pool", "NodePoolId", "node_pool_id"),
    "CreateNetworkInterface": ("network_interface", "NetcardId", "netcard_id"),
}
"""The creates: what each makes, and the wire name and the Python name of its id."""

MOMENTS = ("before", "line", "signing", "sending", "wire", "answered", "backoff")
"""When a call is cancelled: before it begins, queued for a permit, when it is signed, within 10 ms of that, some time
before the answer is due or shortly after, when the answer is there, or in the pause after a failure."""

PROMPTNESS = 10.0
"""Seconds that a call may take beyond its deadline before it counts as hung."""


@attrs.frozen(kw_only=True)
class CallReport:
    """What the client says of one call.

    Attributes:
        call_id: Its `cds-request-id`; empty if it was cancelled before there was one.
        action: The documented name.
        kind: `create`, `write` or `read`.
        outcome: `not_sent`, `refused`, `accepted` or `unknown`; `crashed` or `hung` for what must not be.
        id: The id that was given for what was made.
        arrived: The id in an answer that came whole, as a middleware has seen it.
        attempts: How many attempts it says that there were.
        error: The class of the error that was raised, and its text.
        cancelled: The moment at which it was cancelled, if it was.
        gave_up: Whether the client's own time was up while it waited for an answer.
    """

    call_id: str
    action: str
    kind: str
    outcome: str
    id: str = ""
    arrived: str = ""
    attempts: int = 0
    error: str = ""
    cancelled: str = ""
    gave_up: bool = False


@attrs.define(eq=False)
class _Ticket:
    """A call under way."""

    action: str
    moment: str
    scope: anyio.CancelScope
    call_id: str = ""
    record: CallRecord | None = None
    arrived: str = ""


_ticket: contextvars.ContextVar[_Ticket] = contextvars.ContextVar("soak_ticket")


class Caller:
    """Makes calls with a client, and cancels some.

    Args:
        url: Where the service is.
        credentials: Its key.
        in_flight: How many connections the client has.
        backend: The client's backend, by its name.
        cancel_rate: The share of calls to cancel, from 0 to 1.
    """

    def __init__(
        self, url: str, credentials: Credentials, *, in_flight: int, cancel_rate: float, backend: str = "httpx"
    ) -> None:
        # Long enough for an answer to come even when a slow machine has all connections busy.
        read = 2.0 + in_flight / 33
        self._total = 2 * read
        self.cancel_rate = cancel_rate
        self._usual = 0.05
        self.under_way = 0
        self.most_under_way = 0
        self.client = AsyncEksClient(
            credentials,
            endpoint=url,
            timeouts=Timeouts(connect=read, read=read, total=self._total),
            retry=RetryPolicy(base_delay=0.02, throttled_base_delay=0.1, max_delay=0.5),
            limits=Limits(max_connections=in_flight),
            backend=backend,
            per_call=[self._watch_call],
            per_attempt=[self._watch_attempt],
        )

    async def __call__(
        self, rng: random.Random, action: str, kind: str, make: Callable[[AsyncEksClient], Awaitable[Response[Any]]]
    ) -> CallReport:
        """Make a call, and return what the client says of it.

        Args:
            rng: Decide whether and when it is cancelled.
            action: Its documented name.
            kind: `create`, `write` or `read`.
            make: Makes it.
        """
        moment = rng.choice(MOMENTS) if rng.random() < self.cancel_rate else ""
        with anyio.CancelScope() as scope:
            ticket = _Ticket(action, moment, scope)
            _ticket.set(ticket)
            if moment == "before":
                scope.cancel()
            try:
                with anyio.fail_after(self._total + PROMPTNESS):
                    said = _accepted(action, await make(self.client))
            except EksError as error:
                said = _failed(error)
            except TimeoutError:
                said = {"outcome": "hung"}
            except Exception as error:  # noqa: BLE001 - whatever else the SDK lets out is a finding
                said = {"outcome": "crashed", "error": repr(error)}
            said["attempts"] = ticket.record.attempts if ticket.record else 0
        if scope.cancelled_caught:
            said = _cancelled(ticket)
        return CallReport(call_id=ticket.call_id, action=action, kind=kind, arrived=ticket.arrived, **said)

    async def _watch_call(self, request: Request, send: Send) -> RawResponse:
        ticket = _ticket.get()
        ticket.call_id, ticket.record = request.headers["cds-request-id"], request.record
        if ticket.moment == "line":
            ticket.scope.cancel()
        response = await send(request)
        if ticket.moment == "answered":  # as if a middleware of the application's own did something slow here
            ticket.scope.cancel()
            await anyio.lowlevel.checkpoint()
        return response

    async def _watch_attempt(self, request: Request, send: Send) -> RawResponse:
        ticket = _ticket.get()
        began = time.monotonic()
        if ticket.moment == "signing":
            ticket.scope.cancel()
        elif ticket.moment in ("sending", "wire"):
            longest = 0.01 if ticket.moment == "sending" else 1.5 * self._usual
            ticket.scope.deadline = anyio.current_time() + random.random() * longest
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        succeeded = False
        try:
            response = await send(request)
            succeeded = _is_success(response)
        finally:
            self.under_way -= 1
            if ticket.moment == "backoff" and not succeeded:
                ticket.scope.deadline = anyio.current_time() + random.random() * 0.02
        self._usual += (time.monotonic() - began - self._usual) / 50
        ticket.arrived = _id_in(ticket.action, response) or ticket.arrived
        return response


def _accepted(action: str, response: Response[Any]) -> dict[str, Any]:
    given = str(getattr(response.data, IDS[action][2])) if action in IDS else ""
    return {"outcome": "accepted", "id": given}


def _failed(error: EksError) -> dict[str, Any]:
    out_of_time = isinstance(error, ConnectionLost) and "Timeout" in error.message
    return {
        "outcome": error.outcome,
        "error": f"{type(error).__name__}: {error.message}"[:200],
        "gave_up": out_of_time or isinstance(error, DeadlineExceeded),
    }


def _cancelled(ticket: _Ticket) -> dict[str, Any]:
    record = ticket.record
    return {
        "outcome": record.outcome if record else "not_sent",
        "id": _id_of(ticket.action, record.answer) if record and record.answer else "",
        "attempts": record.attempts if record else 0,
        "cancelled": ticket.moment,
    }


def _id_of(action: str, envelope: Any) -> str:
    """Return the id of what a create has made, as the envelope has it; empty for none."""
    data = envelope.get("Data") if isinstance(envelope, dict) else None
    return str(data.get(IDS[action][1], "")) if action in IDS and isinstance(data, dict) else ""


def _id_in(action: str, response: RawResponse) -> str:
    """Return the same from an answer as it came, read here without the SDK's help."""
    if action not in IDS or response.status >= 300:
        return ""
    try:
        return _id_of(action, json.loads(response.content))
    except ValueError:
        return ""


def _is_success(response: RawResponse) -> bool:
    return response.status < 300 and b'"Success"' in response.content
