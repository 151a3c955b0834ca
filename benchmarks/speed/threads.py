"""Threads that block: calls per second of the sync clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from benchmarks.speed.answers import LIST_CLUSTERS
from benchmarks.speed.contenders import KEY, OURS, TIMEOUT, backend_of
from benchmarks.speed.load import Meter
from benchmarks.speed.turns import Turns

__all__ = ["threads"]

MakeCall = Callable[[], Callable[[], int]]
"""Is called on each thread and returns what makes a call there."""


@contextmanager
def _ours(name: str, url: str, count: int) -> Any:
    from cds_eks import Credentials, EksClient, Limits, Timeouts

    with EksClient(
        Credentials(*KEY),
        endpoint=url,
        backend=backend_of(name),
        limits=Limits(max_connections=count),
        timeouts=Timeouts(connect=TIMEOUT, read=TIMEOUT, total=TIMEOUT),
    ) as eks:
        yield lambda: lambda: len(eks.clusters.list().data)  # one client for all threads, as docs/configuration.md says


def _requests(url: str) -> Callable[[], int]:
    import requests

    session = requests.Session()
    return lambda: len(session.get(url + LIST_CLUSTERS, timeout=TIMEOUT).json()["Data"])


def _tencentcloud(url: str) -> Callable[[], int]:
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.tke.v20180525 import models, tke_client

    scheme, _, host = url.partition("://")
    http = HttpProfile(protocol=scheme, endpoint=host, keepAlive=True, reqTimeout=int(TIMEOUT))
    client = tke_client.TkeClient(Credential(*KEY), "ap-beijing", ClientProfile(httpProfile=http))
    return lambda: len(client.DescribeClusters(models.DescribeClustersRequest()).Clusters)


def _opened(name: str, url: str, count: int) -> AbstractContextManager[MakeCall]:
    if name in OURS:
        opened: AbstractContextManager[MakeCall] = _ours(name, url, count)
        return opened
    make = {"requests": _requests, "tencentcloud": _tencentcloud}[name]
    return nullcontext(lambda: make(url))


def threads(
    turns: Turns, *, contender: str, url: str, server: int, in_flight: int, seconds: float, warmup: float
) -> None:
    """Measure a sync contender on so many threads.

    Args:
        turns: When to measure.
        contender: Its name.
        url: Where the stub is.
        server: The stub's process id.
        in_flight: Threads.
        seconds: How long.
        warmup: Seconds before that, each time.
    """
    with _opened(contender, url, in_flight) as make:
        counts = [0] * in_flight
        errors: list[BaseException] = []
        begin, end = threading.Semaphore(0), threading.Semaphore(0)
        until = 0.0

        def work(number: int) -> None:
            try:
                call = make()
                while begin.acquire():
                    while time.perf_counter() < until:
                        if (seen := call()) != 2:
                            raise RuntimeError(f"a call saw {seen} clusters and not 2")
                        counts[number] += 1
                    end.release()
            except BaseException as error:  # noqa: BLE001 - it is raised where it can be seen
                errors.append(error)
                end.release()

        for number in range(in_flight):
            threading.Thread(target=work, args=(number,), daemon=True).start()
        meter = Meter(server)

        def go(duration: float) -> int:
            nonlocal until
            before = sum(counts)
            until = time.perf_counter() + duration
            begin.release(in_flight)
            for _ in range(in_flight):
                end.acquire()
            if errors:
                raise errors[0]
            return sum(counts) - before

        result = None
        while turns.next(result):
            go(warmup)
            meter.start()
            result = meter.stop(go(seconds))
