"""`timeout=` of a single call, and what the error says if it ran out while the call waited for a permit."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, Limits, Timeouts, errors, models
from cds_eks.wire import RawResponse, Request
from support.api_description import API
from support.eventually import EVENT_TIMEOUT

pytestmark = pytest.mark.anyio

SOON = 0.02

NO_TIMES: list[Any] = [0, -1, 0.0, float("nan"), float("inf"), 10**400, True, "3", b"3", [3]]


class Backend:
    """A backend that takes down each request's deadline, and answers, or never."""

    def __init__(self, *, answers: bool = True) -> None:
        self.answers = answers
        self.sent: list[Request] = []

    async def send(self, request: Request) -> RawResponse:
        self.sent.append(request)
        request.record.mark_sent()
        if not self.answers:
            await anyio.sleep_forever()
        content = b'{"Code": "Success", "Data": [{"NodeId": "n"}], "TotalCount": 1}'
        return RawResponse(status=200, headers={}, content=content)

    async def aclose(self) -> None:
        pass


def left(request: Request) -> float:
    assert request.deadline is not None
    return request.deadline


METHODS: dict[str, Callable[[Any, Any], Any]] = {
    "a read": lambda eks, timeout: eks.clusters.get("c-1", timeout=timeout),
    "a list": lambda eks, timeout: eks.nodes.list("c-1", timeout=timeout),
    "a create": lambda eks, timeout: eks.network_interfaces.create("s-1", timeout=timeout),
    "a write": lambda eks, timeout: eks.clusters.delete("c-1", timeout=timeout),
    "any action": lambda eks, timeout: eks.call("Anything", timeout=timeout),
    "any create": lambda eks, timeout: eks.call("Anything", method="POST", timeout=timeout),
}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("total", [None, 90.0])
async def test_a_call_ends_at_its_own_time(credentials: Credentials, name: str, total: float | None) -> None:
    backend = Backend(answers=False)
    async with AsyncEksClient(credentials, backend=backend, timeouts=Timeouts(total=total)) as eks:
        said = r"did not end within 0.02 s"
        with anyio.fail_after(EVENT_TIMEOUT), pytest.raises(errors.DeadlineExceeded, match=said) as caught:
            await METHODS[name](eks, SOON)
    assert caught.value.attempts == 1


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("timeout", NO_TIMES, ids=lambda value: type(value).__name__)
async def test_an_invalid_timeout_is_refused_before_anything_is_sent(
    credentials: Credentials, name: str, timeout: Any
) -> None:
    backend = Backend()
    async with AsyncEksClient(credentials, backend=backend) as eks:
        with pytest.raises(
            errors.InvalidRequestError, match=r": timeout: must be a number of seconds above 0"
        ) as caught:
            await METHODS[name](eks, timeout)
    assert (caught.value.field, caught.value.outcome) == ("timeout", "not_sent")
    assert caught.value.action
    assert backend.sent == []


@pytest.mark.parametrize("kept_below", [False, True])
async def test_a_timeout_longer_than_the_clients_is_used_as_well(credentials: Credentials, kept_below: bool) -> None:
    backend = Backend()
    backend.keeps_deadline = kept_below  # type: ignore[attr-defined]
    async with AsyncEksClient(credentials, backend=backend, timeouts=Timeouts(total=10)) as eks:
        await eks.nodes.list("c-1")
        await eks.nodes.list("c-1", timeout=1000)
        await eks.nodes.list("c-1", timeout=None)
    first, longer, again = map(left, backend.sent)
    assert 980 < longer - first < 1010
    assert again - first < 10


@pytest.mark.parametrize("timeout", [1e300, 10**17])
async def test_a_time_that_never_comes_is_no_fault(credentials: Credentials, timeout: float) -> None:
    async with AsyncEksClient(credentials, backend=Backend()) as eks:
        assert (await eks.nodes.list("c-1", timeout=timeout)).total_count == 1


async def test_each_page_of_a_walk_has_the_time(credentials: Credentials) -> None:
    backend = Backend()
    async with AsyncEksClient(credentials, backend=backend, timeouts=Timeouts(total=None)) as eks:
        assert [node.node_id async for node in eks.nodes.iterate("c-1", timeout=50)] == ["n"]
        assert left(backend.sent[0]) > 0
        with pytest.raises(errors.InvalidRequestError, match="timeout"):
            [node async for node in eks.nodes.iterate("c-1", timeout=-1)]


