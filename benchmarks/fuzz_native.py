"""Answer the native backend with all that a broken server may send, in pieces of any size, and judge each call.

python -m benchmarks.fuzz_native --seconds 600 --seed 1
python -m benchmarks.fuzz_native --calls 20000 --seed 7 --in-flight 40 --tls

A server in the same process answers each request with an answer of its own: whole, mutated, cut, or with bytes too
many, in slices at random places, with pauses, and then goes on, closes or resets. Some calls are cancelled, some have
little time. A call must come to an end, with its own answer and no other one, or with an error of this package; a
connection must not be used again after bytes too many; what was not sent must not have arrived; no place may be lost.
The exit code is 1 if anything is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import gzip
import random
import ssl
import sys
import time
from collections.abc import Sequence
from typing import Literal

import attrs
import trustme

from cds_eks import Limits, errors
from cds_eks.backend.native import NativeBackend
from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import RawResponse, Request

__all__ = ["fuzz", "main"]

PATIENCE = 10.0
"""After how many seconds a call hangs. None of their own times is as long."""

ENOUGH = 1.0
"""In how many seconds what was sent must be read, however busy the machine is."""

ODD = (
    b"\r\n",
    b"\n",
    b"\0",
    b" ",
    b":",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"-1",
    b"\xff",
    b"0",
)


@attrs.frozen(kw_only=True)
class Plan:
    """How a request is answered, and what the caller does meanwhile.

    Attributes:
        name: Stands in the request and in its answer.
        sent: What is sent, piece by piece.
        body: The right answer's body; None if what is sent need not be one.
        surplus: Whether bytes too many come along with the answer's last ones.
        after: What the server does then.
        pauses: How long it waits before each piece, in seconds.
        cancelled: When the call is cancelled, in seconds, or None.
        read_timeout: The call's own, in seconds.
        content: The body of the request, or None.
    """

    name: str
    sent: tuple[bytes, ...]
    body: bytes | None
    surplus: bool
    after: Literal["go on", "close", "reset"]
    pauses: tuple[float, ...]
    cancelled: float | None
    read_timeout: float
    content: bytes | None

    @classmethod
    def make(cls, rng: random.Random, number: int) -> Plan:
        """Return a plan at random."""
        name = f"{number:08d}{rng.getrandbits(48):012x}"
        body: bytes | None = b"{" + name.encode() + b" " * rng.choice((0, 1, 100, 5000)) + rng.choice((b"}", b"}\n"))
        content, ends = _answer(rng, body or b"")
        after: Literal["go on", "close", "reset"] = rng.choices(("go on", "close", "reset"), (8, 1, 1))[0]
        surplus = False
        if (kind := rng.random()) < 0.35:
            content, body = _mutated(rng, content), None
        elif kind < 0.45:
            content, body = content[: rng.randrange(len(content))], None
        elif kind < 0.55 and not ends:
            content, surplus = content + rng.choice((*ODD, content)), True
        if ends or (body is None and rng.random() < 0.5):
            after = "close"
        if after == "reset":
            body = None  # what was sent before may be lost as well
        sent = _sliced(rng, content) if not surplus else (content,)
        slow = rng.random() < 0.2
        return cls(
            name=name,
            sent=sent,
            body=body,
            surplus=surplus,
            after=after,
            pauses=tuple(rng.choice((0.0, 0.001)) if slow and at < 20 else 0.0 for at in range(len(sent))),
            cancelled=rng.random() * 0.02 if rng.random() < 0.15 else None,
            read_timeout=rng.choice((0.005, *[0.1 if body is None else 1.5] * 3)),
            content=b"x" * rng.choice((0, 10, 300_000)) if rng.random() < 0.2 else None,
        )


def _answer(rng: random.Random, body: bytes) -> tuple[bytes, bool]:
    """Return a right answer with a body, and whether it ends with the connection."""
    head = b"HTTP/1.1 100 Continue\r\n\r\n" * rng.choice((0, 0, 0, 1, 3)) + b"HTTP/1.1 200 OK\r\n"
    head += b"".join(b"X-%d: %s\r\n" % (at, b"v" * rng.randrange(30)) for at in range(rng.randrange(6)))
    if rng.random() < 0.3:
        body, head = gzip.compress(body, mtime=0), head + b"Content-Encoding: gzip\r\n"
    form = rng.choices(("length", "chunks", "end"), (6, 4, 1))[0]
    if form == "length":
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body, False
    if form == "end":
        return head + b"\r\n" + body, True
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in _sliced(rng, body))
    trailer = rng.choice((b"", b"X-Trailer: 1\r\n"))
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailer + b"\r\n", False


def _mutated(rng: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(found) + 1)
        match rng.randrange(4):
            case 0:
                found[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del found[at : at + rng.randrange(1, 9)]
            case 2:
                found[at:at] = rng.choice(ODD)
            case _:
                found[at:at] = found[at : at + rng.randrange(1, 40)]
    return bytes(found)


def _sliced(rng: random.Random, content: bytes) -> tuple[bytes, ...]:
    many = rng.choice((0, 0, 1, 3, 10, 200))
    places = sorted(rng.randrange(len(content) + 1) for _ in range(many))
    return tuple(
        piece for start, end in zip([0, *places], [*places, len(content)], strict=True) if (piece := content[start:end])
    )


class Server:
    """Answers by plan.

    Attributes:
        plans: The plans, by name.
        arrived: The names that arrived.
        sent_at: When the whole answer to each had been sent, on the loop's clock.
        undisturbed: Those of them that came on a connection on which nothing but right answers was sent before.
        faults: What should not have happened.
        held: How many requests wait for all to be there, at the end.
    """

    def __init__(self) -> None:
        self.plans: dict[str, Plan] = {}
        self.arrived: set[str] = set()
        self.sent_at: dict[str, float] = {}
        self.undisturbed: set[str] = set()
        self.faults: list[str] = []
        self.held = 0
        self.all_there = asyncio.Event()
        self.hold = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        dirty: str | None = None
        is_undisturbed = True
        # A write to a connection that is closed already is a RuntimeError on uvloop.
        with contextlib.suppress(ConnectionError, RuntimeError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                name = head.split(b"Action=", 1)[1].split(b" ", 1)[0].decode()
                if dirty is not None:
                    self.faults.append(f"{name} came on a connection with the surplus of {dirty}")
                if b"Content-Length: " in head:
                    await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))
                if name in self.arrived:
                    self.faults.append(f"{name} arrived twice")
                self.arrived.add(name)
                if name.startswith("last-"):
                    await self._together(writer)
                    continue
                if (plan := self.plans.get(name)) is None:
                    break  # it was cancelled
                if is_undisturbed:
                    self.undisturbed.add(name)
                is_undisturbed = plan.body is not None
                for pause, piece in zip(plan.pauses, plan.sent, strict=True):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
                self.sent_at[name] = asyncio.get_running_loop().time()
                dirty = name if plan.surplus else None
                if plan.after == "close":
                    break
                if plan.after == "reset":
                    writer.transport.abort()
                    return
        writer.close()

    async def _together(self, writer: asyncio.StreamWriter) -> None:
        """Answer only once as many requests are there as there are places."""
        self.held += 1
        if self.held == self.hold:
            self.all_there.set()
        await self.all_there.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")


@attrs.define
class Report:
    """What came of it.

    Attributes:
        ends: How many calls ended how.
        faults: What should not have happened.
    """

    ends: collections.Counter[str] = attrs.field(factory=collections.Counter)
    faults: list[str] = attrs.field(factory=list)


async def fuzz(
    *, calls: int | None = None, seconds: float | None = None, seed: int = 1, in_flight: int = 20, tls: bool = False
) -> Report:
    """Make calls at random, and judge them.

    Args:
        calls: How many, or None for no limit.
        seconds: For how long, or None for no limit; one of the two is needed.
        seed: Of everything random, but for the order in which sockets are served.
        in_flight: Calls at once, and connections.
        tls: Whether all goes over TLS.
    """
    rng, report, made = random.Random(seed), Report(), Server()
    served, trusted = _contexts() if tls else (None, None)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=served)
    url = f"http{'s' * tls}://127.0.0.1:{server.sockets[0].getsockname()[1]}/eks/v1"
    backend = NativeBackend(limits=Limits(max_connections=in_flight, keepalive_expiry=0.05), verify=trusted)
    until = time.monotonic() + (seconds if seconds is not None else float("inf"))
    number = 0

    async def work() -> None:
        nonlocal number
        while time.monotonic() < until and (calls is None or number < calls):
            number += 1
            plan = Plan.make(rng, number)
            made.plans[plan.name] = plan
            report.ends[await _judged(backend, url, plan, made)] += 1
            del made.plans[plan.name]

    # More callers than places, so that some wait in line, and are cancelled there.
    await asyncio.gather(*[work() for _ in range(in_flight + in_flight // 2)])
    made.hold = in_flight
    last = [backend.send(_request(url, f"last-{place}")) for place in range(in_flight)]
    try:
        await asyncio.wait_for(asyncio.gather(*last), PATIENCE)
    except (TimeoutError, errors.EksError):
        made.faults.append(f"of {in_flight} places only {made.held} are left")
    await backend.aclose()
    server.close()
    report.faults = made.faults
    return report


def _contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what the server shows and what the client trusts."""
    authority = trustme.CA()
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    authority.configure_trust(trusted)
    return served, trusted


