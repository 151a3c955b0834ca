"""No attribute, event, status or metric holds a secret: marked ones are planted everywhere, then looked for."""

from __future__ import annotations

import contextlib
import gc
import json
import re
import weakref
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote, unquote

import anyio
import attrs
import pytest
from operations.table import ROWS, Row

from cds_eks import AsyncEksClient, Credentials, RetryPolicy, errors, models
from cds_eks.pipeline import Send
from cds_eks.schema.shape import Shape, fields_of
from cds_eks.wire import RawResponse, Request
from support.contract_server import HANG, Seen, Server, envelope
from telemetry.recording import Recorded, attributes_of

# None may be seen in any spelling, so this word is looked for.
MARK = re.compile(r"m4rk", re.IGNORECASE)
KEY_ID, KEY = "AKID/m4rk+id=1", "SK/m4rk+key=2"
CREDENTIALS = Credentials(KEY_ID, KEY)
AT_ONCE = RetryPolicy(max_attempts=2, base_delay=0, throttled_base_delay=0)
SECRET_EXTRA = {"AdminPassword": "extra-m4rk-3"}
ECHO = f"a text that repeats extra-m4rk-3, {KEY}, {quote(KEY_ID, safe='')} and Signature=m4rk4m4rk"
KUBECONFIG = {"KubeConfig": "apiVersion: v1, token: m4rk-5", "Password": "m4rk-6", "AccessToken": "m4rk-7"}


class Careless(Server):
    """It answers whatever the request is like: these have keys of their own, and secrets in odd places."""

    def take(self, seen: Seen) -> Any:
        seen.problems.clear()
        self.seen.append(seen)
        return self.replies[seen.action]


@pytest.fixture(scope="module")
def _server() -> Iterator[Careless]:
    server = Careless()
    yield server
    server.stop()


@pytest.fixture
def server(_server: Careless) -> Careless:
    _server.reset()
    return _server


def planted(value: Any) -> Any:
    """Return an argument with a marked secret wherever it takes one."""
    if isinstance(value, list):
        return [planted(each) for each in value]
    if not isinstance(value, Shape):
        return value
    changes: dict[str, Any] = {}
    for field in fields_of(type(value)):
        was = getattr(value, field.name)
        changes[field.name] = "Pw-M4rk-8!" if field.metadata.get("secret") and was is not None else planted(was)
    return type(value)(**changes)


ANSWERS: dict[str, Any] = {
    "success": envelope(
        {"ClusterId": "c-1", "NetcardId": "n-1", "NodePoolId": "p-1", "TaskId": "t-1", **KUBECONFIG},
        Msg=ECHO,
        RequestId=f"r-{KEY}",
    ),
    "ids that repeat a key": envelope({"ClusterId": f"c-{KEY}", "TaskId": KEY_ID, "NodePoolId": "extra-m4rk-3"}),
    "a secret as code": {"Code": KEY, "Msg": ECHO, "RequestId": "r-1", "Data": None},
    "a sentence as code": {"Code": ECHO, "Msg": ECHO, "RequestId": "r-1", "Data": None},
    "refused": {"Code": "ResourceNotFound", "Msg": ECHO, "Desc": ECHO, "RequestId": KEY_ID, "Data": KUBECONFIG},
    "throttled": {"Code": "Throttling", "Msg": ECHO, "RequestId": KEY_ID, "Data": None},
    "a fault": {"Code": "InternalError", "Msg": ECHO, "Desc": ECHO, "Data": KUBECONFIG},
    "no envelope": {"Message": ECHO},
    "nothing": envelope(None, Msg=ECHO),
    "silence": HANG,
}


class Plants:
    """Puts a marked header into each answer, and a marked argument into each exception of its own."""

    def __init__(self, *, raises: bool = False) -> None:
        self._raises = raises

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        if self._raises:
            raise LookupError(ECHO, request)
        response = await send(request)
        return attrs.evolve(response, headers={**response.headers, "x-secret": ECHO, "set-cookie": KEY})


def looked_through(recorded: Recorded) -> None:
    texts = list(recorded.texts())
    assert len(texts) >= 2
    for text in texts:
        for spelling in (text, unquote(text), json.dumps(text)):
            assert MARK.search(spelling) is None, spelling
        assert "?" not in text


