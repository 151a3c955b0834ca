"""Spans of calls that are cancelled, run out of time or are closed."""

from __future__ import annotations

import anyio
import pytest
from opentelemetry import trace

from cds_eks import errors, models
from cds_eks.wire import RawResponse, Request
from telemetry.recorded_client import client
from telemetry.recording import Recorded, attributes_of


class Hangs:
    """A backend that answers nothing."""

    def __init__(self) -> None:
        self.begun = anyio.Event()

    async def send(self, request: Request) -> RawResponse:
        request.record.mark_sent()
        self.begun.set()
        await anyio.sleep_forever()
        raise AssertionError

    async def aclose(self) -> None:
        return


@pytest.mark.anyio
async def test_a_cancellation_ends_all_spans(
    recorded: Recorded, create: models.CreateClusterRequest, anyio_backend: str
) -> None:
    hangs = Hangs()
    async with client(recorded, hangs) as eks, anyio.create_task_group() as group:
        group.start_soon(eks.clusters.create, create)
        await hangs.begun.wait()
        group.cancel_scope.cancel()
    assert recorded.tree() == [("EKS/CreateCluster", ["POST"])]
    assert [each.outcome for each in eks.open_creates] == ["unknown"]
    found = attributes_of(recorded.one("EKS/CreateCluster"))
    name = {"asyncio": "asyncio.exceptions.CancelledError", "trio": "trio.Cancelled"}[anyio_backend]
    assert (found["error.type"], found["cds.outcome"]) == (name, "unknown")
    assert attributes_of(recorded.one("POST"))["error.type"] == name
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.anyio
async def test_a_deadline_ends_all_spans(recorded: Recorded) -> None:
    async with client(recorded, Hangs()) as eks:
        with pytest.raises(errors.DeadlineExceeded):
            await eks.clusters.list(timeout=0.01)
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])]
    found = attributes_of(recorded.one("EKS/ListClusters"))
    assert (found["error.type"], found["cds.outcome"]) == ("cds_eks.errors.DeadlineExceeded", "unknown")


@pytest.mark.anyio
async def test_a_coroutine_that_is_closed_ends_its_spans(recorded: Recorded, anyio_backend: str) -> None:
    if anyio_backend == "trio":
        pytest.skip("trio's own awaits can't be driven by hand")
    async with client(recorded, Hangs()) as eks:
        coroutine = eks.clusters.list()
        coroutine.send(None)
        coroutine.close()
    assert recorded.tree() == [("EKS/ListClusters", ["GET"])]
    assert attributes_of(recorded.one("EKS/ListClusters"))["error.type"] == "GeneratorExit"
