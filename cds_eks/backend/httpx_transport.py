"""httpx's own transports: to a proxy, to an application in the same process, or to what a test puts in their place."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import ssl
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import quote

import anyio
import anyio.abc
import httpcore
import httpx

from cds_eks._runtime import private_names
from cds_eks.backend.h11_connection import OnAnswer
from cds_eks.backend.httpcore_network import HttpcoreNetwork, Stage
from cds_eks.backend.proxies import proxy_for
from cds_eks.backend.streams import time_limits_of
from cds_eks.backend.whole_response import Answer
from cds_eks.redaction import secrets_of_proxy
from cds_eks.wire import Request

CLOSE_TIMEOUT = 1.0
"""How long closing a connection may take, in seconds."""

_is_ours = contextvars.ContextVar("cds_eks_is_ours", default=False)


class _KeepQuiet(logging.Filter):
    """Keeps httpcore quiet at DEBUG: the headers of answers may repeat our signed URL, and a proxy has a password."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - what `Filter` names it
        return not _is_ours.get()


for _part in ("connection", "http11", "http2", "proxy", "socks"):
    logging.getLogger(f"httpcore.{_part}").addFilter(_KeepQuiet())


class Closable(Protocol):
    """What can be closed."""

    async def aclose(self) -> object:
        """Close it."""
        ...  # pragma: no cover - a protocol has no body


async def close(thing: Closable) -> None:
    """Close something that belongs to a call, even one that anyio has cancelled. asyncio itself heeds no shield."""
    with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
        await thing.aclose()


HTTP_PACKAGES = frozenset({"h11", "httpcore", "httpx"})

NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""What httpx raises before anything of a request can have left."""


class HttpxTransport(httpx.AsyncHTTPTransport):
    """One of httpx's own, with one connection, that remembers which proxy it goes through.

    Args:
        proxy: The proxy, or None.
        verify: Whose certificates are trusted.
    """

    def __init__(self, proxy: httpx.Proxy | None, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify, proxy=proxy, trust_env=False)
        self.network: HttpcoreNetwork = HttpcoreNetwork()
        private_names.replace_pool(self, _pool(proxy, verify, self.network))
        self._proxy = proxy  # that of the next request is the same one, as long as this is kept

    def is_reusable(self, request: Request) -> bool:
        """See `Pooled`; it goes through the proxy that the environment names now."""
        return _facts(self._proxy) == _facts(proxy_of(request)) and self.is_sound()

    def is_sound(self) -> bool:
        """Whether its connection has brought whole answers, and nothing else."""
        return self.network.channel is not None and self.network.channel.is_reusable()

    def close(self) -> bool:
        """Close its connection at once; return whether it has one that we know of."""
        channel, self.network.channel = self.network.channel, None  # or else they would hold each other
        if channel is None:
            return False
        channel.close()
        return True


def _pool(proxy: httpx.Proxy | None, context: ssl.SSLContext, network: HttpcoreNetwork) -> httpcore.AsyncConnectionPool:
    """Return a pool as httpx makes it, but over a network of ours. How long it may be idle is seen to elsewhere."""
    if proxy is None:
        return httpcore.AsyncConnectionPool(ssl_context=context, max_connections=1, network_backend=network)
    url = httpcore.URL(
        scheme=proxy.url.raw_scheme, host=proxy.url.raw_host, port=proxy.url.port, target=proxy.url.raw_path
    )
    if proxy.url.scheme.startswith("socks"):
        return httpcore.AsyncSOCKSProxy(
            url, proxy_auth=proxy.raw_auth, ssl_context=context, max_connections=1, network_backend=network
        )
    return httpcore.AsyncHTTPProxy(
        url,
        proxy_auth=proxy.raw_auth,
        proxy_headers=proxy.headers.raw,
        ssl_context=context,
        proxy_ssl_context=proxy.ssl_context,
        max_connections=1,
        network_backend=network,
    )


def proxy_of(request: Request) -> httpx.Proxy | None:
    """Return the proxy that a request goes through, whose password must not be shown by any error of its call."""
    proxy = proxy_for(request.url)
    if proxy is not None and proxy.raw_auth is not None:
        user, password = (quote(part, safe="") for part in proxy.raw_auth)
        request.record.secrets |= secrets_of_proxy(f"http://{user}:{password}@proxy")
    return proxy


def _facts(proxy: httpx.Proxy | None) -> object:
    return proxy and (proxy.url, proxy.raw_auth)


async def exchange(
    transport: httpx.AsyncBaseTransport, request: Request, *, most: int, on_answer: OnAnswer, on_partial: OnAnswer
) -> Answer:
    """Send a request through a transport and return the answer.

    Args:
        transport: The transport.
        request: The request.
        most: How many bytes of a body are allowed.
        on_answer: Told the answer when it is whole, before anything is closed: a cancellation may come then.
        on_partial: Told what there is of an answer that breaks off.

    Raises:
        httpx.HTTPError: It came to nothing.
        httpx.InvalidURL: The request can't be sent.
    """
    http_request = _http_request(request)
    trace = http_request.extensions["trace"] = _Trace(request, http_request.url)
    network = transport.network if isinstance(transport, HttpxTransport) else None
    if network is not None:
        network.begin(time_limits_of(request).deadline, request.connect_timeout)
    if not isinstance(transport, httpx.AsyncHTTPTransport):  # no other must tell when the first byte goes out
        request.record.mark_sent()
    token = _is_ours.set(True)
    try:
        response = await transport.handle_async_request(http_request)
        try:
            answer = Answer(response.status_code, response.headers.raw, await _read(response, most, on_partial))
            on_answer(answer)
        finally:
            with contextlib.suppress(httpx.HTTPError, OSError):  # the answer is there, or another error is on its way
                await (close(response) if network is None else response.aclose())  # ours does not wait
    except NOT_SENT as error:
        if not trace.has_left or (network is not None and network.unsolicited):
            raise
        # A user's transport that tries again by itself has lost the request before.
        failure: httpx.TransportError = httpx.ReadError(f"sent, and then {type(error).__name__}")
    except httpx.TransportError as error:
        if network is None or network.stage is not Stage.CONNECTING:
            raise
        # A proxy that fails before the tunnel stands has seen nothing of the request.
        failure = httpx.ConnectError(f"{type(error).__name__}: {error}")
    else:
        return answer
    finally:
        _is_ours.reset(token)
        for stream in trace.orphans:
            await close(stream)
    try:
        raise failure
    finally:
        del failure  # its traceback holds this frame: they would hold each other


class _Trace:
    """Hears from httpcore how far a request is.

    Attributes:
        orphans: Has a connection that httpcore has opened but not yet taken into its care: if the call is cancelled
            during the TLS handshake, it forgets to close it.
        has_left: Whether the request may have left.
    """

    def __init__(self, request: Request, url: httpx.URL) -> None:
        self._record = request.record
        self._url = url
        self.orphans: list[anyio.abc.AsyncResource] = []
        self.has_left = False

    async def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Note an event; httpcore says which there are."""
        if event == "connection.connect_tcp.complete":
            self.orphans.append(facts["return_value"])
        elif event.endswith("send_request_headers.started"):
            self.orphans.clear()
            request = facts["request"]
            if ":" in self._url.host:
                _put_in_brackets(request, self._url)
            if request.method != b"CONNECT":  # which is for a proxy, and holds nothing of the request
                self.has_left = True
                self._record.mark_sent()


