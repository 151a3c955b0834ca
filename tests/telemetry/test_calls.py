"""The span of a call, and those of its attempts: names, parents, attributes and status."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from cds_eks import errors, models
from cds_eks.otel import facts
from cds_eks.resources.clusters import LIST_CLUSTERS
from cds_eks.testing import FakeBackend
from cds_eks.wire import RawResponse, Request
from telemetry.recorded_client import ENDPOINT, client
from telemetry.recording import Recorded, attributes_of, parent_of, trace_of

SERVER = {"server.address": "eks.test", "server.port": 8080}


class Keeps:
    """A backend that answers at once, and keeps the headers of each request."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str]] = []

    async def send(self, request: Request) -> RawResponse:
        self.headers.append(dict(request.headers))
        return RawResponse(status=200, headers={}, content=b'{"Code": "Success", "RequestId": "r-1", "Data": []}')

    async def aclose(self) -> None:
        return


@pytest.mark.anyio
async def test_a_call_has_one_span_with_that_of_its_attempt_beneath(recorded: Recorded) -> None:
    keeps = Keeps()
    async with client(recorded, keeps) as eks:
        await eks.clusters.list()
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])]
    call, attempt = recorded.one("EKS/ListClusters"), recorded.one("GET")
    assert (call.kind, attempt.kind) == (SpanKind.CLIENT, SpanKind.CLIENT)
    assert call.status.status_code is attempt.status.status_code is StatusCode.UNSET
    assert attributes_of(call) == {
        "rpc.system.name": "cds",
        "rpc.method": "EKS/ListClusters",
        "rpc.response.status_code": "Success",
        "cds.outcome": "accepted",
        "cds.attempts": 1,
        "cds.call_id": keeps.headers[0]["cds-request-id"],
        "cds.request_id": "r-1",
        **SERVER,
    }
    assert attributes_of(attempt) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.full": "http://eks.test:8080/eks/v1",
        **SERVER,
    }
    assert call.events == attempt.events == ()


@pytest.mark.anyio
async def test_it_is_a_part_of_the_trace_of_its_caller(recorded: Recorded, service: FakeBackend) -> None:
    service.list_clusters.respond([]).respond([])
    async with client(recorded, service) as eks:
        with recorded.tracer.start_as_current_span("a request of the program"):
            await eks.clusters.list()
            await eks.clusters.list()
        assert not trace.get_current_span().get_span_context().is_valid
    assert recorded.tree() == [("a request of the program", [("EKS/ListClusters", ["GET"])] * 2)]
    assert len({trace_of(span) for span in recorded.spans}) == 1


@pytest.mark.anyio
async def test_calls_at_once_have_each_their_own_attempt(recorded: Recorded, service: FakeBackend) -> None:
    for _ in range(20):
        service.list_clusters.respond([])
    async with client(recorded, service) as eks, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(eks.clusters.list)
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])] * 20


@pytest.mark.anyio
async def test_each_attempt_has_a_span_with_the_number_of_times_it_was_sent_before(
    recorded: Recorded, service: FakeBackend
) -> None:
    service.get_cluster.error("InternalError", status=503).error("Throttling").respond(cluster_id="c-1")
    async with client(recorded, service) as eks:
        await eks.clusters.get("c-1")
    assert recorded.tree() == [("EKS/GetCluster", ["GET", "GET", "GET"])]
    seen = [attributes_of(span) for span in recorded.requests]
    assert [each.get("http.request.resend_count") for each in seen] == [None, 1, 2]
    assert [each["http.response.status_code"] for each in seen] == [503, 429, 200]
    assert [each.get("error.type") for each in seen] == ["503", "429", None]
    assert [span.status.status_code for span in recorded.requests] == [
        StatusCode.ERROR, StatusCode.ERROR, StatusCode.UNSET,
    ]  # fmt: skip
    call = attributes_of(recorded.one("EKS/GetCluster"))
    assert (call["cds.attempts"], call["cds.outcome"], call.get("error.type")) == (3, "accepted", None)


