"""Addresses of hosts, also when no thread can look a name up any more."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - or else the first connection would load it, and a fork could come then
import ipaddress
import itertools
import socket
import threading
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

import anyio

T = TypeVar("T", bound=Hashable)


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


def interleave_families(found: Iterable[tuple[int, T]]) -> list[T]:
    """Return addresses, each given with its family, in the order in which to try them: the families by turns.

    So a host can be reached soon even if one of its families can't (RFC 8305, section 4).
    """
    families: dict[int, dict[T, None]] = {}
    for family, address in found:
        families.setdefault(family, {})[address] = None
    columns = itertools.zip_longest(*families.values(), fillvalue=None)
    return [address for row in columns for address in row if address is not None]


def is_address(host: str) -> bool:
    """Whether it is an address, and no name: it needs no lookup."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