@pytest.mark.anyio
@pytest.mark.parametrize("backend", ["httpx", "native"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
async def test_no_operation_shows_a_secret_whatever_is_answered(
    row: Row, backend: Literal["httpx", "native"], anyio_backend: str, recorded: Recorded, server: Careless
) -> None:
    if anyio_backend == "trio":
        pytest.skip("what is recorded does not depend on it")
    args = [planted(each) for each in row.most.args]
    kwargs = {name: planted(each) for name, each in row.most.kwargs.items()} | {"extra": SECRET_EXTRA}
    async with AsyncEksClient(
        CREDENTIALS,
        endpoint=server.url,
        backend=backend,
        retry=AT_ONCE,
        telemetry=recorded.telemetry(),
        per_attempt=[Plants()],
    ) as eks:
        method = getattr(getattr(eks, row.group), row.method)
        for name, reply in ANSWERS.items():
            server.replies[row.action] = reply
            timeout = 0.05 if name == "silence" else 20.0
            with contextlib.suppress(errors.EksError):
                await method(*args, **kwargs, timeout=timeout)
    calls = recorded.named(f"EKS/{row.documented}")
    assert len(calls) == len(ANSWERS)
    assert {"accepted", "refused"} <= {str(attributes_of(call)["cds.outcome"]) for call in calls}
    looked_through(recorded)


@pytest.mark.anyio
@pytest.mark.parametrize("backend", ["httpx", "native"])
async def test_no_failure_below_the_answer_shows_a_secret(
    backend: Literal["httpx", "native"],
    anyio_backend: str,
    recorded: Recorded,
    create: models.CreateClusterRequest,
    server: Careless,
) -> None:
    if (backend, anyio_backend) == ("native", "trio"):
        pytest.skip("the native backend is for asyncio")
    settings: dict[str, Any] = {"backend": backend, "retry": AT_ONCE, "telemetry": recorded.telemetry()}
    request = planted(create)
    async with AsyncEksClient(CREDENTIALS, endpoint="http://127.0.0.1:1", **settings) as eks:
        with pytest.raises(errors.ConnectFailed):
            await eks.clusters.create(request)
    async with AsyncEksClient(CREDENTIALS, endpoint=server.url, per_call=[Plants(raises=True)], **settings) as eks:
        with pytest.raises(LookupError):
            await eks.clusters.create(request)
    server.replies["CreateCluster"] = HANG
    async with AsyncEksClient(CREDENTIALS, endpoint=server.url, **settings) as eks:
        with anyio.move_on_after(0.05):
            await eks.clusters.create(request)
        with pytest.raises(errors.EksError):
            await eks.call("CreateCluster", method="POST", body={"Password": "Pw-M4rk-8!"}, timeout=0.05)
    assert len(recorded.spans) >= 7
    looked_through(recorded)


@pytest.mark.anyio
async def test_what_a_client_is_told_by_its_endpoint_is_not_shown_either(recorded: Recorded) -> None:
    class Moves:
        async def __call__(self, request: Request, send: Send) -> RawResponse:
            url = "http://user:m4rk@127.0.0.1:1/eks/v1?token=m4rk#m4rk"
            return await send(attrs.evolve(request, url=url))

    async with AsyncEksClient(
        CREDENTIALS, retry=RetryPolicy.none(), telemetry=recorded.telemetry(), per_attempt=[Moves()]
    ) as eks:
        with pytest.raises(errors.EksError):
            await eks.clusters.list()
    looked_through(recorded)
    assert "http://127.0.0.1:1/eks/v1" in "".join(recorded.texts())


@pytest.mark.anyio
async def test_a_wait_does_not_show_a_key_that_an_answer_gave_as_an_id(
    recorded: Recorded, server: Careless, anyio_backend: str
) -> None:
    server.replies["GetTaskStatus"] = ANSWERS["refused"]
    async with AsyncEksClient(CREDENTIALS, endpoint=server.url, retry=AT_ONCE, telemetry=recorded.telemetry()) as eks:
        for id_ in (f"t-{KEY}", KEY_ID, quote(KEY, safe="")):
            with pytest.raises(errors.EksError):
                await eks.wait.task(id_, cluster_id=id_, timeout=0.05)
    assert {str(attributes_of(wait)["cds.task_id"]) for wait in recorded.named("wait task")} == {"t-***", "***"}
    looked_through(recorded)


def test_there_is_something_to_plant() -> None:
    marked = [row.documented for row in ROWS if MARK.search(str(_plain([planted(each) for each in row.most.args])))]
    assert {"CreateCluster", "CreateNodePool", "UpdateNodePoolConfig"} <= set(marked)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.to_dict() if isinstance(value, Shape) else value


def locals_of(error: BaseException) -> Iterator[str]:
    """Yield all that tools which report errors would show of the frames that an error came through."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        traceback = found.__traceback__
        while traceback is not None:
            if "/cds_eks/" in traceback.tb_frame.f_code.co_filename:
                yield from (repr(value) for value in traceback.tb_frame.f_locals.values())
            traceback = traceback.tb_next
        found = found.__cause__ or found.__context__


@pytest.mark.anyio
@pytest.mark.parametrize("answer", ["refused", "a fault", "nothing", "silence"])
async def test_no_frame_that_an_error_comes_through_shows_a_secret(
    answer: str, anyio_backend: str, recorded: Recorded, create: models.CreateClusterRequest, server: Careless
) -> None:
    server.replies["CreateCluster"] = ANSWERS[answer]
    request = planted(create)
    async with AsyncEksClient(CREDENTIALS, endpoint=server.url, retry=AT_ONCE, telemetry=recorded.telemetry()) as eks:
        with pytest.raises(errors.EksError) as caught:
            await eks.clusters.create(request, extra=SECRET_EXTRA, timeout=0.2)
    shown = list(locals_of(caught.value))
    assert shown
    for text in shown:
        assert MARK.search(text) is None, text


@pytest.mark.anyio
async def test_an_error_is_freed_at_once(recorded: Recorded, server: Careless, anyio_backend: str) -> None:
    """It holds nothing that holds it: neither a span nor a frame of ours."""
    server.replies["GetCluster"] = ANSWERS["refused"]
    async with AsyncEksClient(CREDENTIALS, endpoint=server.url, retry=AT_ONCE, telemetry=recorded.telemetry()) as eks:
        gc.collect()
        gc.disable()
        try:
            try:
                await eks.clusters.get("c-1")
            except errors.NotFound as error:
                kept = weakref.ref(error)
            assert kept() is None
        finally:
            gc.enable()