@pytest.mark.anyio
async def test_a_refusal_is_an_error_by_the_code_of_the_service(recorded: Recorded, service: FakeBackend) -> None:
    service.get_cluster.error("ResourceNotFound", "no cluster c-1 of the user hidden-name", status=404)
    async with client(recorded, service) as eks:
        with pytest.raises(errors.NotFound):
            await eks.clusters.get("c-1")
    call = recorded.one("EKS/GetCluster")
    assert (call.status.status_code, call.status.description) == (StatusCode.ERROR, "NotFound, outcome refused")
    found = attributes_of(call)
    assert found["rpc.response.status_code"] == found["error.type"] == "ResourceNotFound"
    assert (found["cds.error"], found["cds.outcome"]) == ("NotFound", "refused")
    assert "hidden-name" not in "".join(recorded.texts())


@pytest.mark.anyio
async def test_a_refusal_with_a_200_is_an_error_of_the_call_and_not_of_http(
    recorded: Recorded, service: FakeBackend
) -> None:
    service.get_cluster.error("ResourceNotFound", status=200)
    async with client(recorded, service) as eks:
        with pytest.raises(errors.NotFound):
            await eks.clusters.get("c-1")
    assert recorded.one("GET").status.status_code is StatusCode.UNSET
    assert recorded.one("EKS/GetCluster").status.status_code is StatusCode.ERROR


@pytest.mark.parametrize(
    ("code", "shown"),
    [("ResourceNotFound", "ResourceNotFound"), ("InvalidEcs.NotFound", "InvalidEcs.NotFound"), ("NewCode", "NewCode")]
    + [(odd, "_OTHER") for odd in ("key-AKID123", "a sentence of the service", "x" * 201, "Signature=abc", "4711")],
)
@pytest.mark.anyio
async def test_a_code_that_does_not_look_like_one_is_not_shown(
    recorded: Recorded, service: FakeBackend, code: str, shown: str
) -> None:
    service.get_cluster.error(code, status=400)
    async with client(recorded, service) as eks:
        with pytest.raises(errors.ServiceError) as caught:
            await eks.clusters.get("c-1")
    found = attributes_of(recorded.one("EKS/GetCluster"))
    assert found["rpc.response.status_code"] == shown
    kind = f"cds_eks.errors.{type(caught.value).__name__}"
    assert found["error.type"] == (kind if shown == "_OTHER" else shown)


@pytest.mark.anyio
async def test_a_create_tells_the_ids_of_what_it_has_made(
    recorded: Recorded, service: FakeBackend, create: models.CreateClusterRequest
) -> None:
    service.create_cluster.respond(cluster_id="c-1", task_id="t-1")
    async with client(recorded, service) as eks:
        await eks.clusters.create(create)
    found = attributes_of(recorded.one("EKS/CreateCluster"))
    assert (found["cds.cluster_id"], found["cds.task_id"], found["cds.outcome"]) == ("c-1", "t-1", "accepted")
    assert attributes_of(recorded.one("POST"))["http.request.method"] == "POST"


@pytest.mark.anyio
async def test_a_create_of_unknown_outcome_is_told_as_such(
    recorded: Recorded, service: FakeBackend, create: models.CreateClusterRequest
) -> None:
    service.create_cluster.lose()
    async with client(recorded, service) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(create)
        assert [each.outcome for each in eks.open_creates] == ["unknown"]
    call, attempt = recorded.one("EKS/CreateCluster"), recorded.one("POST")
    found = attributes_of(call)
    assert (found["cds.outcome"], found["cds.attempts"]) == ("unknown", 1)
    assert (found["error.type"], found["cds.error"]) == (
        "cds_eks.errors.AmbiguousCreate",
        type(caught.value).__name__,
    )
    assert found["cds.call_id"] == caught.value.call_id
    assert "rpc.response.status_code" not in found
    assert call.status.description == f"{type(caught.value).__name__}, outcome unknown"
    assert attributes_of(attempt)["error.type"] == "cds_eks.errors.ConnectionLost"
    assert attempt.status.status_code is StatusCode.ERROR


