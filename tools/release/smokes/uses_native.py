"""The extra `native`: a call through its parser."""

from __future__ import annotations

import asyncio
import sys

from cds_eks import AsyncEksClient, Credentials


async def count(url: str) -> int:
    """Return how many clusters there are."""
    async with AsyncEksClient(Credentials("key-id", "secret-key"), endpoint=url, backend="native") as eks:
        return len((await eks.clusters.list()).data)


assert asyncio.run(count(sys.argv[1])) == 2
assert "httptools" in sys.modules
