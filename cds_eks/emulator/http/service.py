"""The way of a request through the service: parse, verify, check, carry out, write down, answer."""

from __future__ import annotations

import contextlib
import random
import re
import threading
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import attrs

from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.faults.schedule import Fault
from cds_eks.emulator.faults.service import carry_out
from cds_eks.emulator.handlers.call import Call, Result
from cds_eks.emulator.http.auth import Verifier
from cds_eks.emulator.http.parsing import check_digest, parse_body, parse_query
from cds_eks.emulator.protocol.api import OPERATIONS, REVISIONS
from cds_eks.emulator.protocol.arguments import understood
from cds_eks.emulator.protocol.envelope import Answer, Refusal
from cds_eks.emulator.protocol.redaction import HIDDEN, LONGEST_KEPT, redacted, shown_action
from cds_eks.emulator.protocol.schema import Operation
from cds_eks.signing import COMMON_PARAMETERS

__all__ = ["PATH", "Arrival", "Service", "action_of"]

PATH = "/eks/v1"
"""The one path of the API [D]; with a slash at the end it is the same one [O]."""

LONGEST_METHOD = 20
"""As much of an HTTP method is written down."""

_EMPTY_BODIES = (b"", b"null", b"{}")
_CALL_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")


@attrs.frozen(kw_only=True)
class Arrival:
    """A request as it came: what of it the service looks at, and the fault that struck it."""

    method: str
    path: str
    query: bytes = attrs.field(repr=False)
    digest: str | None
    call_id: str = attrs.field(default="", repr=False)
    body: bytes = attrs.field(default=b"", repr=False)
    fault: Fault | None = None

    @property
    def kind(self) -> str:
        """The kind of its fault; empty for none."""
        return self.fault.kind if self.fault else ""


@attrs.frozen(kw_only=True)
class Answered:
    """An answer, and the index of the ledger's entry that is to know what becomes of it."""

    answer: Answer
    index: int


