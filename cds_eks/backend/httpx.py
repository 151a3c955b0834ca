"""The default backend: httpx's own transports, one to a connection.

One transport to a connection, because httpx's pool loses slots when many calls are cancelled, and looks at every
connection for every request. A free connection is taken from the top of a stack; one whose call fails or is cancelled
is thrown away.
"""

from __future__ import annotations

import functools
import os
import ssl
import time
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from cds_eks.config import Limits
from cds_eks.envelope import blot, printable
from cds_eks.errors import ConfigurationError, ConnectFailed, ConnectionLost, EksError, UnreadableResponse
from cds_eks.wire import RawResponse, Request

MAX_BODY = 64 * 1024 * 1024
"""The most bytes of an answer that are read."""

CLOSE_TIMEOUT = 1.0
"""How long closing a connection may take, in seconds."""

# What httpx raises before anything of a request can have left.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class HttpxBackend:
    """Sends requests through httpx, on asyncio and trio.

    Args:
        limits: How many connections, and how long idle ones are kept.
        transport: A transport to send everything through, in place of connections of its own: `httpx.ASGITransport`
            for an application in the same process, `httpx.MockTransport` in tests.
        verify: Whose certificates are trusted: an SSL context, or None for the usual authorities.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        limits = limits or Limits()
        self._transport = transport
        self._verify = verify
        self._expiry = limits.keepalive_expiry
        self._places = anyio.Semaphore(limits.max_connections)
        self._idle: list[tuple[httpx.AsyncBaseTransport, float]] = []

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request; see `Backend.send`."""
        if self._transport is not None:
            request.record.may_have_left()
            return await _exchange(self._transport, request)
        async with self._places:
            connection = self._take(request.url)
            is_sound = False
            try:
                response = await _exchange(connection, request)
                is_sound = True
            finally:
                if is_sound:
                    self._idle.append((connection, time.monotonic()))
                else:
                    await _close(connection)
            await self._sweep()
            return response

    def _take(self, url: str) -> httpx.AsyncBaseTransport:
        """Return the connection that was used last, or a new one."""
        if self._idle:
            return self._idle.pop()[0]
        proxy = proxy_for(url)
        return httpx.AsyncHTTPTransport(
            verify=self._verify or _ssl_context(is_needed=proxy is not None or url.startswith("https:")),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=self._expiry),
            proxy=proxy,
            trust_env=False,
        )

    async def _sweep(self) -> None:
        """Close the connection that was idle for longest, if that is too long."""
        if self._idle and time.monotonic() - self._idle[0][1] > self._expiry:
            await _close(self._idle.pop(0)[0])

    async def aclose(self) -> None:
        """Close all idle connections; those in use are closed by their calls."""
        while self._idle:
            await _close(self._idle.pop()[0])
        if self._transport is not None:
            await _close(self._transport)


async def _close(transport: httpx.AsyncBaseTransport) -> None:
    with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
        await transport.aclose()


async def _exchange(transport: httpx.AsyncBaseTransport, request: Request) -> RawResponse:
    """Send a request through a transport and read the answer to its end."""
    status = 0
    try:
        response = await transport.handle_async_request(_http_request(request))
        status = response.status_code
        content = await _read(response, request)
    except httpx.DecodingError:
        failure: EksError = UnreadableResponse("the answer's compression is broken", http_status=status)
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
        failure = _translated(error, request)
    else:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return RawResponse(status=status, headers=headers, content=content)
    failure.action = request.operation.name
    raise failure  # outside of the except clause, so that httpx's error (it holds the URL) does not come along


def _http_request(request: Request) -> httpx.Request:
    async def trace(event: str, _: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            request.record.may_have_left()

    silence = request.read_timeout
    timeout = {"connect": request.connect_timeout, "read": silence, "write": silence, "pool": None}
    return httpx.Request(
        request.operation.method,
        f"{request.url}?{request.query}",
        headers={**request.headers, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"},
        content=request.content,
        extensions={"timeout": timeout, "trace": trace},
    )


async def _read(response: httpx.Response, request: Request) -> bytes:
    chunks = []
    size = 0
    try:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > MAX_BODY:
                raise UnreadableResponse(
                    f"the answer has more than {MAX_BODY} bytes",
                    http_status=response.status_code,
                    action=request.operation.name,
                )
            chunks.append(chunk)
    finally:
        with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
            await response.aclose()
    return b"".join(chunks)


def _translated(error: Exception, request: Request) -> EksError:
    """Return our own error for one of httpx's: the one place that knows them."""
    words = printable(blot(f"{type(error).__name__}: {error}".rstrip(": "), request.secrets), 300)
    if isinstance(error, _NOT_SENT):
        request.record.did_not_leave()
        return ConnectFailed(f"no connection was made ({words})")
    request.record.may_have_left()
    return ConnectionLost(f"the connection was lost ({words})")


def proxy_for(url: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for a URL (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).

    Raises:
        ConfigurationError: It names one that can't be used.
    """
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    try:
        return httpx.Proxy(proxy if "://" in proxy else f"http://{proxy}")
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError(f"the environment's proxy for {parts.scheme} can't be used") from None


def _ssl_context(*, is_needed: bool) -> ssl.SSLContext:
    """Return the SSL context that all connections share: it takes 19 ms and much memory to make."""
    if not is_needed:
        return _no_ssl_context()
    return _shared_ssl_context(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@functools.cache
def _shared_ssl_context(*_: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()


@functools.cache
def _no_ssl_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
