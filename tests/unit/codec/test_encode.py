"""Requests to the wire: models, extra fields, any action, and what is secret in them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import unquote

import attrs
import pytest
from operations.table import ROWS

from cds_eks import codec, errors, models
from cds_eks.redaction import Secrets
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.signing import COMMON_PARAMETERS, Credentials, HmacSha1Signer
from cds_eks.wire import Request
from support.api_description import API
from unit.codec.all_operations import HEADERS, OPERATIONS, URL
from unit.codec.encoded import POOL, encoded, refusal, sent


def encoded_in(revision: str, name: str, request: Any, extra: Any = None) -> Request:
    return codec.encode(OPERATIONS[name], request, extra, url=URL, headers=HEADERS, revision=revision)


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
