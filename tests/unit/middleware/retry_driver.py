"""The retry middleware over scripted answers, with time and chance of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from hypothesis import settings

from cds_eks import RetryPolicy, codec, errors
from cds_eks.errors import EksError, Outcome
from cds_eks.middleware import Retry
from cds_eks.resources.clusters import CREATE_CLUSTER, DELETE_CLUSTER, GET_CLUSTER
from cds_eks.wire import Kind, Operation, RawResponse, Request

T = TypeVar("T")

HTML = b"<html>502</html>"

steady = settings(deadline=None, derandomize=True)

POLICY = RetryPolicy(max_attempts=4, base_delay=0.05)
OPERATIONS: dict[Kind, Operation[Any]] = {
    Kind.READ: GET_CLUSTER,
    Kind.IDEMPOTENT: DELETE_CLUSTER,
    Kind.CREATE: CREATE_CLUSTER,
}


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits for anything, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it waited")


class FakeTime:
    """A clock that moves by sleeping only."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds


def service_error(
    kind: type[errors.ServiceError], outcome: Outcome = "refused", retry_after: float | None = None
) -> errors.ServiceError:
    return kind("no", outcome=outcome, retry_after=retry_after)


def made_request(kind: Kind = Kind.READ, **given: Any) -> Request:
    operation = OPERATIONS[kind]
    return Request(operation=operation, url="http://x/eks/v1", params={"Action": operation.action}, **given)


def answer(status: int = 200, code: str = "Success", request_id: str = "r-1", **headers: str) -> RawResponse:
    data = {"ClusterId": "c-1", "TaskId": "t-1"} if code == "Success" else None
    body = {"Code": code, "RequestId": request_id, "Data": data}
    return RawResponse(status=status, headers=headers, content=json.dumps(body).encode())


Step = Callable[[Request], RawResponse]


def raising(make: Callable[[], EksError], *, left: bool | None = None) -> Step:
    """A step that raises; `left` says whether the backend told the record before that bytes may have left."""

    def step(request: Request) -> RawResponse:
        if left:
            request.record.mark_sent()
        raise make()

    return step


def answering(make: Callable[[], RawResponse], *, left: bool = True) -> Step:
    def step(request: Request) -> RawResponse:
        if left:
            request.record.mark_sent()
        return make()

    return step


SAFE: dict[str, Step] = {
    "no connection": raising(lambda: errors.ConnectFailed("x")),
    "no connection, told too early": raising(lambda: errors.ConnectFailed("x"), left=True),
    "throttled": answering(lambda: answer(429, "Throttling")),
    "throttled in a 200": answering(lambda: answer(200, "TooManyRequests")),
    "throttled by a proxy": answering(lambda: RawResponse(status=429, headers={}, content=HTML)),
    "throttled by a middleware": raising(lambda: service_error(errors.Throttled)),
}
OPEN: dict[str, Step] = {
    "lost": raising(lambda: errors.ConnectionLost("x"), left=True),
    "lost, and the backend tells nothing": raising(lambda: errors.ConnectionLost("x")),
    "of no known kind": raising(lambda: errors.TransportError("x", outcome="unknown")),
    "not sent, says one that is no proof": raising(lambda: errors.TransportError("x", outcome="not_sent"), left=True),
    "refused, says a middleware after sending": raising(lambda: service_error(errors.Throttled), left=True),
    "unreadable": raising(lambda: errors.UnreadableResponse("x", http_status=200), left=True),
    "a proxy's page": answering(lambda: RawResponse(status=502, headers={}, content=HTML)),
    "a proxy's page, and the backend tells nothing": answering(
        lambda: RawResponse(status=502, headers={}, content=HTML), left=False
    ),
    "a fault": answering(lambda: answer(500, "InternalError")),
    "a fault in a 200": answering(lambda: answer(200, "InternalError")),
    "unavailable": answering(lambda: answer(503, "Whatever")),
}
ENDING: dict[str, Step] = {
    "bad argument": answering(lambda: answer(400, "InvalidParameter")),
    "success": answering(answer),
}
STEPS = SAFE | OPEN | ENDING


class Service:
    """Goes through a script of steps, and counts."""

    def __init__(self, script: list[str]) -> None:
        self.script = script
        self.done: list[str] = []

    async def send(self, request: Request) -> RawResponse:
        name = self.script[len(self.done)] if len(self.done) < len(self.script) else "success"
        self.done.append(name)
        return STEPS[name](request)


def retrying(policy: RetryPolicy = POLICY, time: FakeTime | None = None, jitter: float = 0.5) -> Retry:
    time = time or FakeTime()
    return Retry(policy, codec.failure_of, clock=time, jitter=lambda: jitter, sleep=time.sleep)
