"""What came after an answer, on a connection that is to be used again."""

from __future__ import annotations

import ssl
from typing import Any

import httpx


def has_leftovers(transport: httpx.AsyncBaseTransport) -> bool:
    """Whether bytes were read that belong to no answer.

    They would be taken for the answer to the next request: a proxy that answers twice would have a create named after
    another one. httpcore looks for them on the socket only, not in what it has read already. Where it keeps that has no
    public name: should a release of it move, no connection is used twice, which tests notice.
    """
    pool: Any = getattr(transport, "_pool", None)
    return any(_holds_more(connection) for connection in getattr(pool, "connections", ()))


def _holds_more(connection: Any) -> bool:
    while (inner := getattr(connection, "_connection", None)) is not None:  # through a proxy there are more layers
        connection = inner
    try:
        read, _ = connection._h11_state.trailing_data  # noqa: SLF001
        secured = connection._network_stream.get_extra_info("ssl_object")  # noqa: SLF001
    except AttributeError:
        return True
    return bool(read) or (secured is not None and _has_more_records(secured))


def _has_more_records(secured: ssl.SSLObject) -> bool:
    """Whether a further TLS record has come in along with the answer's."""
    try:
        secured.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        pass  # the other side has ended it, or what came is broken
    return True
