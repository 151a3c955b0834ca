"""A wait is one span, with its polls beneath."""

from __future__ import annotations

import contextvars
import gc
import inspect
import types
from collections.abc import Generator

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from cds_eks import AsyncEksClient, Credentials, EksClient, errors
from cds_eks.testing import FakeBackend
from cds_eks.waiting import Waiters
from telemetry.recording import Recorded, attributes_of

pytestmark = pytest.mark.anyio

QUICK = 0.01


def client(recorded: Recorded, service: FakeBackend) -> AsyncEksClient:
    return AsyncEksClient(Credentials("an-id", "a-key"), backend=service, telemetry=recorded.telemetry())


async def test_the_polls_lie_below_the_wait(recorded: Recorded, service: FakeBackend) -> None:
    for status in ("doing", "doing", "finish"):
        service.get_task_status.respond(task_id="t-1", task_status=status)
    async with client(recorded, service) as eks:
        with recorded.tracer.start_as_current_span("outer") as outer:
            await eks.wait.task("t-1", poll_interval=QUICK)
            assert trace.get_current_span() is outer
    poll = ("EKS/GetTaskStatus", ["GET"])
    assert recorded.tree() == [("outer", [("wait task", [poll, poll, poll])])]
    wait = recorded.one("wait task")
    assert (wait.kind, wait.status.status_code) == (SpanKind.INTERNAL, StatusCode.UNSET)
    assert attributes_of(wait) == {"cds.task_id": "t-1"}


async def test_calls_of_its_callbacks_lie_below_it(recorded: Recorded, service: FakeBackend) -> None:
    service.get_task_status.respond(task_id="t-1", task_status="finish")
    names: list[str] = []
    async with client(recorded, service) as eks:
        await eks.wait.task("t-1", on_change=lambda _: names.append(str(getattr(trace.get_current_span(), "name", ""))))
    assert names == ["wait task"]


def test_calls_of_its_callbacks_lie_beside_a_blocking_wait(recorded: Recorded, service: FakeBackend) -> None:
    service.get_task_status.respond(task_id="t-1", task_status="finish")
    service.list_clusters.respond([])

    def lists(eks: EksClient) -> None:
        eks.clusters.list()

    with (
        EksClient(Credentials("an-id", "a-key"), backend=service, telemetry=recorded.telemetry()) as eks,
        recorded.tracer.start_as_current_span("outer"),
    ):
        eks.wait.task("t-1", on_change=lambda _: lists(eks))
    [(outer, inside)] = recorded.tree()
    assert outer == "outer"
    assert sorted(inside) == [("EKS/ListClusters", ["GET"]), ("wait task", [("EKS/GetTaskStatus", ["GET"])])]


async def test_a_wait_that_ends_badly_is_an_error(recorded: Recorded, service: FakeBackend) -> None:
    service.get_task_status.respond(task_id="t-1", task_status="error", task_msg="hidden-words")
    async with client(recorded, service) as eks:
        with pytest.raises(errors.TaskFailed):
            await eks.wait.task("t-1")
    wait = recorded.one("wait task")
    assert attributes_of(wait)["error.type"] == "cds_eks.errors.TaskFailed"
    assert (wait.status.status_code, wait.status.description) == (StatusCode.ERROR, "TaskFailed")
    assert "hidden-words" not in "".join(recorded.texts())


async def test_a_wait_that_is_cancelled_ends_its_spans(recorded: Recorded, service: FakeBackend) -> None:
    service.get_task_status.respond(task_id="t-1", task_status="doing")
    async with client(recorded, service) as eks:
        with anyio.move_on_after(0.05):
            await eks.wait.task("t-1", poll_interval=60.0)
    assert recorded.tree() == [("wait task", [("EKS/GetTaskStatus", ["GET"])])]
    assert recorded.one("wait task").status.status_code is StatusCode.ERROR


async def test_polls_at_once_lie_below_their_wait(recorded: Recorded, service: FakeBackend) -> None:
    for number in range(3):
        service.get_task_status.respond(task_id=f"t-{number}", task_status="finish")
    async with client(recorded, service) as eks:
        await eks.wait.tasks([f"t-{number}" for number in range(3)])
    assert recorded.tree() == [("wait tasks", [("EKS/GetTaskStatus", ["GET"])] * 3)]


async def test_what_the_caller_does_while_it_walks_is_no_part_of_the_wait(
    recorded: Recorded, service: FakeBackend
) -> None:
    for number in range(2):
        service.get_task_status.respond(task_id=f"t-{number}", task_status="finish")
    service.list_clusters.respond([]).respond([])
    async with client(recorded, service) as eks:
        with recorded.tracer.start_as_current_span("outer") as outer:
            async for _ in eks.wait.each(["t-0", "t-1"]):
                assert trace.get_current_span() is outer
                await eks.clusters.list()
    other = ("EKS/ListClusters", ["GET"])
    poll = ("EKS/GetTaskStatus", ["GET"])
    assert recorded.tree() == [("outer", [("wait each", [poll, poll]), other, other])]


