"""How callers cut creates off, creates that fail, and what stores the open ones."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import traceback
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import anyio
import attrs
import pytest

from cds_eks import AsyncEksClient, RetryPolicy, Timeouts, errors, models
from cds_eks.emulator import Emulator, Fault
from cds_eks.lookup import OpenCreateLike
from cds_eks.outcome.open_creates import OpenCreate, OpenCreates
from cds_eks.pipeline import Send
from cds_eks.resources.clusters import CREATE_CLUSTER
from cds_eks.wire import RawResponse, Request
from unit.outcome.cut_off_creates import Make, Raising, Stuck, answer, asynchronous


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
