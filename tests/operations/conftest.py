"""The server is shared by all tests of the folder, and keeps the nonces of all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.contract_server import Server, running


@pytest.fixture(scope="session")
def _server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def server(_server: Server) -> Server:
    _server.reset()
    return _server
