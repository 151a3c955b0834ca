"""A client of the emulator's own: it signs by the plain rule, and can do everything wrong."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from cds_eks.emulator import Emulator, ManualClock
from cds_eks.emulator.protocol.api import OPERATIONS
from cds_eks.signing import Credentials, signature

_nonces = itertools.count()


def timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def common_parameters(credentials: Credentials, action: str) -> dict[str, str]:
    return {
        "Action": action,
        "AccessKeyId": credentials.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": f"nonce-{next(_nonces)}",
        "Timestamp": timestamp(time.time()),
        "Version": "2019-08-08",
    }


def signed_query(credentials: Credentials, method: str, params: Mapping[str, str]) -> str:
    signed = {**params, "Signature": signature(credentials.secret_access_key, method, params)}
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in signed.items())


class Caller:
    """Calls an emulator in this process."""

    def __init__(self, emulator: Emulator, client: httpx.AsyncClient) -> None:
        self.emulator = emulator
        self.client = client

    async def send(
        self,
        action: str,
        params: Mapping[str, str] | None = None,
        body: object = None,
        *,
        method: str | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        common: Mapping[str, str] | None = None,
        without: Collection[str] = (),
        unsigned: Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
    ) -> httpx.Response:
        """Send one request: signed rightly, but for what the keywords change before or after the signature."""
        credentials = credentials or self.emulator.credentials
        method = method or (OPERATIONS[action].method if action in OPERATIONS else "GET")
        parameters = {**common_parameters(credentials, action), **(params or {}), **(common or {})}
        parameters = {name: value for name, value in parameters.items() if name not in without}
        query = signed_query(credentials, method, parameters)
        query += "".join(f"&{name}={value}" for name, value in (unsigned or {}).items())
        if content is None and body is not None:
            content = json.dumps(body).encode()
        return await self.client.request(method, f"/eks/v1?{query}", content=content, headers=headers)

    async def answer(self, action: str, /, **arguments: Any) -> dict[str, Any]:
        """Call an action that succeeds; returns the whole envelope."""
        if OPERATIONS[action].method == "GET":
            response = await self.send(action, {name: str(value) for name, value in arguments.items()})
        else:
            response = await self.send(action, body=arguments)
        envelope: dict[str, Any] = response.json()
        assert (response.status_code, envelope["Code"]) == (200, "Success"), envelope
        return envelope

    async def __call__(self, action: str, /, **arguments: Any) -> Any:
        """Call an action that succeeds; returns its data."""
        return (await self.answer(action, **arguments))["Data"]

    async def refused(self, action: str, /, **arguments: Any) -> tuple[int, str]:
        """Call an action that is refused; returns the status and the code."""
        if OPERATIONS[action].method == "GET":
            response = await self.send(action, {name: str(value) for name, value in arguments.items()})
        else:
            response = await self.send(action, body=arguments)
        assert response.json()["Data"] is None
        return verdict(response)

    def advance(self, seconds: float) -> None:
        clock = self.emulator.clock
        assert isinstance(clock, ManualClock)
        clock.advance(seconds)


def verdict(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["Code"]
