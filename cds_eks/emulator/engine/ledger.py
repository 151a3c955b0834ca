"""The ledger: every request that came, and every resource that was ever created through the API.

It is what a client is judged by: what really happened, whatever the client was told. Nothing secret gets into it.
"""

from __future__ import annotations

import difflib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from cds_eks.emulator.protocol.api import OPERATIONS

__all__ = ["Ledger", "RequestEntry", "ResourceEntry"]

_KINDS = (
    *("cluster", "node_pool", "node", "network_interface", "scaling_group"),
    *sorted({each.generic.resource for each in OPERATIONS.values() if each.generic}),
)


@attrs.frozen(kw_only=True)
class RequestEntry:
    """One request that came, and what it was answered.

    Attributes:
        index: How many came before it.
        at: When it came: service time, in seconds since the epoch.
        method: Its HTTP method.
        action: Its `Action`, as on the wire; empty if it had none that could be read, `***` for one that is not known
            and does not look like a name.
        key: `***` if it named an access key id, else empty.
        params: Its query arguments without the common parameters; every secret and every unknown field is `***`.
        body: Its body, redacted alike; None if there was none, `***` if it was refused or lost before it was read,
            or is longer than 256 KiB.
        status: The HTTP status of the answer that was sent, or was lost on its way; 0 if there was none.
        code: The `Code` of that answer; empty if it had none.
        request_id: The `RequestId` under which it was carried out or refused; empty if it was neither.
        created: The ids of what it created.
        committed: Whether it was carried out: what it asked for was done, or begun.
        answered: Whether an answer was sent whole, to a client that was still there as far as can be seen.
        fault: The kind of the fault that struck it, if any.
        call_id: Its `cds-request-id` header, which all attempts of a call have in common; empty if it had none.
        nonce: A digest of its `SignatureNonce`, which no two attempts have in common; empty if it had none.
        repeated: Whether the network delivered it again, by itself: no client sent it.
    """

    index: int
    at: float
    method: str
    action: str
    key: str
    params: Mapping[str, Any]
    body: Mapping[str, Any] | str | None
    status: int
    code: str
    request_id: str
    created: tuple[str, ...]
    committed: bool
    answered: bool = False
    fault: str | None = None
    call_id: str = ""
    nonce: str = ""
    repeated: bool = False

    @property
    def lost(self) -> bool:
        """Whether the client was left in the dark: no answer got out whole, or only one of a fault that says nothing.

        Those are one with a 5xx status, one that is not the envelope, and a success without its data.
        """
        says_nothing = self.status >= 500 or not self.code or (self.fault == "status" and self.status < 300)
        return not self.answered or says_nothing


@attrs.frozen(kw_only=True)
class ResourceEntry:
    """One resource that was created through the API.

    Attributes:
        kind: `cluster`, `node_pool`, `node`, `network_interface` or `scaling_group`.
        id: Its id.
        name: Its name.
        request_id: The `RequestId` of the request that it comes from.
        created_at: When it was created: service time, in seconds since the epoch.
        deleted_at: When it was gone; None while it is there.
    """

    kind: str
    id: str
    name: str
    request_id: str
    created_at: float
    deleted_at: float | None = None


