"""Decoding: a thousand nodes, beside a bare JSON parser on the same bytes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.speed.answers import nodes as answer
from benchmarks.speed.turns import Turns

__all__ = ["nodes"]


def nodes(turns: Turns, *, parser: str, count: int, repeats: int) -> None:
    """Measure the decoding of an answer to ListNodes, and the parser: medians in µs of CPU.

    Args:
        turns: When to measure.
        parser: `orjson` or `json`; which of them the SDK uses is decided by what can be imported.
        count: How many nodes.
        repeats: How often each, by turns.
    """
    import importlib

    from cds_eks import codec, models
    from cds_eks.resources.nodes import LIST_NODES
    from cds_eks.wire import RawResponse

    loads: Callable[[bytes], Any] = importlib.import_module(parser).loads
    content = answer(count)
    request = codec.encode(LIST_NODES, models.ListNodesRequest(cluster_id="c"), None, url="http://stub", headers={})

    def decode() -> None:
        response = RawResponse(status=200, headers={}, content=content)
        if len(codec.decode(LIST_NODES, request, response, elapsed=0.0).data) != count:
            raise RuntimeError("nodes are missing")

    result = None
    while turns.next(result):
        times: dict[str, list[float]] = {"decode_us": [], "loads_us": []}
        for _ in range(repeats):
            times["decode_us"].append(_timed(decode))
            times["loads_us"].append(_timed(lambda: loads(content)))
        result = {name: statistics.median(each) for name, each in times.items()}


def _timed(work: Callable[[], Any]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e6
