"""Routes of respx by documented operation name, in both revisions of the API, beside routes of a user's own."""

from __future__ import annotations

import httpx
import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, errors, models
from cds_eks.testing import EksRespx

from .conftest import Run
from .test_fake_backend import REQUEST

pytest_plugins = ["pytester"]
ONCE = RetryPolicy(max_attempts=1)


@pytest.mark.anyio
@pytest.mark.parametrize("revision", ["2025-09-08", "2025-10-11"])
async def test_operations_by_name(revision: str, anyio_backend: str, credentials: Credentials) -> None:
    with EksRespx() as routes:
        routes.create_cluster.respond(cluster_id="c-1", task_id="t-1")
        routes.get_task_status.respond(task_status="finish")
        routes.list_clusters.respond([models.ClusterSummary(cluster_id="c-1")], total_count=1)
        async with AsyncEksClient(credentials, api_revision=revision) as eks:
            created = (await eks.clusters.create(REQUEST)).data
            assert (await eks.tasks.get_status(created.task_id)).data.task_status == "finish"
            listed = await eks.clusters.list(keyword="gpu")
        assert (listed.data[0].cluster_id, listed.total_count) == ("c-1", 1)
        assert routes.list_clusters.calls[0].params["Keyword"] == "gpu"
        assert routes.create_cluster.calls[0].body is not None
        assert not {"Signature", "AccessKeyId", "Action"} & {*routes.list_clusters.calls[0].params}


def test_errors_and_lost_responses(credentials: Credentials) -> None:
    with EksRespx() as routes, EksClient(credentials, endpoint="https://other.invalid", retry=ONCE) as eks:
        routes.create_cluster.error("NotEnoughBalance", "no money").refuse_connection().lose()
        with pytest.raises(errors.QuotaExceeded, match="no money"):
            eks.clusters.create(REQUEST)
        with pytest.raises(errors.TransportError) as refused:
            eks.clusters.create(REQUEST)
        with pytest.raises(errors.AmbiguousCreate):
            eks.clusters.create(REQUEST)
        assert refused.value.outcome == "not_sent"
        assert routes.create_cluster.call_count == 3


def test_routes_of_one_s_own_stand_beside_them() -> None:
    with EksRespx() as routes:
        routes.router.get("https://own.invalid/").respond(204)
        assert httpx.get("https://own.invalid/").status_code == 204


def test_the_fixture_is_used_in_a_few_lines(run: Run) -> None:
    result = run("""
from cds_eks import EksClient

def test_it(eks_respx):
    eks_respx.list_clusters.error("Throttling").error("Throttling").respond([])
    with EksClient() as eks:
        assert eks.clusters.list().attempts == 3

def test_no_route(eks_respx):
    with EksClient() as eks:
        eks.clusters.get("c-1")

def test_no_operation(eks_respx):
    with EksClient() as eks:
        eks.call("NoSuchThing")
""")
    result.assert_outcomes(passed=1, failed=2)
    out = result.stdout.str()
    assert "AssertionError: GetCluster has no response: eks_respx.get_cluster.respond(…)" in out
    assert "AssertionError: NoSuchThing is no operation that is known" in out