def _put_in_brackets(request: httpcore.Request, url: httpx.URL) -> None:
    """Write an IPv6 address for a proxy as RFC 9112 has it (section 3.2): httpcore leaves out the brackets."""
    if request.method == b"CONNECT":
        target = b"[%b]:%d" % (url.raw_host, url.port or 443)
        request.headers = [(name, target if name.lower() == b"host" else value) for name, value in request.headers]
        request.url.target = target
    elif request.url.target.startswith(b"http:"):
        request.url.target = b"http://" + url.netloc + url.raw_path


def _http_request(request: Request) -> httpx.Request:
    """Return the request as httpx has it.

    Raises:
        httpx.InvalidURL: It can't be sent.
    """
    read_timeout = request.read_timeout
    timeout = {"connect": request.connect_timeout, "read": read_timeout, "write": read_timeout, "pool": None}
    made = httpx.Request(
        request.operation.method,
        f"{request.url}?{request.query}",
        headers={**request.headers, "Accept": "application/json", "Accept-Encoding": "gzip"},
        content=request.content,
        extensions={"timeout": timeout},
    )
    if request.content is not None:
        made.stream = _Content(request.content)
    return made


class _Content(httpx.AsyncByteStream):
    """A body to send. httpx's own is a generator, of which trio complains when the sending is broken off."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> _Pieces:
        return _Pieces(self._content)


class _Pieces:
    def __init__(self, *pieces: bytes) -> None:
        self._left = iter(pieces)

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._left:
            return piece
        raise StopAsyncIteration


async def _read(response: httpx.Response, most: int, on_partial: OnAnswer) -> bytes | None:
    """Read a body to its end, or until it is too long: then there is None.

    Not by `Response.aiter_bytes`, which leaves generators about when it is broken off.
    """
    assert isinstance(response.stream, httpx.AsyncByteStream)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in response.stream:
            size += len(chunk)
            chunks.append(chunk)
            if size > most:
                chunks.clear()
                await response.aclose()  # ends the iteration in an orderly way: its next read fails
    except BaseException as error:
        if size <= most or not isinstance(error, httpx.HTTPError):
            on_partial(Answer(response.status_code, response.headers.raw, b"".join(chunks)))
            raise
    return b"".join(chunks) if size <= most else None
