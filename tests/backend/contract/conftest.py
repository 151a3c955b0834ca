"""The backends under test, each on the event loops that it knows."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from cds_eks import AsyncEksClient
from cds_eks.backend import Backend
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.backend.native import NativeBackend
from support.backend_clients import AT_ONCE, CREDENTIALS, MakeClient


@attrs.frozen
class UnderTest:
    """A backend on an event loop."""

    name: str
    trusting: Callable[..., Backend]
    anyio_backend: Any


UNDER_TEST = {
    "httpx-asyncio": UnderTest("httpx", HttpxBackend, "asyncio"),
    "httpx-trio": UnderTest("httpx", HttpxBackend, "trio"),
    "native-asyncio": UnderTest("native", NativeBackend, ("asyncio", {"use_uvloop": False})),
}
if importlib.util.find_spec("uvloop") is not None:
    UNDER_TEST["native-uvloop"] = UnderTest("native", NativeBackend, ("asyncio", {"use_uvloop": True}))

NOT_ON_UVLOOP = {
    "test_a_server_that_closes_idle_connections_hurts_nobody": "the test's own server closes a round later than it says"
}


@pytest.fixture(params=UNDER_TEST)
def under_test(request: pytest.FixtureRequest) -> UnderTest:
    if request.param.endswith("uvloop") and request.function.__name__ in NOT_ON_UVLOOP:
        pytest.skip(NOT_ON_UVLOOP[request.function.__name__])
    return UNDER_TEST[request.param]


@pytest.fixture
def anyio_backend(under_test: UnderTest) -> Any:
    return under_test.anyio_backend


@pytest.fixture
def client(under_test: UnderTest) -> MakeClient:
    def make(url: str, *, verify: ssl.SSLContext | None = None, **settings: Any) -> AsyncEksClient:
        backend = under_test.name if verify is None else under_test.trusting(verify=verify)
        return AsyncEksClient(CREDENTIALS, endpoint=url, **({"retry": AT_ONCE, "backend": backend} | settings))

    return make
