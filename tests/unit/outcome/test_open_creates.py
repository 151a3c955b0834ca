"""What a caller learns of a write that is cut off, and the creates whose fate is open."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import pickle
import re
import threading
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import attrs
import pytest

from cds_eks import AsyncEksClient, Credentials, Limits, RetryPolicy, Timeouts, errors, models
from cds_eks.emulator import Emulator, Fault
from cds_eks.lookup import OpenCreateLike
from cds_eks.outcome.open_creates import OpenCreate, OpenCreates
from cds_eks.pipeline import Send
from cds_eks.resources.clusters import CREATE_CLUSTER
from cds_eks.wire import RawResponse, Request

asynchronous = pytest.mark.anyio

IDS = {"ClusterId": "c-1", "TaskId": "t-1"}


def answer(status: int = 200, code: str = "Success", data: object = IDS) -> RawResponse:
    content = json.dumps({"Code": code, "RequestId": "r-1", "Data": data}).encode()
    return RawResponse(status=status, headers={}, content=content)


class Stuck:
    """A backend that gets as far with a request as it is told, and then waits for ever."""

    def __init__(self, how_far: str) -> None:
        self.how_far = how_far
        self.is_there = anyio.Event()

    async def send(self, request: Request) -> RawResponse:
        if self.how_far != "connecting":
            request.record.mark_sent()
        if self.how_far == "answered":
            request.record.arrived = answer()
        if self.how_far == "refused":
            request.record.arrived = answer(400, "BadArgs", None)
        if self.how_far == "failed with ids":
            request.record.arrived = answer(500, "InternalError", {"ClusterId": "c-1"})
        self.is_there.set()
        await anyio.sleep_forever()
        raise AssertionError

    async def aclose(self) -> None:
        pass


class Raising(Stuck):
    """The same, but an exception comes out of it in the end."""

    def __init__(self, how_far: str, error: BaseException) -> None:
        super().__init__(how_far)
        self._error = error

    async def send(self, request: Request) -> RawResponse:
        with anyio.move_on_after(0):
            await super().send(request)
        raise self._error


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(create_cluster_body)


@pytest.fixture
def make(credentials: Credentials) -> Callable[..., AsyncEksClient]:
    def made(backend: Any, **settings: Any) -> AsyncEksClient:
        return AsyncEksClient(credentials, backend=backend, **settings)

    return made


Make = Callable[..., AsyncEksClient]


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


# --- a create that is cut off --------------------------------------------------------------------------------------


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
        "event": "ended, and its fate is open",
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


# --- as callers do it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["wait_for", "timeout"])
def test_a_timeout_of_asyncio_shows_the_note_in_its_traceback(
    make: Make, create: models.CreateClusterRequest, how: str
) -> None:
    async def limited(call: Awaitable[object]) -> None:
        if how == "wait_for":
            await asyncio.wait_for(call, 0.02)
        async with asyncio.timeout(0.02):
            await call

    async def main() -> None:
        async with make(Stuck("sent")) as eks:
            with pytest.raises(TimeoutError) as caught:
                await limited(eks.clusters.create(create))
            shown = "".join(traceback.format_exception(caught.value))
            assert "CreateCluster may or may not have been carried out" in shown
            assert create.cluster_name in shown
            assert len(eks.open_creates) == 1

    asyncio.run(main())


@asynchronous
async def test_a_cancel_scope_that_swallows_everything_leaves_the_create_open(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async with make(Stuck("sent")) as eks:
        with anyio.move_on_after(0.02) as scope:
            await eks.clusters.create(create)
        assert scope.cancelled_caught
        with pytest.raises(TimeoutError), anyio.fail_after(0.02):
            await eks.clusters.create(create)
        assert [found.outcome for found in eks.open_creates] == ["unknown"] * 2
        first, second = eks.open_creates
        assert first.call_id != second.call_id


@asynchronous
async def test_siblings_are_not_cancelled(make: Make, create: models.CreateClusterRequest) -> None:
    ended = []

    async with make(Stuck("sent")) as eks, anyio.create_task_group() as group:

        async def sibling() -> None:
            await anyio.sleep(0.05)
            ended.append(True)

        group.start_soon(sibling)
        with anyio.move_on_after(0.01):
            await eks.clusters.create(create)
    assert ended == [True]


@asynchronous
async def test_what_was_cut_off_is_found_by_its_open_create_and_then_dismissed(
    create: models.CreateClusterRequest,
) -> None:
    emulator = Emulator(faults=[Fault("hang_after_commit", "CreateCluster", count=1)])
    with emulator.serve() as url:
        async with AsyncEksClient(emulator.credentials, endpoint=url) as eks:
            with anyio.move_on_after(0.5):
                await eks.clusters.create(create)
            [found] = eks.open_creates
            cluster = await eks.clusters.find(found, settle=0)
            assert cluster is not None
            assert (cluster.cluster_name, found.outcome) == (create.cluster_name, "unknown")
            assert eks.dismiss(found)
            assert eks.open_creates == ()


# --- a create that fails -------------------------------------------------------------------------------------------


@asynchronous
async def test_an_ambiguous_create_is_open_as_well_until_it_is_dismissed(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async with make(Raising("sent", errors.ConnectionLost("x"))) as eks:
        caught = []
        for _ in range(2):
            with pytest.raises(errors.AmbiguousCreate) as raised:
                await eks.clusters.create(create)
            caught.append(raised.value)
        first, second = eks.open_creates
        assert (first.window, dict(first.natural_key)) == (caught[0].window, dict(caught[0].natural_key))
        assert (first.name, first.vpc_id, first.cause) == (caught[0].name, caught[0].vpc_id, "ConnectionLost")
        assert not hasattr(caught[0], "__notes__")  # it says all that itself
        assert eks.dismiss(pickle.loads(pickle.dumps(caught[1])))
        assert [each.call_id for each in eks.open_creates] == [first.call_id]
        assert not eks.dismiss(caught[1])
        assert not eks.dismiss(second)
        assert eks.dismiss(first)
        assert eks.open_creates == ()


@asynchronous
async def test_an_accepted_create_that_ends_with_an_error_is_open_with_its_ids(
    make: Make, create: models.CreateClusterRequest
) -> None:
    async def slow(request: Request, send: Send) -> RawResponse:
        response = await send(request)
        await anyio.sleep_forever()
        return response

    class Fine(Stuck):
        async def send(self, request: Request) -> RawResponse:
            request.record.mark_sent()
            request.record.arrived = answer()
            return answer()

    async with make(Fine(""), per_attempt=[slow], timeouts=Timeouts(total=0.02)) as eks:
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await eks.clusters.create(create)
        [found] = eks.open_creates
        assert (found.outcome, found.ids) == ("accepted", {"cluster_id": "c-1", "task_id": "t-1"})
        assert found.ids == caught.value.ids
        assert not eks.dismiss(errors.NotFound("x", action="CreateCluster"))
        assert not eks.dismiss(errors.NotFound("x", action="GetCluster"))
        assert eks.dismiss(caught.value)
        assert eks.open_creates == ()


@asynchronous
@pytest.mark.parametrize("how_far", ["connecting", "refused"])
async def test_a_create_that_fails_beyond_doubt_is_not_open(
    make: Make, create: models.CreateClusterRequest, how_far: str
) -> None:
    class Failing(Stuck):
        async def send(self, request: Request) -> RawResponse:
            if how_far == "connecting":
                raise errors.ConnectFailed("x")
            request.record.mark_sent()
            return answer(400, "BadArgs", None)

    async with make(Failing(how_far), retry=RetryPolicy.none()) as eks:
        with pytest.raises(errors.EksError):
            await eks.clusters.create(create)
        with pytest.raises(errors.InvalidRequestError):
            await eks.execute(CREATE_CLUSTER, create, {"Action": "x"})
        assert eks.open_creates == ()


# --- what keeps them -----------------------------------------------------------------------------------------------


def open_create(number: int = 0, **changes: Any) -> OpenCreate:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    known: dict[str, Any] = {
        "action": "CreateCluster",
        "outcome": "unknown",
        "natural_key": {"cluster_name": f"gpu-{number}"},
        "window": (now, now),
        "ids": {},
        "request_id": None,
        "call_id": f"id-{number}",
        "attempts": 1,
        "cause": "CancelledError",
    }
    return OpenCreate(**known | changes)


def test_the_oldest_are_forgotten_and_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    kept = OpenCreates(most=3)
    for number in range(3):
        kept.add(open_create(number))
    assert caplog.records == []
    kept.add(open_create(3, request_id="r-3"))
    assert [each.call_id for each in kept.all()] == ["id-1", "id-2", "id-3"]
    [line] = caplog.records
    assert (line.name, line.levelno) == ("cds_eks.client", logging.WARNING)
    assert "forgotten" in line.getMessage()


def test_what_another_thread_forgets_at_the_same_time_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    kept = OpenCreates(most=1)

    class Raced(dict[str, OpenCreate]):
        def copy(self) -> dict[str, OpenCreate]:
            return {"forgotten by then": open_create(9), **self}

    kept._by_call = Raced()
    kept.add(open_create(1))
    kept.add(open_create(2))
    assert [each.call_id for each in kept._by_call.values()] == ["id-2"]
    assert len(caplog.records) == 1


def test_ten_thousand_open_creates_are_remembered() -> None:
    kept = OpenCreates()
    for number in range(10_001):
        kept.add(open_create(number))
    found = kept.all()
    assert (len(found), found[0].call_id) == (10_000, "id-1")


def test_a_later_record_of_a_call_replaces_the_earlier_one() -> None:
    kept = OpenCreates()
    kept.add(open_create())
    kept.add(open_create(outcome="accepted", ids={"cluster_id": "c"}))
    assert [each.outcome for each in kept.all()] == ["accepted"]


def test_open_creates_may_be_used_from_many_threads() -> None:
    kept = OpenCreates(most=50)

    def work(first: int) -> None:
        for number in range(first, first + 300):
            kept.add(open_create(number))
            kept.all()
            kept.dismiss(open_create(number - 1))

    threads = [threading.Thread(target=work, args=(first * 1000,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.call_id for each in kept.all()} == {f"id-{first * 1000 + 299}" for first in range(4)}


def test_an_open_create_is_a_plain_value() -> None:
    one = open_create(1)
    assert pickle.loads(pickle.dumps(one)) == one
    assert isinstance(one, OpenCreateLike)  # `find` takes it
    assert one.name == "gpu-1"
    assert one.vpc_id is None
    assert open_create(natural_key={}).name is None
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.outcome = "accepted"  # type: ignore[misc]
