"""Connections by host name, also when no thread can look a name up any more."""

from __future__ import annotations

import socket
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def by_name(connect: Callable[[str], Awaitable[T]], host: str, port: int) -> T:
    """Connect to a host, whose name the event loop looks up if it can, or else this thread.

    Event loops look names up in threads, which they have no more once the main thread has ended: in `atexit`, and in
    threads that go on. It is done right here then, where nothing but the system's own patience limits it.

    Args:
        connect: Connects to a name or an address.
        host: The name, or an address, which nothing is looked up for.
        port: Where it leads.

    Raises:
        OSError: No connection was made, or no thread can be started.
    """
    try:
        return await connect(host)
    except RuntimeError as error:
        refusal = str(error)
    failure = OSError("the name has no address")
    try:
        for address in addresses(host, port, refusal):
            try:
                return await connect(address)
            except OSError as error:
                failure = error
        raise failure
    finally:
        del failure  # its traceback holds this frame: they would hold each other


def addresses(host: str, port: int, refusal: str) -> list[str]:
    """Look a name up in this thread, which waits for it, and return each address that it has.

    Args:
        host: The name.
        port: Where it leads.
        refusal: Why no other thread did it.

    Raises:
        OSError: It has none; or the interpreter goes on, and what runs in this thread must not wait.
    """
    if "shutdown" not in refusal and threading.main_thread().is_alive():
        raise OSError(f"the name can't be looked up ({refusal})")
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
