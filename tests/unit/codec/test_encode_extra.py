"""Requests to the wire: extra fields, any action, and what is secret in them."""

from __future__ import annotations

import enum
from typing import Any

import attrs
import pytest

from cds_eks import codec, errors, models
from cds_eks.redaction import Secrets
from cds_eks.schema.shape import Shape
from cds_eks.signing import COMMON_PARAMETERS
from cds_eks.wire import Kind, Operation
from support.api_description import API
from unit.codec.all_operations import HEADERS, OPERATIONS, called
from unit.codec.encoded import POOL, encoded, refusal, sent


def call_refusal(method: str = "POST", params: Any = None, body: Any = None) -> errors.InvalidRequestError:
    with pytest.raises(errors.InvalidRequestError) as caught:
        called(method, params, body)
    assert caught.value.action == "New"
    return caught.value


def test_undocumented_fields_are_sent_along() -> None:
    request = models.GetClusterRequest(cluster_id="c", extra={"View": "full"})
    params = encoded("GetCluster", request, {"Depth": 2, "IsNew": True, "Word": "x y"}).params
    assert params == {
        "Action": "GetCluster",
        "ClusterId": "c",
        "View": "full",
        "Depth": "2",
        "IsNew": "1",
        "Word": "x y",
    }
    deleting = models.DeleteClusterRequest(cluster_id="c")
    body = sent(encoded("DeleteCluster", deleting, {"Force": True, "Nested": {"A": [1, None, 1.5]}}))
    assert body == {"ClusterId": "c", "Force": True, "Nested": {"A": [1, None, 1.5]}}
    assert sent(encoded("DeleteCluster", deleting, {})) == {"ClusterId": "c"}


@pytest.mark.parametrize("name", ["ClusterId", "clusterid", "CLUSTERID"])
@pytest.mark.parametrize("operation", ["GetCluster", "DeleteCluster"])
def test_an_undocumented_field_replaces_no_documented_one(operation: str, name: str) -> None:
    error = refusal(operation, OPERATIONS[operation].request(cluster_id="c"), {name: "marked"})
    assert (error.field, error.rule) == (f"extra.{name}", "is set by the call itself and can't be replaced")
    assert "marked" not in str(error)


@pytest.mark.parametrize("name", sorted(COMMON_PARAMETERS))
@pytest.mark.parametrize("operation", ["GetCluster", "DeleteCluster"])
def test_an_undocumented_field_replaces_nothing_of_the_signature(operation: str, name: str) -> None:
    request = OPERATIONS[operation].request(cluster_id="c")
    for spelling in (name, name.lower(), name.upper()):
        for error in (
            refusal(operation, request, {spelling: "marked"}),
            refusal(operation, attrs.evolve(request, extra={spelling: "marked"})),
        ):
            assert (error.field, error.rule) == (f"extra.{spelling}", "belongs to the signature and can't be set")


@pytest.mark.parametrize("extra", [[], "text", 7, {1: "x"}, {"": "x"}, [("A", "b")]])
def test_undocumented_fields_are_a_mapping_by_wire_name(extra: object) -> None:
    error = refusal("GetCluster", models.GetClusterRequest(cluster_id="c"), extra)
    assert (error.field, error.rule) == ("extra", "must be a mapping whose keys are wire names")


@pytest.mark.parametrize("value", [None, 1.5, [1], {"a": 1}, b"marked", float("nan")])
def test_a_query_takes_texts_whole_numbers_and_flags(value: object) -> None:
    error = refusal("GetCluster", models.GetClusterRequest(cluster_id="c"), {"New": value})
    assert error.field == "New"
    assert error.rule == f"must be a text, a whole number or a flag, not {type(value).__name__}"


class Word(enum.StrEnum):
    NEW = "new"


class Number(enum.IntEnum):
    TWO = 2


def test_members_of_enums_go_into_a_query_as_their_values() -> None:
    params = encoded("GetCluster", models.GetClusterRequest(cluster_id="c"), {"W": Word.NEW, "N": Number.TWO}).params
    assert (params["W"], params["N"]) == ("new", "2")
    assert type(params["W"]) is str


