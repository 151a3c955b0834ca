"""The error tree: what went wrong, and what is known of the request's fate.

Every error carries `action` (the documented or wire name of the operation), `request_id` (the service's, for its
support), `attempts` (how many were made) and `outcome`:

* ``not_sent``: the service can't have seen the request;
* ``refused``: the service saw it and said no, nothing was changed;
* ``accepted``: the service said yes; what failed came later;
* ``unknown``: the request may or may not have been carried out.

What an operation raises depends on its kind, which the docstring of its method names.

What a read raises, after it was repeated as often as `RetryPolicy` says:

* `InvalidRequestError`: an argument is missing, breaks its rule, or can't be said in the client's `api_revision`;
  nothing was sent;
* `ServiceError`: the service refused; see its subclasses;
* `TransportError`: no answer came back;
* `UnreadableResponse`: the answer is not the service's;
* `DeadlineExceeded`: the time for the call ran out.

What an idempotent write raises: the same, after it was repeated in the same way.

What a create raises: the same; and if it may have been carried out nonetheless, the error is an `AmbiguousCreate` as
well. A create is repeated only if it can't have been carried out. One that is cut off (by a cancellation, Ctrl-C) is
among the client's `open_creates`.

All errors can be pickled, and none holds a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Self

__all__ = [
    "AmbiguousCreate",
    "AuthenticationError",
    "BadArgument",
    "ConfigurationError",
    "Conflict",
    "ConnectFailed",
    "ConnectionLost",
    "DeadlineExceeded",
    "DuplicateFound",
    "EksError",
    "IncompleteList",
    "InvalidRequestError",
    "NotFound",
    "Outcome",
    "PermissionDenied",
    "QuotaExceeded",
    "ServerFault",
    "ServiceError",
    "TaskFailed",
    "Throttled",
    "TransportError",
    "UnreadableResponse",
    "WaitTimeout",
    "may_pass",
]

Outcome = Literal["not_sent", "refused", "accepted", "unknown"]


def _revive(kind: type[EksError], args: tuple[Any, ...], state: dict[str, Any]) -> EksError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class EksError(Exception):
    """Whatever goes wrong in this package.

    Attributes:
        message: What went wrong, in a sentence.
        action: The operation, or None outside of one.
        request_id: The service's id of the request, or None if no answer came.
        call_id: The client's id of the call, or None outside of one. Each attempt carries it, in the header
            `cds-request-id`.
        attempts: How many attempts were made; 0 when nothing was sent.
        outcome: What is known of the request's fate (see the module's docstring).
        ids: What the service's answers to a write have named, whatever else they said: by the names of the operation's
            result (`cluster_id`, `task_id`), else by those on the wire; those of earlier attempts are among them.
            Waits have the ids that they were given.
        previous: The errors of the earlier attempts of the same call, oldest first.
    """

    def __init__(
        self,
        message: str,
        *,
        action: str | None = None,
        request_id: str | None = None,
        attempts: int = 0,
        outcome: Outcome = "unknown",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.request_id = request_id
        self.call_id: str | None = None
        self.attempts = attempts
        self.outcome: Outcome = outcome
        self.ids: dict[str, Any] = {}
        self.previous: tuple[EksError, ...] = ()

    def _facts(self) -> dict[str, Any]:
        """What `str` appends to the message, where it is known."""
        facts = {"request_id": self.request_id, "attempts": self.attempts or None, "outcome": self.outcome}
        if self.outcome == "unknown" and self.request_id is None:
            facts["call_id"] = self.call_id  # it is all that the service's support can be asked by then
        return {**self.ids, **facts}

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self._facts().items() if value is not None)
        subject = f"{self.action}: " if self.action else ""
        return f"{subject}{self.message} [{facts}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.args, self.__dict__)


class ConfigurationError(EksError):
    """The client can't be made or used as it was set up: no credentials, bad endpoint, unknown revision."""

    def __init__(self, message: str) -> None:
        super().__init__(message, outcome="not_sent")