@attrs.define(kw_only=True, repr=False)
class _Reading:
    """How far a request has been read: what the ledger tells of one that is refused on the way."""

    repeated: bool = False
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
        api_revision: The revision of the API that is spoken; None for all that are known.
        subnets_as_objects: Whether GetCluster tells subnets in the form of a day of 2025-09.

    Raises:
        ValueError: The revision is not known, or does not have that form.
    """

    def __init__(
        self,
        world: World,
        verifier: Verifier,
        ledger: Ledger,
        *,
        lock: threading.RLock,
        seed: int,
        api_revision: str | None = None,
        subnets_as_objects: bool = False,
    ) -> None:
        if api_revision is not None and api_revision not in REVISIONS:
            raise ValueError(f"api_revision must be one of {', '.join(REVISIONS)}, or None; got {api_revision!r}")
        if subnets_as_objects and api_revision not in (None, REVISIONS[0]):
            raise ValueError(f"subnets_as_objects is a form of {REVISIONS[0]}: api_revision must be that, or None")
        self._subnets_as_objects = subnets_as_objects
        self._revisions = REVISIONS if api_revision is None else (api_revision,)
        self._world = world
        self._verifier = verifier
        self._ledger = ledger
        self._lock = lock
        self._random = random.Random(f"request ids {seed}")

    def answer(self, arrival: Arrival, index: int | None = None) -> Answered:
        """Carry out a request, or refuse it; either way it is in the ledger.

        Args:
            arrival: The request.
            index: The entry that it has in the ledger already, if any.
        """
        with self._lock:
            self._world.settle()
            answered = self._answer(arrival, index)
            fault = arrival.fault
            if fault is None or fault.kind != "duplicate":
                return answered
            again = partial(self._answer, arrival, None, repeated=True)
            if fault.seconds:
                self._world.at(self._world.now + fault.seconds, again)
                return answered
            second = again()
            return second if fault.answer == "second" else answered

    def note(self, arrival: Arrival, answer: Answer | None = None) -> int:
        """Write down a request that is not carried out, at least not yet, and return the index of its entry.

        Args:
            arrival: The request.
            answer: What it is answered, if it is.
        """
        reading = _Reading()
        with self._lock:
            self._world.settle()
            with contextlib.suppress(Refusal):
                reading.query = parse_query(arrival.query)
                reading.operation = OPERATIONS.get(reading.query.get("Action", ""))
            return self._write_down(arrival, reading, answer, Result(), committed=False)

    def refuse(self, arrival: Arrival, refusal: Refusal) -> Answered:
        """Write down a request that is refused before it is read, and return what it is answered."""
        with self._lock:
            answer = _refusing(self.new_request_id(), refusal)
            return Answered(answer=answer, index=self.note(arrival, answer))

    def postpone(self, arrival: Arrival, seconds: float) -> None:
        """Write down a request, and carry it out some seconds of service time later."""
        with self._lock:
            index = self.note(arrival)
            self._world.at(self._world.now + seconds, partial(self._answer, arrival, index))

    def new_request_id(self) -> str:
        """Return a fresh `RequestId`."""
        with self._lock:
            return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _answer(self, arrival: Arrival, index: int | None, *, repeated: bool = False) -> Answered:
        """Carry out a request in the world as it stands, or refuse it, and write it down."""
        reading, result = _Reading(repeated=repeated), Result()
        request_id, committed = self.new_request_id(), False
        try:
            result, committed = self._carry_out(arrival, reading, request_id), True
            answer = Answer(request_id=request_id, data=result.data, page=result.page)
        except Refusal as refusal:
            answer = _refusing(request_id, refusal)
        index = self._write_down(arrival, reading, answer, result, committed=committed, index=index)
        return Answered(answer=answer, index=index)

    def _carry_out(self, arrival: Arrival, reading: _Reading, request_id: str) -> Result:
        if arrival.path not in (PATH, f"{PATH}/"):
            raise Refusal("InvalidHTTPRequest", f"the API is at {PATH}", status=404)
        if arrival.method not in ("GET", "POST"):
            raise Refusal("InvalidHTTPRequest", "the method must be GET or POST")
        reading.query = parse_query(arrival.query)
        fault = arrival.fault
        skew = fault.seconds or 0.0 if fault and fault.kind == "skew" else 0.0
        replayed = reading.repeated and fault is not None and fault.bypass_nonce
        self._verifier.verify(arrival.method, reading.query, skew=skew, replayed=replayed)
        action = reading.query["Action"]
        operation = OPERATIONS.get(action)
        revisions = self._revisions_of(operation) if operation else ()
        if operation is None or not revisions:
            raise Refusal("UnsupportedOperation", f"Action {action[:80]!r} is not known")
        reading.operation = operation
        revision, arguments = self._arguments(arrival, reading, operation, revisions)
        call = Call(
            arguments=arguments,
            revision=revision,
            request_id=request_id,
            subnets_as_objects=self._subnets_as_objects,
        )
        return carry_out(self._world, action, call, fault)

    def _revisions_of(self, operation: Operation) -> tuple[str, ...]:
        """Return the revisions that are spoken here and have an operation."""
        return tuple(each for each in self._revisions if each in (operation.revisions or REVISIONS))

    def _arguments(
        self, arrival: Arrival, reading: _Reading, operation: Operation, revisions: Sequence[str]
    ) -> tuple[str, dict[str, Any]]:
        """Return the checked arguments and their revision: of the query for a GET, of the body for a POST [D][O]."""
        if arrival.method != operation.method:
            raise Refusal("InvalidHTTPRequest", f"the method must be {operation.method}")
        check_digest(arrival.digest, arrival.body)
        own = _own(reading.query)
        if operation.method == "GET":
            if arrival.body.strip() not in _EMPTY_BODIES:
                raise Refusal("InvalidHTTPRequest", "the arguments of a GET belong into the query")
            return understood(operation.request, own, revisions, text=True)
        reading.body = parse_body(arrival.body)
        if own:
            raise Refusal("InvalidParameter", f"{next(iter(own))[:200]} does not belong into the query of a POST")
        return understood(operation.request, reading.body, revisions)

    def _shown_action(self, action: str) -> str:
        """Return what the ledger shows of an action: a key that has slipped into its place stays out."""
        is_key = action not in OPERATIONS and self._verifier.is_part_of_key(action)
        return HIDDEN if is_key else shown_action(action)

    def _write_down(
        self,
        arrival: Arrival,
        reading: _Reading,
        answer: Answer | None,
        result: Result,
        *,
        committed: bool,
        index: int | None = None,
    ) -> int:
        """Write down a request, or what has become of one that is in the ledger already; returns its index."""
        shape = reading.operation.request if reading.operation else None
        body: Mapping[str, Any] | str | None = HIDDEN if arrival.body else None
        if reading.body is not None and len(arrival.body) <= LONGEST_KEPT:
            body = redacted(shape, reading.body)
        outcome: dict[str, Any] = {
            "body": body,
            "status": answer.status if answer else 0,
            "code": answer.code if answer else "",
            "request_id": answer.request_id if answer else "",
            "created": result.created,
            "committed": committed,
        }
        if index is not None:
            self._ledger.amend(index, **outcome)
            return index
        nonce = reading.query.get("SignatureNonce", "")
        return self._ledger.add_request(
            at=self._world.now,
            method=arrival.method[:LONGEST_METHOD],
            action=self._shown_action(reading.query.get("Action", "")),
            key=HIDDEN if "AccessKeyId" in reading.query else "",
            params=redacted(shape, _own(reading.query)),
            fault=arrival.kind or None,
            call_id=arrival.call_id if _CALL_ID.fullmatch(arrival.call_id) or not arrival.call_id else HIDDEN,
            nonce=sha256(nonce.encode("utf-8", "surrogatepass")).hexdigest()[:16] if nonce else "",
            repeated=reading.repeated,
            **outcome,
        )


def _refusing(request_id: str, refusal: Refusal) -> Answer:
    return Answer(request_id=request_id, status=refusal.status, code=refusal.code, message=refusal.message)


def action_of(query: bytes) -> str:
    """Return the `Action` of a query string; empty if it has none that can be read."""
    try:
        return parse_query(query).get("Action", "")
    except Refusal:
        return ""


def _own(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that are a request's own: without the common ones."""
    return {name: value for name, value in query.items() if name not in COMMON_PARAMETERS}
