"""The pipeline: the order of middlewares, and what they may do."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, errors
from cds_eks.pipeline import Middleware, Send, chain
from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import RawResponse, Request

pytestmark = pytest.mark.anyio

REQUEST = Request(operation=GET_CLUSTER, url="http://x/eks/v1", params={"Action": "GetCluster"})


def answer(status: int = 200, **members: Any) -> RawResponse:
    envelope = {"Code": "Success", "RequestId": "r-1", "Data": {"ClusterId": "c-1"}} | members
    return RawResponse(status=status, headers={}, content=json.dumps(envelope).encode())


class AsClass:
    """A middleware that is the class itself, whose instances are awaited."""

    def __init__(self, request: Request, send: Send) -> None:
        self._answer = send(request)

    def __await__(self) -> Any:
        return self._answer.__await__()

    def __call__(self) -> None:
        raise AssertionError("it is the class that is called")


async def test_a_class_is_called_as_it_is() -> None:
    async def send(_: Request) -> RawResponse:
        return answer()

    assert await chain([AsClass], send)(REQUEST) == answer()


class Noting:
    """A middleware as a class: notes when a request passes, there and back."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self.notes = notes

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        self.notes.append(f"{self.name} in")
        try:
            return await send(request)
        finally:
            self.notes.append(f"{self.name} out")


class Scripted:
    """A backend that answers from a script; an exception in it is raised."""

    def __init__(self, *script: RawResponse | Exception, notes: list[str] | None = None) -> None:
        self.script = list(script)
        self.sent: list[Request] = []
        self.notes = notes if notes is not None else []

    async def send(self, request: Request) -> RawResponse:
        request.record.mark_sent()
        self.notes.append("backend")
        self.sent.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return step

    async def aclose(self) -> None:
        pass


def client(credentials: Credentials, backend: Scripted, **settings: Any) -> AsyncEksClient:
    retry = RetryPolicy(base_delay=0, throttled_base_delay=0)
    return AsyncEksClient(credentials, backend=backend, **({"retry": retry} | settings))


async def test_the_first_middleware_is_the_outermost() -> None:
    notes: list[str] = []

    async def send(request: Request) -> RawResponse:
        notes.append("send")
        return answer()

    sending = chain([Noting("a", notes), Noting("b", notes), Noting("c", notes)], send)
    response = await sending(REQUEST)
    assert response.status == 200
    assert notes == ["a in", "b in", "c in", "send", "c out", "b out", "a out"]


async def test_a_chain_of_none_is_the_send_itself() -> None:
    async def send(request: Request) -> RawResponse:
        return answer()

    assert chain([], send) is send


async def test_a_chain_takes_any_iterable_and_can_be_used_again() -> None:
    notes: list[str] = []

    async def send(request: Request) -> RawResponse:
        return answer()

    sending = chain((middleware for middleware in [Noting("a", notes)]), send)
    await sending(REQUEST)
    await sending(REQUEST)
    assert notes == ["a in", "a out"] * 2


async def test_per_call_goes_around_all_attempts_and_per_attempt_around_each(credentials: Credentials) -> None:
    notes: list[str] = []
    backend = Scripted(answer(503, Code="InternalError"), answer(), notes=notes)
    settings: dict[str, Any] = {
        "per_call": [Noting("call 1", notes), Noting("call 2", notes)],
        "per_attempt": (Noting("attempt 1", notes), Noting("attempt 2", notes)),
    }
    async with client(credentials, backend, **settings) as eks:
        response = await eks.clusters.get("c-1")
    attempt = ["attempt 1 in", "attempt 2 in", "backend", "attempt 2 out", "attempt 1 out"]
    assert notes == ["call 1 in", "call 2 in", *attempt, *attempt, "call 2 out", "call 1 out"]
    assert response.attempts == 2


async def test_per_call_sees_the_call_before_it_has_a_deadline_and_per_attempt_before_it_is_signed(
    credentials: Credentials,
) -> None:
    seen: dict[str, Request] = {}
    deadlines: list[float | None] = []

    async def per_call(request: Request, send: Send) -> RawResponse:
        seen["call"] = request
        deadlines.append(request.deadline)
        return await send(request)

    async def per_attempt(request: Request, send: Send) -> RawResponse:
        seen["attempt"] = request
        return await send(request)

    backend = Scripted(answer())
    async with client(credentials, backend, per_call=[per_call], per_attempt=[per_attempt]) as eks:
        await eks.clusters.get("c-1")
    assert (deadlines, seen["call"].query, seen["call"].record.attempts) == ([None], "", 1)
    assert seen["attempt"].deadline is not None
    assert seen["attempt"].query == ""
    assert "Signature=" in backend.sent[0].query
    assert seen["call"].record is seen["attempt"].record is backend.sent[0].record


@pytest.mark.parametrize("slot", ["per_call", "per_attempt"])
async def test_a_middleware_may_change_the_request(slot: str, credentials: Credentials) -> None:
    async def change(request: Request, send: Send) -> RawResponse:
        params = {**request.params, "ClusterId": "c-2", "Extra": "1"}
        return await send(attrs.evolve(request, params=params, headers={**request.headers, "X-Trace": "t"}))

    backend = Scripted(answer())
    async with client(credentials, backend, **{slot: [change]}) as eks:
        await eks.clusters.get("c-1")
    assert "ClusterId=c-2&Extra=1&" in backend.sent[0].query
    assert backend.sent[0].headers["X-Trace"] == "t"


