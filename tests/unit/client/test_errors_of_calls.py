"""What a call raises: creates whose outcome is unknown, and the plain errors of all others."""

from __future__ import annotations

import pickle
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.to_thread
import pytest

from cds_eks import (
    AsyncEksClient,
    Timeouts,
    errors,
    models,
)
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from support.eventually import EVENT_TIMEOUT
from unit.client.fake_service import Make, Scripted, answer, asynchronous

ZERO = {"ClusterId": "", "TaskId": ""}
"""What a Go service sends along with a refusal."""


OPEN: dict[str, tuple[Any, type[errors.EksError]]] = {
    "lost": (errors.ConnectionLost("x"), errors.ConnectionLost),
    "no usable answer": (errors.TransportError("x", outcome="unknown"), errors.TransportError),
    "broken compression": (errors.UnreadableResponse("x", http_status=200), errors.UnreadableResponse),
    "fault": (answer(500, Code="InternalError"), errors.ServerFault),
    "fault in a 200": (answer(200, Code="CreateOrderExcept"), errors.ServerFault),
    "unavailable": (answer(503, Code="Anything"), errors.ServerFault),
    "a proxy's page": (RawResponse(status=502, headers={}, content=b"<html>"), errors.UnreadableResponse),
    "an empty body": (RawResponse(status=200, headers={}, content=b""), errors.UnreadableResponse),
    "success without ids": (answer(Data={}), errors.UnreadableResponse),
    "success without data": (answer(Data=None), errors.UnreadableResponse),
    "success of another shape": (answer(Data="done"), errors.UnreadableResponse),
}


@asynchronous
@pytest.mark.parametrize("case", OPEN)
async def test_a_create_whose_fate_is_unknown_says_what_to_look_for(
    case: str, make: Make, create: models.CreateClusterRequest
) -> None:
    step, plain = OPEN[case]
    backend = Scripted(step)
    before = datetime.now(UTC)
    async with make(backend) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(create)
    after = datetime.now(UTC)
    error = caught.value
    assert isinstance(error, plain)
    assert len(backend.sent) == 1
    assert (error.outcome, error.action, error.attempts) == ("unknown", "CreateCluster", 1)
    assert error.natural_key == {"cluster_name": create.cluster_name, "vpc_id": create.vpc_id}
    assert (error.name, error.vpc_id) == (create.cluster_name, create.vpc_id)
    assert error.window is not None
    assert before <= error.window[0] <= error.window[1] <= after
    assert error.window[0].tzinfo is UTC
    if not isinstance(step, Exception) and b"r-1" in step.content:
        assert error.request_id == "r-1"
    revived = pickle.loads(pickle.dumps(error))
    assert (type(revived), revived.natural_key, revived.window) == (type(error), error.natural_key, error.window)
    assert error.__cause__ is None


@asynchronous
async def test_a_create_whose_time_runs_out_says_what_to_look_for(
    make: Make, create: models.CreateClusterRequest
) -> None:
    class Silent(Scripted):
        async def send(self, request: Request) -> RawResponse:
            await super().send(request)
            await anyio.sleep_forever()
            raise AssertionError

    async with make(Silent(), timeouts=Timeouts(total=0.02)) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.clusters.create(create)
    assert isinstance(caught.value, errors.DeadlineExceeded)
    assert caught.value.name == create.cluster_name
    assert caught.value.attempts == 1


@asynchronous
async def test_a_create_whose_time_runs_out_before_it_was_sent_is_no_ambiguous_one(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async def stuck(request: Request, send: Send) -> RawResponse:
        await anyio.sleep_forever()
        raise AssertionError

    async with make(Scripted(), timeouts=Timeouts(total=0.02), per_attempt=[stuck]) as eks:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.create(create)
    assert not isinstance(caught.value, errors.AmbiguousCreate)
    assert caught.value.outcome == "not_sent"


Create = Callable[[AsyncEksClient], Awaitable[Any]]


def node_pool() -> models.CreateNodePoolRequest:
    config = models.NodePoolSpec(
        name="pool-1",
        node_type="ecs",
        replicas=1,
        node_config=models.NodePoolNodeConfig(
            billing_spec=models.NodePoolBillingSpec(instance_charge_type="PostPaid"),
            os_image_name="Ubuntu22.04-CPU-1.26",
            subnet_ids=["s-1"],
            instance_type_ids=["CPU Compute C11.4c8g"],
            password="Marked-1234",
        ),
    )
    return models.CreateNodePoolRequest(cluster_id="c-1", vpc_id="v-1", config=config)


CREATES: dict[str, tuple[Create, dict[str, str], str | None, str | None]] = {
    "node pool": (
        lambda eks: eks.node_pools.create(node_pool()),
        {"config.name": "pool-1", "cluster_id": "c-1", "vpc_id": "v-1"},
        "pool-1",
        "v-1",
    ),
    "network interface": (
        lambda eks: eks.network_interfaces.create("s-1", netcard_name="card-1"),
        {"netcard_name": "card-1", "subnet_id": "s-1"},
        "card-1",
        None,
    ),
    "network interface without a name": (
        lambda eks: eks.network_interfaces.create("s-1", vpc_id="v-1"),
        {"subnet_id": "s-1", "vpc_id": "v-1"},
        None,
        "v-1",
    ),
    "scaling node": (
        lambda eks: eks.scaling_groups.add_nodes("g-1", 2),
        {"scaling_group_id": "g-1"},
        None,
        None,
    ),
    "undocumented": (
        lambda eks: eks.call("CreateThing", method="POST", body={"ThingName": "t", "VpcId": "v", "Sk": "x", "N": 1}),
        {"ThingName": "t", "VpcId": "v"},
        None,
        None,
    ),
    "undocumented without a body": (lambda eks: eks.call("CreateThing", method="POST"), {}, None, None),
}


@asynchronous
@pytest.mark.parametrize("case", CREATES)
async def test_every_create_has_a_key_of_its_own(case: str, make: Make) -> None:
    call, key, name, vpc_id = CREATES[case]
    backend = Scripted(errors.ConnectionLost("x"))
    async with make(backend) as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await call(eks)
    error = caught.value
    assert isinstance(error, errors.ConnectionLost)
    assert (dict(error.natural_key), error.name, error.vpc_id) == (key, name, vpc_id)
    assert len(backend.sent) == 1


@asynchronous
@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (errors.ConnectFailed("x"), errors.ConnectFailed),
        (answer(400, Code="InvalidParameter", Data=None), errors.BadArgument),
        (answer(200, Code="NotEnoughBalance", Data=ZERO), errors.QuotaExceeded),
        (answer(429, Code="Throttling", Data=ZERO), errors.Throttled),
        (answer(403, Code="SignatureDoesNotMatch", Data={}), errors.AuthenticationError),
    ],
)
async def test_a_create_that_was_surely_not_carried_out_raises_the_plain_error(
    step: Any, kind: type[errors.EksError], make: Make, create: models.CreateClusterRequest
) -> None:
    async with make(Scripted(step)) as eks:
        with pytest.raises(kind) as caught:
            await eks.clusters.create(create)
    assert not isinstance(caught.value, errors.AmbiguousCreate)
    assert caught.value.outcome in ("not_sent", "refused")
    assert caught.value.action == "CreateCluster"