@pytest.mark.parametrize("extra", [{"New": "\ud800"}, {"\ud800": "x"}])
def test_a_lone_surrogate_is_not_sent(extra: dict[str, str]) -> None:
    error = refusal("GetCluster", models.GetClusterRequest(cluster_id="c"), extra)
    assert "lone surrogate" in error.rule
    assert str(error).isascii()
    error = refusal("DeleteCluster", models.DeleteClusterRequest(cluster_id="c"), extra)
    assert (error.field, error.rule) == ("body", "can't be sent as JSON (UnicodeEncodeError)")


def test_a_number_too_long_to_be_spelt_is_not_sent() -> None:
    error = refusal("GetCluster", models.GetClusterRequest(cluster_id="c"), {"New": 10**5000})
    assert (error.field, error.rule) == ("New", "must be a number that can be spelt in decimal")
    assert refusal("DeleteCluster", models.DeleteClusterRequest(cluster_id="c"), {"New": 10**5000}).field == "body"


def _nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


def _loop() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), b"marked", {"marked"}, {("marked",): 1}, object(), _nested(100_000), _loop()],
    ids=["nan", "inf", "bytes", "set", "tuple key", "object", "deep", "loop"],
)
def test_a_body_takes_only_what_json_can_say(value: object) -> None:
    for error in (
        refusal("DeleteCluster", models.DeleteClusterRequest(cluster_id="c"), {"New": value}),
        refusal("DeleteCluster", models.DeleteClusterRequest(cluster_id="c", extra={"New": value})),
        call_refusal(body={"New": value}),
    ):
        assert error.field == "body"
        assert error.rule.startswith("can't be sent as JSON (")
        assert "marked" not in str(error)
        assert error.__context__ is None  # which could hold what can't be sent


def test_any_action_is_sent() -> None:
    request = called("GET", {"A": "x", "B": 2, "C": False})
    assert request.params == {"Action": "New", "A": "x", "B": "2", "C": "0"}
    assert (request.content, request.headers) == (None, HEADERS)
    request = called("POST", {"A": "x"}, {"B": [1, None]})
    assert request.params == {"Action": "New", "A": "x"}
    assert sent(request) == {"B": [1, None]}
    assert "Content-MD5" in request.headers
    assert sent(called("POST")) == {}
    assert called("GET").params == {"Action": "New"}


@pytest.mark.parametrize("value", [[], "text", 7, {1: "x"}, {"": "x"}])
def test_arguments_of_any_action_are_mappings_by_wire_name(value: object) -> None:
    words = "must be a mapping whose keys are wire names"
    error = call_refusal("POST", None, value)
    assert (error.field, error.rule) == ("body", words)
    error = call_refusal("GET", value)
    assert (error.field, error.rule) == ("params", words)


def test_a_get_has_no_body() -> None:
    error = call_refusal("GET", None, {"A": 1})
    assert (error.field, error.rule) == ("body", "can't be sent with GET")
    assert call_refusal("GET", None, {}).field == "body"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["Action", "accesskeyid", "SIGNATURE", "Timestamp", "version"])
def test_arguments_of_any_action_replace_nothing_of_the_signature(method: str, name: str) -> None:
    error = call_refusal(method, {name: "x"})
    assert (error.field, error.rule) == (name, "belongs to the signature and can't be set")


