"""Spans of calls with middlewares: those that send elsewhere, answer themselves, or fail."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from cds_eks import errors
from cds_eks.otel import names
from cds_eks.pipeline import Send
from cds_eks.testing import FakeBackend
from cds_eks.wire import RawResponse, Request
from telemetry.recorded_client import client
from telemetry.recording import Recorded, attributes_of


@pytest.mark.anyio
async def test_spans_of_middlewares_lie_between_the_call_and_its_attempts(
    recorded: Recorded, service: FakeBackend
) -> None:
    def spanned(name: str) -> Any:
        async def middleware(request: Request, send: Send) -> RawResponse:
            with recorded.tracer.start_as_current_span(name):
                return await send(request)

        return middleware

    service.list_clusters.error("InternalError", status=500).respond([])
    async with client(recorded, service, per_call=[spanned("all")], per_attempt=[spanned("one")]) as eks:
        await eks.clusters.list()
    assert recorded.tree() == [("EKS/ListClusters", [("all", [("one", ["GET"]), ("one", ["GET"])])])]


@pytest.mark.anyio
async def test_a_middleware_that_sends_elsewhere_as_well_is_seen_to_do_so(
    recorded: Recorded, service: FakeBackend
) -> None:
    async def twice(request: Request, send: Send) -> RawResponse:
        await send(attrs.evolve(request, url="https://user:pass@other.test/eks/v1"))
        return await send(request)

    service.list_clusters.respond([]).respond([])
    async with client(recorded, service, per_attempt=[twice]) as eks:
        await eks.clusters.list()
    seen = [attributes_of(span) for span in recorded.requests]
    assert [(each["url.full"], each["server.port"]) for each in seen] == [
        ("https://other.test/eks/v1", 443),
        ("http://eks.test:8080/eks/v1", 8080),
    ]
    assert [each.get("http.request.resend_count") for each in seen] == [None, 1]
    assert recorded.points(names.CDS_CLIENT_RETRIES) == []


@pytest.mark.anyio
async def test_a_middleware_that_answers_itself_sends_nothing(recorded: Recorded, service: FakeBackend) -> None:
    async def answers(request: Request, send: Send) -> RawResponse:
        return RawResponse(status=200, headers={}, content=b'{"Code": "Success", "Data": []}')

    async with client(recorded, service, per_attempt=[answers]) as eks:
        await eks.clusters.list()
    assert recorded.tree() == ["EKS/ListClusters"]


@pytest.mark.anyio
async def test_an_error_of_a_middleware_is_told_by_its_class_alone(recorded: Recorded, service: FakeBackend) -> None:
    async def fails(request: Request, send: Send) -> RawResponse:
        raise LookupError("hidden-words")

    async with client(recorded, service, per_call=[fails]) as eks:
        with pytest.raises(LookupError):
            await eks.clusters.list()
    call = recorded.one("EKS/ListClusters")
    assert attributes_of(call)["error.type"] == "LookupError"
    assert "hidden-words" not in "".join(recorded.texts())


@pytest.mark.anyio
async def test_an_error_class_of_the_caller_s_own_is_told_by_its_own_name(
    recorded: Recorded, service: FakeBackend
) -> None:
    class Forbidden(errors.EksError):
        pass

    async def forbids(request: Request, send: Send) -> RawResponse:
        raise Forbidden("hidden-words")

    async with client(recorded, service, per_call=[forbids]) as eks:
        with pytest.raises(Forbidden):
            await eks.clusters.list()
    assert attributes_of(recorded.one("EKS/ListClusters"))["error.type"] == f"{__name__}.{Forbidden.__qualname__}"
