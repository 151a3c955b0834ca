"""The way of a request through the service: parse, verify, check, carry out, write down, answer."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.emulator.api import OPERATIONS
from cds_eks.emulator.auth import Verifier
from cds_eks.emulator.checks import checked
from cds_eks.emulator.envelope import Answer, Refusal
from cds_eks.emulator.ledger import Ledger
from cds_eks.emulator.operations import HANDLERS, Call, Result
from cds_eks.emulator.parsing import check_digest, parse_body, parse_query
from cds_eks.emulator.redaction import HIDDEN, redacted
from cds_eks.emulator.schema import Operation
from cds_eks.emulator.world import World
from cds_eks.signing import COMMON_PARAMETERS

__all__ = ["PATH", "Arrival", "Service"]

PATH = "/eks/v1"
"""The one path of the API [D]."""

_EMPTY_BODIES = (b"", b"null", b"{}")


@attrs.frozen(kw_only=True)
class Arrival:
    """A request as it came: what of it the service looks at."""

    method: str
    path: str
    query: bytes = attrs.field(repr=False)
    digest: str | None
    body: bytes = attrs.field(repr=False)


@attrs.define(kw_only=True, repr=False)
class _Reading:
    """How far a request has been read: what the ledger tells of one that is refused on the way."""

    query: Mapping[str, str] = attrs.field(factory=dict)
    operation: Operation | None = None
    body: Mapping[str, Any] | None = None


class Service:
    """Answers requests, one at a time.

    Args:
        world: The state.
        verifier: Who may ask.
        ledger: Where every request is written down.
        lock: Held while a request is carried out.
        seed: Request ids are drawn from it, apart from the ids of resources.
    """

    def __init__(self, world: World, verifier: Verifier, ledger: Ledger, *, lock: threading.RLock, seed: int) -> None:
        self._world = world
        self._verifier = verifier
        self._ledger = ledger
        self._lock = lock
        self._random = random.Random(f"request ids {seed}")

    def answer(self, arrival: Arrival) -> Answer:
        """Carry out a request, or refuse it; either way it is in the ledger."""
        reading, result = _Reading(), Result()
        with self._lock:
            self._world.settle()
            request_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
            try:
                result = self._carry_out(arrival, reading, request_id)
                answer = Answer(request_id=request_id, data=result.data, page=result.page)
            except Refusal as refusal:
                answer = Answer(
                    request_id=request_id, status=refusal.status, code=refusal.code, message=refusal.message
                )
            self._write_down(arrival, reading, answer, result)
        return answer

    def _carry_out(self, arrival: Arrival, reading: _Reading, request_id: str) -> Result:
        if arrival.path != PATH:
            raise Refusal("InvalidHTTPRequest", f"the API is at {PATH}", status=404)
        if arrival.method not in ("GET", "POST"):
            raise Refusal("InvalidHTTPRequest", "the method must be GET or POST")
        reading.query = parse_query(arrival.query)
        self._verifier.verify(arrival.method, reading.query)
        action = reading.query["Action"]
        if action not in OPERATIONS:
            raise Refusal("UnsupportedOperation", f"Action {action[:80]!r} is not known")
        reading.operation = OPERATIONS[action]
        arguments = self._arguments(arrival, reading, reading.operation)
        return HANDLERS[action](self._world, Call(arguments=arguments, request_id=request_id))

    def _arguments(self, arrival: Arrival, reading: _Reading, operation: Operation) -> dict[str, Any]:
        """Return the checked arguments: of the query for a GET, of the body for a POST [D][O]."""
        if arrival.method != operation.method:
            raise Refusal("InvalidHTTPRequest", f"the method must be {operation.method}")
        check_digest(arrival.digest, arrival.body)
        own = _own(reading.query)
        if operation.method == "GET":
            if arrival.body.strip() not in _EMPTY_BODIES:
                raise Refusal("InvalidHTTPRequest", "the arguments of a GET belong into the query")
            return checked(operation.request, own, text=True)
        reading.body = parse_body(arrival.body)
        if own:
            raise Refusal("InvalidParameter", f"{next(iter(own))[:200]} does not belong into the query of a POST")
        return checked(operation.request, reading.body)

    def _write_down(self, arrival: Arrival, reading: _Reading, answer: Answer, result: Result) -> None:
        shape = reading.operation.request if reading.operation else None
        body: Mapping[str, Any] | str | None = HIDDEN if arrival.body else None
        if reading.body is not None:
            body = redacted(shape, reading.body)
        self._ledger.add_request(
            at=self._world.now,
            method=arrival.method,
            action=reading.query.get("Action", "")[:80],
            key=HIDDEN if "AccessKeyId" in reading.query else "",
            params=redacted(shape, _own(reading.query)),
            body=body,
            status=answer.status,
            code=answer.code,
            request_id=answer.request_id,
            created=result.created,
        )


def _own(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are a request's own: without the common ones."""
    return {name: value for name, value in query.items() if name not in COMMON_PARAMETERS}
