"""What goes wrong with connections: names, ports, certificates, resets at each point, silence, closed keep-alives."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

import attrs
import pytest
import trustme

from cds_eks import errors
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from faults.expected_results import AGAIN, OPEN_LOST, WELL, ExpectedResult, check
from faults.ledger_judge import CallReport
from faults.scenarios import PATIENT, QUICK, Body, Client, Matrix, Run, play
from support.backend_under_test import trusting_backend
from support.eventually import EVENT_TIMEOUT
from support.socket_relay import Link, relaying, unused_port

MATRIX = Matrix()

NOT_SENT = ExpectedResult(4, errors.ConnectFailed, "not_sent")
TWICE = attrs.evolve(QUICK, max_attempts=2)
NOT_SENT_TWICE = ExpectedResult(2, errors.ConnectFailed, "not_sent")
LOST = ExpectedResult(4, errors.ConnectionLost, "unknown")


def relay(run: Run, handle: Callable[[Link], None], tls: ssl.SSLContext | None = None) -> str:
    """Start a relay that lasts as long as the run, and return its URL."""
    return run.stack.enter_context(relaying(run.service.address, handle, tls, run.spoilt)).url


async def all_kinds(client: Client, *ends: ExpectedResult) -> None:
    """Make a read, an idempotent write and a create; of one way to end, all end so."""
    for call, end in zip((client.read, client.write, client.create), ends * (3 // len(ends)), strict=True):
        check(await call(), end)


@MATRIX.scenario("DNS failure")
async def dns(run: Run) -> None:
    def look_up(host: object, *_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is not known")  # at once; a real resolver may take seconds

    run.stack.enter_context(pytest.MonkeyPatch.context()).setattr(socket, "getaddrinfo", look_up)
    async with run.client(endpoint="http://no-such-host.invalid") as client:
        await all_kinds(client, NOT_SENT)


@MATRIX.scenario("connection refused")
async def refused(run: Run) -> None:
    async with run.client(endpoint=f"http://127.0.0.1:{unused_port()}") as client:
        await all_kinds(client, NOT_SENT)


@MATRIX.scenario("connection refused, then accepted")
async def refused_at_first(run: Run) -> None:
    dead = f"http://127.0.0.1:{unused_port()}/eks/v1"

    async def astray(request: Request, send: Send) -> RawResponse:
        return await send(attrs.evolve(request, url=dead) if request.record.attempts == 1 else request)

    async with run.client(per_attempt=[astray]) as client:
        await all_kinds(client, AGAIN)
        client.judge()
        assert [len(told.commits) for told in client.watch.calls] == [1, 1, 1]


@MATRIX.scenario("black hole: no connection is made", client_kinds=("asyncio", "sync"))
async def full_backlog(run: Run) -> None:
    listening = run.stack.enter_context(contextlib.closing(socket.socket()))
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    for _ in range(4):  # as many as fill its backlog; from then on, whoever knocks hears nothing
        knocking = run.stack.enter_context(contextlib.closing(socket.socket()))
        knocking.setblocking(False)
        knocking.connect_ex(listening.getsockname())
    timeouts = attrs.evolve(PATIENT, connect=0.1)
    async with run.client(
        endpoint=f"http://127.0.0.1:{listening.getsockname()[1]}", timeouts=timeouts, retry=TWICE
    ) as client:
        await all_kinds(client, NOT_SENT_TWICE)


@MATRIX.scenario("black hole: nothing is ever answered", client_kinds=("trio", "sync"))
async def never_accepts(run: Run) -> None:
    listening = run.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    timeouts = attrs.evolve(PATIENT, read=0.1)
    async with run.client(
        endpoint=f"http://127.0.0.1:{listening.getsockname()[1]}", timeouts=timeouts, retry=TWICE
    ) as client:
        lost = attrs.evolve(LOST, attempts=2)
        await all_kinds(client, lost, lost, OPEN_LOST)


AUTHORITY = trustme.CA()


def certified(*names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


def passes_on(link: Link) -> None:
    """Let everything through, unharmed."""
    while request := link.request():
        link.send(link.forward(request))


@MATRIX.scenario("good certificate")
async def trusted(run: Run) -> None:
    url = relay(run, passes_on, certified("127.0.0.1"))
    async with run.client(endpoint=url, backend=trusting_backend(trusting())) as client:
        await all_kinds(client, WELL)


@MATRIX.scenario("certificate of an unknown authority")
async def untrusted(run: Run) -> None:
    url = relay(run, passes_on, certified("127.0.0.1"))
    async with run.client(endpoint=url) as client:
        await all_kinds(client, NOT_SENT)


@MATRIX.scenario("certificate of another host")
async def wrong_name(run: Run) -> None:
    url = relay(run, passes_on, certified("elsewhere.test"))
    async with run.client(endpoint=url, backend=trusting_backend(trusting())) as client:
        await all_kinds(client, NOT_SENT)


@MATRIX.scenario("plain HTTP where TLS is spoken")
async def tls_to_plain(run: Run) -> None:
    def plain(link: Link) -> None:
        link.raw.recv(65536)
        link.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with run.client(endpoint=relay(run, plain).replace("http:", "https:")) as client:
        await all_kinds(client, NOT_SENT)


@MATRIX.scenario("RST in the TLS handshake")
async def reset_in_handshake(run: Run) -> None:
    def hang_up(link: Link) -> None:
        link.raw.recv(1)
        link.reset()

    async with run.client(endpoint=relay(run, hang_up).replace("http:", "https:")) as client:
        await all_kinds(client, NOT_SENT)


@MATRIX.scenario("TLS handshake that never ends", client_kinds=("trio", "sync"))
async def endless_handshake(run: Run) -> None:
    url = relay(run, Link.until_closed).replace("http:", "https:")
    timeouts = attrs.evolve(PATIENT, connect=0.1)
    async with run.client(endpoint=url, timeouts=timeouts, retry=TWICE) as client:
        await all_kinds(client, NOT_SENT_TWICE)


@MATRIX.scenario("RST at accept")
async def reset_at_accept(run: Run) -> None:
    """Whether the request has left by then is a matter of luck; that nothing was carried out is not for us to know."""
    async with run.client(endpoint=relay(run, Link.reset)) as client:
        for call in (client.read, client.write, client.create):
            told = await call()
            assert isinstance(told.error, errors.TransportError)
            assert told.outcome in ("unknown", "not_sent")
            if told.kind.name == "CREATE":
                assert all(earlier.outcome == "not_sent" for earlier in told.error.previous)
            assert told.record.attempts == 4 or (told.kind.name == "CREATE" and told.outcome == "unknown")
        client.judge()
        assert all(told.entries == [] for told in client.watch.calls)


def at_each_point(end: Callable[[Link], None], attempts: int = 1) -> Callable[[str], Callable[[Link], None]]:
    """Handlers that end a connection at a point of the exchange, for the first so many connections."""

    def at(point: str) -> Callable[[Link], None]:
        def handle(link: Link) -> None:
            if link.number > attempts:
                return passes_on(link)
            match point:
                case "half of the request":
                    link.raw.recv(40)
                case "the head of the request":
                    link.head()
                case "the whole request":
                    link.request()
                case "half of the answer's head":
                    link.send(link.spoil(link.request())[:20])
                case "the answer's head":
                    link.send(link.spoil(link.request()).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
                case "half of the answer's body":
                    link.send(link.spoil(link.request())[:-30])
            return end(link)

        return handle

    return at


POINTS = {
    "half of the request": 0,
    "the head of the request": 0,
    "the whole request": 0,
    "half of the answer's head": 1,
    "the answer's head": 1,
    "half of the answer's body": 1,
}


def breaking(end: Callable[[Link], None], point: str, commits: int) -> Body:
    async def scenario(run: Run) -> None:
        for kind in ("read", "write", "create"):
            url = relay(run, at_each_point(end)(point))
            async with run.client(endpoint=url) as client:
                told: CallReport = await getattr(client, kind)()
                check(told, OPEN_LOST if kind == "create" else AGAIN)
                client.judge()
                assert len(told.commits) == commits + (kind != "create")

    return scenario


for point, commits in POINTS.items():
    MATRIX.scenario(f"RST after {point}")(breaking(Link.reset, point, commits))
    if point != "half of the request":
        MATRIX.scenario(f"connection closed after {point}")(breaking(lambda link: None, point, commits))


@MATRIX.scenario("bytes that are no HTTP in place of an answer")
async def no_http(run: Run) -> None:
    def babble(link: Link) -> None:
        if link.number > 1:
            return passes_on(link)
        link.spoil(link.request())
        return link.send(b"\x16\x03\x01\x02\x00SSH-2.0\r\n\r\n")

    for kind, end in (("read", AGAIN), ("write", AGAIN), ("create", OPEN_LOST)):
        async with run.client(endpoint=relay(run, babble)) as client:
            check(await getattr(client, kind)(), end)


@MATRIX.scenario("stale keep-alive, closed while idle")
async def closed_idle(run: Run) -> None:
    """The client sees that a kept connection was closed, and takes a new one: nothing fails, nothing is repeated."""
    closed = threading.Semaphore(0)

    def once(link: Link) -> None:
        link.send(link.forward(link.request()))
        link.raw.shutdown(socket.SHUT_RDWR)
        closed.release()

    async with run.client(endpoint=relay(run, once)) as client:
        for call in (client.read, client.write, client.create) * 2:
            check(await call(), WELL)
            assert closed.acquire(timeout=EVENT_TIMEOUT)
            await run.sleep(0.01)


@MATRIX.scenario("stale keep-alive, closed just when the next request is sent")
async def closed_in_use(run: Run) -> None:
    """Nobody can know whether it was carried out: again for a read and an idempotent write, unknown for a create."""

    def second_breaks(link: Link) -> None:
        link.send(link.forward(link.request()))
        link.head()
        link.reset() if link.number == 1 else passes_on(link)

    for kind, end in (("read", AGAIN), ("write", AGAIN), ("create", OPEN_LOST)):
        async with run.client(endpoint=relay(run, second_breaks)) as client:
            check(await client.read(), WELL)
            check(await getattr(client, kind)(), end)


@MATRIX.each()
def test_connections(scenario: Body, run: Run, client_kind: str) -> None:
    play(scenario, run)
