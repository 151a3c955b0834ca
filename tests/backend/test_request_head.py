"""Where a request leads, as failures tell it."""

from __future__ import annotations

import re

import attrs
import httpx
import pytest

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, errors
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.backend.request_head import host_and_port
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from support.raw_server import unused_port


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://api.test/eks/v1", "api.test:443"),
        ("http://api.test/eks/v1", "api.test:80"),
        ("http://127.0.0.1:8080/eks/v1", "127.0.0.1:8080"),
        ("http://[::1]:8080/eks/v1", "[::1]:8080"),
        ("ftp://api.test", "its URL"),
        ("http://api.test:none", "its URL"),
    ],
)
def test_a_place_is_a_host_and_a_port(url: str, place: str) -> None:
    assert host_and_port(url) == place


@pytest.mark.anyio
@pytest.mark.parametrize("backend", ["httpx", "native"])
async def test_a_failure_to_connect_names_the_host_and_the_port(backend: str, anyio_backend: str) -> None:
    if backend == "native" and "trio" in str(anyio_backend):
        pytest.skip("the native backend runs on asyncio only")
    port = unused_port()
    settings = {"endpoint": f"http://127.0.0.1:{port}", "retry": RetryPolicy.none(), "backend": backend}
    async with AsyncEksClient(Credentials("AKID-1", "SK-1"), **settings) as eks:  # type: ignore[arg-type]
        with pytest.raises(errors.ConnectFailed, match=rf"no connection was made to 127\.0\.0\.1:{port} \("):
            await eks.clusters.get("c-1")


@pytest.mark.anyio
async def test_a_secret_in_the_place_is_not_shown() -> None:
    async def astray(request: Request, send: Send) -> RawResponse:
        return await send(attrs.evolve(request, url="http://sk-marked-key.test:1/eks/v1"))

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no way to {request.url.host}")

    backend = HttpxBackend(transport=httpx.MockTransport(refuse))
    credentials = Credentials("AKID-1", "sk-marked-key")
    async with AsyncEksClient(credentials, retry=RetryPolicy.none(), backend=backend, per_attempt=[astray]) as eks:
        with pytest.raises(errors.ConnectFailed, match=re.escape("to ***.test:1 (")) as caught:
            await eks.clusters.get("c-1")
    assert "marked" not in str(caught.value)