@pytest.mark.anyio
async def test_a_call_that_was_never_sent_says_so(recorded: Recorded, service: FakeBackend) -> None:
    service.list_clusters.refuse_connection().refuse_connection().refuse_connection()
    async with client(recorded, service) as eks:
        with pytest.raises(errors.ConnectFailed):
            await eks.clusters.list()
    found = attributes_of(recorded.one("EKS/ListClusters"))
    assert (found["cds.outcome"], found["error.type"]) == ("not_sent", "cds_eks.errors.ConnectFailed")
    assert len(recorded.requests) == 3


@pytest.mark.anyio
async def test_an_answer_that_can_not_be_decoded_is_an_error_of_the_call(
    recorded: Recorded, create: models.CreateClusterRequest
) -> None:
    class Empty:
        async def send(self, request: Request) -> RawResponse:
            request.record.mark_sent()
            return RawResponse(status=200, headers={}, content=b'{"Code": "Success", "Data": {}}')

        async def aclose(self) -> None:
            return

    async with client(recorded, Empty()) as eks:
        with pytest.raises(errors.AmbiguousCreate):
            await eks.clusters.create(create)
    assert attributes_of(recorded.one("EKS/CreateCluster"))["error.type"] == "cds_eks.errors.AmbiguousCreate"
    assert recorded.one("POST").status.status_code is StatusCode.UNSET


@pytest.mark.anyio
async def test_what_is_refused_before_it_is_sent_has_no_span(recorded: Recorded, service: FakeBackend) -> None:
    async with client(recorded, service) as eks:
        with pytest.raises(errors.InvalidRequestError):
            await eks.clusters.get("")
    assert recorded.spans == ()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.anyio
async def test_an_undocumented_action_is_named_as_the_conventions_say(recorded: Recorded, method: Any) -> None:
    class Any200:
        async def send(self, request: Request) -> RawResponse:
            return RawResponse(status=200, headers={}, content=b'{"Code": "Success", "Data": {}}')

        async def aclose(self) -> None:
            return

    async with client(recorded, Any200()) as eks:
        await eks.call("DescribeRegions", method=method)
    assert recorded.tree() == [("cds", [method])]
    found = attributes_of(recorded.one("cds"))
    assert (found["rpc.method"], found["rpc.method_original"]) == ("_OTHER", "DescribeRegions")


@pytest.mark.anyio
async def test_the_service_is_not_sent_the_trace(recorded: Recorded) -> None:
    keeps = Keeps()
    async with client(recorded, keeps) as eks:
        await eks.clusters.list()
    assert {"traceparent", "tracestate", "baggage"} & keeps.headers[0].keys() == set()


@pytest.mark.anyio
async def test_the_service_is_sent_the_trace_if_that_is_asked_for(recorded: Recorded) -> None:
    from opentelemetry import baggage, context

    keeps = Keeps()
    async with client(recorded, keeps, telemetry=recorded.telemetry(send_traceparent=True)) as eks:
        token = context.attach(baggage.set_baggage("user", "private"))
        try:
            await eks.clusters.list()
        finally:
            context.detach(token)
    attempt = recorded.one("GET")
    assert attempt.context is not None
    expected = f"00-{attempt.context.trace_id:032x}-{attempt.context.span_id:016x}-"
    assert keeps.headers[0]["traceparent"].startswith(expected)
    assert "baggage" not in keeps.headers[0]
    assert parent_of(attempt) is not None


@pytest.mark.anyio
async def test_the_context_of_the_caller_is_as_it_was_whatever_happens(
    recorded: Recorded, service: FakeBackend
) -> None:
    service.get_cluster.error("ResourceNotFound", status=404)
    async with client(recorded, service) as eks:
        with recorded.tracer.start_as_current_span("outer") as outer:
            with pytest.raises(errors.NotFound):
                await eks.clusters.get("c-1")
            assert trace.get_current_span() is outer


def test_a_request_without_the_id_of_a_call_has_none() -> None:
    request = Request(operation=LIST_CLUSTERS, url=ENDPOINT, params={})
    assert facts.call_ends(request, "Success", None) == {
        "cds.outcome": "not_sent",
        "cds.attempts": 0,
        "rpc.response.status_code": "Success",
    }
