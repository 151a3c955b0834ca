"""Calls through the middleware of limits, at a time of the test's own."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import attrs

from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import RawResponse, Request

ANSWER = RawResponse(status=200, headers={}, content=b"")


REQUEST = Request(operation=GET_CLUSTER, url="http://x/eks/v1", params={})


def numbered(number: int) -> Request:
    return attrs.evolve(REQUEST, params={"number": str(number)})


class Gate:
    """A send that holds each request until it is let through."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.go = anyio.Event()

    async def send(self, request: Request) -> RawResponse:
        self.begun.append(int(request.params["number"]))
        await self.go.wait()
        return ANSWER


class FakeTime:
    """A clock that moves by sleeping only."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.now += seconds
