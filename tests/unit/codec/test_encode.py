"""Requests to the wire: models, extra fields, any action, and what is secret in them."""

from __future__ import annotations

import base64
import enum
import hashlib
import json
from typing import Any
from urllib.parse import unquote

import attrs
import pytest
from operations.table import ROWS

from cds_eks import codec, errors, models
from cds_eks.redaction import NO_SECRETS, Secrets
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.schema.shape import Shape
from cds_eks.signing import COMMON_PARAMETERS, Credentials, HmacSha1Signer
from cds_eks.wire import Kind, Operation, Request
from support.api_description import API
from unit.codec.all_operations import HEADERS, OPERATIONS, URL, called


def encoded(name: str, request: Any, extra: Any = None, secrets: Secrets = NO_SECRETS) -> Request:
    return codec.encode(OPERATIONS[name], request, extra, url=URL, headers=HEADERS, secrets=secrets)


def encoded_in(revision: str, name: str, request: Any, extra: Any = None) -> Request:
    return codec.encode(OPERATIONS[name], request, extra, url=URL, headers=HEADERS, revision=revision)


def sent(request: Request) -> Any:
    assert request.content is not None
    return json.loads(request.content)


def refusal(name: str, request: Any, extra: Any = None) -> errors.InvalidRequestError:
    with pytest.raises(errors.InvalidRequestError) as caught:
        encoded(name, request, extra)
    assert caught.value.action == name
    assert caught.value.outcome == "not_sent"
    return caught.value


def call_refusal(method: str = "POST", params: Any = None, body: Any = None) -> errors.InvalidRequestError:
    with pytest.raises(errors.InvalidRequestError) as caught:
        called(method, params, body)
    assert caught.value.action == "New"
    return caught.value


# --- to the wire: every operation

POOL = {
    "Name": "pool-1",
    "NodeType": "ecs",
    "Replicas": 0,
    "NodeConfig": {
        "BillingSpec": {"InstanceChargeType": "PostPaid"},
        "OsImageName": "Ubuntu22.04-CPU-1.30.14",
        "SubnetIds": ["s"],
        "InstanceTypeIds": ["CPU Compute C11.4c8g"],
        "Password": "Passw0rd!x",
    },
}
# Operations that no one has observed [I]. One that is not here is called as its description says.
INFERRED = [
    {
        "method": "POST",
        "query": {"Action": "UpdateNodePoolConfig"},
        "body": {"ClusterId": "c", "Config": {**POOL, "Id": "p"}},
    },
    {"method": "POST", "query": {"Action": "CreateNetworkInterface"}, "body": {"SubnetId": "s", "NetcardName": "网卡"}},
    {"method": "POST", "query": {"Action": "DeleteNetworkInterface"}, "body": {"NetcardId": "n"}},
]


def described(actions: set[str]) -> list[dict[str, Any]]:
    """The requests of the operations that have other actions than these, as `operations.table` calls them."""
    rows = [row for row in ROWS if row.action not in actions]
    return [
        {
            "method": row.http,
            "query": {"Action": row.action, **(use.sends if row.http == "GET" else {})},
            "body": use.sends if row.http == "POST" else None,
        }
        for row in rows
        for use in (row.least, row.most)
    ]


def test_every_operation_is_exact_on_the_wire(observed: list[dict[str, Any]]) -> None:
    """As the vendor's client sends them; but for the spelling of one name, which the document has otherwise.

    Operations that are neither in `observed-requests.json` nor above are called as their description says.
    """
    seen = set()
    by_hand = [*observed, *INFERRED]
    actions = {each["query"]["Action"] for each in by_hand}
    assert len(actions) >= 23
    for expected in [*by_hand, *described(actions)]:
        query, body = expected["query"], expected["body"]
        operation = next(found for found in OPERATIONS.values() if found.action == query["Action"])
        seen.add(operation.name)
        plain = body if body is not None else {name: value for name, value in query.items() if name != "Action"}
        numbers = {name: int(value) for name, value in plain.items() if name in ("PageIndex", "PageSize")}
        request = encoded(operation.name, operation.request.from_dict({**plain, **numbers}))
        assert operation.method == expected["method"]
        assert dict(request.params) == query
        assert all(type(value) is str for value in request.params.values())
        assert (request.url, request.operation) == (URL, operation)
        if body is None:
            assert request.content is None
            assert request.headers == HEADERS
        else:
            digest = base64.b64encode(hashlib.md5(request.content or b"", usedforsecurity=False).digest()).decode()
            added = {"Content-Type": "application/json;charset=utf-8", "Content-MD5": digest}
            assert request.headers == HEADERS | added
            if operation.name == "CreateCluster":
                body = {"K8sVersion" if name == "K8SVersion" else name: value for name, value in body.items()}
            assert sent(request) == body
    assert seen == OPERATIONS.keys()
    assert len(seen) == len(API.operations) >= 23


