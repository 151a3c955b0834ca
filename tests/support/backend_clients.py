"""Clients of the backends' tests, what they expect, and bodies of answers."""

from __future__ import annotations

import contextlib
import gc
import gzip
import json
import logging
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, RetryPolicy
from cds_eks.pipeline import Send
from cds_eks.wire import CallRecord, RawResponse, Request
from support.eventually import EVENT_TIMEOUT
from support.raw_server import CLUSTER, CREATED, Connection, answer

URL = "https://api.capitalonline.net/eks/v1"
CREDENTIALS = Credentials("AKID-marked-id", "SK-marked-key")
READ_ONCE = RetryPolicy.none()
AT_ONCE = RetryPolicy(max_attempts=4, base_delay=0, throttled_base_delay=0)
FOUND = {"Code": "Success", "Msg": "", "RequestId": "req-1", "Data": CLUSTER}
BODY = json.dumps(FOUND).encode()
GZIPPED = gzip.compress(BODY, mtime=0)
BIG = {"Blob": "x" * 16_000_000}


class Records:
    """A per-call middleware that keeps the record of every call."""

    def __init__(self) -> None:
        self.kept: list[CallRecord] = []

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        self.kept.append(request.record)
        return await send(request)


def client(url: str, **settings: Any) -> AsyncEksClient:
    return AsyncEksClient(CREDENTIALS, endpoint=url, **({"retry": AT_ONCE} | settings))


@contextlib.contextmanager
def no_leaks() -> Iterator[None]:
    """Fails if what the block leaves to the garbage collector was still open."""
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


@contextlib.contextmanager
def marked_only_inside(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails if a log record of any logger, at any level, holds a credential or a signature."""
    names = ["", "cds_eks", "httpx", "httpcore", "httpcore.http11", "httpcore.connection", "httpcore.proxy", "asyncio"]
    with contextlib.ExitStack() as levels:
        for name in names:
            levels.enter_context(caplog.at_level(logging.DEBUG, logger=name))
        yield
    assert caplog.records, "nothing was logged, so nothing was checked"
    for record in caplog.records:
        text = f"{record.getMessage()} {record.args!r}"
        assert "marked" not in text
        assert "Signature" not in text


def closing_after_one(*, tell: bool = False) -> Callable[[Connection], Awaitable[None]]:
    """A handler that closes each connection after its first answer, as a server does with idle ones."""

    async def handle(connection: Connection) -> None:
        seen = await connection.read()
        headers = (("Connection", "close"),) if tell else ()
        await connection.send(answer(CREATED if seen.method == "POST" else CLUSTER, headers=headers))

    return handle


def chunked(body: bytes, *, headers: str = "") -> bytes:
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    sent = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{headers}\r\n".encode() + sent + b"0\r\n\r\n"


def endless(connection: Connection) -> AsyncIterator[None]:
    async def send() -> AsyncIterator[None]:
        await connection.read()
        await connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await connection.send(b"400\r\n%s\r\n" % (b"x" * 1024))
            yield

    return send()


async def cancelled_when(is_so: Callable[[], bool], call: Callable[[], Coroutine[Any, Any, object]]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(call)
        with anyio.fail_after(EVENT_TIMEOUT):
            while not is_so():  # noqa: ASYNC110 - what a test waits for has no event
                await anyio.sleep(0.001)
        group.cancel_scope.cancel()


MakeClient = Callable[..., AsyncEksClient]
"""Makes a client of the backend under test for an endpoint; `verify=` has it trust other authorities."""
