"""Who is measured: each makes one call of the same kind in its usual way, and reads the answer.

A call returns how many clusters it saw: two. Libraries are imported where they are used, since each contender has a
process of its own, and since none of them has to be installed.
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import attrs

from benchmarks.speed.answers import LIST_CLUSTERS

__all__ = ["CONTENDERS", "INSTALL", "KEY", "OURS", "TIMEOUT", "Call", "Contender", "backend_of", "missing", "opened"]

Call = Callable[[], Coroutine[Any, Any, int]]

KEY = ("bench-key-id", "bench-secret-key")
"""The key that all sign with."""

TIMEOUT = 600.0
"""Seconds of patience, the same for all: nothing is to be cut short."""

MOST_REPEATS = 3
"""How often a call is repeated by those that lose connections while they stand still."""


@attrs.frozen(kw_only=True)
class Contender:
    """Somebody who is measured.

    Attributes:
        name: Its name on the command line and in the tables.
        packages: The modules that it needs.
        is_uvloop: Whether it runs on uvloop.
        goes_on: Whether those of its callers that have had their first answer go on while others still wait for theirs.
            httpx looks at every idle connection for every request: to wait with a thousand of them costs it half a
            minute more. With aiohttp, those that go on keep the others from connecting.
        about: What it is.
    """

    name: str
    packages: tuple[str, ...] = ()
    is_uvloop: bool = False
    goes_on: bool = False
    about: str = ""


CONTENDERS = {
    each.name: each
    for each in (
        Contender(name="default", about="cds-eks, as it is installed"),
        Contender(name="native", packages=("httptools",), about='cds-eks, backend="native"'),
        Contender(name="native-uvloop", packages=("httptools", "uvloop"), is_uvloop=True, about="the same on uvloop"),
        Contender(name="httpx", packages=("httpx",), goes_on=True, about="httpx.AsyncClient, GET and .json()"),
        Contender(name="httpx2", packages=("httpx2",), goes_on=True, about="httpx2.AsyncClient, GET and .json()"),
        Contender(name="aiohttp", packages=("aiohttp",), about="aiohttp.ClientSession, GET and .json()"),
        Contender(name="aiohttp-uvloop", packages=("aiohttp", "uvloop"), is_uvloop=True, about="the same on uvloop"),
        Contender(name="aiobotocore", packages=("aiobotocore",), about="aiobotocore, EKS ListClusters"),
        Contender(name="requests", packages=("requests",), about="requests.Session, GET and .json(), threads"),
        Contender(
            name="tencentcloud", packages=("tencentcloud",), about="Tencent's SDK, TKE DescribeClusters, threads"
        ),
    )
}

OURS = ("default", "native", "native-uvloop")

INSTALL = "pip install -e '.[bench]'"


def missing(contender: Contender) -> str | None:
    """Return why a contender can't be measured here, with what to do about it; None if it can."""
    for package in contender.packages:
        if importlib.util.find_spec(package) is None:
            return f"{contender.name} is skipped: there is no {package}; {INSTALL}"
    if contender.name.startswith("native"):
        from cds_eks import AsyncEksClient, Credentials
        from cds_eks.errors import ConfigurationError

        try:
            AsyncEksClient(Credentials(*KEY), backend="native")
        except ConfigurationError as error:
            return f'{contender.name} is skipped: there is no backend="native" ({error.message})'
    return None


def backend_of(name: str) -> str:
    """Return the backend of one of our own contenders."""
    return "native" if name.startswith("native") else "httpx"


@asynccontextmanager
async def _ours(name: str, url: str, connections: int, keyword: str | None) -> AsyncIterator[Call]:
    from cds_eks import AsyncEksClient, Credentials, Limits, Timeouts

    async with AsyncEksClient(
        Credentials(*KEY),
        endpoint=url,
        backend=backend_of(name),
        limits=Limits(max_connections=connections, keepalive_expiry=TIMEOUT),
        timeouts=Timeouts(connect=TIMEOUT, read=TIMEOUT, total=TIMEOUT),
    ) as eks:

        async def call() -> int:
            return len((await eks.clusters.list(keyword=keyword)).data)

        yield call


@asynccontextmanager
async def _httpx(name: str, url: str, connections: int) -> AsyncIterator[Call]:
    module: Any = importlib.import_module(name)  # httpx2 has the same names
    target = url + LIST_CLUSTERS
    # The expiry stays as it is: with a longer one httpx gets through a twentieth of the calls at 200 in flight. But as
    # its process stands still between measurements, connections expire under the feet of requests: those are repeated.
    limits = module.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with module.AsyncClient(limits=limits, timeout=TIMEOUT) as client:

        async def call() -> int:
            for _ in range(MOST_REPEATS):
                with contextlib.suppress(module.ReadError, module.WriteError, module.RemoteProtocolError):
                    return len((await client.get(target)).json()["Data"])
            return len((await client.get(target)).json()["Data"])

        yield call


@asynccontextmanager
async def _aiohttp(url: str, connections: int, keyword: str | None) -> AsyncIterator[Call]:
    import aiohttp

    target = url + LIST_CLUSTERS + (f"&Keyword={keyword}" if keyword else "")
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:

        async def call() -> int:
            async with session.get(target) as response:
                return len((await response.json())["Data"])

        yield call


@asynccontextmanager
async def _aiobotocore(url: str, connections: int) -> AsyncIterator[Call]:
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    config = AioConfig(max_pool_connections=connections, connect_timeout=TIMEOUT, read_timeout=TIMEOUT)
    async with get_session().create_client(
        "eks",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEY[0],
        aws_secret_access_key=KEY[1],
        config=config,
    ) as client:

        async def call() -> int:
            return len((await client.list_clusters())["clusters"])

        yield call


def opened(name: str, url: str, connections: int, keyword: str | None = None) -> AbstractAsyncContextManager[Call]:
    """Return a context in which an async contender is open; it gives what makes one call.

    Args:
        name: The contender.
        url: Where the stub is.
        connections: How many connections it may have.
        keyword: What our own calls and aiohttp's look for; the stub holds those that look for something.
    """
    if name in OURS:
        return _ours(name, url, connections, keyword)
    if name in ("httpx", "httpx2"):
        return _httpx(name, url, connections)
    if name.startswith("aiohttp"):
        return _aiohttp(url, connections, keyword)
    if name == "aiobotocore":
        return _aiobotocore(url, connections)
    raise ValueError(f"{name!r} is not an async contender")
