"""The package without any extra: a call on both faces, and nothing imported that an extra brings."""

from __future__ import annotations

import asyncio
import sys

from cds_eks import AsyncEksClient, Credentials, EksClient, models

OF_EXTRAS = (
    "click dask distributed httptools jinja2 jmespath opentelemetry orjson psycopg pytest rich sqlalchemy starlette "
    "uvicorn yaml"
)

KEY = Credentials("key-id", "secret-key")


async def names(url: str) -> list[str | None]:
    """Return the names of the clusters."""
    async with AsyncEksClient(KEY, endpoint=url) as eks:
        return [each.cluster_name for each in (await eks.clusters.list()).data]


assert asyncio.run(names(sys.argv[1])) == ["gpu-1", "gpu-2"]
with EksClient(KEY, endpoint=sys.argv[1]) as eks:
    assert len(eks.clusters.list().data) == 2
assert models.DiskInfo(disk_feature="ssd", disk_size=40).disk_size == 40
imported = sorted(set(OF_EXTRAS.split()) & set(sys.modules))
assert not imported, imported
