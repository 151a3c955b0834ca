"""What an error of a create means to its item, and to the others; what lists show; what a comparison tells."""

from __future__ import annotations

import attrs
import pytest

from cds_eks import errors, models
from cds_eks.errors.creates import AmbiguousConnectionLost
from cds_eks.fleet.ensure.compare import REPLICAS, compare_cluster, compare_pool, different, noted
from cds_eks.fleet.ensure.outcomes import ids_of, state_after, stops_all, told
from cds_eks.fleet.ensure.sighting import seen_clusters
from fleet.run.world import plan_of


def with_outcome(error: errors.EksError, outcome: errors.Outcome, **ids: str) -> errors.EksError:
    error.outcome = outcome
    error.ids = dict(ids)
    return error


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (errors.ConnectFailed("x"), "planned"),
        (errors.BadArgument("x"), "refused"),
        (errors.BadArgument("x", http_status=400, code="ParamError"), "refused"),
        (errors.BadArgument("x", http_status=400), "unknown"),
        (errors.PermissionDenied("x", http_status=403), "unknown"),
        (errors.Throttled("x", http_status=429), "refused"),
        (errors.ConnectionLost("x"), "unknown"),
        (with_outcome(errors.DeadlineExceeded("x"), "not_sent"), "planned"),
        (with_outcome(errors.DeadlineExceeded("x"), "unknown", cluster_id="c-1"), "unknown"),
        (with_outcome(errors.DeadlineExceeded("x"), "accepted", cluster_id="c-1"), "accepted"),
        (with_outcome(errors.DeadlineExceeded("x"), "accepted"), "unknown"),
        (with_outcome(errors.PermissionDenied("x"), "unknown"), "unknown"),
        (RuntimeError("what a middleware raises"), "unknown"),
    ],
)
def test_the_state_after_an_error(error: BaseException, state: str) -> None:
    assert state_after(error, "cluster_id") == state


@pytest.mark.parametrize(
    ("error", "stops"),
    [
        (errors.QuotaExceeded("x", code="NotEnoughBalance"), True),
        (errors.QuotaExceeded("x", code="Account.Arrearage"), True),
        (errors.QuotaExceeded("x", http_status=402), True),
        (errors.QuotaExceeded("x", code="QuotaExceeded"), False),
        (errors.PermissionDenied("x", code="AccessDenied"), True),
        (errors.AuthenticationError("x", code="SignatureDoesNotMatch"), True),
        (errors.AuthenticationError("x", code="RequestExpired"), False),
        (errors.PermissionDenied("x", code="AccessDenied", outcome="unknown"), False),
        (errors.BadArgument("x", code="ParamError"), False),
        (errors.ConnectionLost("x"), False),
        (ValueError("x"), False),
    ],
)
def test_what_concerns_all_creates_of_the_account(error: BaseException, *, stops: bool) -> None:
    reason = stops_all(error)
    assert (reason is not None) is stops
    if reason is not None:
        assert type(error).__name__ in reason


def test_what_others_raise_is_not_repeated() -> None:
    assert told(RuntimeError("Secret-12345"))["message"] == ""
    assert told(AmbiguousConnectionLost("x"))["class"] == "ConnectionLost"
    assert told(errors.BadArgument("x" * 1000, code="ParamError"))["code"] == "ParamError"


def test_only_ids_are_kept_of_what_an_answer_named() -> None:
    error = with_outcome(errors.ConnectionLost("x"), "unknown", cluster_id="c-1", ClusterId="c-1", node_id="x" * 400)
    assert ids_of(error) == {"cluster_id": "c-1"}


def cluster(
    id_: str, name: str | None = "a", vpc: str | None = "vpc-1", status: str = "running"
) -> models.ClusterSummary:
    return models.ClusterSummary(cluster_id=id_, cluster_name=name, vpc_id=vpc, cluster_status=status)


def test_a_list_is_compared_exactly_and_a_place_that_it_does_not_tell_counts_as_equal() -> None:
    listed = [
        cluster("1"),
        cluster("2", "ab"),
        cluster("3", vpc="vpc-2"),
        cluster("4", vpc=None),
        cluster("5", None),
        cluster("6", status="deleting"),
    ]
    sighting = seen_clusters(7.0, listed, None).of("a", "vpc-1")
    assert (sighting.began, sighting.ids, sighting.leaving) == (7.0, ("1", "4"), ("6",))
    assert sighting.nameless == ("5",)


