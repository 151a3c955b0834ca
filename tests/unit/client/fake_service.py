"""A backend that answers with what a test says, for the tests of the client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from cds_eks import (
    AsyncEksClient,
    RetryPolicy,
    errors,
)
from cds_eks.wire import RawResponse, Request

asynchronous = pytest.mark.anyio

AT_ONCE = RetryPolicy(max_attempts=4, base_delay=0, throttled_base_delay=0)
ENVIRONMENT = (
    *("CDS_SECRET_ID", "CDS_SECRET_KEY", "CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"),
    *("CDS_EKS_ENDPOINT", "CDS_API_HOST", "CDS_API_SCHEMA", "EKS_API_HOST", "EKS_API_SCHEMA"),
)


def answer(status: int = 200, /, headers: dict[str, str] | None = None, **members: Any) -> RawResponse:
    data = {"ClusterId": "c-1", "TaskId": "t-1", "NodePoolId": "p-1", "NetcardId": "n-1"}
    envelope = {"Code": "Success", "Msg": "fine", "RequestId": "r-1", "Data": data} | members
    return RawResponse(status=status, headers=headers or {}, content=json.dumps(envelope).encode())


class Scripted:
    """A backend that answers from a script, its last step for ever; exceptions in it are raised."""

    def __init__(self, *script: RawResponse | Exception) -> None:
        self.script = list(script) or [answer()]
        self.sent: list[Request] = []
        self.is_closed = False

    async def send(self, request: Request) -> RawResponse:
        self.sent.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if not isinstance(step, errors.ConnectFailed):
            request.record.mark_sent()
        if isinstance(step, Exception):
            raise step
        return step

    async def aclose(self) -> None:
        self.is_closed = True

    @property
    def queries(self) -> list[dict[str, str]]:
        return [{name: values[0] for name, values in parse_qs(request.query).items()} for request in self.sent]


Make = Callable[..., AsyncEksClient]