async def test_a_walk_that_is_left_ends_its_span(recorded: Recorded, service: FakeBackend) -> None:
    service.get_task_status.respond(task_id="t-0", task_status="finish")
    service.get_task_status.respond(task_id="t-1", task_status="doing")
    async with client(recorded, service) as eks:
        walk = eks.wait.each(["t-0", "t-1"], poll_interval=60.0)
        async for _ in walk:
            break
        await walk.aclose()  # type: ignore[attr-defined]
    assert recorded.one("wait each").status.status_code is StatusCode.UNSET


def test_a_walk_that_is_collected_outside_of_its_context_ends_its_span_in_silence(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:

    class Walk:
        def __aiter__(self) -> Walk:
            return self

        async def __anext__(self) -> str:
            await _never()
            return "t-0"

    class Waits:
        def each(self) -> Walk:
            return Walk()

    waits = Waits()
    recorded.telemetry().trace_waits(waits)
    walk = waits.each().__aiter__()
    contextvars.copy_context().run(walk.__anext__().send, None)
    del walk
    gc.collect()
    assert recorded.one("wait each").status.status_code is StatusCode.ERROR
    assert [record.getMessage() for record in caplog.records] == []


@types.coroutine
def _never() -> Generator[None]:
    yield


async def test_a_walk_refuses_its_arguments_as_ever(recorded: Recorded, service: FakeBackend) -> None:
    async with client(recorded, service) as eks:
        with pytest.raises(errors.InvalidRequestError, match="nothing to wait for"):
            eks.wait.each()
        with pytest.raises(TypeError):
            await eks.wait.task()  # type: ignore[call-arg]
    assert [span.name for span in recorded.spans] == ["wait task"]


async def test_each_wait_is_one_that_is_traced(recorded: Recorded, service: FakeBackend) -> None:
    async with client(recorded, service) as eks:
        wait = eks.wait
    public = [name for name, _ in inspect.getmembers(Waiters, inspect.isfunction) if not name.startswith("_")]
    assert len(public) >= 9
    for name in public:
        traced = vars(wait)[name]
        parameters = list(inspect.signature(getattr(Waiters, name)).parameters.values())
        assert list(inspect.signature(traced).parameters.values()) == parameters[1:]
        assert traced.__doc__ == getattr(Waiters, name).__doc__


async def test_a_client_without_telemetry_has_its_waits_as_they_are(service: FakeBackend) -> None:
    async with AsyncEksClient(Credentials("an-id", "a-key"), backend=service) as eks:
        assert not {"task", "each"} & vars(eks.wait).keys()


def test_a_blocking_wait_is_a_part_of_the_trace_of_its_thread(recorded: Recorded, service: FakeBackend) -> None:
    for status in ("doing", "finish"):
        service.get_task_status.respond(task_id="t-1", task_status=status)
    with (
        EksClient(Credentials("an-id", "a-key"), backend=service, telemetry=recorded.telemetry()) as eks,
        recorded.tracer.start_as_current_span("outer"),
    ):
        eks.wait.task("t-1", poll_interval=QUICK)
    poll = ("EKS/GetTaskStatus", ["GET"])
    assert recorded.tree() == [("outer", [("wait task", [poll, poll])])]


async def test_a_walk_that_is_cancelled_is_an_error(recorded: Recorded, service: FakeBackend) -> None:
    service.get_task_status.respond(task_id="t-1", task_status="doing")
    async with client(recorded, service) as eks:
        with anyio.move_on_after(0.05):
            async for _ in eks.wait.each(["t-1"], poll_interval=60.0):
                pytest.fail("it has not ended")
    assert recorded.one("wait each").status.status_code is StatusCode.ERROR


@pytest.mark.parametrize("fails", [False, True])
async def test_a_walk_that_is_dropped_goes_on_as_ever(service: FakeBackend, fails: bool) -> None:
    recorded = Recorded(sampler=ALWAYS_OFF)
    service.get_task_status.respond(task_id="t-1", task_status="finish")
    if fails:
        service.get_task_status.error("AccessDenied", status=403)
    async with client(recorded, service) as eks:
        found = [done.id async for done in eks.wait.each(["t-1", "t-2"] if fails else ["t-1"])]
    assert found[:1] == ["t-1"]
    assert recorded.spans == ()


async def test_a_walk_of_any_kind_ends_as_its_own_does(recorded: Recorded) -> None:
    class Walk:
        """No generator: there is nothing to close."""

        def __aiter__(self) -> Walk:
            return self

        async def __anext__(self) -> str:
            raise LookupError("hidden-words")

    class Waits:
        helper = staticmethod(len)

        def other(self) -> str:
            return "no wait"

        def each(self) -> Walk:
            return Walk()

    for telemetry in (recorded.telemetry(), Recorded(sampler=ALWAYS_OFF).telemetry()):
        waits = Waits()
        telemetry.trace_waits(waits)
        with pytest.raises(LookupError):
            await anext(waits.each())
        assert waits.other() == "no wait"
    assert attributes_of(recorded.one("wait each"))["error.type"] == "LookupError"
