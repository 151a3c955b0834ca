"""Answers from the wire: typed data, or an error that names what can't be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_eks import codec, errors, models
from cds_eks.redaction import Secrets
from cds_eks.wire import RawResponse, Request, Response
from support.api_description import API
from unit.codec.all_operations import OPERATIONS, URL, answer, called

IDS = {"ClusterId": "c", "TaskId": "t", "NodePoolId": "p", "NetcardId": "n", "EventId": "e", "NodeId": "i", "Id": "d"}


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


def test_an_answer_of_many_digits_or_nan_is_read_or_is_a_decode_error() -> None:
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


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("data", [None, [], {"Any": ["thing"]}, 7])
def test_any_answer_of_any_action_is_given_back_raw(method: str, data: object) -> None:
    request = called(method)
    response: Response[None] = codec.decode(request.operation, request, answer(data), elapsed=0)
    assert response.data is None
    assert response.raw == {"Code": "Success", "Msg": "ok", "RequestId": "r-1", "Data": data}