@pytest.mark.parametrize("blank", [None, ""])
def test_what_is_listed_without_a_name_may_be_anything_in_its_place(blank: str | None) -> None:
    listed = [cluster("1", blank), cluster("2", blank, "vpc-2"), cluster("3", blank, None), cluster("4", "b")]
    for name in ("a", "c"):
        sighting = seen_clusters(7.0, listed, None).of(name, "vpc-1")
        assert (sighting.ids, sighting.nameless) == ((), ("1", "3"))
    leaving = seen_clusters(7.0, [cluster("1", blank, status="deleting")], None).of("a", "vpc-1")
    assert (leaving.ids, leaving.nameless, leaving.leaving) == ((), (), ("1",))
    assert (leaving.similar, leaving.is_leaving) == (("1",), False)
    assert leaving.without({"1"}) == attrs.evolve(leaving, similar=(), leaving=())


def test_what_is_called_alike_but_for_its_case_is_told_apart() -> None:
    listed = [cluster("1", "GPU-1"), cluster("2", " gpu-1 "), cluster("3", "gpu-1"), cluster("4", "GPU-1", "vpc-2")]
    sighting = seen_clusters(7.0, listed, None).of("gpu-1", "vpc-1")
    assert (sighting.ids, sighting.similar) == (("3",), ("1", "2"))
    assert seen_clusters(7.0, listed, None).of("gpu-2", "vpc-1").similar == ()


def test_a_list_that_was_cut_or_names_no_id_says_nothing() -> None:
    with pytest.raises(errors.IncompleteList):
        seen_clusters(0.0, [cluster("1")], 2)
    with pytest.raises(errors.UnreadableResponse):
        seen_clusters(0.0, [cluster("")], None).of("a", "vpc-1")


def test_a_comparison_has_three_values() -> None:
    wanted = plan_of(1, 1).clusters[0].create_request()
    found = models.ClusterDetail(
        cluster_id="c-1", k8s_version="V1.30.14", nat_id="nat-2", cluster_status="creating", master_sum=1
    )
    compared = compare_cluster(wanted, found)
    assert compared["k8s_version"] == "same"
    assert compared["nat_id"] == {"wanted": "nat-1", "found": "nat-2"}
    assert compared["cni.cni_type"] == "unseen"
    assert compared["master_number"] == "unseen"  # they are still being made
    assert "runtime_type" not in compared  # the plan does not care
    assert different(compared) == {"nat_id": {"wanted": "nat-1", "found": "nat-2"}}
    assert "k8s_version" not in noted(compared)
    assert not any("Secret" in str(value) or "cluster-sk" in str(value) for value in compared.values())


def test_of_a_pool_the_number_of_nodes_is_told_apart() -> None:
    wanted = plan_of(1, 1).clusters[0].pools[0].create_request("c-1")
    compared = compare_pool(wanted, models.NodePool(id="p-1", node_type="ecs", replicas=7))
    assert compared[REPLICAS] == {"wanted": 2, "found": 7}
    assert different(compared, but=(REPLICAS,)) == {}
    assert compared["node_config.password"] == "unseen"
    assert compared["node_config.specifics"] == "unseen"  # nothing of its nodes is shown here


def test_fields_that_are_compared_go_by_the_names_of_a_plan() -> None:
    plan = plan_of(1, 1)
    cluster, [pool] = plan.clusters[0], plan.clusters[0].pools
    fields = set(compare_cluster(cluster.create_request(), models.ClusterDetail()))
    of_pool = set(compare_pool(pool.create_request("c-1"), models.NodePool()))
    assert {"node_config.specifics", "node_config.subnet_list", "node_config.data_disk", REPLICAS} <= of_pool
    for shape, paths in ((models.CreateClusterRequest, fields), (models.NodePoolConfig, of_pool)):
        assert paths
        for path in paths:
            assert is_field(shape, path), path


def is_field(shape: type, path: str) -> bool:
    """Whether a path leads through the fields of a model, as a plan has them."""
    name, _, rest = path.partition(".")
    member = attrs.fields_dict(shape).get(name)
    return member is not None and (not rest or is_field(member.metadata["rule"].shape, rest))


def test_why_a_run_stops_has_the_code_and_where_to_look() -> None:
    wrong = errors.AuthenticationError("the Signature is not that of this key", code="SignatureDoesNotMatch")
    assert stops_all(wrong) == (
        "AuthenticationError: the Signature is not that of this key [SignatureDoesNotMatch]; "
        "see CDS_SECRET_KEY, or the credentials that the client was given"
    )
    assert stops_all(errors.PermissionDenied("no", code="AccessDenied")) == "PermissionDenied: no [AccessDenied]"
