"""A blocking client of the emulator on a socket: one connection a request, every request with a call id."""

from __future__ import annotations

import json
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from cds_eks.emulator import Emulator, Fault, ManualClock, RequestEntry, ResourceEntry
from cds_eks.emulator.protocol.api import OPERATIONS

from .caller import common_parameters, signed_query

INTERFACE: dict[str, Any] = {"SubnetId": "subnet-1"}
"""The arguments of the simplest create, CreateNetworkInterface."""


class Sender:
    """Sends requests to an emulator that serves, and asks its ledger what became of them."""

    def __init__(self, emulator: Emulator, url: str) -> None:
        self.emulator = emulator
        self.url = url
        self.address = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
        self.call_id = ""

    def with_faults(self, *faults: Fault) -> None:
        """Have these faults, and no others."""
        self.emulator.faults.clear()
        for fault in faults:
            self.emulator.faults.add(fault)

    def target(self, action: str, params: Mapping[str, str] | None = None, method: str = "") -> str:
        credentials = self.emulator.credentials
        method = method or OPERATIONS[action].method
        return (
            f"/eks/v1?{signed_query(credentials, method, {**common_parameters(credentials, action), **(params or {})})}"
        )

    def send(self, action: str, *, timeout: float = 10, call_id: str | None = None, **arguments: Any) -> httpx.Response:
        """Send one request by httpx."""
        self.call_id = call_id or str(uuid.uuid4())
        method = OPERATIONS[action].method
        params = {name: str(value) for name, value in arguments.items()} if method == "GET" else None
        with httpx.Client(trust_env=False, verify=False, timeout=timeout) as client:
            return client.request(
                method,
                self.url + self.target(action, params),
                json=arguments if method == "POST" else None,
                headers={"cds-request-id": self.call_id},
            )

    def data(self, action: str, **arguments: Any) -> Any:
        """Send a request that succeeds; returns its data."""
        response = self.send(action, **arguments)
        assert (response.status_code, response.json()["Code"]) == (200, "Success"), response.text
        return response.json()["Data"]

    def raw(self, action: str, **arguments: Any) -> bytes:
        """Return the bytes of a POST."""
        self.call_id = str(uuid.uuid4())
        body = json.dumps(arguments).encode()
        head = (
            f"POST {self.target(action)} HTTP/1.1\r\nHost: e\r\ncds-request-id: {self.call_id}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    @contextmanager
    def connected(self) -> Iterator[socket.socket]:
        """Give a connection."""
        with socket.create_connection(self.address, timeout=10) as connection:
            yield connection

    @property
    def entry(self) -> RequestEntry:
        """What the ledger says of the last request."""
        [entry] = self.entries
        return entry

    @property
    def entries(self) -> list[RequestEntry]:
        """What the ledger says of the last call."""
        return self.emulator.ledger.calls().get(self.call_id, [])

    @property
    def created(self) -> list[ResourceEntry]:
        """What the last call has created."""
        return self.emulator.ledger.created_by(self.call_id)

    def advance(self, seconds: float) -> None:
        clock = self.emulator.clock
        assert isinstance(clock, ManualClock)
        clock.advance(seconds)


@contextmanager
def serving(*faults: Fault) -> Iterator[Sender]:
    """Serve an emulator with faults and a clock that stands still."""
    emulator = Emulator(clock=ManualClock(), faults=faults)
    with emulator.serve() as url:
        yield Sender(emulator, url)


def received(connection: socket.socket) -> tuple[bytes, bool]:
    """Return all that comes on a connection, and whether it ended with a RST."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionResetError:
        return b"".join(pieces), True
    return b"".join(pieces), False
