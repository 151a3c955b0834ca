"""Models to the wire and back."""

from __future__ import annotations

import base64
import enum
import hashlib
import importlib
import json
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import attrs
import pytest
from operations.description import API

from cds_eks import codec, errors, models
from cds_eks.redaction import NO_SECRETS, Secrets
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.schema.shape import Shape
from cds_eks.signing import COMMON_PARAMETERS, Credentials, HmacSha1Signer
from cds_eks.wire import Kind, Operation, RawResponse, Request, Response

GROUPS: list[ModuleType] = [
    importlib.import_module(f"cds_eks.resources.{group}") for group in sorted(API.operation_groups)
]
OPERATIONS: dict[str, Operation[Any]] = {
    value.name: value for group in GROUPS for value in vars(group).values() if isinstance(value, Operation)
}
URL = "http://gateway.gic.test/eks/v1"
HEADERS = {"User-Agent": "x", "cds-request-id": "r"}


def encoded(name: str, request: Any, extra: Any = None, secrets: Secrets = NO_SECRETS) -> Request:
    return codec.encode(OPERATIONS[name], request, extra, url=URL, headers=HEADERS, secrets=secrets)


def encoded_in(revision: str, name: str, request: Any, extra: Any = None) -> Request:
    return codec.encode(OPERATIONS[name], request, extra, url=URL, headers=HEADERS, revision=revision)


def called(method: str = "POST", params: Any = None, body: Any = None, secrets: Secrets = NO_SECRETS) -> Request:
    kind = Kind.READ if method == "GET" else Kind.CREATE
    operation = Operation[None](name="New", action="New", method=method, kind=kind, request=None, result=None)
    return codec.encode_call(operation, params, body, url=URL, headers=HEADERS, secrets=secrets)


def sent(request: Request) -> Any:
    assert request.content is not None
    return json.loads(request.content)


def answer(data: Any, **envelope: Any) -> RawResponse:
    content = json.dumps({"Code": "Success", "Msg": "ok", "RequestId": "r-1", "Data": data, **envelope}).encode()
    return RawResponse(status=200, headers={}, content=content)


def decoded(name: str, data: Any, **envelope: Any) -> Response[Any]:
    operation = OPERATIONS[name]
    request = Request(operation=operation, url=URL, params={}, secrets=Secrets({"Marked-passw0rd"}))
    request.record.begin_attempt()
    request.record.begin_attempt()
    return codec.decode(operation, request, answer(data, **envelope), elapsed=0.25)


def undecodable(name: str, data: Any, **envelope: Any) -> errors.UnreadableResponse:
    with pytest.raises(errors.UnreadableResponse) as caught:
        decoded(name, data, **envelope)
    return caught.value


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
# The three operations that no one has observed [I].
INFERRED = [
    {
        "method": "POST",
        "query": {"Action": "UpdateNodePoolConfig"},
        "body": {"ClusterId": "c", "Config": {**POOL, "Id": "p"}},
    },
    {"method": "POST", "query": {"Action": "CreateNetworkInterface"}, "body": {"SubnetId": "s", "NetcardName": "网卡"}},
    {"method": "POST", "query": {"Action": "DeleteNetworkInterface"}, "body": {"NetcardId": "n"}},
]


def test_every_operation_is_exact_on_the_wire(observed: list[dict[str, Any]]) -> None:
    """As the vendor's client sends them; but for the spelling of one name, which the document has otherwise."""
    seen = set()
    for expected in [*observed, *INFERRED]:
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
    assert len(seen) == 23


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


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("data", [None, [], {"Any": ["thing"]}, 7])
def test_any_answer_of_any_action_is_given_back_raw(method: str, data: object) -> None:
    request = called(method)
    response: Response[None] = codec.decode(request.operation, request, answer(data), elapsed=0)
    assert response.data is None
    assert response.raw == {"Code": "Success", "Msg": "ok", "RequestId": "r-1", "Data": data}


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


# --- and back

