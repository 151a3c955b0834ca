"""Look for answers that are taken for those to another request: `python -m benchmarks.swaps --pairs 20000`.

A pair is a read, behind whose answer a server may send more than belongs to it, and a create on the same client, some
time later. What lies behind must neither answer the create nor have it sent twice; and where nothing lies behind, the
create goes out on the same connection. The answers' sizes lie around those at which streams and event loops read.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import os
import random
import ssl
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from unittest import mock

import anyio
import attrs
import httpx
import trustme

from benchmarks.swap_server import BEHIND, Server
from cds_eks import AsyncEksClient, Credentials, Limits, RetryPolicy, errors
from cds_eks.backend.httpx import HttpxBackend

HOST = "service.example"
EDGES = (0, 16 * 1024, 64 * 1024, 250_000, 256_000, 256 * 1024, 300_000)
"""Sizes of answers, heads included, near which something may end: TLS's records, reads of httpcore, uvloop, asyncio."""

AGE = 0.02
"""How many seconds what lies behind has been there at least when the create is made."""

AT_ONCE = 16
LOOPS = ("asyncio", "uvloop", "trio")
WAYS = ("straight", "proxy", "traced")


@attrs.frozen(kw_only=True)
class Cell:
    """Where pairs are tried.

    Attributes:
        loop: The event loop.
        way: Straight, through a proxy, or with httpx intercepted, as tracing does it.
        is_secure: Whether TLS is spoken.
        backend: The client's.
    """

    loop: str
    way: str
    is_secure: bool
    backend: str = "httpx"

    def __str__(self) -> str:
        return f"{self.backend:6} {self.loop:8} {self.way:9} {'TLS' if self.is_secure else 'plain':6}"


