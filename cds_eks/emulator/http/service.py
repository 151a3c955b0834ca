"""The way of a request through the service: parse, verify, check, carry out, write down, answer."""

from __future__ import annotations

import contextlib
import logging
import random
import re
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import attrs

from cds_eks.emulator.engine.ledger import Ledger
from cds_eks.emulator.engine.world import World, uuid_text
from cds_eks.emulator.faults.service_faults import execute
from cds_eks.emulator.handlers.call import Call, Result
from cds_eks.emulator.handlers.registry import fault_of
from cds_eks.emulator.http.auth import Verifier
from cds_eks.emulator.http.parsing import check_digest, parse_body, parse_query
from cds_eks.emulator.http.request import IncomingRequest, action_of, own_parameters
from cds_eks.emulator.protocol.api import OPERATIONS, REVISIONS
from cds_eks.emulator.protocol.arguments import match_revision
from cds_eks.emulator.protocol.envelope import Answer, Refusal
from cds_eks.emulator.protocol.redaction import HIDDEN, MAX_RECORDED_BODY, redact, redact_action
from cds_eks.emulator.protocol.schema import Operation

__all__ = ["PATH", "Answered", "Service"]

logger: logging.Logger = logging.getLogger("cds_eks.emulator")

PATH = "/eks/v1"
"""The one path of the API [D]; with a slash at the end it is the same one [O]."""

MAX_RECORDED_METHOD = 20
"""How many characters of an HTTP method are written down."""

_EMPTY_BODIES = (b"", b"null", b"{}")
_CALL_ID = re.compile(r"[A-Za-z0-9._-]{1,80}")


@attrs.frozen(kw_only=True)
class Answered:
    """An answer, and the index of the ledger's entry that is to know what becomes of it."""

    answer: Answer
    index: int


