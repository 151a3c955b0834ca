"""Creates that are cut off, and what is told of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import anyio
import pytest

from cds_eks import AsyncEksClient
from cds_eks.wire import RawResponse, Request

asynchronous = pytest.mark.anyio

IDS = {"ClusterId": "c-1", "TaskId": "t-1"}


def answer(status: int = 200, code: str = "Success", data: object = IDS) -> RawResponse:
    content = json.dumps({"Code": code, "RequestId": "r-1", "Data": data}).encode()
    return RawResponse(status=status, headers={}, content=content)


class Stuck:
    """A backend that gets as far with a request as it is told, and then waits for ever."""

    def __init__(self, how_far: str) -> None:
        self.how_far = how_far
        self.is_there = anyio.Event()

    async def send(self, request: Request) -> RawResponse:
        if self.how_far != "connecting":
            request.record.mark_sent()
        if self.how_far == "answered":
            request.record.arrived = answer()
        if self.how_far == "refused":
            request.record.arrived = answer(400, "BadArgs", None)
        if self.how_far == "failed with ids":
            request.record.arrived = answer(500, "InternalError", {"ClusterId": "c-1"})
        self.is_there.set()
        await anyio.sleep_forever()
        raise AssertionError

    async def aclose(self) -> None:
        pass


class Raising(Stuck):
    """The same, but an exception comes out of it in the end."""

    def __init__(self, how_far: str, error: BaseException) -> None:
        super().__init__(how_far)
        self._error = error

    async def send(self, request: Request) -> RawResponse:
        with anyio.move_on_after(0):
            await super().send(request)
        raise self._error


Make = Callable[..., AsyncEksClient]
