"""The README's loop of creating and looking, word by word, with lists that lag and creates that arrive late."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from cds_eks import AsyncEksClient, Limits, RetryPolicy, models
from cds_eks.emulator import Emulator, Fault

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/errors.md"]

CREATES = 500
SPEED = 60.0
"""Seconds of service time a second: 10 s stale is a sixth of a second here, and the window of two minutes two."""

FAULTS = [  # no create is ever answered
    Fault("lag", "ListClusters", seconds=10, probability=0.7),
    Fault("late", "CreateCluster", seconds=20, probability=0.2),
    Fault("status", "CreateCluster", status=502, body="html", when="after", probability=0.3),
    Fault("reset_before_commit", "CreateCluster", probability=0.3),
    Fault("truncate", "CreateCluster", probability=0.3),
    Fault("reset_after_commit", "CreateCluster"),
    Fault("status", "ListClusters", status=503, probability=0.1),
]


def create_once() -> Callable[[AsyncEksClient, models.CreateClusterRequest], Awaitable[str]]:
    """The README's function, which the page on errors shows as well."""
    begin = "from cds_eks import errors\n\n\nasync def create_once"
    block = re.compile(rf"^```python\n({begin}.*?)^```$", re.MULTILINE | re.DOTALL)
    codes = [code for page in PAGES for code in block.findall((ROOT / page).read_text(encoding="utf-8"))]
    assert len(codes) == len(PAGES)
    assert len(set(codes)) == 1
    names: dict[str, Any] = {}
    exec(codes[0], names)
    made: Callable[[AsyncEksClient, models.CreateClusterRequest], Awaitable[str]] = names["create_once"]
    return made


@pytest.mark.slow
async def test_a_loop_of_creating_and_looking_makes_each_cluster_once(
    create_cluster_body: dict[str, Any], anyio_backend: str
) -> None:
    emulator = Emulator(speed=SPEED, faults=FAULTS, seed=11)
    create = create_once()
    template = models.CreateClusterRequest.from_dict(create_cluster_body)
    ids: dict[str, str] = {}
    limits = Limits(settle=120 / SPEED, max_connections=50)
    backend = httpx.ASGITransport(emulator)
    async with AsyncEksClient(
        emulator.credentials, limits=limits, backend=backend, retry=RetryPolicy(base_delay=0.01)
    ) as eks:

        async def one(name: str) -> None:
            ids[name] = await create(eks, template.replace(cluster_name=name))

        async with anyio.create_task_group() as group:
            for number in range(CREATES):
                group.start_soon(one, f"gpu-{number}")
    clusters = [each for each in emulator.ledger.resources if each.kind == "cluster"]
    assert {each.name: each.id for each in clusters} == ids
    assert set(Counter(each.name for each in clusters).values()) == {1}
    assert len(clusters) == CREATES
    lost = [each for each in emulator.ledger.requests if each.action == "CreateCluster" and each.lost]
    assert len(lost) >= CREATES