def _request(url: str, name: str, *, read_timeout: float = PATIENCE, content: bytes | None = None) -> Request:
    operation = GET_CLUSTER if content is None else attrs.evolve(GET_CLUSTER, method="POST")
    return Request(
        operation=operation,
        url=url,
        params={},
        query=f"Action={name}",
        content=content,
        connect_timeout=PATIENCE,
        read_timeout=read_timeout,
    )


async def _judged(backend: NativeBackend, url: str, plan: Plan, server: Server) -> str:
    """Make one call and say how it ended; write down what should not have happened."""
    request = _request(url, plan.name, read_timeout=plan.read_timeout, content=plan.content)
    call = asyncio.ensure_future(backend.send(request))
    if plan.cancelled is not None:
        await asyncio.wait([call], timeout=plan.cancelled)
        call.cancel()
    await asyncio.wait([call], timeout=PATIENCE)
    if not call.done():
        call.cancel()
        server.faults.append(f"{plan.name} hangs: {plan}")
        return "hangs"
    outcome = request.record.outcome
    if outcome == "not_sent" and plan.name in server.arrived:
        server.faults.append(f"{plan.name} was not sent, but arrived")
    if call.cancelled():
        return f"cancelled, {outcome}"
    error = call.exception()
    if error is None:
        _judge_answer(call.result(), plan, server)
        return "answered"
    if not isinstance(error, (errors.TransportError, errors.UnreadableResponse)) or error.outcome != outcome:
        server.faults.append(f"{plan.name} raised {error!r} with {outcome}: {plan}")
    # The server shares the loop with the caller, so that it may be late itself.
    was_in_time = asyncio.get_running_loop().time() - server.sent_at.get(plan.name, float("inf")) > ENOUGH
    is_excused = plan.name not in server.undisturbed or ("Timeout" in str(error) and not was_in_time)
    if plan.body is not None and not is_excused:
        server.faults.append(f"{plan.name} was answered, but raised {error!r}: {plan}")
    return type(error).__name__


def _judge_answer(response: RawResponse, plan: Plan, server: Server) -> None:
    if (
        plan.body is not None
        and plan.name in server.undisturbed
        and (response.status, response.content) != (200, plan.body)
    ):
        server.faults.append(f"{plan.name} got {response!r} {response.content[:200]!r}: {plan}")
    others = [name for name in server.plans if name != plan.name and name.encode() in response.content]
    if others:
        server.faults.append(f"{plan.name} got the answer of {others}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and print what came of it.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code: 0 if all is as it must be, 1 if anything is not.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz_native", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--calls", type=int, help="how many (default: no limit)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=20, help="calls at once (default: %(default)s)")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    report = asyncio.run(fuzz(**vars(parser.parse_args(arguments))))
    for end, count in report.ends.most_common():
        print(f"{count:9d} {end}")
    for fault in report.faults[:20]:
        print(fault)
    print(f"{report.ends.total()} calls, {len(report.faults)} faults")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
