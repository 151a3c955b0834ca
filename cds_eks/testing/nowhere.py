"""The endpoint of a test that has none: who calls it is told so at once, in place of attempts that take seconds."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ["NOWHERE", "refuse_calls"]

_HOST = "eks.invalid"

NOWHERE = f"https://{_HOST}"
"""No such host can ever be (RFC 2606)."""


def refuse_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have calls to `NOWHERE` fail at once while a test lasts; and no proxy is asked for it, nor for this machine."""
    look_up = socket.getaddrinfo

    def refusing(host: Any, *arguments: Any, **settings: Any) -> Any:
        if host in (_HOST, _HOST.encode()):
            raise AssertionError(
                f"{NOWHERE} is the endpoint of a test that has none: hand eks_client or eks_sync_client to your code, "
                "or have it make its client with eks_endpoint"
            )
        return look_up(host, *arguments, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", refusing)
    excepted = os.environ.get("no_proxy", os.environ.get("NO_PROXY"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, ",".join([*([excepted] if excepted else []), _HOST, "127.0.0.1"]))
