"""The fixtures and the marker, as a user's tests use them, and what they say when they can't be used."""

from __future__ import annotations

import sys
import time

import pytest

from .conftest import Run

pytest_plugins = ["pytester"]


def test_a_provisioning_function_is_tested_in_a_few_lines(run: Run) -> None:
    began = time.monotonic()
    result = run("""
async def provision(eks, name):
    created = await eks.clusters.create(request_for(name))
    await eks.wait.task(created.data.task_id, timeout=1800)
    return await eks.wait.cluster_running(created.data.cluster_id)

@pytest.mark.anyio
async def test_provision(eks_client, eks_emulator):
    assert (await provision(eks_client, "gpu-1")).cluster_status == "running"
    eks_emulator.assert_created_once("gpu-1")
    assert eks_emulator.clock.ahead() > 300

def provision_sync(eks, name):
    created = eks.clusters.create(request_for(name))
    eks.wait.task(created.data.task_id, timeout=1800)
    return eks.wait.cluster_running(created.data.cluster_id)

def test_provision_sync(eks_sync_client, eks_emulator):
    assert provision_sync(eks_sync_client, "gpu-1").cluster_status == "running"
    eks_emulator.assert_created_once("gpu-1")
    assert eks_emulator.clock.ahead() > 300
""")
    result.assert_outcomes(passed=3)
    assert time.monotonic() - began < 20


def test_the_async_client_is_for_those_who_have_no_plugin_as_well(run: Run) -> None:
    run("""
import asyncio, trio

@pytest.mark.parametrize("run", [lambda work: asyncio.run(work()), trio.run], ids=["asyncio", "trio"])
def test_it(run, eks_client, eks_emulator):
    async def work():
        created = (await eks_client.clusters.create(request_for("one"))).data
        await eks_client.wait.task(created.task_id)
        await eks_client.clusters.list()
    run(work)
    eks_emulator.assert_created_once("one")
""").assert_outcomes(passed=2)


def test_faults_are_marked(run: Run) -> None:
    run("""
from cds_eks import errors
from cds_eks.emulator import Fault

pytestmark = pytest.mark.eks_faults("ListClusters:status=503:count=1")

@pytest.mark.eks_faults("CreateCluster:reset_after_commit:count=1", Fault("throttle", "GetCluster", count=1))
def test_a_lost_response(eks_sync_client, eks_emulator):
    with pytest.raises(errors.AmbiguousCreate) as caught:
        eks_sync_client.clusters.create(request_for("one"))
    found = eks_sync_client.clusters.find(caught.value)
    eks_sync_client.clusters.get(found.cluster_id)
    eks_emulator.assert_created_once("one")
    eks_emulator.assert_calls("GetCluster", 2)
    eks_emulator.assert_faults_struck()
    assert [each.kind for each in eks_emulator.faults] == ["status", "reset_after_commit", "throttle"]

def test_the_module_s_alone(eks_emulator):
    assert [str(each) for each in eks_emulator.faults] == ["ListClusters:status:count=1:status=503"]
""").assert_outcomes(passed=2)


def test_the_marker_says_what_is_wrong_with_it(run: Run) -> None:
    result = run("""
@pytest.mark.eks_faults("CreateCluster:reset_after_comit")
def test_kind(eks_emulator): ...

@pytest.mark.eks_faults(503)
def test_type(eks_emulator): ...

@pytest.mark.eks_faults(count=1)
def test_keyword(eks_emulator): ...

@pytest.mark.eks_faults("*:status=503")
def test_no_emulator(): ...
""", "--strict-markers")  # fmt: skip
    result.assert_outcomes(errors=4)
    out = result.stdout.str()
    assert (
        "eks_faults('CreateCluster:reset_after_comit'): "
        "there is no kind 'reset_after_comit': did you mean 'reset_after_commit'?"
    ) in out
    assert "eks_faults takes texts and Faults, not int" in out
    assert "eks_faults takes faults alone, not count=" in out
    assert "the marker eks_faults is for tests that use eks_emulator, or a fixture that does" in out
    assert "Traceback" not in out
    assert "plugin.py" not in out


def test_the_marker_and_the_fixtures_are_told(run: Run) -> None:
    assert "@pytest.mark.eks_faults(*faults): what goes wrong in `eks_emulator`" in run("", "--markers").stdout.str()
    told = run("", "--fixtures").stdout.str()
    for name in ("client", "credentials", "emulator", "endpoint", "fake_backend", "respx", "sync_client"):
        assert f"eks_{name} -- " in told


def test_code_that_makes_its_client_itself_reaches_the_emulator(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_SECRET_ID", "real-id")
    monkeypatch.setenv("CDS_API_HOST", "real.example")
    monkeypatch.setenv("CDS_PROFILE", "real")
    run("""
import os
from cds_eks import EksClient

def test_it(eks_endpoint, eks_emulator):
    with EksClient() as eks:
        eks.wait.task(eks.clusters.create(request_for("one")).data.task_id)
    assert eks_endpoint == eks_emulator.url == os.environ["CDS_EKS_ENDPOINT"]
    eks_emulator.assert_created_once("one")

def test_without_it_nothing_real_is_reached(eks_credentials):
    with EksClient() as eks:
        assert eks.endpoint == "https://eks.invalid"
    assert os.environ["CDS_SECRET_ID"] == eks_credentials.access_key_id
    assert "CDS_API_HOST" not in os.environ and "CDS_PROFILE" not in os.environ
    assert "real-id" not in repr(eks_credentials)
""").assert_outcomes(passed=2)


def test_tests_share_nothing(run: Run) -> None:
    run("""
clients = []

@pytest.mark.parametrize("_", range(2))
def test_it(_, eks_sync_client, eks_emulator):
    clients.append(eks_emulator.client())
    eks_emulator.assert_no_calls()
    eks_sync_client.clusters.create(request_for("one"))
    eks_emulator.assert_created_once("one")

def test_a_client_ends_with_its_test(eks_sync_client):
    import asyncio
    from cds_eks import errors
    with pytest.raises(errors.ConfigurationError):
        asyncio.run(clients[0].clusters.list())
""").assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("fixture", "module", "said"),
    [
        ("eks_emulator", "starlette", 'eks_emulator needs starlette: pip install "cds-eks[testing]"'),
        ("eks_client", "starlette", 'eks_emulator needs starlette: pip install "cds-eks[testing]"'),
        ("eks_respx", "respx", "eks_respx needs respx: pip install respx"),
    ],
)
def test_a_fixture_says_what_is_not_installed(
    fixture: str, module: str, said: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == module or name in ("cds_eks.testing.emulator", "cds_eks.testing.respx_routes"):
            monkeypatch.delitem(sys.modules, name)
        if name.startswith("cds_eks.emulator.app"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    result = run(f"def test_it({fixture}): ...")
    result.assert_outcomes(errors=1)
    assert said in result.stdout.str()
    assert "ModuleNotFoundError" not in result.stdout.str()