class InvalidRequestError(EksError):
    """The request was refused before anything was sent.

    Attributes:
        field: The Python name of the field, with its path (`master_config.data_disk[0].disk_size`).
        rule: The rule that it breaks. Never holds the value of a text.
    """

    def __init__(self, field: str, rule: str, *, action: str | None = None) -> None:
        super().__init__(f"{field}: {rule}", action=action, outcome="not_sent")
        self.field = field
        self.rule = rule

    def under(self, path: str) -> Self:
        """Return the same error for a field that lies below `path`."""
        return type(self)(f"{path}.{self.field}", self.rule, action=self.action) if path else self


class TransportError(EksError):
    """No usable answer came back. The outcome is `not_sent` or `unknown`.

    It is `accepted` if a blocking client was closed when the answer to the call had just come.
    """


class ConnectFailed(TransportError):
    """No connection was made. The outcome is `not_sent`."""

    def __init__(self, message: str, *, action: str | None = None) -> None:
        super().__init__(message, action=action, outcome="not_sent")


class ConnectionLost(TransportError):
    """The connection broke, or fell silent, after the request may have left. The outcome is `unknown`."""

    def __init__(self, message: str, *, action: str | None = None) -> None:
        super().__init__(message, action=action, outcome="unknown")


class DeadlineExceeded(EksError):
    """The time for the whole call (`Timeouts.total`) is spent. The outcome is what was known when it ran out."""


class UnreadableResponse(EksError):
    """The answer is not the service's envelope: a proxy's page, a broken or a truncated body. Outcome `unknown`.

    Attributes:
        http_status: The HTTP status of the answer.
        body: The first 2 KB of the answer, with the request's secrets redacted.
        retry_after: The wish for a pause in seconds that came with it, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        http_status: int,
        body: str = "",
        retry_after: float | None = None,
        action: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, action=action, request_id=request_id, outcome="unknown")
        self.http_status = http_status
        self.body = body
        self.retry_after = retry_after

    def _facts(self) -> dict[str, Any]:
        return {"http_status": self.http_status, **super()._facts()}


class ServiceError(EksError):
    """The service said no. The outcome is `refused`, but for a write answered with a 5xx: `unknown`.

    Attributes:
        code: The service's `Code`. The list is open: match on the class of the error first.
        message: The service's text: its `Desc`, `Msg` or `Message`.
        desc: The service's `Desc` alone, or None.
        http_status: The HTTP status of the answer; the service also says no with 200.
        retry_after: The service's wish for a pause in seconds, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        http_status: int = 200,
        desc: str | None = None,
        retry_after: float | None = None,
        action: str | None = None,
        request_id: str | None = None,
        outcome: Outcome = "refused",
    ) -> None:
        super().__init__(message, action=action, request_id=request_id, outcome=outcome)
        self.code = code
        self.http_status = http_status
        self.desc = desc
        self.retry_after = retry_after

    def _facts(self) -> dict[str, Any]:
        return {"code": self.code or None, "http_status": self.http_status, **super()._facts()}


class AuthenticationError(ServiceError):
    """The access key, the signature or its time is wrong.

    The codes are `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `RequestExpired`, `AuthFailure` and
    `InvalidHTTPAuthHeader`.
    """


class PermissionDenied(ServiceError):
    """The account may not do this (`AccessDenied`, `OptInRequired`)."""


class NotFound(ServiceError):
    """What the request names does not exist (`ResourceNotFound`, `InvalidEcs.NotFound` and the like)."""


class Conflict(ServiceError):
    """What the request names is busy or in another state (`ResourceInUse`, `InvalidOperation…`, …)."""


class BadArgument(ServiceError):
    """The service does not accept an argument (`ArgMissing`, `InvalidParameter…`, `ParamError`, …)."""


class QuotaExceeded(ServiceError):
    """The account's quota or balance does not allow it (`QuotaExceeded`, `InsufficientBalance`, …)."""


