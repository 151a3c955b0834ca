"""What the emulator's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock

from .caller import Caller
from .sender import Sender, serving


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=ManualClock())


@pytest.fixture
async def call(emulator: Emulator, anyio_backend: str) -> AsyncIterator[Caller]:
    transport = httpx.ASGITransport(app=emulator)
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", trust_env=False) as client:
        yield Caller(emulator, client)


@pytest.fixture(scope="module")
def shared_sender() -> Iterator[Sender]:
    with serving() as sender:
        yield sender


@pytest.fixture
def sender(shared_sender: Sender) -> Sender:
    """A client of an emulator that serves all tests of a file: each looks at its own calls only."""
    shared_sender.with_faults()
    shared_sender.call_id = ""
    return shared_sender
