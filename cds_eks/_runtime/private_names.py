"""All that is used here of other libraries without being public, each for want of a public name.

Each can go, or get another name, with any release; `tests/unit/_runtime/test_private_names.py` says what breaks.
None is needed: without it something is slower, freed later, or said in more words, and nothing is wrong.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")

ANYIO_ASYNCIO_BACKEND = "anyio._backends._asyncio"
"""The module that `anyio.run` imports when it first runs asyncio, so that it can be imported before.

Nothing public imports it alone: `anyio.get_available_backends` imports trio as well, which takes its time, and
`anyio.run` refuses to run inside of a running event loop.
"""


def end_of_transport(transport: object) -> Callable[[Exception | None], object] | None:
    """Return what closes the socket of one of asyncio's transports at once, and tells its protocol.

    `abort` leaves both to the event loop's next round, which never comes if the loop has ended. uvloop's transports
    have no such method. Without it the connection is shut down, and the socket left to the garbage collector.
    """
    return cast("Callable[[Exception | None], object] | None", getattr(transport, "_call_connection_lost", None))


def replace_pool(transport: Any, pool: object) -> None:
    """Have one of httpx's transports use a pool of httpcore's that was made elsewhere.

    httpx has no public way to say over which network its pool goes. Should the attribute get another name, httpx goes
    over a network of its own, which can't be asked what it has read: then no such connection is used twice.
    """
    transport._pool = pool  # noqa: SLF001


def is_importing_main() -> bool:
    """Whether this process was started by multiprocessing and is importing the script that started it.

    multiprocessing asks the same before it starts a process. Without it a launch in a script without
    `if __name__ == "__main__":` is tried in each process that the first one starts, and refused by multiprocessing.
    """
    return bool(getattr(multiprocessing.current_process(), "_inheriting", False))


def tracer_provider_of_process(default: Callable[[], T]) -> T | None:
    """Return the tracer provider of OpenTelemetry's API that the process has set; None while it has set none.

    The public functions return something that stands in for it then, of which that of the metrics has no public name,
    and look into the environment each time, which takes as long as all else that a call needs to know that it is not
    traced. Should the attribute get another name, they are asked.

    Args:
        default: The public function.
    """
    return _of_module("opentelemetry.trace", "_TRACER_PROVIDER", default)


def meter_provider_of_process(default: Callable[[], T]) -> T | None:
    """Return the meter provider that the process has set; see `tracer_provider_of_process`.

    Args:
        default: The public function.
    """
    return _of_module("opentelemetry.metrics._internal", "_METER_PROVIDER", default)


def _of_module(module: str, name: str, default: Callable[[], T]) -> T | None:
    try:
        return cast("T | None", getattr(sys.modules[module], name))
    except (AttributeError, KeyError):
        return default()


def http_suppression_key() -> str | None:
    """Return the key under which OpenTelemetry's context says that HTTP libraries are to record nothing.

    Those of its instrumentations that have spans of their own around a request use it, and it is public nowhere.
    Without it an instrumented httpx records each attempt a second time, with its URL.
    """
    return getattr(sys.modules.get("opentelemetry.context"), "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", None)