class Throttled(ServiceError):
    """The service asks for fewer requests (HTTP 429 or a throttling code)."""


class ServerFault(ServiceError):
    """The service failed (HTTP 5xx or 408, `InternalError`, `CreateOrderExcept`)."""


class AmbiguousCreate(EksError):
    """A create whose fate is unknown: it may or may not have been carried out, and was not sent again.

    What is raised is also an instance of what went wrong (`ConnectionLost`, `DeadlineExceeded`, `UnreadableResponse`
    or `ServerFault`), with its attributes. If an answer named ids all the same, they are in `ids`.

    Attributes:
        natural_key: The fields by which to look for what may have been made, by Python name.
        window: When it may have been made: before the first attempt and after the last, in UTC by this machine's clock.
    """

    natural_key: Mapping[str, Any] = {}
    window: tuple[datetime, datetime] | None = None

    @property
    def name(self) -> str | None:
        """The name that was asked for, or None if the operation has none."""
        names = ("cluster_name", "config.name", "netcard_name")
        return next((self.natural_key[name] for name in names if name in self.natural_key), None)

    @property
    def vpc_id(self) -> str | None:
        """The VPC that was asked for, or None if the operation has none."""
        return self.natural_key.get("vpc_id")

    def _facts(self) -> dict[str, Any]:
        key = " ".join(f"{name}={value!r}" for name, value in self.natural_key.items())
        return {**super()._facts(), "look_for": key or None}


class DuplicateFound(EksError):
    """A look-up found several resources with one natural key. Nothing is chosen, and nothing deleted.

    Attributes:
        natural_key: The fields that were looked by, by Python name.
        found: The ids of all that match.
    """

    def __init__(self, *, action: str, natural_key: Mapping[str, Any], found: tuple[str, ...]) -> None:
        key = " ".join(f"{name}={value!r}" for name, value in natural_key.items())
        super().__init__(f"{len(found)} match {key}", action=action, outcome="accepted")
        self.natural_key: dict[str, Any] = dict(natural_key)
        self.found = found
        self.ids: dict[str, Any] = {"found": found}


class IncompleteList(EksError):
    """The service's list has fewer entries than it says there are, so that what is not listed may exist.

    Attributes:
        seen: How many entries came.
        total_count: How many there are, by the service's word.
        found: The ids of those among them that were looked for.
    """

    def __init__(self, *, action: str, seen: int, total_count: int, found: tuple[str, ...] = ()) -> None:
        super().__init__(f"the list has {seen} of {total_count} entries", action=action, outcome="unknown")
        self.seen = seen
        self.total_count = total_count
        self.found = found
        self.ids: dict[str, Any] = {"found": found} if found else {}


class AmbiguousTransport(AmbiguousCreate, TransportError):
    """A create that got no usable answer."""


class AmbiguousConnectionLost(AmbiguousCreate, ConnectionLost):
    """A create whose connection broke after it may have left."""


class AmbiguousDeadline(AmbiguousCreate, DeadlineExceeded):
    """A create whose time ran out after it may have left."""


class AmbiguousAnswer(AmbiguousCreate, UnreadableResponse):
    """A create whose answer can't be read, or names nothing."""