@pytest.mark.parametrize("slot", ["per_call", "per_attempt"])
async def test_a_middleware_may_change_the_answer(slot: str, credentials: Credentials) -> None:
    async def change(request: Request, send: Send) -> RawResponse:
        await send(request)
        return answer(Data={"ClusterId": "c-9"})

    async with client(credentials, Scripted(answer()), **{slot: [change]}) as eks:
        assert (await eks.clusters.get("c-1")).data.cluster_id == "c-9"


@pytest.mark.parametrize(("slot", "attempts"), [("per_call", 0), ("per_attempt", 1)])
async def test_a_middleware_may_answer_by_itself(slot: str, attempts: int, credentials: Credentials) -> None:
    async def stand_in(request: Request, send: Send) -> RawResponse:
        return answer(Data={"ClusterId": "c-9"})

    backend = Scripted(answer())
    async with client(credentials, backend, **{slot: [stand_in]}) as eks:
        response = await eks.clusters.get("c-1")
    assert (response.data.cluster_id, response.attempts) == ("c-9", attempts)
    assert backend.sent == []


@pytest.mark.parametrize("slot", ["per_call", "per_attempt"])
async def test_what_a_middleware_answers_is_judged_like_any_answer(slot: str, credentials: Credentials) -> None:
    async def stand_in(request: Request, send: Send) -> RawResponse:
        return answer(404, Code="ResourceNotFound", Desc="gone")

    async with client(credentials, Scripted(answer()), **{slot: [stand_in]}) as eks:
        with pytest.raises(errors.NotFound, match="gone"):
            await eks.clusters.get("c-1")


@pytest.mark.parametrize("slot", ["per_call", "per_attempt"])
async def test_what_a_middleware_raises_comes_out_as_it_is(slot: str, credentials: Credentials) -> None:
    class OwnError(Exception):
        pass

    async def raising(request: Request, send: Send) -> RawResponse:
        raise OwnError

    backend = Scripted(answer())
    async with client(credentials, backend, **{slot: [raising]}) as eks:
        with pytest.raises(OwnError):
            await eks.clusters.get("c-1")
    assert backend.sent == []


async def test_an_error_of_ours_that_a_per_attempt_middleware_raises_is_retried_like_any(
    credentials: Credentials,
) -> None:
    tries: list[int] = []

    async def breaking_once(request: Request, send: Send) -> RawResponse:
        tries.append(request.record.attempts)
        if len(tries) == 1:
            raise errors.ConnectFailed("breaker open")
        return await send(request)

    async with client(credentials, Scripted(answer()), per_attempt=[breaking_once]) as eks:
        assert (await eks.clusters.get("c-1")).attempts == 2
    assert tries == [1, 2]


async def test_a_per_call_middleware_may_send_a_read_again(credentials: Credentials) -> None:
    async def again(request: Request, send: Send) -> RawResponse:
        try:
            return await send(request)
        except errors.NotFound:
            return await send(request)

    backend = Scripted(answer(404, Code="ResourceNotFound"), answer())
    async with client(credentials, backend, per_call=[again]) as eks:
        assert (await eks.clusters.get("c-1")).attempts == 2


@pytest.mark.parametrize("value", [None, 1, answer()])
@pytest.mark.parametrize("slot", ["per_call", "per_attempt"])
async def test_a_middleware_that_returns_nothing_to_await_is_refused(
    slot: str, value: object, credentials: Credentials
) -> None:
    backend = Scripted(answer())
    plain: Any = lambda request, send: value  # noqa: E731 - the simplest mistake
    async with client(credentials, backend, **{slot: [plain]}) as eks:
        with pytest.raises(errors.ConfigurationError, match=f"not {type(value).__name__}") as caught:
            await eks.clusters.get("c-1")
        assert (caught.value.action, caught.value.attempts) == ("GetCluster", int(slot == "per_attempt"))
        with pytest.raises(errors.AmbiguousCreate, match="must be async"):
            await eks.call("Make", method="POST", body={})
    assert backend.sent == []


@pytest.mark.parametrize("slot", ["per_call", "per_attempt"])
async def test_a_plain_function_may_return_what_is_to_be_awaited(slot: str, credentials: Credentials) -> None:
    notes: list[str] = []

    def noting(request: Request, send: Send) -> Any:
        notes.append(request.operation.name)
        return send(request)

    async with client(credentials, Scripted(answer()), **{slot: [noting]}) as eks:
        await eks.clusters.get("c-1")
    assert notes == ["GetCluster"]


async def test_a_middleware_is_any_callable(credentials: Credentials) -> None:
    class Bound:
        def __init__(self) -> None:
            self.count = 0

        async def around(self, request: Request, send: Send) -> RawResponse:
            self.count += 1
            return await send(request)

    bound = Bound()
    middlewares: list[Middleware] = [bound.around]
    async with client(credentials, Scripted(answer()), per_call=middlewares) as eks:
        await eks.clusters.get("c-1")
    assert bound.count == 1