READ: Create = lambda eks: eks.clusters.get("c-1")  # noqa: E731
WRITE: Create = lambda eks: eks.clusters.delete("c-1")  # noqa: E731


@asynchronous
async def test_an_idempotent_write_need_not_name_anything(make: Make) -> None:
    async with make(Scripted(answer(Data=None))) as eks:
        assert (await eks.clusters.delete("c-1")).data.task_id == ""


@asynchronous
@pytest.mark.parametrize(
    ("case", "call"),
    [
        *((case, READ) for case in OPEN),
        *((case, WRITE) for case in OPEN if case not in ("success without ids", "success without data")),
    ],
)
async def test_reads_and_idempotent_writes_raise_the_plain_error(case: str, call: Create, make: Make) -> None:
    step, kind = OPEN[case]
    backend = Scripted(step)
    async with make(backend) as eks:
        with pytest.raises(kind) as caught:
            await call(eks)
    assert not isinstance(caught.value, errors.AmbiguousCreate)
    assert len(backend.sent) == caught.value.attempts


@asynchronous
async def test_a_read_that_gets_no_data_says_so_after_one_attempt(make: Make) -> None:
    backend = Scripted(answer(Data=None))
    async with make(backend) as eks:
        with pytest.raises(errors.UnreadableResponse, match="no data") as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.attempts, len(backend.sent)) == (1, 1)


@asynchronous
async def test_an_error_after_retries_holds_the_earlier_ones(make: Make) -> None:
    backend = Scripted(errors.ConnectFailed("first"), errors.ConnectionLost("second"), answer(404, Code="Gone"))
    async with make(backend) as eks:
        with pytest.raises(errors.NotFound) as caught:
            await eks.clusters.delete("c-1")
    error = caught.value
    assert [type(earlier) for earlier in error.previous] == [errors.ConnectFailed, errors.ConnectionLost]
    assert (error.attempts, error.outcome) == (3, "unknown")


@asynchronous
async def test_a_cancelled_create_leaves_its_record_to_a_per_call_middleware(
    make: Make, create: models.CreateClusterRequest
) -> None:
    kept: list[tuple[str, int]] = []
    is_sent = anyio.Event()

    class Silent(Scripted):
        async def send(self, request: Request) -> RawResponse:
            await super().send(request)
            is_sent.set()
            await anyio.sleep_forever()
            raise AssertionError

    async def keep(request: Request, send: Send) -> RawResponse:
        try:
            return await send(request)
        finally:
            kept.append((request.record.outcome, request.record.attempts))

    async with make(Silent(), per_call=[keep]) as eks, anyio.create_task_group() as group:
        group.start_soon(eks.clusters.create, create)
        with anyio.fail_after(EVENT_TIMEOUT):
            await is_sent.wait()
        group.cancel_scope.cancel()
    assert kept == [("unknown", 1)]


@asynchronous
async def test_an_answer_that_a_middleware_spoils_after_the_service_accepted_is_unknown_for_a_create(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async def spoil(request: Request, send: Send) -> RawResponse:
        await send(request)
        return answer(Data=None)

    async with make(Scripted(), per_call=[spoil]) as eks:
        with pytest.raises(errors.AmbiguousCreate):
            await eks.clusters.create(create)


@asynchronous
async def test_a_create_whose_answer_names_nothing_is_open_in_its_record_too(
    make: Make, create: models.CreateClusterRequest
) -> None:
    requests: list[Request] = []

    async def watch(request: Request, send: Send) -> RawResponse:
        requests.append(request)
        return await send(request)

    async with make(Scripted(answer(Data={"Anything": 1})), per_call=[watch]) as eks:
        with pytest.raises(errors.AmbiguousCreate):
            await eks.clusters.create(create)
    assert requests[0].record.outcome == "unknown"
