"""The server of `benchmarks.fuzz_native`, and its plans: answers whole, mutated, cut, or with trailing data."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
from typing import Literal

import attrs

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
        trailing: Whether trailing data comes along with the answer's last bytes.
        after: What the server does then.
        pauses: How long it waits before each piece, in seconds.
        cancelled: When the call is cancelled, in seconds, or None.
        read_timeout: The call's own, in seconds.
        content: The body of the request, or None.
    """

    name: str
    sent: tuple[bytes, ...]
    body: bytes | None
    trailing: bool
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
        trailing = False
        if (kind := rng.random()) < 0.35:
            content, body = _mutated(rng, content), None
        elif kind < 0.45:
            content, body = content[: rng.randrange(len(content))], None
        elif kind < 0.55 and not ends:
            content, trailing = content + rng.choice((*ODD, content)), True
        if ends or (body is None and rng.random() < 0.5):
            after = "close"
        if after == "reset":
            body = None  # what was sent before may be lost as well
        sent = _sliced(rng, content) if not trailing else (content,)
        slow = rng.random() < 0.2
        return cls(
            name=name,
            sent=sent,
            body=body,
            trailing=trailing,
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
                    self.faults.append(f"{name} came on a connection with the trailing data of {dirty}")
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
                dirty = name if plan.trailing else None
                if plan.after == "close":
                    break
                if plan.after == "reset":
                    writer.transport.abort()
                    return
        writer.close()

    async def _together(self, writer: asyncio.StreamWriter) -> None:
        """Answer only once as many requests are there as there are permits."""
        self.held += 1
        if self.held == self.hold:
            self.all_there.set()
        await self.all_there.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
