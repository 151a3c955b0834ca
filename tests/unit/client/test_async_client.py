"""The async client: what it is made of, and the way of a call."""

from __future__ import annotations

import copy
import functools
import json
import logging
import pickle
import re
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from cds_eks import (
    AsyncEksClient,
    Credentials,
    EksClient,
    Response,
    errors,
    models,
)
from cds_eks.resources.clusters import CREATE_CLUSTER, GET_CLUSTER
from cds_eks.wire import RawResponse, Request
from support.api_description import API
from support.forked_child import pass_for_child
from unit.client.fake_service import Make, Scripted, answer, asynchronous


@pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_a_client_is_neither_pickled_nor_copied(
    kind: Any, use: Callable[[object], object], credentials: Credentials
) -> None:
    with pytest.raises(
        TypeError, match=f"^{kind.__name__} is neither copied nor pickled.*make a new one in each process"
    ):
        use(kind(credentials))


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_a_method_handed_to_a_pool_of_processes_says_what_to_do(kind: Any, credentials: Credentials) -> None:
    """`Pool.map(eks.clusters.get, …)` pickles the method, and with it its group and all that this holds."""
    eks = kind(credentials)
    for method in (eks.clusters.get, eks.wait.task, eks.call):
        with pytest.raises(
            TypeError, match=r"neither copied nor pickled.*make a new one in each process.*or use threads"
        ):
            pickle.dumps(method)


@asynchronous
async def test_leaving_the_block_closes_the_backend_and_ends_the_client(make: Make) -> None:
    backend = Scripted()
    states = []
    async with make(backend) as eks:
        states.append(backend.is_closed)
    states.append(backend.is_closed)
    assert states == [False, True]
    for call in (lambda: eks.clusters.get("c-1"), lambda: eks.call("X"), lambda: eks.call("X", method="POST")):
        with pytest.raises(errors.ConfigurationError, match="the client is closed") as caught:
            await call()
        assert caught.value.outcome == "not_sent"
    await eks.aclose()
    assert backend.sent == []


@asynchronous
async def test_a_response_has_all_fields_of_the_envelope(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([100.0, 100.25])
    monkeypatch.setattr("cds_eks._runtime.clocks.monotonic", lambda: next(ticks))
    clusters = [{"ClusterId": "c-1", "New": 1}]
    backend = Scripted(errors.ConnectFailed("x"), answer(Data=clusters, TotalCount=31, PageIndex="2", PageSize=10))
    async with make(backend) as eks:
        response = await eks.clusters.list(keyword="gpu")
    assert isinstance(response, Response)
    assert response.data[0].cluster_id == "c-1"
    assert (response.code, response.message, response.request_id) == ("Success", "fine", "r-1")
    assert (response.total_count, response.page_index, response.page_size) == (31, 2, 10)
    assert (response.attempts, response.elapsed) == (2, 0.25)
    assert response.raw["Data"] == clusters


@asynchronous
async def test_a_missing_envelope_field_is_none(make: Make) -> None:
    content = json.dumps({"Code": "Success", "Data": {"ClusterId": "c-1"}}).encode()
    async with make(Scripted(RawResponse(status=200, headers={}, content=content))) as eks:
        response = await eks.clusters.get("c-1")
    assert (response.request_id, response.message, response.total_count) == (None, "", None)
    assert (response.page_index, response.page_size, response.attempts) == (None, None, 1)


@asynchronous
async def test_extra_fields_are_sent_along(make: Make, create: models.CreateClusterRequest) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        await eks.clusters.get("c-1", extra={"Verbose": True})
        await eks.clusters.create(create, extra={"DryRun": 0})
    assert backend.queries[0]["Verbose"] == "1"
    assert json.loads(backend.sent[1].content or b"")["DryRun"] == 0


@asynchronous
@pytest.mark.parametrize("name", ["Action", "accesskeyid", "Signature", "ClusterId"])
async def test_extra_fields_can_not_replace_what_the_call_sets(make: Make, name: str) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        with pytest.raises(errors.InvalidRequestError, match=f"extra.{name}") as caught:
            await eks.clusters.get("c-1", extra={name: "x"})
    assert (caught.value.action, caught.value.outcome, caught.value.attempts) == ("GetCluster", "not_sent", 0)
    assert backend.sent == []


@asynchronous
async def test_a_request_of_another_operation_is_refused(make: Make, create: models.CreateClusterRequest) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        with pytest.raises(errors.InvalidRequestError, match="must be a CreateClusterRequest, not dict"):
            await eks.clusters.create({})  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidRequestError, match="must be a GetClusterRequest"):
            await eks.execute(GET_CLUSTER, create)
    assert backend.sent == []