def _actions(name: str, requests: Iterable[RequestEntry]) -> set[str]:
    """Return the actions on the wire that a name stands for."""
    known = {action for action, operation in OPERATIONS.items() if name in (action, operation.name)}
    if known or not name or any(each.action == name for each in requests):
        return known or {name}
    names = {*OPERATIONS, *(operation.name for operation in OPERATIONS.values())}
    close = difflib.get_close_matches(str(name), sorted(names), n=1)
    raise ValueError(f"there is no action {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))


class Ledger:
    """Keeps the entries. Reading gives a snapshot, and may be done from any thread.

    Args:
        limit: How many requests are stored, the newest ones. Resources are always stored.
        lock: The lock of the emulator that writes into it.
        settle: Brings the resources up to the present time.
    """

    def __init__(self, *, limit: int, lock: threading.RLock, settle: Callable[[], None]) -> None:
        self._lock = lock
        self._settle = settle
        self._requests: deque[RequestEntry] = deque(maxlen=limit)
        self._resources: dict[str, ResourceEntry] = {}
        self._made_by: dict[str, list[str]] = {}
        self._carried_out: dict[str, list[str]] = {}
        self._came = 0
        self._changes = 0

    def __repr__(self) -> str:
        return f"Ledger(requests={self._came}, resources={len(self._resources)})"

    @property
    def changes(self) -> int:
        """How often something was written into it."""
        return self._changes

    @property
    def requests(self) -> list[RequestEntry]:
        """The requests that are stored, in the order they came, as it is by now."""
        with self._lock:
            self._settle()
            return list(self._requests)

    @property
    def resources(self) -> list[ResourceEntry]:
        """Every resource ever created through the API, in the order of creation, as it is by now."""
        with self._lock:
            self._settle()
            return list(self._resources.values())

    def count(self, action: str | None = None, code: str | None = None, *, committed: bool | None = None) -> int:
        """Return how many of the stored requests had this action and code, and were carried out, or were not.

        Args:
            action: By its documented name or that on the wire (`GetTaskStatus` and `TaskStatus` are the same); one that
                the emulator does not know counts if it came.
            code: The `Code` of the answer.
            committed: Whether it was carried out.

        Raises:
            ValueError: No such action is known, and none came: a count of it would be 0 for ever.
        """
        requests = self.requests
        actions = None if action is None else _actions(action, requests)
        return sum(
            (actions is None or each.action in actions)
            and code in (None, each.code)
            and committed in (None, each.committed)
            for each in requests
        )

    def calls(self) -> dict[str, list[RequestEntry]]:
        """Return the stored requests by their `call_id`: the attempts of each call, and what the network repeated."""
        calls: dict[str, list[RequestEntry]] = {}
        for each in self.requests:
            calls.setdefault(each.call_id, []).append(each)
        return calls

    def created(self, kind: str) -> list[ResourceEntry]:
        """Return every resource of a kind ever created through the API, those that are gone too.

        Raises:
            ValueError: There is no such kind: none would ever be found.
        """
        if kind not in _KINDS:
            raise ValueError(f"there is no kind {kind!r}: it is one of {', '.join(_KINDS)}")
        return [each for each in self.resources if each.kind == kind]

    def created_by(self, call_id: str) -> list[ResourceEntry]:
        """Return every resource that came of a call, by its `cds-request-id`: of all its attempts, in their order."""
        with self._lock:
            self._settle()
            requests = self._carried_out.get(call_id, [])
            return [self._resources[id_] for each in requests for id_ in self._made_by.get(each, [])]

    def to_plain(self) -> dict[str, list[dict[str, Any]]]:
        """Return all of it as plain data, ready for JSON."""
        requests, resources = self.both()
        return {
            "requests": [{**attrs.asdict(each), "lost": each.lost} for each in requests],
            "resources": [attrs.asdict(each) for each in resources],
        }

    def both(self) -> tuple[list[RequestEntry], list[ResourceEntry]]:
        """Return the stored requests and all resources as they are at one time: no resource without its request."""
        with self._lock:
            self._settle()
            return list(self._requests), list(self._resources.values())

    def add_request(self, **entry: Any) -> int:
        """Write down a request, by the attributes of its entry but the index, which is returned."""
        with self._lock:
            self._requests.append(RequestEntry(index=self._came, **entry))
            self._came += 1
            self._changes += 1
            self._note_call(self._requests[-1])
            return self._came - 1

    def amend(self, index: int, **changes: Any) -> None:
        """Change what is written of a request, if it is still stored: more of it has happened, or has become known."""
        with self._lock:
            at = index - self._came + len(self._requests)
            if at >= 0:
                self._changes += 1
                self._requests[at] = attrs.evolve(self._requests[at], **changes)
                self._note_call(self._requests[at])

    def _note_call(self, entry: RequestEntry) -> None:
        """Remember what a call created, for when its entry is dropped."""
        if entry.committed and entry.call_id and entry.method == "POST":
            requests = self._carried_out.setdefault(entry.call_id, [])
            if entry.request_id not in requests:
                requests.append(entry.request_id)

    def add_resource(self, kind: str, id: str, name: str, *, request_id: str, at: float) -> None:  # noqa: A002
        """Write down a resource that came to be at some service time."""
        with self._lock:
            self._resources[id] = ResourceEntry(kind=kind, id=id, name=name, request_id=request_id, created_at=at)
            self._made_by.setdefault(request_id, []).append(id)

    def end_resource(self, id: str, *, at: float) -> None:  # noqa: A002
        """Write down that a resource is gone. One that was not created through the API has no entry."""
        with self._lock:
            if id in self._resources:
                self._resources[id] = attrs.evolve(self._resources[id], deleted_at=at)