IDS = {"ClusterId": "c", "TaskId": "t", "NodePoolId": "p", "NetcardId": "n", "EventId": "e", "NodeId": "i", "Id": "d"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_typed(name: str) -> None:
    response = decoded(name, IDS)
    result: Any = OPERATIONS[name].result
    if result is None:
        assert response.data is None
    elif isinstance(result, type):
        assert type(response.data) is result
    else:
        assert [type(entry) for entry in response.data] == list(result.__args__)
    assert (response.request_id, response.code, response.message) == ("r-1", "Success", "ok")
    assert (response.attempts, response.elapsed) == (2, 0.25)
    assert response.raw["Data"] == IDS


def test_ids_of_a_create_are_read() -> None:
    response = decoded("CreateCluster", {"ClusterId": "c-1", "TaskId": "t-1", "OrderId": "o-1"})
    assert (response.data.cluster_id, response.data.task_id) == ("c-1", "t-1")
    assert response.data.extra == {"OrderId": "o-1"}
    assert decoded("CreateCluster", [{"ClusterId": "c-1"}]).data.task_id == ""


CREATES = {
    **{
        name: API.shapes[operation.result].fields[operation.result_id].name
        for name, operation in API.operations.items()
        if operation.result_id is not None
    },
    "CreateCluster": "ClusterId",
    "CreateNodePool": "NodePoolId",
    "CreateNetworkInterface": "NetcardId",
    "AddScalingNode": "TaskId",
}
"""The wire name of what a create's answer must name: of those that the description has, these were written by hand."""


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.parametrize("data", [None, {}, [], "", {"Other": "x"}, "an id"])
def test_a_create_whose_answer_names_nothing_is_unreadable(name: str, data: object) -> None:
    request = Request(operation=OPERATIONS[name], url=URL, params={})
    content = json.dumps({"Code": "Success", "RequestId": "r-1", "Data": data}).encode()
    failure = codec.failure_of(request, RawResponse(status=200, headers={}, content=content))
    assert isinstance(failure, errors.UnreadableResponse)
    assert failure.message == "the answer does not name what was made"
    assert (failure.outcome, failure.action, failure.request_id) == ("unknown", name, "r-1")
    assert '"Code": "Success"' in failure.body


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("value", ["id-1", 7])
def test_a_create_whose_answer_names_what_was_made_is_good(name: str, listed: bool, value: object) -> None:
    request = Request(operation=OPERATIONS[name], url=URL, params={})
    data = {CREATES[name].upper(): value}
    content = json.dumps({"Code": "Success", "Data": [data] if listed else data}).encode()
    assert codec.failure_of(request, RawResponse(status=200, headers={}, content=content)) is None


@pytest.mark.parametrize("name", ["GetCluster", "GetTaskStatus", "DescribeNetworkInterfaces", "QueryEventStatus"])
@pytest.mark.parametrize("data", [None, {}, [], "", [None], [{}], 0])
def test_a_read_of_one_thing_that_brings_nothing_is_unreadable(name: str, data: object) -> None:
    assert undecodable(name, data).message == "the answer has no data"


def test_a_read_without_any_data_is_unreadable() -> None:
    request = Request(operation=OPERATIONS["GetCluster"], url=URL, params={})
    response = RawResponse(status=200, headers={}, content=b'{"Code": "Success"}')
    with pytest.raises(errors.UnreadableResponse):
        codec.decode(OPERATIONS["GetCluster"], request, response, elapsed=0)


@pytest.mark.parametrize("name", ["ListClusters", "ListNodes", "GetClusterEvents"])
@pytest.mark.parametrize("data", [None, [], "", {}])
def test_an_empty_list_is_empty(name: str, data: object) -> None:
    assert decoded(name, data).data == []


def test_reads_and_writes_that_may_bring_nothing_are_read() -> None:
    assert decoded("ListNodePools", None).data.node_pool == []
    assert decoded("IsAttachedECS", None).data.attached is None
    assert decoded("IsAttachedECS", {"Attached": "true"}).data.attached is True
    assert decoded("DeleteCluster", None).data == models.ClusterTask()
    assert decoded("AttachNetworkInterface", "").data.event_id == ""
    assert decoded("AddClusterSubnet", {"any": "thing"}).data is None


def test_older_answers_are_read_like_newer_ones() -> None:
    assert decoded("GetCluster", [{"ClusterId": "c"}]).data == decoded("GetCluster", {"ClusterId": "c"}).data


@pytest.mark.parametrize(
    ("name", "data", "path"),
    [
        ("GetCluster", 7, "Data should be an object, not int"),
        ("GetCluster", [{"ClusterId": "c"}, {"ClusterId": "d"}], "Data should be an object, not list"),
        ("GetCluster", {"nodesum": {}}, "Data.nodesum should be a whole number, not dict"),
        ("ListNodes", [{}, {"Cpu": []}], "Data[1].Cpu should be a whole number, not list"),
        ("ListNodes", 7, "Data should be a list, not int"),
        (
            "ListNodePools",
            {"NodePool": [{"NodeConfig": 7}]},
            "Data.NodePool[0].NodeConfig should be an object, not int",
        ),
        ("CreateCluster", {"ClusterId": "c", "TaskId": {}}, "Data.TaskId should be a text, not dict"),
    ],
)
def test_data_of_another_kind_is_named_by_its_path(name: str, data: object, path: str) -> None:
    error = undecodable(name, data)
    assert error.message == f"the answer can't be read: {path}"
    assert (error.http_status, error.outcome, error.attempts) == (200, "unknown", 2)
    assert error.__suppress_context__


def test_an_unreadable_answer_carries_the_earlier_failures() -> None:
    request = Request(operation=OPERATIONS["GetCluster"], url=URL, params={})
    earlier = errors.ConnectionLost("gone")
    request.record.failures = (earlier,)
    with pytest.raises(errors.UnreadableResponse) as caught:
        codec.decode(OPERATIONS["GetCluster"], request, answer(None), elapsed=0)
    assert caught.value.previous == (earlier,)


def test_an_unreadable_answer_shows_no_secret() -> None:
    error = undecodable("CreateCluster", {"ClusterId": "c", "TaskId": ["Marked-passw0rd"]}, RequestId="Marked-passw0rd")
    assert "arked" not in f"{error} {error.body} {error.__dict__}"
    assert error.request_id == "***"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        ("7", 7),
        (0, 0),
        (7.0, 7),
        (-1, None),
        ("-1", None),
        ("many", None),
        ([], None),
        (None, None),
        ("", None),
    ],
)
def test_page_fields_are_read_if_they_make_sense(value: object, number: int | None) -> None:
    response = decoded("ListNodes", [], TotalCount=value, PageIndex=value, pagesize=value)
    assert (response.total_count, response.page_index, response.page_size) == (number, number, number)


