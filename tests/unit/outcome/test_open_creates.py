"""What a caller learns of a write that is cut off, and the creates whose fate is open."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Limits, Timeouts, errors, models
from cds_eks.outcome.open_creates import OpenCreate
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from unit.outcome.cut_off_creates import Make, Raising, Stuck, answer, asynchronous


async def notes_of_interrupted(eks: AsyncEksClient, backend: Stuck, call: Callable[[], Any]) -> list[str]:
    """Cancel a call once the backend has got as far as it goes; return the notes on the cancellation."""
    notes: list[str] = []

    async def run() -> None:
        try:
            await call()
        except anyio.get_cancelled_exc_class() as error:
            notes.extend(getattr(error, "__notes__", ()))
            raise

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await backend.is_there.wait()
        group.cancel_scope.cancel()
    return notes


@asynchronous
async def test_a_create_that_may_have_left_is_open_with_all_that_is_known(
    make: Make, create: models.CreateClusterRequest, caplog: pytest.LogCaptureFixture
) -> None:
    backend = Stuck("sent")
    before = datetime.now(UTC)
    async with make(backend) as eks:
        [note] = await notes_of_interrupted(eks, backend, lambda: eks.clusters.create(create))
        [found] = eks.open_creates
    key = {"cluster_name": create.cluster_name, "vpc_id": create.vpc_id}
    assert (found.action, found.outcome, dict(found.natural_key)) == ("CreateCluster", "unknown", key)
    assert (found.name, found.vpc_id, found.ids, found.request_id) == (create.cluster_name, create.vpc_id, {}, None)
    assert found.attempts == 1
    assert before <= found.window[0] <= found.window[1] <= datetime.now(UTC)
    assert len(found.call_id) == 36
    assert found.cause == anyio_cancellation()
    assert note == (
        "CreateCluster may or may not have been carried out [attempts=1, outcome=unknown, "
        f"look_for=cluster_name={create.cluster_name!r} vpc_id={create.vpc_id!r}, call_id={found.call_id}]; "
        "it is among the client's `open_creates`"
    )
    [line] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert line.name == "cds_eks.client"
    assert line.__dict__["cds_eks"] == {
        "action": "CreateCluster",
        "event": "ended, and its outcome is unknown",
        "call_id": found.call_id,
        "attempts": 1,
        "error": found.cause,
        "outcome": "unknown",
    }
    for secret in (create.ak, create.sk, "the-key", create.cluster_name):
        assert str(secret) not in line.getMessage()


def pool_request() -> models.CreateNodePoolRequest:
    nodes = models.NodePoolNodeConfig(
        billing_spec=models.NodePoolBillingSpec(instance_charge_type="PostPaid"),
        os_image_name="Ubuntu22.04-CPU-1.26",
        subnet_ids=["s-1"],
        instance_type_ids=["CPU Compute C11.8c16g"],
        password="Change-me-1st!",
    )
    config = models.NodePoolSpec(name="workers", node_type="ecs", replicas=1, node_config=nodes)
    return models.CreateNodePoolRequest(cluster_id="c-1", vpc_id="v-1", config=config)


def anyio_cancellation() -> str:
    return anyio.get_cancelled_exc_class().__name__


@asynchronous
async def test_a_create_whose_answer_had_come_keeps_its_ids(make: Make, create: models.CreateClusterRequest) -> None:
    backend = Stuck("answered")
    async with make(backend) as eks:
        [note] = await notes_of_interrupted(eks, backend, lambda: eks.clusters.create(create))
        [found] = eks.open_creates
    assert (found.outcome, found.request_id) == ("accepted", "r-1")
    assert found.ids == {"cluster_id": "c-1", "task_id": "t-1"}
    assert note.startswith(
        "CreateCluster was carried out [cluster_id=c-1, task_id=t-1, request_id=r-1, attempts=1, outcome=accepted]"
    )


@asynchronous
async def test_a_create_whose_answer_named_ids_and_was_no_success_keeps_them(
    make: Make, create: models.CreateClusterRequest
) -> None:
    backend = Stuck("failed with ids")
    async with make(backend) as eks:
        [note] = await notes_of_interrupted(eks, backend, lambda: eks.clusters.create(create))
        [found] = eks.open_creates
    assert (found.outcome, found.request_id, found.ids) == ("unknown", "r-1", {"cluster_id": "c-1"})
    assert note.startswith("CreateCluster may or may not have been carried out [cluster_id=c-1, request_id=r-1, ")


@asynchronous
async def test_an_error_and_its_open_create_have_the_same_ids(make: Make, create: models.CreateClusterRequest) -> None:
    class Failing(Stuck):
        async def send(self, request: Request) -> RawResponse:
            request.record.mark_sent()
            return answer(500, "InternalError", {"ClusterId": "c-1"})

    async def answering(request: Request, send: Send) -> RawResponse:
        request.record.mark_sent()
        return answer(500, "InternalError", {"ClusterId": "c-1"})

    for settings in ({}, {"per_attempt": [answering]}, {"per_call": [answering]}):
        async with make(Failing(""), **settings) as eks:
            with pytest.raises(errors.AmbiguousCreate) as caught:
                await eks.clusters.create(create)
            [found] = eks.open_creates
            assert found.ids == caught.value.ids == {"cluster_id": "c-1"}
            assert eks.dismiss(caught.value)


@asynchronous
@pytest.mark.parametrize(
    ("how_far", "note"),
    [
        ("connecting", "CreateCluster was not sent [attempts=1, outcome=not_sent]"),
        ("refused", "CreateCluster was refused [request_id=r-1, attempts=1, outcome=refused]"),
    ],
)
async def test_a_create_that_can_not_have_been_carried_out_is_not_open(
    make: Make, create: models.CreateClusterRequest, how_far: str, note: str, caplog: pytest.LogCaptureFixture
) -> None:
    backend = Stuck(how_far)
    async with make(backend) as eks:
        assert await notes_of_interrupted(eks, backend, lambda: eks.clusters.create(create)) == [note]
        assert eks.open_creates == ()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@asynchronous
async def test_a_create_that_waits_for_a_permit_was_not_sent(make: Make, create: models.CreateClusterRequest) -> None:
    backend = Stuck("sent")
    async with make(backend, limits=Limits(max_in_flight=1)) as eks, anyio.create_task_group() as group:
        group.start_soon(eks.clusters.get, "c-1")
        await backend.is_there.wait()
        waiting = Stuck("sent")
        waiting.is_there.set()

        async def call() -> None:
            with anyio.move_on_after(0.02):
                await eks.clusters.create(create)

        await call()
        assert eks.open_creates == ()
        group.cancel_scope.cancel()


@asynchronous
async def test_every_kind_of_create_is_recorded_as_open(make: Make) -> None:
    pool = pool_request()
    calls: dict[str, tuple[Callable[[AsyncEksClient], Any], dict[str, Any]]] = {
        "CreateNodePool": (
            lambda eks: eks.node_pools.create(pool),
            {"cluster_id": pool.cluster_id, "config.name": pool.config.name},
        ),
        "CreateNetworkInterface": (
            lambda eks: eks.network_interfaces.create("s-1", netcard_name="card", vpc_id="v-1"),
            {"netcard_name": "card", "subnet_id": "s-1"},
        ),
        "AddScalingNode": (lambda eks: eks.scaling_groups.add_nodes("g-1", 2), {"scaling_group_id": "g-1"}),
        "Anything": (
            lambda eks: eks.call("Anything", method="POST", body={"DiskName": "d", "Password": "x", "Size": 3}),
            {"DiskName": "d"},
        ),
    }
    for action, (call, key) in calls.items():
        backend = Stuck("sent")
        async with make(backend) as eks:
            await notes_of_interrupted(eks, backend, lambda: call(eks))  # noqa: B023 - it is called at once
            [found] = eks.open_creates
        assert (found.action, found.outcome) == (action, "unknown")
        assert key.items() <= found.natural_key.items()
        assert "Password" not in found.natural_key


@asynchronous
async def test_an_idempotent_write_has_a_note_but_is_not_recorded_and_a_read_has_neither(make: Make) -> None:
    backend = Stuck("sent")
    async with make(backend) as eks:
        [note] = await notes_of_interrupted(eks, backend, lambda: eks.clusters.delete("c-1"))
        known = r"\[attempts=1, outcome=unknown, call_id=[0-9a-f-]{36}\]"
        assert re.fullmatch(f"DeleteCluster may or may not have been carried out {known}", note)
        backend.is_there = anyio.Event()
        assert await notes_of_interrupted(eks, backend, lambda: eks.clusters.get("c-1")) == []
        assert eks.open_creates == ()


class SignalFromOutside(BaseException):
    """What a signal handler raises."""


@asynchronous
@pytest.mark.parametrize("error", [SignalFromOutside(), SystemExit(3), ValueError("of a middleware")], ids=repr)
async def test_whatever_a_create_raises_has_a_note(
    make: Make, create: models.CreateClusterRequest, error: BaseException
) -> None:
    async with make(Raising("sent", error)) as eks:
        with pytest.raises(type(error)) as caught:
            await eks.clusters.create(create)
        [found] = eks.open_creates
    assert caught.value is error
    assert "may or may not have been carried out" in caught.value.__notes__[0]
    assert (found.outcome, found.cause) == ("unknown", type(error).__name__)


def test_a_create_whose_coroutine_is_dropped_is_open(make: Make, create: models.CreateClusterRequest) -> None:
    async def main() -> tuple[OpenCreate, ...]:
        backend = Stuck("sent")
        eks = make(backend, timeouts=Timeouts(total=None), limits=Limits(max_in_flight=5))
        call = eks.clusters.create(create)
        call.send(None)
        call.close()
        del call
        gc.collect()
        return eks.open_creates

    [found] = asyncio.run(main())
    assert (found.outcome, found.cause) == ("unknown", "GeneratorExit")


@asynchronous
async def test_a_middleware_that_fails_after_the_answer_loses_nothing(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async def failing(request: Request, send: Send) -> RawResponse:
        await send(request)
        raise KeyError("a fault of its own")

    class Fine(Stuck):
        async def send(self, request: Request) -> RawResponse:
            request.record.mark_sent()
            return answer()

    async with make(Fine("")) as eks:
        await eks.clusters.create(create)
        assert eks.open_creates == ()
    async with make(Fine(""), per_call=[failing]) as eks:
        with pytest.raises(KeyError) as caught:
            await eks.clusters.create(create)
        assert "cluster_id=c-1" in caught.value.__notes__[0]
        assert [found.ids for found in eks.open_creates] == [{"cluster_id": "c-1", "task_id": "t-1"}]
