"""The native backend used on its own: event loops, requests, and a backend that is closed at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import Any

import attrs
import pytest

from cds_eks._runtime.semaphore import FairSemaphore
from cds_eks.backend.native import NativeBackend
from cds_eks.backend.native_connection import NativeConnection
from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import Request

LARGE = bytes(range(256)) * 40_000  # 10 MB

LOOPS: list[Any] = [pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio")]
with contextlib.suppress(ImportError):
    import uvloop  # noqa: F401

    LOOPS.append(pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"))


def request(url: str, query: str = "Action=X", *, method: str = "GET", **fields: Any) -> Request:
    given = {"connect_timeout": 5.0, "read_timeout": 5.0, **fields}
    return Request(
        operation=attrs.evolve(GET_CLUSTER, method=method), url=f"{url}/eks/v1", params={}, query=query, **given
    )


@contextlib.asynccontextmanager
async def sender(**settings: Any) -> AsyncIterator[NativeBackend]:
    made = NativeBackend(**settings)
    try:
        yield made
    finally:
        await made.aclose()


def idle_connections(made: NativeBackend) -> list[NativeConnection]:
    """Return the connections that wait for a request; there must have been one already."""
    assert made._loop_state is not None
    return list(made._loop_state.idle)


def permits_of(made: NativeBackend) -> FairSemaphore:
    """Return the semaphore whose permits are the connections that a backend may have."""
    return made._pool.permits


def replace_write(
    patch: pytest.MonkeyPatch,
    write: Callable[[Any, Any], None],
    kind: type[NativeConnection] = NativeConnection,
) -> Callable[[Any, Any], None]:
    """Have connections write by a function of the test's own, and return how they do it otherwise."""
    usual = kind._write
    patch.setattr(kind, "_write", write)
    return usual


def open_files() -> int:
    """How many descriptors this process has."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
