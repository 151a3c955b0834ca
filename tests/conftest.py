"""What all tests share."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import Any

import pytest

from cds_eks import Credentials
from support.backend_under_test import BACKEND_VARIABLE, NOT_NATIVE
from support.contract_files import observed_requests
from support.quick_polls import INTERVAL, fleet_defaults


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backend", choices=["httpx", "native"], default="httpx", help="for tests/faults, tests/hostile and tests/soak"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Whoever starts the tests from a script with `&` has Ctrl-C ignored in them, and in the processes that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ[BACKEND_VARIABLE] = config.getoption("--backend")
    # Many images of containers set it, and then each of the hundreds of processes that tests start would compile all it
    # imports: a third of its time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the native backend has no part in, if it is the one under test."""
    if config.getoption("--backend") == "native":
        parameters = [getattr(item, "callspec", None) for item in items]
        texts = [
            {each for each in found.params.values() if isinstance(each, str)} if found else set()
            for found in parameters
        ]
        left_out = [item for item, given in zip(items, texts, strict=True) if given & NOT_NATIVE]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item, given in zip(items, texts, strict=True) if not given & NOT_NATIVE]


def pytest_collection() -> None:
    """Look for no garbage among the thousands of tests while they are made: none of them is."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what is there for good, the thousands of tests above all, out of each further garbage collection."""
    gc.enable()
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Count it in again: hypothesis, if it is loaded only now, looks for what refers to a generator of trio's."""
    gc.unfreeze()


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Async tests run on both."""
    name: str = request.param
    return name


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this machine says of proxies, keys, endpoints and profiles is not meant for the tests."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("CDS_", "EKS_API_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pause between the polls of a wait or a fleet is short, for an emulator whose time is fast."""
    monkeypatch.setattr("cds_eks.waiting.intervals.FIRST_INTERVAL", INTERVAL)
    monkeypatch.setitem(fleet_defaults(), "poll_interval", INTERVAL)


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("test-access-key-id", "test-secret-access-key")


@pytest.fixture
def observed_in_all() -> list[dict[str, Any]]:
    """The requests that the vendor's Go client sends, at each of its revisions."""
    return observed_requests()


@pytest.fixture
def observed(observed_in_all: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests that it sends at revision 2025-09-08."""
    return [request for request in observed_in_all if request["revision"] == "2025-09-08"]


@pytest.fixture
def create_cluster_body(observed: list[dict[str, Any]]) -> dict[str, Any]:
    """The body of the vendor's own CreateCluster example."""
    body: dict[str, Any] = next(
        request["body"] for request in observed if request["query"]["Action"] == "CreateCluster"
    )
    return body