@attrs.define(kw_only=True, repr=False)
class _Progress:
    """How far a request has been read: what the ledger shows of one that is refused on the way."""

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

    def answer(self, request: IncomingRequest, index: int | None = None) -> Answered:
        """Carry out a request, or refuse it; either way it is in the ledger.

        Args:
            request: The request.
            index: The entry that it has in the ledger already, if any.
        """
        with self._lock:
            self._world.settle()
            answered = self._answer(request, index)
            fault = request.fault
            if fault is None or fault.kind != "duplicate":
                return answered
            again = partial(self._answer, request, None, repeated=True)
            if fault.seconds:
                self._world.at(self._world.now + fault.seconds, again)
                return answered
            second = again()
            return second if fault.answer == "second" else answered

    def record(self, request: IncomingRequest, answer: Answer | None = None) -> int:
        """Write down a request that is not carried out, at least not yet, and return the index of its entry.

        Args:
            request: The request.
            answer: What it is answered, if it is.
        """
        progress = _Progress()
        with self._lock:
            self._world.settle()
            with contextlib.suppress(Refusal):
                progress.query = parse_query(request.query)
                progress.operation = OPERATIONS.get(progress.query.get("Action", ""))
            return self._write(request, progress, answer, Result(), committed=False)

    def refuse(self, request: IncomingRequest, refusal: Refusal) -> Answered:
        """Write down a request that is refused before it is read, and return what it is answered."""
        with self._lock:
            answer = _refusing(self.new_request_id(), refusal)
            return Answered(answer=answer, index=self.record(request, answer))

    def postpone(self, request: IncomingRequest, seconds: float) -> None:
        """Write down a request, and carry it out some seconds of service time later."""
        with self._lock:
            index = self.record(request)
            self._world.at(self._world.now + seconds, partial(self._answer, request, index))

    def new_request_id(self) -> str:
        """Return a fresh `RequestId`, after those of requests that were due to be carried out before."""
        with self._lock:
            self._world.settle()
            return self._new_request_id()

    def _new_request_id(self) -> str:
        return uuid_text(self._random.getrandbits(128))

    def _answer(self, request: IncomingRequest, index: int | None, *, repeated: bool = False) -> Answered:
        """Carry out a request in the world as it stands, or refuse it, and write it down."""
        progress, result = _Progress(repeated=repeated), Result()
        request_id, committed = self._new_request_id(), False
        try:
            result, committed = self._carry_out(request, progress, request_id), True
            answer = Answer(request_id=request_id, data=result.data, page=result.page)
        except Refusal as refusal:
            answer = _refusing(request_id, refusal)
        except Exception as error:  # a handler must not fail: whoever wrote it is to read in the answer where it did
            if progress.operation is None:
                raise
            answer = _failed(request_id, progress.query["Action"], error)
        index = self._write(request, progress, answer, result, committed=committed, index=index)
        return Answered(answer=answer, index=index)

    def _carry_out(self, request: IncomingRequest, progress: _Progress, request_id: str) -> Result:
        if request.path not in (PATH, f"{PATH}/"):
            raise Refusal("InvalidHTTPRequest", f"the API is at {PATH}", status=404)
        if request.method not in ("GET", "POST"):
            named = OPERATIONS.get(action_of(request.query))
            allow = named.method if named else "GET, POST"
            raise Refusal("InvalidHTTPRequest", "the method must be GET or POST", status=405, allow=allow)
        progress.query = parse_query(request.query)
        fault = request.fault
        skew = fault.seconds or 0.0 if fault and fault.kind == "skew" else 0.0
        replayed = progress.repeated and fault is not None and fault.bypass_nonce
        self._verifier.verify(request.method, progress.query, skew=skew, replayed=replayed)
        action = progress.query["Action"]
        operation = OPERATIONS.get(action)
        revisions = self._revisions_of(operation) if operation else ()
        if operation is None or not revisions:
            raise Refusal("UnsupportedOperation", f"Action {action[:80]!r} is not known")
        progress.operation = operation
        revision, arguments = self._arguments(request, progress, operation, revisions)
        call = Call(
            arguments=arguments,
            revision=revision,
            request_id=request_id,
            subnets_as_objects=self._subnets_as_objects,
        )
        return execute(self._world, action, call, fault)

    def _revisions_of(self, operation: Operation) -> tuple[str, ...]:
        """Return the revisions that are spoken here and have an operation."""
        return tuple(each for each in self._revisions if each in (operation.revisions or REVISIONS))

    def _arguments(
        self, request: IncomingRequest, progress: _Progress, operation: Operation, revisions: Sequence[str]
    ) -> tuple[str, dict[str, Any]]:
        """Return the checked arguments and their revision: of the query for a GET, of the body for a POST [D][O]."""
        if request.method != operation.method:
            method = operation.method
            raise Refusal("InvalidHTTPRequest", f"the method must be {method}", status=405, allow=method)
        check_digest(request.digest, request.body)
        own = own_parameters(progress.query)
        if operation.method == "GET":
            if request.body.strip() not in _EMPTY_BODIES:
                raise Refusal("InvalidHTTPRequest", "the arguments of a GET belong into the query")
            return match_revision(operation.request, own, revisions, text=True)
        progress.body = parse_body(request.body)
        if own:
            raise Refusal("InvalidParameter", f"{next(iter(own))[:200]} does not belong into the query of a POST")
        return match_revision(operation.request, progress.body, revisions)

    def _redacted_action(self, action: str) -> str:
        """Return what the ledger shows of an action: a key that has slipped into its place stays out."""
        is_key = action not in OPERATIONS and self._verifier.is_part_of_key(action)
        return HIDDEN if is_key else redact_action(action)

    def _write(
        self,
        request: IncomingRequest,
        progress: _Progress,
        answer: Answer | None,
        result: Result,
        *,
        committed: bool,
        index: int | None = None,
    ) -> int:
        """Write down a request, or what has become of one that is in the ledger already; returns its index."""
        shape = progress.operation.request if progress.operation else None
        body: Mapping[str, Any] | str | None = HIDDEN if request.body else None
        if progress.body is not None and len(request.body) <= MAX_RECORDED_BODY:
            body = redact(shape, progress.body)
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
        nonce = progress.query.get("SignatureNonce", "")
        return self._ledger.add_request(
            at=self._world.now,
            method=request.method[:MAX_RECORDED_METHOD],
            action=self._redacted_action(progress.query.get("Action", "")),
            key=HIDDEN if "AccessKeyId" in progress.query else "",
            params=redact(shape, own_parameters(progress.query)),
            fault=request.fault_kind or None,
            call_id=request.call_id if _CALL_ID.fullmatch(request.call_id) or not request.call_id else HIDDEN,
            nonce=sha256(nonce.encode("utf-8", "surrogatepass")).hexdigest()[:16] if nonce else "",
            repeated=progress.repeated,
            **outcome,
        )


def _failed(request_id: str, action: str, error: Exception) -> Answer:
    """Return the answer for a handler that has failed. The log has the way there, without the error's own words."""
    fault = fault_of(action, error)
    logger.error("%s\n%s", fault, "".join(traceback.format_tb(error.__traceback__)))
    return Answer(request_id=request_id, status=500, code="InternalError", message=fault)


def _refusing(request_id: str, refusal: Refusal) -> Answer:
    return Answer(
        request_id=request_id,
        status=refusal.status,
        code=refusal.code,
        message=refusal.message,
        allow=refusal.allow,
    )