def test_the_secrets_of_a_request_are_known_to_the_pipeline(create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body["NodePoolConfig"]["NodeConfig"]["Password"] = "Another-passw0rd"
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    request = attrs.evolve(request, extra={"Password": "top-level"})
    inner = attrs.evolve(request.master_config, extra={"Deep": [{"Sk": "nested"}]})
    request = attrs.evolve(request, master_config=inner)
    call = encoded("CreateCluster", request, {"NewPassword": "extra-one"}, Secrets({"key-id"}))
    assert call.secrets == {
        *("key-id", "ccm-ak", "ccm-sk", "Passw0rd!x", "Another-passw0rd"),
        *("top-level", "nested", "extra-one"),
    }
    assert "arked" not in repr(call)
    assert encoded("GetCluster", models.GetClusterRequest(cluster_id="c")).secrets == frozenset()


def test_a_request_without_its_optional_parts_has_fewer_secrets(create_cluster_body: dict[str, Any]) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    plain = request.to_dict()
    del plain["cni"]["cni_config"]["subnet_list"]
    bare = models.CreateClusterRequest.from_dict(plain)
    assert bare.cni.cni_config.subnet_list is None
    assert encoded("CreateCluster", bare).secrets == encoded("CreateCluster", request).secrets


def test_the_secrets_of_entries_of_lists_are_known() -> None:
    subnet = models.ClusterSubnet(subnet_id="s", extra={"Token": "in-a-list"})
    adding = models.AddClusterSubnetRequest(cluster_id="c", subnets=[subnet])
    assert encoded("AddClusterSubnet", adding).secrets == {"in-a-list"}


def test_the_secrets_of_any_action_are_known_by_name() -> None:
    call = called("POST", {"Token": "t-1"}, {"Password": "pw-1", "List": [{"sk": "sk-1"}]}, Secrets({"key-id"}))
    assert call.secrets == {"key-id", "t-1", "pw-1", "sk-1"}


def test_a_request_shows_nothing_of_what_it_carries() -> None:
    call = called("POST", {"A": "marked"}, {"B": "marked"}, Secrets({"marked"}))
    assert "marked" not in repr(call)


def test_a_create_is_looked_for_by_its_natural_key(create_cluster_body: dict[str, Any]) -> None:
    found = codec.natural_key(OPERATIONS["CreateCluster"], models.CreateClusterRequest.from_dict(create_cluster_body))
    assert found == {"cluster_name": "zbh-sdk-test", "vpc_id": "cc32706e-a09a-11ef-8de7-06aabd6a5066"}
    pool = models.CreateNodePoolRequest.from_dict({"ClusterId": "c", "VpcId": "v", "Config": POOL})
    expected = {"config.name": "pool-1", "cluster_id": "c", "vpc_id": "v"}
    assert codec.natural_key(OPERATIONS["CreateNodePool"], pool) == expected
    card = models.CreateNetworkInterfaceRequest(subnet_id="s", vpc_id="")
    assert codec.natural_key(OPERATIONS["CreateNetworkInterface"], card) == {"subnet_id": "s", "vpc_id": ""}
    adding = models.AddScalingNodeRequest(scaling_group_id="g", add_num=1)
    assert codec.natural_key(OPERATIONS["AddScalingNode"], adding) == {"scaling_group_id": "g"}


def test_every_create_has_a_natural_key_and_names_what_it_makes() -> None:
    creates = {name for name, operation in OPERATIONS.items() if operation.kind is Kind.CREATE}
    assert creates == {name for name, operation in API.operations.items() if operation.kind == "create"}
    assert creates >= {"CreateCluster", "CreateNodePool", "CreateNetworkInterface", "AddScalingNode"}
    for name, operation in OPERATIONS.items():
        assert (operation.natural_key != ()) == (operation.result_id is not None) == (name in creates)
        assert operation.result_id is None or operation.result_id in {f.name for f in attrs.fields(operation.result)}


def test_any_action_is_looked_for_by_its_names_and_ids() -> None:
    body = {"Name": "n", "VpcId": "v", "Size": 3, "NodeId": 7, "AccessKeyId": "marked", "PasswordId": "marked"}
    call = Operation[None](name="A", action="A", method="POST", kind=Kind.CREATE, request=None, result=None)
    assert codec.natural_key(call, body) == {"Name": "n", "VpcId": "v"}
    assert codec.natural_key(call, None) == {}


def test_every_operation_has_a_request_that_is_a_model() -> None:
    for operation in OPERATIONS.values():
        assert issubclass(operation.request, Shape)
        assert operation.method in ("GET", "POST")
        assert (operation.kind is Kind.READ) == (operation.method == "GET")