def test_what_is_unset_is_not_sent_and_zero_empty_and_false_are() -> None:
    request = models.ListNodesRequest(cluster_id="c", keyword="", schedulable=False, page_index=1)
    assert encoded("ListNodes", request).params == {
        "Action": "ListNodes",
        "ClusterId": "c",
        "Keyword": "",
        "SchedulableStr": "0",
        "PageIndex": "1",
    }
    assert encoded("ListClusters", models.ListClustersRequest()).params == {"Action": "ListClusters"}
    subnet = models.ClusterSubnet(subnet_id="s", used_ip_num=0, segment="")
    adding = models.AddClusterSubnetRequest(cluster_id="c", subnets=[subnet])
    assert sent(encoded("AddClusterSubnet", adding)) == {
        "ClusterId": "c",
        "SubnetList": [{"SubnetId": "s", "Segment": "", "UsedIpNum": 0}],
    }


# --- revisions


def test_a_request_is_written_in_the_revision_that_is_asked_for(create_cluster_body: dict[str, Any]) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    older, newer = (sent(encoded_in(revision, "CreateCluster", request)) for revision in API_REVISIONS)
    assert older == sent(encoded("CreateCluster", request)) == request.to_dict(wire_names=True)
    assert {"SourceEipId", "DestinationEipId"} == older.keys() - newer.keys()
    assert {"SourceEip", "DestinationEip", "Password"} == newer.keys() - older.keys()


def test_what_a_revision_can_not_carry_is_refused_with_the_operation(create_cluster_body: dict[str, Any]) -> None:
    create_cluster_body["MasterConfig"]["Annotations"] = {"a": "b"}
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    with pytest.raises(errors.InvalidRequestError, match="2025-10-11") as caught:
        encoded_in("2025-10-11", "CreateCluster", request)
    assert (caught.value.action, caught.value.field) == ("CreateCluster", "master_config.annotations")
    assert caught.value.outcome == "not_sent"


@pytest.mark.parametrize("name", ["SourceEip", "sourceeip", "Password"])
def test_an_undocumented_field_replaces_no_documented_one_of_the_revision(
    create_cluster_body: dict[str, Any], name: str
) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    with pytest.raises(errors.InvalidRequestError, match=f"extra.{name}: is set by the call itself"):
        encoded_in("2025-10-11", "CreateCluster", request, {name: "x"})
    assert sent(encoded_in("2025-09-08", "CreateCluster", request, {name: "x"}))[name] == "x"


def test_the_secrets_of_a_request_are_known_in_each_revision(create_cluster_body: dict[str, Any]) -> None:
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    for revision in API_REVISIONS:
        assert encoded_in(revision, "CreateCluster", request).secrets >= Secrets({"ccm-ak", "ccm-sk", "Passw0rd!x"})


def test_an_operation_is_called_as_its_revision_does_if_that_has_it() -> None:
    operation = attrs.evolve(OPERATIONS["GetCluster"], revised={"2025-10-11": "ReadCluster", "2030-01-01": None})
    request = models.GetClusterRequest(cluster_id="c")

    def action_in(revision: str) -> str:
        made = codec.encode(operation, request, None, url=URL, headers=HEADERS, revision=revision)
        assert made.operation.name == "GetCluster"
        assert made.operation.action == made.params["Action"]
        return made.params["Action"]

    assert [action_in(revision) for revision in API_REVISIONS] == ["GetCluster", "ReadCluster"]
    with pytest.raises(errors.InvalidRequestError) as caught:
        action_in("2030-01-01")
    assert (caught.value.field, caught.value.action) == ("api_revision", "GetCluster")
    assert caught.value.rule == "GetCluster does not exist in revision 2030-01-01"


def test_a_body_is_utf_8_and_compact() -> None:
    request = models.CreateNetworkInterfaceRequest(subnet_id="s", netcard_name="网卡 🚀")
    content = encoded("CreateNetworkInterface", request).content
    assert content == '{"SubnetId":"s","NetcardName":"网卡 🚀"}'.encode()


def test_a_signed_query_parses_back_to_the_parameters() -> None:
    request = encoded("ListClusters", models.ListClustersRequest(keyword="a b&c=d#%+~*\r\n\0中🚀"))
    query = HmacSha1Signer(Credentials("id", "key")).sign("GET", request.params)
    pairs = dict(pair.split("=") for pair in query.split("&"))
    assert unquote(pairs["Keyword"]) == "a b&c=d#%+~*\r\n\0中🚀"
    assert {unquote(name) for name in pairs} == COMMON_PARAMETERS | {"Keyword"}


def test_a_request_of_another_operation_is_refused() -> None:
    error = refusal("GetCluster", models.DeleteClusterRequest(cluster_id="c"))
    assert (error.field, error.rule) == ("request", "must be a GetClusterRequest, not DeleteClusterRequest")
    rule = refusal("CreateCluster", {"ClusterName": "x"}).rule
    assert rule == "must be a CreateClusterRequest, not dict; CreateClusterRequest.from_dict reads plain data"


# --- extra


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


# --- eks.call


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


# --- secrets and natural keys


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
