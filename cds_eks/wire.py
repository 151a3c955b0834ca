"""What travels through the pipeline: operations, requests and answers, as plain values."""

from __future__ import annotations

import copy
import enum
from collections.abc import Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

import attrs

from cds_eks.errors import EksError, Outcome
from cds_eks.making import changer, maker
from cds_eks.rules import value_at
from cds_eks.spellings import NO_SECRETS, Secrets

T = TypeVar("T")


class Kind(enum.Enum):
    """What repeating an operation does; the retry decision rests on it."""

    READ = "read"
    IDEMPOTENT = "idempotent write"
    CREATE = "create"


@attrs.frozen(kw_only=True, eq=False)
class Operation(Generic[T]):
    """One operation of the service: a constant.

    Attributes:
        name: The documented name.
        action: The `Action` on the wire.
        method: `GET` (arguments in the query) or `POST` (arguments in a JSON body).
        kind: What repeating it does.
        request: The model of its arguments; None for an operation that has none (`eks.call`).
        result: The type of the answer's data; None if it has none.
        result_id: The field of the result that names what was made, for creates.
        natural_key: The fields of the request by which to look for what may have been made (dotted paths).
        revised: The revisions of the API in which it has another action; None where it does not exist.
    """

    name: str
    action: str
    method: str
    kind: Kind
    request: Any
    result: Any
    result_id: str | None = None
    natural_key: tuple[str, ...] = ()
    revised: Mapping[str, str | None] = attrs.field(factory=dict)

    def natural_key_of(self, request: Any) -> dict[str, Any]:
        """Return the fields of a request by which to look for what it may have made; without the unset ones."""
        found = {path: value_at(request, path) for path in self.natural_key}
        return {path: value for path, value in found.items() if value is not None}


_WEIGHT: tuple[Outcome, ...] = ("not_sent", "refused", "unknown", "accepted")
"""Of two attempts, the outcome further back is the call's."""


LONGEST_FRAGMENT = 64 * 1024
"""How much of an answer that broke off is kept, in bytes."""


class CallRecord:
    """What is known so far of one call. It outlives a cancellation, so that a cancelled call leaves a trace.

    A middleware finds it as `request.record`.

    Attributes:
        attempts: How many attempts were begun.
        failures: The errors of the attempts that failed, oldest first.
        request_id: The service's id of the last answer, or None.
        answer: The service's whole answer by wire names, once it has said yes: it has the ids of what was made, also
            if the call is cancelled after that.
        arrived: What a backend has of this attempt before it can return it: if the call is cancelled in that moment,
            there is nobody to take it.
        clock_was_wrong: Whether this attempt was refused for its time and the signer's clock has been set since.
        fragments: The bodies of answers that broke off, as far as they came: they may name what was made.
        deadline: When the call's time is up, on the deadline middleware's clock; None until it has set one.
        secrets: Texts that must never be shown, besides the request's own: of keys that came up while the call went on.
        total: How many seconds this call may take, in place of what the client gives all calls; None for that.
        waits_for: What the attempt stands in line for, in words; None when it is not in line.
    """

    __slots__ = (
        "_earlier",
        "_now",
        "answer",
        "arrived",
        "attempts",
        "clock_was_wrong",
        "deadline",
        "failures",
        "fragments",
        "request_id",
        "secrets",
        "total",
        "waits_for",
    )

    def __init__(self) -> None:
        self.attempts = 0
        self.failures: tuple[EksError, ...] = ()
        self.fragments: tuple[bytes, ...] = ()
        self.request_id: str | None = None
        self.answer: Mapping[str, Any] | None = None
        self.arrived: object = None
        self.clock_was_wrong = False
        self.deadline: float | None = None
        self.secrets = NO_SECRETS
        self.total: float | None = None
        self.waits_for: str | None = None
        self._earlier: Outcome = "not_sent"
        self._now: Outcome = "not_sent"

    def begin_attempt(self) -> None:
        """A new attempt starts: nothing of it has left yet."""
        if self._now != "not_sent":
            self.begin_send()
        self.arrived = None
        self.clock_was_wrong = False
        self.attempts += 1

    def begin_send(self) -> None:
        """The request is given to the backend; a middleware may do so several times in an attempt, to other hosts."""
        # A call that was accepted and is sent again all the same (by a middleware) may have been carried out.
        if self._now != "not_sent":
            self._earlier = "unknown" if self._now == "accepted" else self.outcome
            self._now = "not_sent"

    def may_have_left(self) -> None:
        """From now on the service may have seen the request. A backend calls this before the first byte goes out."""
        self._now = "unknown"

    def did_not_leave(self) -> None:
        """It is proven that nothing left of what was last given to the backend."""
        self._now = "not_sent"

    def answered(self, request_id: str | None, *, outcome: Outcome) -> None:
        """The service's answer to this attempt is known."""
        self.request_id = request_id or self.request_id
        self._now = outcome

    def broke_off(self, content: bytes) -> None:
        """An answer broke off; a backend tells what came of its body."""
        if content:
            self.fragments += (content[:LONGEST_FRAGMENT],)

    @property
    def attempts_made(self) -> int:
        """How many attempts have got further than the line: one that still stands in it has sent nothing."""
        return self.attempts if self.waits_for is None else max(0, self.attempts - 1)

    @property
    def outcome(self) -> Outcome:
        """The fate of the call, as far as it is known now, all attempts together."""
        return max(self._earlier, self._now, key=_WEIGHT.index)

    def __repr__(self) -> str:
        return f"CallRecord(attempts={self.attempts}, outcome={self.outcome!r}, request_id={self.request_id!r})"