@attrs.define
class Found:
    """What came of the pairs of a cell."""

    pairs: int = 0
    swapped: int = 0
    sent_twice: int = 0
    failed: int = 0
    clean: int = 0
    reused: int = 0
    examples: list[str] = attrs.field(factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing was swapped or sent twice, and nothing failed."""
        return not (self.swapped or self.sent_twice or self.failed)

    @property
    def share(self) -> float:
        """Of the connections behind whose answers nothing was, the share that was used again."""
        return self.reused / self.clean if self.clean else 1.0

    def __str__(self) -> str:
        counts = f"{self.pairs} pairs: {self.swapped} swapped, {self.sent_twice} sent twice, {self.failed} failed"
        return f"{counts}; {self.reused} of {self.clean} clean connections reused ({self.share:.1%})"


def cells(backend: str) -> list[Cell]:
    """Return all cells that a backend is for."""
    loops, ways = (LOOPS[:2], WAYS[:1]) if backend == "native" else (LOOPS, WAYS)
    return [
        Cell(loop=loop, way=way, is_secure=is_secure, backend=backend)
        for loop, way, is_secure in itertools.product(loops, ways, (False, True))
    ]


def run(cell: Cell, pairs: int, seed: int) -> Found:
    """Try some pairs in a cell, all at random."""
    numbers = iter(range(pairs))

    async def work(server: Server, found: Found, worker: int) -> None:
        rng = random.Random(f"{seed}-{worker}")
        async with _client(cell, server) as eks:
            for number in numbers:
                await _pair(eks, server, _plan(rng, f"{number}"), rng, found)

    async def work_all(server: Server, found: Found) -> None:
        async with anyio.create_task_group() as group:
            for worker in range(min(AT_ONCE, pairs)):
                group.start_soon(work, server, found, worker)

    return _run(cell, work_all)


def run_one(cell: Cell, plan: Mapping[str, str], times: int) -> Found:
    """Try the same pair several times in a cell."""
    rng = random.Random(1)

    async def work(server: Server, found: Found) -> None:
        async with _client(cell, server) as eks:
            for number in range(times):
                await _pair(eks, server, {**plan, "N": f"{number}"}, rng, found, busy=0.02)

    return _run(cell, work)


def _run(cell: Cell, work: Callable[[Server, Found], Awaitable[None]]) -> Found:
    found = Found()
    options = {"use_uvloop": cell.loop == "uvloop"} if cell.loop != "trio" else {}
    context = _contexts()[0] if cell.is_secure else None
    with Server(context, is_proxy=cell.way == "proxy") as server, _on(cell.way, server):
        backend = "trio" if cell.loop == "trio" else "asyncio"
        anyio.run(work, server, found, backend=backend, backend_options=options)
    return found


@functools.cache
def _contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return context, trusting


@contextlib.contextmanager
def _on(way: str, server: Server) -> Iterator[None]:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    clean = {name: value for name, value in os.environ.items() if name.upper() not in names}
    if way == "proxy":
        clean |= dict.fromkeys(names[:2], f"http://127.0.0.1:{server.port}")
    own = httpx.AsyncHTTPTransport.handle_async_request

    async def traced(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        return await own(self, request)

    with mock.patch.dict(os.environ, clean, clear=True), contextlib.ExitStack() as stack:
        if way == "traced":
            stack.enter_context(mock.patch.object(httpx.AsyncHTTPTransport, "handle_async_request", traced))
        yield


def _client(cell: Cell, server: Server) -> AsyncEksClient:
    limits, trusting = Limits(max_connections=1), _contexts()[1]
    backend: Any = HttpxBackend(limits=limits, verify=trusting)
    if cell.backend == "native":
        from cds_eks.backend.native import NativeBackend

        backend = NativeBackend(limits=limits, verify=trusting)
    address = HOST if cell.way == "proxy" else f"127.0.0.1:{server.port}"
    url = f"{'https' if cell.is_secure else 'http'}://{address}"
    retry = RetryPolicy(base_delay=0)
    return AsyncEksClient(
        Credentials("AKID", "secret-of-nobody"), endpoint=url, backend=backend, limits=limits, retry=retry
    )


def _plan(rng: random.Random, number: str) -> dict[str, str]:
    """Return what a server is to do for a read."""
    size = max(rng.choice(EDGES) + rng.choice((-1, 0, 0, 0, 1, rng.randint(-300, 300))), 0)
    behind = rng.choice(BEHIND) if rng.random() < 0.7 else "nothing"
    return {"Size": str(size), "Behind": behind, "Delay": rng.choice(("0", "0", "0.002")), "N": number}


async def _pair(
    eks: AsyncEksClient,
    server: Server,
    plan: Mapping[str, str],
    rng: random.Random,
    found: Found,
    busy: float | None = None,
) -> None:
    number, is_clean = plan["N"], plan["Behind"] == "nothing"
    found.pairs += 1
    answer: Mapping[str, Any] = {}
    try:
        if busy is not None or (int(plan["Size"]) >= EDGES[3] and rng.random() < 0.3):
            for _ in range(3):  # the system's buffers grow, so that more lies there at once
                await eks.call("Warm", params={"Size": "1500000"})
        async with anyio.create_task_group() as group:
            group.start_soon(_be_busy, rng.choice((0, 0, 0.004)) if busy is None else busy)
            await eks.call("Read", params=plan)
        # On a busy machine it may come when the create has left: nobody can tell then.
        while number not in server.done:  # noqa: ASYNC110 - a thread's doing
            await anyio.sleep(0.001)
        await anyio.sleep(AGE + rng.random() * AGE)
        body = {"x": "y" * rng.choice((1, 70_000))}
        answer = await eks.call("Create", method="POST", params={"N": number}, body=body)
    except errors.EksError as error:
        found.failed += 1
        found.examples.append(f"{plan}: {type(error).__name__} {error}")
    if answer and answer["Data"] != {"Made": number}:
        found.swapped += 1
        found.examples.append(f"{plan}: {answer}")
    found.sent_twice += server.made[number] > 1
    if is_clean:
        found.clean += 1
        found.reused += server.seen_on.pop(("Read", number), None) == server.seen_on.pop(("Create", number), -1)


async def _be_busy(seconds: float) -> None:
    """Keep the loop busy while an answer comes, so that it is read late, and what is behind it along with it."""
    await anyio.sleep(0.001)
    time.sleep(seconds)  # noqa: ASYNC251 - that is the point


def main(argv: list[str] | None = None) -> int:
    """Run all cells, and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pairs", type=int, default=2000, help="how many in all (default: %(default)s)")
    parser.add_argument("--backend", choices=("httpx", "native"), default="httpx")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a word that the cells' names must hold, such as uvloop or TLS")
    chosen = parser.parse_args(argv)
    tried = [cell for cell in cells(chosen.backend) if chosen.only in str(cell)]
    totals: Counter[bool] = Counter()
    for cell in tried:
        found = run(cell, max(chosen.pairs // len(tried), 1), chosen.seed)
        totals[found.is_good] += 1
        print(cell, found, flush=True)
        for example in found.examples[:3]:
            print("   ", example[:300])
    return 1 if totals[False] else 0


if __name__ == "__main__":
    sys.exit(main())
