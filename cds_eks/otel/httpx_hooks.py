"""For those who trace httpx by its own instrumentation: hooks that keep signed URLs out of its spans.

`opentelemetry-instrumentation-httpx` records whole URLs. It sees requests of ours only where they go through httpx: the
default backend does so while httpx is instrumented at all. Below a span of ours it is told to record nothing; a client
without telemetry, and a call of which only the other's span is recorded, need a hook.
"""

from __future__ import annotations

from typing import Protocol

from cds_eks.redaction import redacted_url

_ATTRIBUTES = ("url.full", "http.url")
"""The one of the stable conventions, and the one of the old ones."""


class _Span(Protocol):
    def is_recording(self) -> bool: ...

    def set_attribute(self, key: str, value: str) -> None: ...


class _Request(Protocol):
    @property
    def url(self) -> object: ...


def redact_request(span: _Span, request: _Request) -> None:
    """Replace the URL in a span by one without signature, key id and user: a `request_hook`.

    Args:
        span: The span of httpx's instrumentation.
        request: What it says about the request.
    """
    if not span.is_recording():
        return
    attributes = getattr(span, "attributes", None) or {}
    url = redacted_url(request.url)
    for name in _ATTRIBUTES:
        if name in attributes:
            span.set_attribute(name, url)


async def redact_request_async(span: _Span, request: _Request) -> None:
    """Do what `redact_request` does: an `async_request_hook`, which is the one that our clients need."""
    redact_request(span, request)