class AmbiguousServerFault(AmbiguousCreate, ServerFault):
    """A create that the service failed on."""


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later: what the retries and the waits of this package go by.

    It is so of lost and failed connections, of throttling, of the service's own faults, of proxies' pages that come in
    their place, and of a call whose time ran out. It is never said of an `AmbiguousCreate`: to send that again may
    create a second one, and so it has to be looked for first.
    """
    if isinstance(error, AmbiguousCreate):
        return False
    if isinstance(error, UnreadableResponse):
        return error.http_status < 300 or error.http_status >= 500 or error.http_status == ANSWER_TIMED_OUT
    return isinstance(error, (TransportError, Throttled, ServerFault, DeadlineExceeded))


ANSWER_TIMED_OUT = 408
"""The HTTP status of a gateway that gave up: as good as a lost answer."""


_AMBIGUOUS: tuple[tuple[type[EksError], type[AmbiguousCreate]], ...] = (
    (ConnectionLost, AmbiguousConnectionLost),
    (DeadlineExceeded, AmbiguousDeadline),
    (UnreadableResponse, AmbiguousAnswer),
    (ServiceError, AmbiguousServerFault),
    (TransportError, AmbiguousTransport),
)


def ambiguous(error: EksError, *, natural_key: Mapping[str, Any], window: tuple[datetime, datetime]) -> AmbiguousCreate:
    """Return `error` as the `AmbiguousCreate` of its own kind, with all its attributes."""
    kind = next((both for plain, both in _AMBIGUOUS if isinstance(error, plain)), AmbiguousCreate)
    made = kind.__new__(kind, *error.args)
    made.__dict__.update(error.__dict__, natural_key=dict(natural_key), window=window)
    return made


def _few(value: Any) -> Any:
    """Return what is shown of a list of ids, which may be long."""
    shown = 10
    if not isinstance(value, tuple) or len(value) <= shown:
        return value
    return f"({', '.join(map(repr, value[:shown]))}, and {len(value) - shown} more)"


class _Waiting(EksError):
    """What a waiter raises: the ids that it was given, and the last that it saw."""

    def __init__(
        self,
        message: str,
        *,
        ids: Mapping[str, Any],
        last: Any = None,
        status: str | None = None,
        action: str | None = None,
        request_id: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message, action=action, request_id=request_id, attempts=attempts, outcome="accepted")
        self.ids: dict[str, Any] = dict(ids)
        self.last = last
        self.status = status

    def _facts(self) -> dict[str, Any]:
        """The ids that failed and those that go on are shown apart, not as one list as well."""
        facts = super()._facts()
        if "failed_ids" in facts:
            mixed = ("cluster_ids", "task_ids", "node_pool_ids")
            facts = {name: _few(value) for name, value in facts.items() if name not in mixed and value != ()}
        return {"status": repr(self.status[:80]) if self.status else None, **facts}

    @property
    def task_id(self) -> str | None:
        """The task that was waited for."""
        return self.ids.get("task_id")

    @property
    def event_id(self) -> str | None:
        """The event that was waited for."""
        return self.ids.get("event_id")

    @property
    def cluster_id(self) -> str | None:
        """The cluster that was waited for."""
        return self.ids.get("cluster_id")

    @property
    def cluster_ids(self) -> tuple[str, ...]:
        """The clusters that failed, or that had not come up when time ran out."""
        return tuple(self.ids.get("cluster_ids", ()))

    @property
    def failed_ids(self) -> tuple[Any, ...]:
        """Of a wait for many things, those that failed; a node pool by the pair of its cluster's id and its own."""
        return tuple(self.ids.get("failed_ids", ()))

    @property
    def pending_ids(self) -> tuple[Any, ...]:
        """Of a wait for many things, those that had not ended when time ran out."""
        return tuple(self.ids.get("pending_ids", ()))

    @property
    def node_pool_id(self) -> str | None:
        """The node pool that was waited for."""
        return self.ids.get("node_pool_id")


class TaskFailed(_Waiting):
    """A waiter saw the task, event, cluster or node pool fail.

    Attributes:
        ids: The ids that the waiter was given, by name; each is an attribute as well (`task_id`, `cluster_id`, …).
        message: What the service said of the failure.
        last: The last state that was seen.
        status: Its status, as the service spelt it, or None.
    """


class WaitTimeout(_Waiting):
    """A waiter ran out of time; what it waited for may still come.

    Attributes:
        ids: The ids that the waiter was given, by name; each is an attribute as well (`task_id`, `cluster_id`, …).
        last: The last state that was seen, or None.
        status: Its status, as the service spelt it, or None.
    """
