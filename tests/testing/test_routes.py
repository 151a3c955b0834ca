"""Routes: one for each operation, and responses of every model that are read back as what they were."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any

import attrs
import pytest

from cds_eks import Credentials, EksClient, codec, errors, models
from cds_eks.schema.shape import Shape, fields_of, is_answer
from cds_eks.testing import FakeBackend
from cds_eks.wire import Request
from support.api_description import API

ROUTES = FakeBackend().all()


def test_each_documented_operation_has_one_by_its_name() -> None:
    assert set(ROUTES) == set(API.operations)
    backend = FakeBackend()
    for name, route in backend.all().items():
        attribute = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        assert getattr(backend, attribute) is route
        assert repr(route) == f"<Route {name}: 0 outcomes, 0 calls>"
        assert not route.has_outcome


def test_no_action_is_that_of_two_operations() -> None:
    actions = [action for route in ROUTES.values() for action in route.actions]
    assert len(actions) == len(set(actions)) >= len(ROUTES)


def is_of_requests(hint: Any) -> bool:
    """Whether it is one of requests too, whose fields have rules that a sample does not know."""
    inner = [hint, *typing.get_args(hint), *(each for one in typing.get_args(hint) for each in typing.get_args(one))]
    return any(issubclass(each, Shape) and not is_answer(each) for each in inner if isinstance(each, type))


def sample(kind: Any) -> Any:
    """A value of a type; of a model with all its fields set, but secrets, which are never shown."""
    if isinstance(kind, types.UnionType):
        return sample(next(each for each in typing.get_args(kind) if each is not types.NoneType))
    if (origin := typing.get_origin(kind)) is list:
        return [sample(typing.get_args(kind)[0])]
    if origin is Mapping or origin is dict:
        return {}
    if issubclass(kind, Shape):
        hints = typing.get_type_hints(kind)
        fields = [each for each in fields_of(kind) if each.name != "extra" and not each.metadata.get("secret")]
        return kind(**{each.name: sample(hints[each.name]) for each in fields if not is_of_requests(hints[each.name])})
    return {int: 1, bool: True, float: 1.5}.get(kind, "text")


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_what_it_responds_is_read_back(name: str) -> None:
    route = FakeBackend().all()[name]
    operation = route._operation
    data = None if operation.result is None else sample(operation.result)
    request = Request(operation=operation, url="https://eks.invalid", params={})
    answer = route.respond(data, total_count=7).take("Action=A&Nonce=1", None)
    assert codec.failure_of(request, answer) is None
    response = codec.decode(operation, request, answer, elapsed=0.0)
    assert response.data == data
    assert response.total_count == 7
    assert response.request_id == "request-of-a-test"


def test_a_sample_has_most_fields() -> None:
    values = attrs.asdict(sample(models.ClusterDetail), recurse=False).values()
    assert sum(each not in (None, {}) for each in values) > 20


def test_it_responds_in_turn_and_the_last_for_ever() -> None:
    route = FakeBackend().list_clusters
    route.error("Throttling").respond([models.ClusterSummary(cluster_id="c-1")]).respond({"Wire": "names"})
    statuses = [route.take("", None).status for _ in range(5)]
    assert statuses == [429, 200, 200, 200, 200]
    assert b'"Wire": "names"' in route.take("", None).content
    assert (route.called, route.call_count) == (True, 6)


def test_it_responds_with_what_it_can_be(credentials: Credentials) -> None:
    backend = FakeBackend()
    with pytest.raises(TypeError, match="CreateCluster: give data or fields, not both"):
        backend.create_cluster.respond(models.ClusterTask(cluster_id="c-1"), task_id="t-1")
    with pytest.raises(TypeError, match="ListClusters: give data or fields, not both; a list is given as data"):
        backend.list_clusters.respond(cluster_id="c-1")
    with pytest.raises(errors.InvalidRequestError, match="cluster_idd"):
        backend.create_cluster.respond(cluster_idd="c-1")
    assert not backend.create_cluster.has_outcome
    backend.add_cluster_subnet.respond()
    with EksClient(credentials, backend=backend) as eks:
        assert eks.clusters.add_subnets("c-1", [models.ClusterSubnet(subnet_id="s-1")]).data is None
