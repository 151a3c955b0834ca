"""Calls of the endpoints below `/_emulator/`."""

from __future__ import annotations

import json
from typing import Any

import httpx

from .caller import Caller


async def post(call: Caller, path: str, body: Any = None, **headers: str) -> httpx.Response:
    content = json.dumps({} if body is None else body)
    headers = {"Content-Type": "application/json", **headers}
    return await call.client.post(f"/_emulator/{path}", content=content, headers=headers)


async def got(call: Caller, path: str, **params: Any) -> Any:
    response = await call.client.get(f"/_emulator/{path}", params=params)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    return response.json()
