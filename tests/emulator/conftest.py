"""What the emulator's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock

from .caller import Caller


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=ManualClock())


@pytest.fixture
async def call(emulator: Emulator, anyio_backend: str) -> AsyncIterator[Caller]:
    transport = httpx.ASGITransport(app=emulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
        yield Caller(emulator, client)
