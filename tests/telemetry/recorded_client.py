"""A client whose telemetry is kept in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cds_eks import AsyncEksClient, Credentials, RetryPolicy
from telemetry.recording import Recorded

ENDPOINT = "http://eks.test:8080"
AT_ONCE = RetryPolicy(max_attempts=3, base_delay=0, throttled_base_delay=0)


@asynccontextmanager
async def client(recorded: Recorded, backend: Any, **settings: Any) -> AsyncIterator[AsyncEksClient]:
    settings = {"retry": AT_ONCE, "telemetry": recorded.telemetry(), "endpoint": ENDPOINT, **settings}
    async with AsyncEksClient(Credentials("an-id", "a-key"), backend=backend, **settings) as eks:
        yield eks