@contextmanager
def blocking(credentials: Credentials, backend: Backend) -> Iterator[EksClient]:
    with EksClient(credentials, backend=backend) as eks:
        yield eks


@pytest.mark.parametrize("name", METHODS)
def test_a_blocking_call_has_a_time_too(credentials: Credentials, name: str) -> None:
    backend = Backend(answers=False)
    with blocking(credentials, backend) as eks:
        with pytest.raises(errors.DeadlineExceeded, match=r"did not end within 0.02 s"):
            METHODS[name](eks, SOON)
        sent = len(backend.sent)
        for timeout in NO_TIMES:
            with pytest.raises(errors.InvalidRequestError, match="timeout"):
                METHODS[name](eks, timeout)
    assert len(backend.sent) == sent == 1


def test_a_blocking_walk_has_a_time_for_each_page(credentials: Credentials) -> None:
    with blocking(credentials, Backend(answers=False)) as eks, pytest.raises(errors.DeadlineExceeded):
        list(eks.nodes.iterate("c-1", timeout=SOON))


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_every_operation_takes_it(credentials: Credentials, kind: Any) -> None:
    count = 0
    for group in API.operation_groups:
        operations = getattr(kind, group)
        for name in (name for name in vars(operations) if not name.startswith("_") and name != "find"):
            parameter = inspect.signature(getattr(operations, name)).parameters["timeout"]
            assert (parameter.kind, parameter.default) == (inspect.Parameter.KEYWORD_ONLY, None)
            count += 1
    walked = [operation for operation in API.operations.values() if operation.paged]
    assert count == len(API.operations) + len(walked) >= 24


# --- waiting for a permit ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_kept_below", [False, True])
async def test_a_call_that_timed_out_waiting_for_a_permit_says_so_and_made_no_attempt(
    credentials: Credentials, create_cluster_body: dict[str, Any], is_kept_below: bool
) -> None:
    backend = Backend(answers=False)
    backend.keeps_deadline = is_kept_below  # type: ignore[attr-defined]
    create = models.CreateClusterRequest.from_dict(create_cluster_body)
    async with AsyncEksClient(credentials, backend=backend, limits=Limits(max_in_flight=2)) as eks:
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(eks.clusters.get, "c-1")
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(errors.DeadlineExceeded) as caught:
                await eks.clusters.create(create, timeout=SOON)
            group.cancel_scope.cancel()
        assert eks.open_creates == ()
    assert str(caught.value) == (
        "CreateCluster: the call did not end within 0.02 s: it waited in line for a free connection (2 in flight) "
        "[outcome=not_sent]"
    )
    assert (caught.value.attempts, caught.value.outcome) == (0, "not_sent")
    assert len(backend.sent) == 2


async def test_a_call_that_timed_out_waiting_for_the_rate_limit_says_so(credentials: Credentials) -> None:
    backend = Backend()
    async with AsyncEksClient(credentials, backend=backend, limits=Limits(requests_per_second=0.1)) as eks:
        await eks.nodes.list("c-1")
        with pytest.raises(errors.DeadlineExceeded, match=r"in line for its turn \(0.1 a second\)") as caught:
            await eks.nodes.list("c-1", timeout=SOON)
    assert (caught.value.attempts, len(backend.sent)) == (0, 1)


async def test_a_call_that_got_its_permit_does_not_mention_the_wait(credentials: Credentials) -> None:
    backend = Backend(answers=False)
    settings: dict[str, Any] = {"backend": backend, "limits": Limits(max_in_flight=1)}
    async with AsyncEksClient(credentials, **settings) as eks, anyio.create_task_group() as group:
        caught: list[errors.DeadlineExceeded] = []

        async def call(timeout: float) -> None:
            try:
                await eks.clusters.get("c-1", timeout=timeout)
            except errors.DeadlineExceeded as error:
                caught.append(error)

        group.start_soon(call, SOON)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(call, 5 * SOON)  # it waits for the first one, and then for an answer
    assert [error.attempts for error in caught] == [1, 1]
    assert not any("line" in str(error) for error in caught)