def test_a_client_belongs_to_the_loop_of_its_first_call(make: Make) -> None:
    eks = make(Scripted(*[answer(Data={"ClusterId": "c"})] * 3))

    async def use() -> str:
        return (await eks.clusters.get("c")).data.cluster_id

    async def use_and_close() -> None:
        assert await use() == "c"
        for backend in ("asyncio", "trio"):
            for work in (use, eks.aclose):
                with pytest.raises(errors.ConfigurationError, match="event loop of its first call") as caught:
                    await anyio.to_thread.run_sync(functools.partial(anyio.run, work, backend=backend))
                assert caught.value.outcome == "not_sent"
        assert await use() == "c"
        await eks.aclose()

    anyio.run(use_and_close)
    anyio.run(eks.aclose)  # closed it is


def test_a_client_belongs_to_the_process_of_its_first_call(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    eks = make(Scripted(*[answer(Data={"ClusterId": "c"})] * 2))

    async def use() -> None:
        await eks.clusters.get("c")
        pass_for_child(monkeypatch)
        with pytest.raises(errors.ConfigurationError, match="for each process"):
            await eks.clusters.get("c")

    anyio.run(use)


@asynchronous
async def test_any_action_can_be_called_with_get(make: Make) -> None:
    backend = Scripted(errors.ConnectionLost("x"), answer(Data={"New": [1]}, Novel="y"))
    async with make(backend) as eks:
        got = await eks.call("DescribeThing", params={"ThingId": "t-1", "Count": 3, "Deep": True, "Empty": ""})
    assert got["Data"] == {"New": [1]}
    assert (got["Novel"], got["RequestId"], type(got)) == ("y", "r-1", dict)
    request, query = backend.sent[1], backend.queries[1]
    assert (request.operation.method, request.content, request.operation.name) == ("GET", None, "DescribeThing")
    assert (query["Action"], query["ThingId"], query["Count"], query["Deep"]) == ("DescribeThing", "t-1", "3", "1")
    assert "Empty=&" in request.query
    assert "Signature" in query


@asynchronous
async def test_any_action_can_be_called_with_post(make: Make) -> None:
    backend = Scripted(errors.ConnectFailed("x"), answer(Data=None))
    async with make(backend) as eks:
        got = await eks.call("CreateThing", method="POST", params={"Zone": "z"}, body={"名": ["é", 1.5, None]})
    assert (got["Code"], got["Data"]) == ("Success", None)
    request = backend.sent[1]
    assert (request.operation.method, backend.queries[1]["Zone"]) == ("POST", "z")
    assert json.loads(request.content or b"") == {"名": ["é", 1.5, None]}
    assert request.headers["Content-Type"] == "application/json;charset=utf-8"


@asynchronous
async def test_a_post_without_a_body_sends_an_empty_object(make: Make) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        await eks.call("CreateThing", method="POST")
    assert backend.sent[0].content == b"{}"


@asynchronous
async def test_an_unknown_action_is_the_services_to_refuse(make: Make) -> None:
    async with make(Scripted(answer(400, Code="UnsupportedOperation", Desc="no such action"))) as eks:
        with pytest.raises(errors.BadArgument, match="no such action") as caught:
            await eks.call("Nonsense")
    assert caught.value.action == "Nonsense"


@asynchronous
@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"action": ""}, "action"),
        ({"action": "  "}, "action"),
        ({"action": None}, "action"),
        ({"action": "Get\nCluster"}, "action"),
        ({"action": "Get\ud800"}, "action"),
        ({"method": "PUT"}, "method"),
        ({"method": "get"}, "method"),
        ({"method": None}, "method"),
        ({"params": [("a", "b")]}, "params"),
        ({"params": {1: "b"}}, "params"),
        ({"params": {"A": 1.5}}, "A"),
        ({"params": {"A": None}}, "A"),
        ({"params": {"A": ["x"]}}, "A"),
        ({"params": {"Action": "Other"}}, "Action"),
        ({"params": {"signaturenonce": "x"}}, "signaturenonce"),
        ({"params": {"A": "\ud800"}}, "'A'"),
        ({"body": {"A": 1}}, "body"),
        ({"method": "POST", "body": ["A"]}, "body"),
        ({"method": "POST", "body": {"A": object()}}, "body"),
        ({"method": "POST", "body": {"A": float("nan")}}, "body"),
        ({"method": "POST", "body": {"A": "\ud800"}}, "body"),
    ],
)
async def test_an_argument_of_any_action_that_can_not_be_sent_is_named(
    settings: dict[str, Any], field: str, make: Make
) -> None:
    backend = Scripted()
    async with make(backend) as eks:
        with pytest.raises(errors.InvalidRequestError) as caught:
            await eks.call(**({"action": "X"} | settings))
    assert (caught.value.field, caught.value.outcome) == (field, "not_sent")
    assert backend.sent == []


