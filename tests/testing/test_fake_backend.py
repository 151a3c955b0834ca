"""A backend without HTTP: what it responds, what it records, and what it says of an operation that it can't answer."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, errors, models
from cds_eks.testing import FakeBackend

from .conftest import ROOT, Run

pytest_plugins = ["pytester"]

REQUEST = models.CreateClusterRequest.from_dict(
    tomllib.loads(Path(ROOT / "examples" / "first_cluster.toml").read_text(encoding="utf-8"))
)
ONCE = RetryPolicy(max_attempts=1)


@pytest.mark.anyio
async def test_it_serves_both_faces(anyio_backend: str, credentials: Credentials) -> None:
    backend = FakeBackend()
    backend.create_cluster.respond(cluster_id="c-1", task_id="t-1")
    backend.get_cluster.respond(models.ClusterDetail(cluster_id="c-1", cluster_status="running"))
    async with AsyncEksClient(credentials, backend=backend) as eks:
        assert (await eks.clusters.create(REQUEST)).data == models.ClusterTask(cluster_id="c-1", task_id="t-1")
    with EksClient(credentials, backend=backend) as blocking:
        assert blocking.clusters.get("c-1").data.cluster_status == "running"
    created, got = backend.requests
    assert (created.operation, dict(created.params)) == ("CreateCluster", {})
    assert created.body is not None
    assert created.body["ClusterName"] == REQUEST.cluster_name
    assert (got.operation, dict(got.params), got.body) == ("GetCluster", {"ClusterId": "c-1"}, None)
    assert backend.create_cluster.calls == (created,)
    assert backend.get_cluster.call_count == 1
    assert not backend.list_clusters.called
    assert REQUEST.sk not in repr(created)
    assert REQUEST.sk not in repr(backend.create_cluster)


def test_the_fixture_is_used_in_a_few_lines(run: Run) -> None:
    began = time.monotonic()
    run("""
from cds_eks import EksClient, AsyncEksClient

def test_waits_take_no_time(eks_fake_backend):
    eks_fake_backend.get_task_status.respond(task_status="doing").respond(task_status="finish")
    with EksClient(backend=eks_fake_backend) as eks:
        assert eks.wait.task("t-1").task_status == "finish"
    assert eks_fake_backend.get_task_status.call_count == 2

@pytest.mark.anyio
async def test_retries_take_no_time(eks_fake_backend, eks_credentials):
    eks_fake_backend.list_clusters.error("InternalError").error("Throttling").respond([])
    async with AsyncEksClient(eks_credentials, backend=eks_fake_backend) as eks:
        assert (await eks.clusters.list()).attempts == 3
""").assert_outcomes(passed=3)
    assert time.monotonic() - began < 20


def test_an_operation_without_a_response_is_told(run: Run) -> None:
    result = run("""
from cds_eks import EksClient

def test_it(eks_fake_backend):
    eks_fake_backend.list_clusters.respond([])
    with EksClient(backend=eks_fake_backend) as eks:
        eks.clusters.list()
        eks.scaling_groups.describe("s-1")

def test_raw(eks_fake_backend):
    with EksClient(backend=eks_fake_backend) as eks:
        eks.call("NoSuchThing")
""")
    result.assert_outcomes(failed=2)
    out = result.stdout.str()
    assert "AssertionError: DescribeScalingGroup has no response: FakeBackend.describe_scaling_group.respond(…)" in out
    assert "AssertionError: NoSuchThing is no operation that is known" in out


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("NotEnoughBalance", errors.QuotaExceeded, 400),
        ("ResourceNotFound", errors.NotFound, 404),
        ("ResourceInUse", errors.Conflict, 409),
        ("AccessDenied", errors.PermissionDenied, 403),
        ("SignatureDoesNotMatch", errors.AuthenticationError, 403),
        ("Throttling", errors.Throttled, 429),
        ("InternalError", errors.ServerFault, 500),
        ("InvalidParameter", errors.BadArgument, 400),
        ("SomethingNew", errors.BadArgument, 400),
    ],
)
def test_errors_by_code(code: str, kind: type[errors.ServiceError], status: int, credentials: Credentials) -> None:
    backend = FakeBackend()
    backend.get_cluster.error(code, "because")
    with EksClient(credentials, backend=backend, retry=ONCE) as eks, pytest.raises(kind, match="because") as caught:
        eks.clusters.get("c-1")
    assert (caught.value.code, caught.value.http_status) == (code, status)


def test_an_error_with_a_status_of_its_own(credentials: Credentials) -> None:
    backend = FakeBackend()
    backend.get_cluster.error("ResourceNotFound", status=200)
    with EksClient(credentials, backend=backend) as eks, pytest.raises(errors.NotFound) as caught:
        eks.clusters.get("c-1")
    assert caught.value.http_status == 200


def test_lost_responses_and_connections_have_their_outcomes(credentials: Credentials) -> None:
    backend = FakeBackend()
    backend.create_cluster.refuse_connection().lose().respond(cluster_id="c-1")
    with EksClient(credentials, backend=backend, retry=ONCE) as eks:
        with pytest.raises(errors.ConnectFailed) as not_sent:
            eks.clusters.create(REQUEST)
        open_before = list(eks.open_creates)
        with pytest.raises(errors.AmbiguousCreate) as unknown:
            eks.clusters.create(REQUEST)
        assert (len(open_before), len(list(eks.open_creates))) == (0, 1)
        assert eks.clusters.create(REQUEST).data.cluster_id == "c-1"
    assert (not_sent.value.outcome, unknown.value.outcome) == ("not_sent", "unknown")
    assert backend.create_cluster.call_count == len(backend.requests) == 3


def test_a_create_of_an_unknown_outcome_is_not_sent_again(credentials: Credentials) -> None:
    backend = FakeBackend()
    backend.create_cluster.lose().respond(cluster_id="c-1")
    with EksClient(credentials, backend=backend) as eks, pytest.raises(errors.AmbiguousCreate):
        eks.clusters.create(REQUEST)
    assert backend.create_cluster.call_count == 1


def test_it_is_closed_without_a_word() -> None:
    anyio.run(FakeBackend().aclose)


def test_what_a_test_left_behind_does_not_go_on(run: Run) -> None:
    run("""
import threading
from cds_eks import EksClient

left_behind = []

def test_it(eks_fake_backend):
    eks_fake_backend.get_task_status.respond(task_status="doing")
    left_behind.append((eks_fake_backend, EksClient(backend=eks_fake_backend)))

def test_after():
    backend, eks = left_behind[0]
    with pytest.raises(AssertionError, match="GetTaskStatus was called when the test of this FakeBackend was over"):
        eks.wait.task("t-1")
    eks.close()
    assert backend.requests == ()
""").assert_outcomes(passed=2)


def test_an_attribute_that_is_no_operation_is_told() -> None:
    backend = FakeBackend()
    with pytest.raises(AttributeError, match="no attribute 'get_clusters'; did you mean 'get_cluster'"):
        _ = backend.get_clusters  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"no attribute 'xyz'$"):
        _ = backend.xyz  # type: ignore[attr-defined]
    assert not hasattr(backend, "_create_cluster")
