"""Overhead: everything of a call but the transport, whole and in parts."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.speed.answers import CLUSTERS
from benchmarks.speed.contenders import KEY
from benchmarks.speed.turns import Turns

__all__ = ["overhead"]

LENGTH = str(len(CLUSTERS))

BATCHES = 9
"""Batches of each in a turn; their median counts."""


def overhead(turns: Turns, *, batch: int) -> None:
    """Measure the parts of a call in µs of CPU each, and beside them what tells how fast the machine is just now.

    Nothing waits for anything here; and CPU time does not see who else has the core for a while.

    Args:
        turns: When to measure.
        batch: How many calls a batch has.
    """

    async def measure() -> None:
        parts: dict[str, Callable[[int], Awaitable[float]]] = {
            "whole_us": _whole,
            "sign_us": _sign,
            "middlewares_us": _middlewares,
            "timed_us": _timed_middlewares,
            "decode_us": _decode,
            "loop_us": _loop,
            "json_us": _json,
        }
        for part in parts.values():
            await part(batch)
        result = None
        while turns.next(result):
            times: dict[str, list[float]] = {name: [] for name in parts}
            for _ in range(BATCHES):
                for name, part in parts.items():
                    times[name].append(await part(batch) / batch * 1e6)
            result = {name: statistics.median(each) for name, each in times.items()}

    asyncio.run(measure())


class _NullBackend:
    """Answers at once, with headers as a service sends them; it leaves out what the native backend spares as well."""

    keeps_deadline = True

    def __init__(self) -> None:
        from cds_eks.wire import RawResponse

        self._answer = RawResponse

    async def send(self, _: Any) -> Any:
        headers = {"server": "stub", "content-type": "application/json", "content-length": LENGTH}
        return self._answer(status=200, headers=headers, content=CLUSTERS)

    async def aclose(self) -> None:
        """There is nothing to close."""


async def _whole(count: int) -> float:
    """Whole calls, less what the backend that does nothing takes."""
    from cds_eks import AsyncEksClient, Credentials

    backend = _NullBackend()
    async with AsyncEksClient(Credentials(*KEY), endpoint="http://stub", backend=backend) as eks:
        await eks.clusters.list()
        began = time.thread_time()
        for _ in range(count):
            await eks.clusters.list()
        between = time.thread_time()
        for _ in range(count):
            await backend.send(None)
        return between - began - (time.thread_time() - between)


async def _sign(count: int) -> float:
    from cds_eks import Credentials
    from cds_eks.signing import HmacSha1Signer

    signer, params = HmacSha1Signer(Credentials(*KEY)), {"Action": "ListClusters"}
    signer.sign("GET", params)
    began = time.thread_time()
    for _ in range(count):
        signer.sign("GET", params)
    return time.thread_time() - began


async def _timed_middlewares(count: int) -> float:
    """The same with a timer for each call, as a backend needs it that does not keep the deadline by itself."""
    return await _middlewares(count, is_kept_below=False)


async def _middlewares(count: int, *, is_kept_below: bool = True) -> float:
    """Deadline, retry, limits and signing (with a signer that does nothing) around nothing, less the nothing."""
    from cds_eks import RetryPolicy, codec
    from cds_eks.middleware import Deadline, LimitRate, Retry, Sign
    from cds_eks.pipeline import chain

    answer = _answer()
    codec.failure_of(_request(), answer)  # which reads it: that is the decoding's part

    class Signer:
        def sign(self, *_: Any) -> str:
            return ""

    async def nothing(_: Any) -> Any:
        return answer

    deadline = Deadline(90.0, is_kept_below=is_kept_below)
    send = chain([deadline, Retry(RetryPolicy(), codec.failure_of), LimitRate(100), Sign(Signer())], nothing)
    requests = [_request() for _ in range(count)]
    began = time.thread_time()
    for request in requests:
        await send(request)
    between = time.thread_time()
    for request in requests:
        await nothing(request)
    return between - began - (time.thread_time() - between)


async def _decode(count: int) -> float:
    from cds_eks import codec
    from cds_eks.resources.clusters import LIST_CLUSTERS

    request, answers = _request(), [_answer() for _ in range(count)]
    began = time.thread_time()
    while answers:  # each is dropped then, as after a call: the garbage collector would look at thousands of them
        codec.decode(LIST_CLUSTERS, request, answers.pop(), elapsed=0.0)
    return time.thread_time() - began


async def _loop(count: int) -> float:
    """Plain Python, always the same: 100 additions a time."""
    began = time.thread_time()
    for _ in range(count):
        total = 0
        for number in range(100):
            total += number
    return time.thread_time() - began


async def _json(count: int) -> float:
    began = time.thread_time()
    for _ in range(count):
        json.loads(CLUSTERS)
    return time.thread_time() - began


def _request() -> Any:
    from cds_eks import codec, models
    from cds_eks.resources.clusters import LIST_CLUSTERS

    return codec.encode(LIST_CLUSTERS, models.ListClustersRequest(), None, url="http://stub", headers={})


def _answer() -> Any:
    from cds_eks.wire import RawResponse

    return RawResponse(status=200, headers={}, content=CLUSTERS)