@asynchronous
async def test_a_call_logs_one_record_at_debug(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="cds_eks"):
        async with make(Scripted(answer(Msg="marked words", Data={"ClusterId": "marked-id"}))) as eks:
            await eks.clusters.get("marked-argument")
    (record,) = [record for record in caplog.records if record.name.startswith("cds_eks")]
    assert (record.name, record.levelname) == ("cds_eks.client", "DEBUG")
    facts = r"attempts=1, code=Success, request_id=r-1, elapsed=\d\.\d{1,3}"
    assert re.fullmatch(f"GetCluster answered: {facts}", record.getMessage())
    fields = vars(record)["cds_eks"]
    assert set(fields) == {"action", "event", "attempts", "code", "request_id", "elapsed"}
    assert (fields["action"], fields["event"], fields["request_id"]) == ("GetCluster", "answered", "r-1")


@asynchronous
async def test_nothing_is_logged_above_debug_when_all_is_well(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with make(httpx.MockTransport(lambda _: httpx.Response(200, content=answer().content))) as eks:
            await eks.clusters.get("c-1")
    assert caplog.records == []


def test_the_resource_groups_share_the_clients_execute(credentials: Credentials) -> None:
    eks = AsyncEksClient(credentials)
    assert {getattr(eks, name)._execute for name in API.operation_groups} == {eks.execute}
    assert CREATE_CLUSTER.natural_key == ("cluster_name", "vpc_id")


@asynchronous
async def test_waits_go_through_the_client(make: Make) -> None:
    pool = {"Id": "p-1", "Replicas": 1, "AvailableNodeCount": 1, "TotalNodeCount": 1}
    answers = {
        "TaskStatus": {"TaskId": "t-1", "TaskStatus": "finish"},
        "QueryEventStatus": {"EventId": "e-1", "EventStatus": "success"},
        "GetCluster": {"ClusterId": "c-1", "ClusterStatus": "running"},
        "ListClusters": [{"ClusterId": "c-1", "ClusterStatus": "running"}],
        "ListNodePool": {"Total": 1, "NodePool": [pool]},
    }

    class Service(Scripted):
        async def send(self, request: Request) -> RawResponse:
            await super().send(request)
            return answer(Data=answers[request.params["Action"]])

    backend = Service()
    async with make(backend) as eks:
        assert (await eks.wait.task("t-1")).task_id == "t-1"
        assert (await eks.wait.event("e-1")).event_id == "e-1"
        assert (await eks.wait.cluster_running("c-1")).cluster_id == "c-1"
        assert list(await eks.wait.clusters_running(["c-1"])) == ["c-1"]
        assert (await eks.wait.node_pool_ready("c-1", "p-1")).id == "p-1"
    assert [sent.params["Action"] for sent in backend.sent] == list(answers)
    assert backend.queries[-1]["NodePoolId"] == "p-1"
