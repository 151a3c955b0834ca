"""What came after an answer, on a connection that is to be used again."""

from __future__ import annotations

import ssl
from typing import Any

import httpx


def has_leftovers(transport: httpx.AsyncBaseTransport, *, is_secure: bool) -> bool:
    """Whether bytes were read that belong to no answer.

    Args:
        transport: One of httpx's own, with one connection.
        is_secure: Whether TLS is spoken on it.

    They would be taken for the answer to the next request: a proxy that answers twice would have a create named after
    another one. httpcore looks for them on the socket only, not in what it has read already. Where it keeps that has no
    public name: should a release of it move, no connection is used twice, which tests notice.
    """
    connections = getattr(getattr(transport, "_pool", None), "connections", ())
    return not connections or any(_holds_more(connection, is_secure=is_secure) for connection in connections)


def _holds_more(connection: Any, *, is_secure: bool) -> bool:
    while (inner := getattr(connection, "_connection", None)) is not None:  # through a proxy there are more layers
        connection = inner
    try:
        read, _ = connection._h11_state.trailing_data  # noqa: SLF001
        # It takes long to ask, so only where there may be one.
        secured = connection._network_stream.get_extra_info("ssl_object") if is_secure else None  # noqa: SLF001
    except AttributeError:
        return True
    return bool(read) or (secured is not None and has_more_records(secured))


def has_more_records(secured: ssl.SSLObject) -> bool:
    """Whether a further TLS record has come in along with the answer's."""
    try:
        secured.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        pass  # the other side has ended it, or what came is broken
    return True