def test_an_envelope_without_the_optional_fields_is_read() -> None:
    request = Request(operation=OPERATIONS["ListNodes"], url=URL, params={})
    response = codec.decode(
        OPERATIONS["ListNodes"], request, RawResponse(status=200, headers={}, content=b'{"code":"success"}'), elapsed=0
    )
    assert (response.data, response.message, response.request_id, response.code) == ([], "", None, "success")
    assert (response.total_count, response.page_index, response.page_size, response.attempts) == (None, None, None, 0)
    assert response.raw == {"code": "success"}


def test_an_answer_of_many_digits_or_nan_is_read_or_told() -> None:
    request = Request(operation=OPERATIONS["ListNodes"], url=URL, params={})

    def node(cpu: bytes) -> Any:
        content = b'{"Code":"Success","Data":[{"NodeId":"n","Cpu":%s}]}' % cpu
        response = RawResponse(status=200, headers={}, content=content)
        assert codec.failure_of(request, response) is None
        return codec.decode(OPERATIONS["ListNodes"], request, response, elapsed=0).data[0]

    assert node(b"9" * 4000).cpu == int("9" * 4000)
    for cpu in (b"NaN", b"1e999", b'"' + b"9" * 4000 + b'"', b"[" * 500 + b"]" * 500):
        with pytest.raises(errors.UnreadableResponse, match=r"Data\[0\]\.Cpu should be a whole number"):
            node(cpu)


def test_every_operation_has_a_request_that_is_a_model() -> None:
    for operation in OPERATIONS.values():
        assert issubclass(operation.request, Shape)
        assert operation.method in ("GET", "POST")
        assert (operation.kind is Kind.READ) == (operation.method == "GET")
