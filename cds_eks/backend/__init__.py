"""Backends: what carries a signed request to the service. The only place that knows an HTTP library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from cds_eks.config import Limits
from cds_eks.errors import ConfigurationError
from cds_eks.wire import RawResponse, Request

if TYPE_CHECKING:
    import ssl

    from cds_eks.backend.tls import Tls

__all__ = ["Backend", "abandon", "choose", "context_for"]


@runtime_checkable
class Backend(Protocol):
    """What a client sends through. Hand your own to a client as `backend=`.

    One that ends each request at `request.deadline` by itself, wherever it waits, and raises
    `cds_eks.pipeline.OutOfTime` then, may say so by an attribute `keeps_deadline = True`: it spares each call a timer.

    One that always speaks the same version of HTTP may say so by an attribute `http_version`, such as `"1.1"`:
    traces have it.

    One that holds connections may have a method `abandon(self) -> bool`, not async, that frees them at once and without
    an event loop, and returns whether there were any. It is called when a client becomes garbage without having been
    closed, on any thread, and when one is closed after its event loop has ended. It must not raise, and `aclose`, which
    may follow on another event loop, must find nothing left that belongs to the old one.
    """

    async def send(self, request: Request) -> RawResponse:
        """Send one signed request and return the answer as it came, whatever its status.

        Send `request.operation.method` to `request.url` with the query `request.query`, `request.headers` and
        `request.content`, within `request.connect_timeout` and `request.read_timeout`. Follow no redirects, send
        nothing twice, read no credentials from elsewhere. Call `request.record.mark_sent()` before the first byte
        can go out.

        Raises:
            ConnectFailed: No connection was made, so nothing was sent.
            ConnectionLost: It broke, or fell silent, later.
            UnreadableResponse: An answer came, but can't be read to its end.
        """
        ...  # pragma: no cover - a protocol has no body

    async def aclose(self) -> None:
        """Close all connections."""
        ...  # pragma: no cover - a protocol has no body


def choose(backend: object, limits: Limits, tls: Tls | None = None) -> Backend:
    """Return the backend that a client was given, or make the one that it named.

    One that is made here has no queue: a client's `LimitRate` lets no more requests through than there are connections.

    Args:
        backend: `"httpx"`, `"native"` (asyncio only; extra `native`), an `httpx.AsyncBaseTransport` to send everything
            through, or a `Backend`.
        limits: For a backend that is made here.
        tls: Whose certificates are trusted, for the same: an SSL context or a path; None for the usual authorities.

    Raises:
        ConfigurationError: It is none of these, its extra is not installed, or `tls` can't be used with it or at all.
    """
    if tls is not None and not isinstance(backend, str):
        raise ConfigurationError(
            'tls goes with backend="httpx" and backend="native" only: a transport or backend of your own makes its own'
            " connections, so give the SSL context to that"
        )
    context = context_for(tls)
    if isinstance(backend, str) and backend == "native":
        return _native(limits, context)
    import httpx

    from cds_eks.backend.httpx import HttpxBackend

    if isinstance(backend, str) and backend == "httpx":
        return HttpxBackend(limits=limits, verify=context, has_queue=False)
    if isinstance(backend, httpx.AsyncBaseTransport):
        return HttpxBackend(limits=limits, transport=backend)
    if isinstance(backend, Backend) and not isinstance(backend, type):
        return backend
    raise ConfigurationError(
        "backend must be 'httpx', 'native', an httpx transport, or an object with `send` and `aclose`"
    )


def context_for(tls: Tls | None) -> ssl.SSLContext | None:
    """Return the SSL context for a client's `tls=`; None for the usual one.

    Raises:
        ConfigurationError: It can't be used.
    """
    if tls is None:
        return None
    from cds_eks.backend.tls import tls_context

    return tls_context(tls)


def abandon(backend: Backend) -> bool:
    """Have a backend free its connections at once, without an event loop, if it is one that can.

    Returns:
        Whether there were any, as far as it says.
    """
    free = getattr(backend, "abandon", None)
    return free is not None and bool(free())


def _native(limits: Limits, context: ssl.SSLContext | None) -> Backend:
    try:
        from cds_eks.backend.native import NativeBackend
    except ImportError:
        raise ConfigurationError('backend="native" needs httptools: pip install "cds-eks[native]"') from None
    return NativeBackend(limits=limits, verify=context, has_queue=False)
