"""A bare Starlette app on uvicorn, a process of its own: `python -m benchmarks.speed.bare_app`. It prints its URL.

It answers each request with one cluster and looks at nothing: what the emulator's server costs before the emulator does
anything. It lives until its standard input ends.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import threading
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.speed.answers import CLUSTERS
from benchmarks.speed.machine import pin, raise_fd_limit

__all__ = ["main"]

BODY = json.dumps({**json.loads(CLUSTERS), "Data": json.loads(CLUSTERS)["Data"][0]}).encode()


async def answer(_: Request) -> Response:
    """Answer a request."""
    return Response(BODY, media_type="application/json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until standard input ends.

    Args:
        arguments: The command line; by default that of the process.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.bare_app", description=(__doc__ or "").split(":")[0]
    )
    parser.add_argument("--core", type=int, help="run on that core only")
    options = parser.parse_args(arguments)
    if options.core is not None:
        pin(options.core)
    raise_fd_limit()
    app = Starlette(routes=[Route("/eks/v1", answer, methods=["GET", "POST"])])
    # The protocol, the event loop and what is left out are those of the emulator.
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
        )
    )
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the emulator's has it
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)

    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    server.run(sockets=[listening])


if __name__ == "__main__":
    main()
