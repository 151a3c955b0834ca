"""The ledger: every request that came, and every resource that was ever created through the API.

It is what a client is judged by: what really happened, whatever the client was told. Nothing secret gets into it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import attrs

__all__ = ["Ledger", "RequestEntry", "ResourceEntry"]


@attrs.frozen(kw_only=True)
class RequestEntry:
    """One request that came, and what it was answered.

    Attributes:
        index: How many came before it.
        at: When it came: service time, in seconds since the epoch.
        method: Its HTTP method.
        action: Its `Action`; empty if it had none that could be read.
        key: `***` if it named an access key id, else empty.
        params: Its query arguments without the common parameters; every secret and every unknown field is `***`.
        body: Its body, redacted alike; None if there was none, `***` if it was refused before the body was read.
        status: The HTTP status of the answer.
        code: The `Code` of the answer; `Success` if it was carried out.
        request_id: The `RequestId` of the answer.
        created: The ids of what it created.
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


class Ledger:
    """Keeps the entries. Reading gives a snapshot, and may be done from any thread.

    Args:
        limit: How many requests are kept, the newest ones. Resources are always kept.
        lock: The lock of the emulator that writes into it.
        settle: Brings the resources up to the present time.
    """

    def __init__(self, *, limit: int, lock: threading.RLock, settle: Callable[[], None]) -> None:
        self._lock = lock
        self._settle = settle
        self._requests: deque[RequestEntry] = deque(maxlen=limit)
        self._resources: dict[str, ResourceEntry] = {}
        self._came = 0

    def __repr__(self) -> str:
        return f"Ledger(requests={self._came}, resources={len(self._resources)})"

    @property
    def requests(self) -> list[RequestEntry]:
        """The requests that are kept, in the order they came."""
        with self._lock:
            return list(self._requests)

    @property
    def resources(self) -> list[ResourceEntry]:
        """Every resource ever created through the API, in the order of creation, as it is by now."""
        with self._lock:
            self._settle()
            return list(self._resources.values())

    def count(self, action: str | None = None, code: str | None = None) -> int:
        """Return how many of the kept requests had this action, and were answered with this code."""
        return sum(action in (None, each.action) and code in (None, each.code) for each in self.requests)

    def created(self, kind: str) -> list[ResourceEntry]:
        """Return every resource of a kind ever created through the API, those that are gone too."""
        return [each for each in self.resources if each.kind == kind]

    def to_plain(self) -> dict[str, list[dict[str, Any]]]:
        """Return all of it as plain data, ready for JSON."""
        return {
            "requests": [attrs.asdict(each) for each in self.requests],
            "resources": [attrs.asdict(each) for each in self.resources],
        }

    def add_request(self, **entry: Any) -> None:
        """Write down a request, by the attributes of its entry but the index."""
        with self._lock:
            self._requests.append(RequestEntry(index=self._came, **entry))
            self._came += 1

    def add_resource(self, kind: str, id: str, name: str, *, request_id: str, at: float) -> None:  # noqa: A002
        """Write down a resource that came to be at some service time."""
        with self._lock:
            self._resources[id] = ResourceEntry(kind=kind, id=id, name=name, request_id=request_id, created_at=at)

    def end_resource(self, id: str, *, at: float) -> None:  # noqa: A002
        """Write down that a resource is gone. One that was not created through the API has no entry."""
        with self._lock:
            if id in self._resources:
                self._resources[id] = attrs.evolve(self._resources[id], deleted_at=at)
