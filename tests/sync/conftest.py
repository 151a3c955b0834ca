"""A server of its own for each test, and a look at what threads a test leaves behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cds_eks.sync.portal import Portal
from support.contract_server import Server, running
from support.eventually import until
from sync.portal_clients import FakeClient
from sync.processes import loop_threads


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = loop_threads()
    yield
    until(lambda: not loop_threads() - before)


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def portal(log: list[str]) -> Iterator[Portal]:
    portal = Portal(lambda: FakeClient(log))
    yield portal
    portal.close()
