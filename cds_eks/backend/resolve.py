"""Addresses of hosts, also when no thread can look a name up any more."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - or else the first connection would load it, and a fork could come then
import ipaddress
import socket
import threading
from collections.abc import Sequence
from typing import Any

import anyio


async def look_up(host: str, port: int) -> Sequence[tuple[Any, ...]]:
    """Return what `socket.getaddrinfo` does for TCP, looked up by the event loop if it can, or else by this thread.

    Event loops look names up in threads, which they have no more once the main thread has ended: in `atexit`, and in
    threads that go on. It is done right here then, where nothing but the system's own timeout limits it.

    Args:
        host: A name, or an address, for which nothing is looked up.
        port: Where it leads.

    Raises:
        OSError: There is no such name; or no thread can be started, and the event loop must not stand still.
        ValueError: None can have this name.
    """
    if is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    try:
        return await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except RuntimeError as error:
        refusal = str(error)
    if "shutdown" not in refusal and threading.main_thread().is_alive():
        raise OSError(f"the name can't be looked up ({refusal})")
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def is_address(host: str) -> bool:
    """Whether it is an address, and no name: it needs no lookup."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
