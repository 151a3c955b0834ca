"""The endpoints below `/_emulator/`: an ASGI app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from cds_eks.emulator.control import endpoints, fault_endpoints, page
from cds_eks.emulator.control.errors import ControlError
from cds_eks.emulator.control.guard import check_sender
from cds_eks.emulator.control.handle import Handle
from cds_eks.emulator.http.connection import PEER

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["Control"]

Endpoint = Callable[[Handle, Request], Awaitable[Response]]

ROOT = "/_emulator"

ENDPOINTS: Mapping[str, Mapping[str, Endpoint]] = {
    "/": {"GET": page.index},
    "/health": {"GET": endpoints.health},
    "/world": {"GET": endpoints.world},
    "/ledger": {"GET": endpoints.ledger},
    "/clock": {"GET": endpoints.clock, "POST": endpoints.change_clock},
    "/reset": {"POST": endpoints.reset},
    "/faults": {
        "GET": fault_endpoints.listed,
        "POST": fault_endpoints.add,
        "DELETE": fault_endpoints.clear,
    },
    "/faults/kinds": {"GET": fault_endpoints.kinds},
}
ONE_FAULT: Mapping[str, Endpoint] = {"POST": fault_endpoints.switch, "DELETE": fault_endpoints.remove}

HEADERS = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Control:
    """Answers what is asked below `/_emulator/`. The ledger has none of it: it is no part of the API.

    Args:
        handle: What it may see and do.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ControlError as error:
            response = error.response()
        except ClientDisconnect:
            return
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Date"] = formatdate(self._handle.wall_clock(), usegmt=True)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        is_served = PEER in request.scope.get("state", {})
        check_sender(request, self._handle.allowed_hosts, is_served=is_served)
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if path == ROOT and request.method in ("GET", "HEAD"):
            return Response(status_code=307, headers={"Location": f"{ROOT[1:]}/"})
        methods = ENDPOINTS.get(path) or page.FILES.get(path) or (ONE_FAULT if fault_endpoints.is_one(path) else None)
        if methods is None:
            raise ControlError(404, f"there is no such path below /_emulator; there are {', '.join(ENDPOINTS)}")
        endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            allow = ", ".join(("HEAD", *methods) if "GET" in methods else methods)
            raise ControlError(405, f"the method must be {allow.replace(', ', ' or ')}", allow=allow)
        return await endpoint(self._handle, request)