@attrs.frozen(kw_only=True, weakref_slot=False)
class Request:
    """One request on its way down the pipeline. Change it with `attrs.evolve`.

    Attributes:
        operation: What is asked for.
        url: Where it goes, without the query.
        params: The query arguments, with `Action`, not encoded and not signed.
        content: The body, or None.
        headers: The headers.
        query: The whole encoded and signed query; "" until the signing middleware has made it.
        connect_timeout: Seconds to make a connection, or None for no limit.
        read_timeout: Seconds of silence while sending or receiving, or None for no limit.
        secrets: Texts that must never be shown; they are blotted out of the service's messages.
        record: What is known so far of the call; shared by all its attempts.
    """

    operation: Operation[Any]
    url: str = attrs.field(repr=False)
    params: Mapping[str, str] = attrs.field(repr=False)
    content: bytes | None = attrs.field(default=None, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    query: str = attrs.field(default="", repr=False)
    connect_timeout: float | None = None
    read_timeout: float | None = None
    secrets: Secrets = attrs.field(default=NO_SECRETS, repr=False)
    record: CallRecord = attrs.field(factory=CallRecord, eq=False)

    @property
    def hidden(self) -> Secrets:
        """All texts that must never be shown."""
        return self.secrets if self.record.secrets is NO_SECRETS else self.record.secrets | self.secrets

    @property
    def deadline(self) -> float | None:
        """When the call's time is up, on the deadline middleware's clock, or None."""
        return self.record.deadline

    def signed(self, query: str) -> Request:
        """Return the request with the query of an attempt: what `attrs.evolve` does, at a tenth of the cost."""
        return _with_query(self, query)


@attrs.frozen(kw_only=True, weakref_slot=False)
class RawResponse:
    """An answer as it came: what a backend returns and a middleware sees.

    Attributes:
        status: The HTTP status.
        headers: The headers, names in lower case.
        content: The body, decompressed.
        parsed: Holds the parsed body and the id of the request once they have been read, since both the retry decision
            and the decoding need them.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)
    parsed: list[Any] = attrs.field(factory=list, init=False, repr=False, eq=False)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Response(Generic[T]):
    """The service's answer to one call.

    Attributes:
        data: What was asked for, typed.
        request_id: The service's id of the request, for its support.
        code: The service's `Code`: `Success`.
        message: The service's text.
        total_count: How many entries there are in all, if the service told.
        page_index: Which page this is, if the service told.
        page_size: How many entries a page has, if the service told.
        attempts: How many attempts the call took.
        elapsed: How long the call took, in seconds.
        raw: The whole answer as plain data. It may hold what the typed data masks; it is not shown and not pickled.
    """

    data: T
    request_id: str | None = None
    code: str = "Success"
    message: str = ""
    total_count: int | None = None
    page_index: int | None = None
    page_size: int | None = None
    attempts: int = 1
    elapsed: float = 0.0
    raw: Mapping[str, Any] = attrs.field(factory=dict, repr=False)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return attrs.evolve(self, data=copy.deepcopy(self.data, memo), raw=copy.deepcopy(self.raw, memo))

    def __getstate__(self) -> dict[str, Any]:
        state = attrs.asdict(self, recurse=False)
        state["raw"] = {}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


make_request = maker(Request)
_with_query = changer(Request, "query")
make_raw_response = maker(RawResponse)
make_response = maker(Response)


class Execute(Protocol):
    """What a resource is given to send its operations."""

    async def __call__(
        self,
        operation: Operation[T],
        request: Any,
        extra: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> Response[T]:
        """Send one operation through the pipeline and return the service's answer."""
        ...  # pragma: no cover - a protocol has no body
