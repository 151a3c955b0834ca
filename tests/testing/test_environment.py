"""The environment of a test: nothing real is reached from it, and all of it is as before afterwards."""

from __future__ import annotations

import time

import pytest

from .conftest import Run

pytest_plugins = ["pytester"]


def test_a_call_without_an_endpoint_fails_at_once(run: Run) -> None:
    began = time.monotonic()
    result = run("""
from cds_eks import AsyncEksClient

@pytest.mark.anyio
async def test_it(eks_credentials):
    async with AsyncEksClient() as eks:
        with pytest.raises(AssertionError, match="have it make its client with eks_endpoint") as caught:
            await eks.clusters.create(request_for("one"))
    assert "CreateCluster was not sent" in str(caught.value.__notes__)
""")
    result.assert_outcomes(passed=2)
    assert time.monotonic() - began < 5


def test_no_proxy_is_asked_for_the_emulator(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "of-my-own.example")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.invalid:1")
    run("""
import os
from cds_eks import EksClient

def test_it(eks_endpoint, eks_emulator):
    with EksClient() as eks:
        assert eks.clusters.list().data == []
    assert os.environ["no_proxy"].split(",")[0] == "of-my-own.example"

def test_without(eks_credentials):
    with EksClient() as eks, pytest.raises(AssertionError, match="of a test that has none"):
        eks.clusters.list()
""").assert_outcomes(passed=2)


def test_all_is_as_before_after_each_test(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_API_HOST", "real.example")
    result = run("""
import os, socket
from cds_eks._runtime import passing_time

def state():
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}, socket.getaddrinfo

BEFORE = state()

@pytest.fixture(autouse=True)
def all_is_as_before():
    assert passing_time.drivers() == ()
    assert state() == BEFORE

@pytest.fixture
def breaks(eks_emulator, eks_fake_backend):
    raise RuntimeError("in the setup")

def test_setup(breaks): ...

def test_body(eks_endpoint, eks_sync_client, eks_respx, eks_fake_backend):
    assert len(passing_time.drivers()) == 3
    raise RuntimeError("in the body")

@pytest.fixture
def ends_badly(eks_client, eks_endpoint):
    yield
    raise RuntimeError("in the teardown")

def test_teardown(ends_badly): ...

@pytest.mark.eks_faults("NoSuchAction:throttle")
def test_marker(eks_emulator, eks_endpoint): ...

def test_cancelled(eks_client):
    import asyncio

    async def main():
        wait = asyncio.ensure_future(eks_client.wait.cluster_running("c-1"))
        await asyncio.sleep(0)
        wait.cancel()
        await wait

    asyncio.run(main())

def test_after():
    assert os.environ["CDS_API_HOST"] == "real.example"
""", "-p", "no:randomly")  # fmt: skip
    result.assert_outcomes(passed=2, failed=2, errors=3)
