"""What it costs to run an async call from another thread: `python -m benchmarks.handover`.

The call does nothing, so all that is measured is the way to the event loop and back. They take turns in one process:

portal        the sync client's own
anyio         anyio's `BlockingPortal` as it is: a call that comes while it ends may never return, and one that Ctrl-C
              interrupts before it has begun can't be cancelled
anyio, safe   the same, with what the sync client does about these two
asyncio       `asyncio.run_coroutine_threadsafe`, which knows no cancel scopes
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import anyio.from_thread
from rich.console import Console
from rich.table import Table

from cds_eks.sync.call import Call
from cds_eks.sync.portal import Portal

__all__ = ["main", "measure"]

Hand = Callable[[Callable[[], Awaitable[None]]], object]
"""Runs an async call on an event loop, from another thread, and waits for it."""


async def nothing() -> None:
    """Be a call."""


class _Nothing:
    """Is the portal's async client."""

    async def aclose(self) -> None:
        """Close nothing."""


@contextmanager
def _portal() -> Iterator[Hand]:
    portal = Portal(_Nothing)
    yield portal.call
    portal.close()


@contextmanager
def _anyio() -> Iterator[Hand]:
    with anyio.from_thread.start_blocking_portal() as portal:
        yield portal.call


@contextmanager
def _anyio_safe() -> Iterator[Hand]:
    lock = threading.RLock()
    with anyio.from_thread.start_blocking_portal() as portal:

        def run(start: Callable[[], Awaitable[None]]) -> None:
            call = Call(start)
            with lock:  # the portal must not end before its loop has taken the call
                portal.start_task_soon(call)
            call.wait()
            call.result()

        yield run


@contextmanager
def _asyncio() -> Iterator[Hand]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(start: Callable[[], Any]) -> object:
        return asyncio.run_coroutine_threadsafe(start(), loop).result()

    yield run
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


WAYS = {"portal": _portal, "anyio": _anyio, "anyio, safe": _anyio_safe, "asyncio": _asyncio}


def measure(calls: int, threads: int, rounds: int) -> dict[str, float]:
    """Return the microseconds that a call takes, by way: the median of all rounds.

    Args:
        calls: How many there are in a round.
        threads: How many threads make them.
        rounds: How often each way has its turn.
    """
    samples: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, way in WAYS.items():
            with way() as hand:
                _seconds(hand, 8 * threads, threads)  # warm-up
                samples[name].append(_seconds(hand, calls, threads) / calls * 1e6)
    return {name: statistics.median(found) for name, found in samples.items()}


def _seconds(hand: Hand, calls: int, threads: int) -> float:
    """Return how long it takes to make the calls, a share of them in each thread."""
    ready = threading.Barrier(threads + 1)

    def work() -> None:
        ready.wait()
        for _ in range(calls // threads):
            hand(nothing)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    ready.wait()
    begin = time.perf_counter()
    for worker in workers:
        worker.join()
    return time.perf_counter() - begin


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handover", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=20_000, help="in a round (default: %(default)s)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 16], help="that make them (default: 1 and 16)")
    parser.add_argument("--rounds", type=int, default=5, help="of each way (default: %(default)s)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print it.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    found = {threads: measure(options.calls, threads, options.rounds) for threads in options.threads}
    table = Table("µs a call", *(f"threads: {threads}" for threads in found), box=None)
    for name in WAYS:
        table.add_row(name, *(f"{each[name]:.0f} ({each[name] / each['portal']:.2f}x)" for each in found.values()))
    Console(highlight=False).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
