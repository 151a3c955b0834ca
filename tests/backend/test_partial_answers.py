"""What a server says before it has the whole request, and what there is of an answer that breaks off: no id is lost."""

from __future__ import annotations

import contextlib
import gzip
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx
import pytest
import trustme

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, Timeouts, errors
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.backend.native import NativeBackend
from support.eventually import WAIT_TIMEOUT
from support.native_backend import LOOPS
from support.threaded_server import Link, ThreadedServer, reset

pytestmark = pytest.mark.anyio

LARGE = {"x": "y" * 8_000_000}
DATA = {"ClusterId": "c-9", "TaskId": "t-9"}
TRIO: list[Any] = [pytest.param(("trio", {}), id="trio")]


@pytest.fixture(params=[*LOOPS, *TRIO])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=["httpx", "traced", "native"])
def way(request: pytest.FixtureRequest, anyio_backend: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """How requests go: straight, with httpx intercepted as tracing does it, or by the native backend."""
    if request.param == "native" and anyio_backend[0] == "trio":
        pytest.skip("it runs on asyncio only")
    if request.param == "traced":
        own = httpx.AsyncHTTPTransport.handle_async_request

        async def traced(self: httpx.AsyncHTTPTransport, asked: httpx.Request) -> httpx.Response:
            return await own(self, asked)

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", traced)
    return str(request.param)


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What the server shows and what the client trusts."""
    authority = trustme.CA()
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    authority.configure_trust(trusted)
    return served, trusted


@contextlib.contextmanager
def serving(
    act: Callable[[Link, Callable[[], object]], object], tls: ssl.SSLContext | None
) -> Iterator[ThreadedServer]:
    """A server that acts once a request's head has come, and may stand still until the block is over."""
    over = threading.Event()

    def begin(server: ThreadedServer, link: Link) -> None:
        server.receive(link)
        act(link, lambda: over.wait(WAIT_TIMEOUT))

    with ThreadedServer(begin, tls) as server:
        try:
            yield server
        finally:
            over.set()


def body(**members: Any) -> bytes:
    return json.dumps({"Code": "Success", "RequestId": "r-1", "Data": DATA, **members}).encode()


def answer(content: bytes, *, status: int = 200, length: int | None = None, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content) if length is None else length}\r\n{more}\r\n"
    return head.encode() + content


def made(way: str, url: str, trusted: ssl.SSLContext, silence: float = 5.0) -> AsyncEksClient:
    backend = (NativeBackend if way == "native" else HttpxBackend)(verify=trusted)
    return AsyncEksClient(
        Credentials("AKID", "secret-of-nobody"),
        endpoint=url,
        backend=backend,
        retry=RetryPolicy.none(),
        timeouts=Timeouts(read=silence),
    )


# --- early answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("then", ["stand", "close"])
@pytest.mark.parametrize("tls", [False, True])
async def test_an_answer_to_a_part_of_a_request_is_read(
    way: str, tls: bool, then: str, contexts: tuple[Any, Any]
) -> None:
    def act(link: Link, stand: Callable[[], object]) -> None:
        link.send(answer(body(Code="InternalError"), status=500))
        if then == "stand":
            stand()  # else the connection is closed with most of the request unread, which resets it

    with serving(act, contexts[0] if tls else None) as server:
        async with made(way, server.url, contexts[1], silence=0.5) as eks:
            with pytest.raises(errors.AmbiguousCreate) as caught:
                await eks.call("CreateThing", method="POST", body=LARGE)
            (create,) = eks.open_creates
    assert "http_status=500" in str(caught.value)
    assert caught.value.ids == DATA
    assert (create.outcome, create.ids) == ("unknown", DATA)
    assert len(server.requests) == 1


@pytest.mark.parametrize("tls", [False, True])
async def test_a_server_that_takes_no_more_and_says_nothing_is_a_lost_connection(
    way: str, tls: bool, contexts: tuple[Any, Any]
) -> None:
    def act(link: Link, stand: Callable[[], object]) -> None:
        stand()

    with serving(act, contexts[0] if tls else None) as server:
        async with made(way, server.url, contexts[1], silence=0.2) as eks:
            with pytest.raises(errors.AmbiguousCreate, match="WriteTimeout") as caught:
                await eks.call("CreateThing", method="POST", body=LARGE)
    assert caught.value.ids == {}


async def test_a_part_of_an_early_answer_is_not_waited_for(way: str, contexts: tuple[Any, Any]) -> None:
    def act(link: Link, stand: Callable[[], object]) -> None:
        link.send(answer(body(), length=10_000))
        stand()

    with serving(act, None) as server:
        async with made(way, server.url, contexts[1], silence=0.3) as eks:
            with pytest.raises(errors.AmbiguousCreate, match="Timeout") as caught:
                await eks.call("CreateThing", method="POST", body=LARGE)
    assert caught.value.ids == DATA


# --- answers that break off ------------------------------------------------------------------------------------------

CUT = body() + b" " * 40
ZIPPED = gzip.compress(body(Desc="x" * 30) + b" " * 40, compresslevel=0)
BROKEN = {
    "length": answer(CUT, length=500),
    "chunks": b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(CUT), CUT),
    "gzip": answer(ZIPPED[:-20], length=len(ZIPPED), more="Content-Encoding: gzip\r\n"),
}


@pytest.mark.parametrize("end", ["close", "reset", "silence"])
@pytest.mark.parametrize("form", BROKEN)
@pytest.mark.parametrize("tls", [False, True])
async def test_an_answer_that_breaks_off_keeps_the_ids_that_it_named(
    way: str, tls: bool, form: str, end: str, contexts: tuple[Any, Any]
) -> None:
    def act(link: Link, stand: Callable[[], object]) -> None:
        link.send(BROKEN[form])
        if end == "silence":
            stand()
        elif end == "reset":
            time.sleep(0.1)  # or the reset takes with it what was sent
            reset(link.raw)

    with serving(act, contexts[0] if tls else None) as server:
        async with made(way, server.url, contexts[1], silence=0.2 if end == "silence" else 5) as eks:
            with pytest.raises(errors.AmbiguousCreate) as caught:
                await eks.network_interfaces.create("s-1", netcard_name="one")
            (create,) = eks.open_creates
    assert {**caught.value.ids, **create.ids} == {"ClusterId": "c-9", "TaskId": "t-9"}
    assert caught.value.ids == create.ids
    assert caught.value.outcome == "unknown"


async def test_a_create_that_is_cut_off_in_the_middle_of_its_answer_keeps_its_ids(
    way: str, contexts: tuple[Any, Any]
) -> None:
    def act(link: Link, stand: Callable[[], object]) -> None:
        link.send(BROKEN["length"])
        stand()

    with serving(act, None) as server:
        async with made(way, server.url, contexts[1]) as eks:
            with anyio.move_on_after(0.2):
                await eks.network_interfaces.create("s-1", netcard_name="one")
            (create,) = eks.open_creates
    assert (create.outcome, create.ids) == ("unknown", DATA)
