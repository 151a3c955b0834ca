"""The fixtures and the marker, as a user's tests use them, and what they say when they can't be used."""

from __future__ import annotations

import re
import sys
import time

import pytest

import _cds_eks_pytest

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


FAILURES = {
    "eks_credentials": (
        "with EksClient() as eks: eks.clusters.list()",
        "AssertionError: https://eks.invalid is the endpoint of a test that has none: hand eks_client or eks_sync_client",
    ),
    "eks_emulator": (
        "eks_emulator.with_cluster('one').cluster_id('two')",
        "LookupError: no clusters are named 'two'; there are one",
    ),
    "eks_client": (
        "asyncio.run(eks_client.clusters.get('c-1'))",
        "cds_eks.errors.NotFound: GetCluster: ",
    ),
    "eks_sync_client": (
        "eks_sync_client.clusters.get('c-1')",
        "cds_eks.errors.NotFound: GetCluster: ",
    ),
    "eks_endpoint": (
        "with EksClient(Credentials('another-key-id', 'another-key')) as eks: eks.clusters.list()",
        "cds_eks.errors.AuthenticationError: ListClusters: ",
    ),
    "eks_fake_backend": (
        "eks_fake_backend.create_clusters.respond()",
        "AttributeError: 'FakeBackend' object has no attribute 'create_clusters'; did you mean 'create_cluster'?",
    ),
    "eks_respx": (
        "eks_respx.list_cluster.respond([])",
        "AttributeError: 'EksRespx' object has no attribute 'list_cluster'; did you mean 'list_clusters'?",
    ),
}
"""What a test of each fixture does wrong, and what it is told. The routes' other errors are in the tests of theirs."""


def test_each_fixture_has_an_error_of_its_own(run: Run) -> None:
    names = {name for name in vars(_cds_eks_pytest) if name.startswith("eks_")}
    assert names == {*FAILURES}
    tests = "\n".join(f"def test_{name}({name}):\n    {call}\n" for name, (call, _) in FAILURES.items())
    result = run("import asyncio\nfrom cds_eks import Credentials, EksClient\n" + tests)
    result.assert_outcomes(failed=len(FAILURES))
    parts = re.split(r"^_{3,} test_(\w+) _{3,}$", result.stdout.str(), flags=re.MULTILINE)[1:]
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    for name, (_, words) in FAILURES.items():
        assert re.search(rf"^E +{re.escape(words)}", told[name], re.MULTILINE), told[name]


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
