"""No secret stands in a frame of ours when an error of ours passes: reporters of errors ship local variables along.

Every kind of failure is caused with planted secrets, on both clients and through both backends, and then all variables
of all our frames are looked at: of the error's, of those that it came from, and of the earlier attempts'.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import re
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType, FunctionType
from typing import Any, Literal, cast
from urllib.parse import quote

import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, Timeouts, errors, models
from cds_eks._runtime.frames import Masked, clear_frames, masked, remove_causes, unmasked
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request

MARK = re.compile(r"m4rk|Signature(=|%3D)(?!\*\*\*)", re.IGNORECASE)
KEY_ID, KEY = "AKIDm4rk0001", "sk/m4rk+0002"
PASSWORD, AK, SK, EXTRA = "Pw-M4rk&0003", "ak-m4rk-0004", "sk-m4rk-0005", "extra-m4rk-0006"
CREDENTIALS = Credentials(KEY_ID, KEY)
ONCE_MORE = RetryPolicy(max_attempts=2, base_delay=0, throttled_base_delay=0, max_delay=0)

Call = Callable[[Any, models.CreateClusterRequest], Any]


# --- looking -------------------------------------------------------------------------------------------------------


def frames_of(error: BaseException) -> Iterator[FrameType]:
    """Yield all our frames of an error, of those that it came from, and of the earlier attempts'."""
    seen: set[int] = set()
    rest: list[BaseException | None] = [error]
    while rest:
        each = rest.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        rest += [each.__cause__, each.__context__, *getattr(each, "previous", ())]
        traceback = each.__traceback__
        while traceback is not None:
            name = str(traceback.tb_frame.f_globals.get("__name__"))
            if name.startswith("cds_eks") or traceback.tb_frame.f_code.co_filename.startswith("<"):
                yield traceback.tb_frame
            traceback = traceback.tb_next


def spelt(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:  # a model whose making was broken off
        return ""


def shown_in(error: BaseException) -> list[str]:
    """Return where a secret can be seen."""
    return [
        f"{frame.f_code.co_qualname}: {name}"
        for frame in frames_of(error)
        for name, value in list(frame.f_locals.items())
        if MARK.search(spelt(value))
    ]


def assert_clean(error: BaseException) -> None:
    assert list(frames_of(error)), "it came from nowhere"
    assert shown_in(error) == []


def test_the_search_for_secrets_finds_them() -> None:
    space: dict[str, Any] = {"__name__": "cds_eks.planted"}
    exec("def fail(value):\n    raise ValueError\n", space)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it has no words
        space["fail"](PASSWORD)
    outer = errors.EksError("x")
    outer.__context__ = caught.value
    assert shown_in(caught.value) == shown_in(outer) == ["fail: value"]
    clear_frames(outer)
    assert shown_in(outer) == []
    assert MARK.search("?a=b&Signature=abc")
    assert MARK.search("?a=b&SignatureMethod=HMAC-SHA1&Signature=***") is None


def test_frames_of_others_and_frames_that_run_are_left_alone() -> None:
    def fail(value: str) -> None:
        raise ValueError

    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it has no words
        fail("still here")
    clear_frames(caught.value)
    assert caught.traceback[-1].frame.f_locals == {"value": "still here"}


async def _catch_and_wait(stopped: list[BaseException]) -> str:
    secret = "a value of a task that waits"
    try:
        raise ValueError(secret)
    except ValueError as error:
        stopped.append(error)
        await asyncio.sleep(0)
    return secret


def test_a_frame_that_waits_in_the_except_clause_of_an_origin_goes_on() -> None:
    """Another task's, which cancels the one whose error is cleared: Python chains what it caught to that."""
    catch = FunctionType(_catch_and_wait.__code__, {**globals(), "__name__": "cds_eks.waiting_task"})
    caught: list[BaseException] = []

    async def run() -> str:
        task = asyncio.ensure_future(catch(caught))
        await asyncio.sleep(0)
        error = errors.EksError("it was cancelled")
        error.__context__ = caught[0]
        error.__cause__ = error  # a chain may lead to itself
        clear_frames(error)
        value: str = await task
        return value

    assert asyncio.run(run()) == "a value of a task that waits"


def test_what_is_masked_is_not_shown_and_comes_back_as_it_was() -> None:
    value = {"Password": PASSWORD}
    hidden = masked(value)
    assert isinstance(hidden, Masked)
    assert PASSWORD not in f"{hidden} {hidden!r}"
    assert masked(hidden) is hidden
    assert unmasked(hidden) is value
    assert unmasked(value) is value
    assert masked(None) is None
    with pytest.raises(TypeError):
        iter(hidden)  # what walks through collections does not find it either


# --- what a server does --------------------------------------------------------------------------------------------


def http(status: int, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


def coded(code: str, status: int = 200, data: str = "null") -> Callable[[bytes], bytes]:
    """An answer with a code, whose text repeats the request."""

    def answer(heard: bytes) -> bytes:
        told = heard.decode().replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", " ")
        body = f'{{"Code": "{code}", "RequestId": "{told}", "Msg": "{told}", "Data": {data}}}'
        return http(status, body.encode())

    return answer


ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "closed without a word": lambda heard: b"",
    "no HTTP": lambda heard: heard,
    "a head that breaks off": lambda heard: b"HTTP/1.1 200 OK\r\nX: " + heard[:40],
    "a body that breaks off": lambda heard: http(200, heard)[:-5],
    "broken compression": lambda heard: http(200, heard, "Content-Encoding: gzip"),
    "a page": lambda heard: http(200, b"<p>" + heard),
    "a page of a gateway": lambda heard: http(502, b"<p>" + heard),
    "a page that knows nothing": lambda heard: http(404, b"<p>" + heard),
    "a gateway's time is up": lambda heard: http(408, b"<p>" + heard),
    "throttled by a page": lambda heard: http(429, b"<p>" + heard, "Retry-After: 1"),
    "a redirection": lambda heard: http(302, heard, f"Location: https://other.test/?Sk={quote(KEY)}"),
    "nothing": lambda heard: http(200, b""),
    "nothing but a refusal": lambda heard: http(400, b""),
    "JSON without a code": lambda heard: http(200, b'{"Data": {"ClusterId": "c-1"}}'),
    "JSON that breaks off": lambda heard: http(200, b'{"Code": "Success", "Data": {"ClusterId": "c-1", "TaskId'),
    "a list": lambda heard: http(200, b"[1]"),
    "a success that names nothing": coded("Success"),
    "a success with an id of another kind": coded("Success", data='{"ClusterId": {"m4rk": "' + PASSWORD + '"}}'),
    "a success with another shape": coded("Success", data=f'"{PASSWORD}"'),
    "a success with a refusal": coded("Success", 500, '{"ClusterId": "c-1", "Password": "' + PASSWORD + '"}'),
    "ids beside a refusal": coded("ResourceInUse", 409, '{"ClusterId": "c-1"}'),
    "an unknown code": coded("Teapot"),
    **{
        code: coded(code, status)
        for code, status in {
            "InvalidParameter": 400,
            "QuotaExceeded": 400,
            "AuthFailure": 403,
            "RequestExpired": 400,
            "AccessDenied": 403,
            "ResourceNotFound": 404,
            "ResourceInUse": 409,
            "Throttling": 429,
            "InternalError": 500,
            "CreateOrderExcept": 200,
        }.items()
    },
}


class Server:
    """Answers each connection with what is set, on a thread; silence if that is None."""

    def __init__(self) -> None:
        self.answer: Callable[[bytes], bytes] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._held: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                heard = b""
                while b"\r\n\r\n" not in heard and (data := connection.recv(65536)):
                    heard += data
                head, _, body = heard.partition(b"\r\n\r\n")
                length = int((re.search(rb"content-length: (\d+)", head.lower()) or [0, 0])[1])
                while len(body) < length and (data := connection.recv(65536)):
                    body += data
                if self.answer is None:
                    connection.recv(1)  # until the other side hangs up
                else:
                    connection.sendall(self.answer(head + b"\r\n\r\n" + body))

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return models.CreateClusterRequest.from_dict(planted(create_cluster_body))


def planted(body: dict[str, Any]) -> dict[str, Any]:
    body = copy.deepcopy(body)
    body["Ak"], body["Sk"] = AK, SK
    body["MasterConfig"]["Password"] = body["NodePoolConfig"]["NodeConfig"]["Password"] = PASSWORD
    return body


CALLS: dict[str, Call] = {
    "read": lambda eks, create: eks.clusters.get("c-1", extra={"Token": EXTRA}),
    "write": lambda eks, create: eks.clusters.delete("c-1", extra={"Passwords": [EXTRA]}),
    "create": lambda eks, create: eks.clusters.create(create, extra={"AdminPassword": EXTRA}),
    "any": lambda eks, create: eks.call(
        "Make", method="POST", params={"Token": EXTRA}, body={"Password": PASSWORD, "In": [{"Sk": SK}]}
    ),
    "find": lambda eks, create: eks.clusters.find(create, settle=0),
}

each_client_kind = pytest.mark.parametrize("client_kind", ["async", "sync"])
each_backend = pytest.mark.parametrize("backend", ["httpx", "native"])


def failure_of(client_kind: str, call: Call, create: Any, **settings: Any) -> errors.EksError:
    """Return the error of a call on one of the clients."""
    made: dict[str, Any] = {"retry": ONCE_MORE, "credentials": CREDENTIALS} | settings

    def blocking() -> None:
        with EksClient(**made) as eks:
            call(eks, create)

    async def run() -> None:
        async with AsyncEksClient(**made) as eks:
            await call(eks, create)

    with pytest.raises(errors.EksError) as caught:
        blocking() if client_kind == "sync" else asyncio.run(run())
    return caught.value


@each_client_kind
@each_backend
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_answer_leads_to_a_secret(
    answer: str, call: str, backend: str, client_kind: str, server: Server, create: models.CreateClusterRequest
) -> None:
    server.answer = ANSWERS[answer]
    if call == "any" and answer in ("a success that names nothing", "a success with an id of another kind"):
        pytest.skip("it is a good answer to an action that nobody knows")
    if call == "any" and answer == "a success with another shape":
        pytest.skip("it is a good answer to an action that nobody knows")
    if call in ("read", "write", "find") and answer.startswith("a success") and answer != "a success with a refusal":
        call = "create"
    if call == "find" and answer == "ResourceNotFound":
        pytest.skip("it is a good answer to who looks for what may not be there")
    assert_clean(failure_of(client_kind, CALLS[call], create, endpoint=server.url, backend=backend))


@each_client_kind
@each_backend
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("timeouts", [Timeouts(read=0.02), Timeouts(total=0.05)], ids=["read", "total"])
def test_no_timeout_leads_to_a_secret(
    timeouts: Timeouts, call: str, backend: str, client_kind: str, server: Server, create: models.CreateClusterRequest
) -> None:
    server.answer = None
    assert_clean(failure_of(client_kind, CALLS[call], create, endpoint=server.url, backend=backend, timeouts=timeouts))


@each_client_kind
@each_backend
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "https://127.0.0.1:1"])
def test_no_connection_that_is_not_made_leads_to_a_secret(
    endpoint: str, call: str, backend: str, client_kind: str, create: models.CreateClusterRequest
) -> None:
    assert_clean(failure_of(client_kind, CALLS[call], create, endpoint=endpoint, backend=backend))


# --- what is refused before it is sent -----------------------------------------------------------------------------


def nothing_said(request: Request, send: Send) -> Awaitable[RawResponse]:
    async def answer() -> Any:
        return {"Password": PASSWORD}

    return answer()


class Signing:
    """A signer that returns what is no query."""

    def sign(self, method: str, params: Any) -> Any:
        async def later() -> bytes:
            return f"Signature={KEY}".encode()

        return later()


class Twisted:
    """A provider whose credentials were good, and are not at the next attempt; an error is raised."""

    def __init__(self, *made: Any, is_async: bool = False) -> None:
        self._made = list(made)
        self._is_async = is_async

    def __call__(self) -> Any:
        given = self._made.pop(0) if len(self._made) > 1 else self._made[0]
        return self._later(given) if self._is_async else self._give(given)

    async def _later(self, given: Any) -> Any:
        return self._give(given)

    def _give(self, given: Any) -> Any:
        if isinstance(given, Exception):
            raise given
        return given


def provided(*made: Any) -> dict[str, tuple[Call, dict[str, Any]]]:
    return {
        f"{kind} keys that {what}": (CALLS["create"], {"credentials": Twisted(*first, *made, is_async=kind == "async")})
        for kind in ("blocking", "async")
        for what, first in {"are bad": (), "turned bad": (CREDENTIALS,)}.items()
    }


def walked(walk: Any) -> Any:
    """Walk to the end, on either client."""
    if hasattr(walk, "__next__"):
        return list(walk)

    async def to_the_end() -> list[Any]:
        return [each async for each in walk]

    return to_the_end()


def looked_for(group: str, given: object) -> Call:
    return lambda eks, _: getattr(eks, group).find(given)


REFUSED: dict[str, tuple[Call, dict[str, Any]]] = {
    "a body that is no JSON": (lambda eks, _: eks.call("X", method="POST", body={"Password": {PASSWORD}}), {}),
    "a body with no number": (lambda eks, _: eks.call("X", method="POST", body={"Sk": SK, "N": float("nan")}), {}),
    "a body that is no Unicode": (lambda eks, _: eks.call("X", method="POST", body={"Sk": f"{SK}\ud800"}), {}),
    "a body that is no mapping": (lambda eks, _: eks.call("X", method="POST", body=[PASSWORD]), {}),
    "a body with GET": (lambda eks, _: eks.call("X", body={"Password": PASSWORD}), {}),
    "parameters that are no mapping": (lambda eks, _: eks.call("X", params=[PASSWORD]), {}),
    "parameters of the signature": (lambda eks, _: eks.call("X", params={"Signature": f"Signature={SK}"}), {}),
    "a parameter of another kind": (lambda eks, _: eks.call("X", params={"Password": [PASSWORD]}), {}),
    "a parameter that is no Unicode": (lambda eks, _: eks.call("X", params={"Password": f"{PASSWORD}\ud800"}), {}),
    "no action": (lambda eks, _: eks.call("", method="POST", body={"Password": PASSWORD}), {}),
    "no method": (lambda eks, _: eks.call("X", method="PUT", body={"Password": PASSWORD}), {}),
    "an extra that is no mapping": (lambda eks, create: eks.clusters.create(create, extra=[EXTRA]), {}),
    "an extra of the signature": (
        lambda eks, create: eks.clusters.create(create, extra={"Signature": f"Signature={SK}"}),
        {},
    ),
    "an extra that replaces": (lambda eks, create: eks.clusters.create(create, extra={"Ak": EXTRA}), {}),
    "an extra that is no JSON": (lambda eks, create: eks.clusters.create(create, extra={"Token": {EXTRA}}), {}),
    "an argument of another kind": (lambda eks, _: eks.clusters.get(7, extra={"Token": EXTRA}), {}),
    "another request": (lambda eks, _: eks.clusters.create({"Password": PASSWORD}), {}),
    "a request of another operation": (lambda eks, create: eks.node_pools.create(create, extra={"Sk": SK}), {}),
    "a revision that lacks it": (
        lambda eks, create: eks.clusters.create(create, extra={"Sk": SK}),
        {"api_revision": "2025-10-11"},
    ),
    **{f"{name}: a line end": case for name, case in provided(Credentials(KEY_ID, f"{KEY}\n")).items()},
    **{f"{name}: a pair": case for name, case in provided((KEY_ID, KEY)).items()},
    **{f"{name}: an error": case for name, case in provided(ValueError(KEY)).items()},
    **{f"{name}: an error of ours": case for name, case in provided(errors.EksError(KEY_ID[:4])).items()},
    "no time for a call": (
        lambda eks, _: eks.call("X", method="POST", params={"Sk": SK}, body={"Password": PASSWORD}, timeout=-1),
        {},
    ),
    "no time for an operation": (
        lambda eks, create: eks.clusters.create(create, extra={"AdminPassword": EXTRA}, timeout="soon"),
        {},
    ),
    "a walk with an extra of the signature": (
        lambda eks, _: walked(eks.nodes.iterate("c-1", extra={"Signature": f"Signature={SK}"})),
        {},
    ),
    **{
        f"{what} looked for among {group}": (looked_for(group, given), {})
        for what, given in {
            "plain data": {"Password": PASSWORD},
            "a text": PASSWORD,
            "bytes": PASSWORD.encode(),
            "an error that names nothing": errors.EksError("x"),
        }.items()
        for group in ("clusters", "node_pools", "network_interfaces")
    },
    "a signer that makes no query": (CALLS["create"], {"signer": Signing()}),
    "a middleware's answer": (CALLS["create"], {"per_call": [nothing_said]}),
    "a middleware's answer to an attempt": (CALLS["create"], {"per_attempt": [nothing_said]}),
}


@each_client_kind
@each_backend
@pytest.mark.parametrize("case", REFUSED)
def test_nothing_that_is_refused_before_it_is_sent_leads_to_a_secret(
    case: str, backend: str, client_kind: str, create: models.CreateClusterRequest
) -> None:
    call, settings = REFUSED[case]
    assert_clean(
        failure_of(client_kind, call, create, **{"endpoint": "http://127.0.0.1:1", "backend": backend} | settings)
    )


@each_client_kind
def test_a_client_that_is_closed_leads_to_no_secret(client_kind: str, create: models.CreateClusterRequest) -> None:
    def closed(eks: Any, create: Any) -> Any:
        if isinstance(eks, EksClient):
            eks.close()
            return CALLS["any"](eks, create)

        async def call() -> None:
            await eks.aclose()
            await CALLS["any"](eks, create)

        return call()

    assert_clean(failure_of(client_kind, closed, create, endpoint="http://127.0.0.1:1"))


@each_client_kind
@each_backend
def test_no_wait_leads_to_a_secret(client_kind: str, backend: str, server: Server) -> None:
    server.answer = ANSWERS["a page of a gateway"]
    timed_out = failure_of(client_kind, lambda eks, _: eks.wait.task("t-1", timeout=0.05), None, endpoint=server.url)
    assert isinstance(timed_out, errors.WaitTimeout)
    assert_clean(timed_out)
    server.answer = lambda heard: http(
        200, b'{"Code": "Success", "Data": {"TaskId": "t-1", "TaskStatus": "error", "TaskMsg": "no"}}'
    )
    failed = failure_of(client_kind, lambda eks, _: eks.wait.task("t-1"), None, endpoint=server.url, backend=backend)
    assert isinstance(failed, errors.TaskFailed)
    assert_clean(failed)


WAITS: dict[str, Call] = {
    "cluster_running": lambda eks, _: eks.wait.cluster_running("c-1", timeout=0.05),
    "cluster_deleted": lambda eks, _: eks.wait.cluster_deleted("c-1", timeout=0.05),
    "clusters_running": lambda eks, _: eks.wait.clusters_running(["c-1", "c-2"], timeout=0.05),
    "event": lambda eks, _: eks.wait.event("e-1", timeout=0.05),
    "node_pool_ready": lambda eks, _: eks.wait.node_pool_ready("c-1", "p-1", timeout=0.05),
}


@each_client_kind
@pytest.mark.parametrize("answer", ["a page", "a page that knows nothing", "ResourceNotFound", "AccessDenied"])
@pytest.mark.parametrize("wait", WAITS)
def test_no_wait_of_any_kind_leads_to_a_secret(wait: str, answer: str, client_kind: str, server: Server) -> None:
    server.answer = ANSWERS[answer]
    if (wait, answer) == ("cluster_deleted", "ResourceNotFound"):
        pytest.skip("it is what it waits for")
    assert_clean(failure_of(client_kind, WAITS[wait], None, endpoint=server.url))


# --- what cuts a call off ------------------------------------------------------------------------------------------


def kept_of(eks: Any) -> list[str]:
    return [f"{create}" for create in eks.open_creates]


@each_backend
@pytest.mark.parametrize("call", ["create", "any"])
def test_no_call_that_is_cut_off_leads_to_a_secret(
    call: str, backend: Any, server: Server, create: models.CreateClusterRequest
) -> None:
    server.answer = None

    async def run() -> tuple[BaseException, list[str]]:
        async with AsyncEksClient(CREDENTIALS, endpoint=server.url, backend=backend) as eks:
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.3):
                    await CALLS[call](eks, create)
            return caught.value, kept_of(eks)

    error, kept = asyncio.run(run())
    assert_clean(error)
    assert len(kept) == 1
    assert MARK.search("".join([*kept, *getattr(error.__cause__, "__notes__", [])])) is None


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals go to threads on POSIX only")
@each_backend
@pytest.mark.parametrize("call", ["create", "any"])
def test_no_interrupt_leads_to_a_secret(
    call: str, backend: Any, server: Server, create: models.CreateClusterRequest
) -> None:
    server.answer = None
    with EksClient(CREDENTIALS, endpoint=server.url, backend=backend) as eks:
        threading.Timer(0.2, signal.pthread_kill, [threading.get_ident(), signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt) as caught:
            CALLS[call](eks, create)
        kept = kept_of(eks)
    assert_clean(caught.value)
    assert len(kept) == 1
    assert MARK.search("".join([*kept, *getattr(caught.value, "__notes__", [])])) is None


# --- models --------------------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], Any]


def set_at(*path: str, to: Any) -> Change:
    def change(body: dict[str, Any]) -> None:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = to

    return change


MISMADE: dict[str, Change] = {
    "a password against the rule": set_at("MasterConfig", "Password", to="m4rk"),
    "a password of another kind": set_at("MasterConfig", "Password", to=PASSWORD.encode()),
    "a password that is no Unicode": set_at("NodePoolConfig", "NodeConfig", "Password", to=f"{PASSWORD}\ud800"),
    "a list of passwords": set_at("NodePoolConfig", "NodeConfig", "Password", to=[PASSWORD]),
    "a key of another kind": set_at("Ak", to=[AK]),
    "an empty key beside a good one": set_at("Ak", to=""),
    "a field that nobody knows": set_at("MasterConfig", "Passwort", to=PASSWORD),
    "a field under two names": set_at("ak", to=AK),
    "a model of another kind": set_at("MasterConfig", to=[PASSWORD]),
    "a text for a model": set_at("NodePoolConfig", to=PASSWORD),
    "a number out of range": set_at("MasterNumber", to=4),
    "an extra that replaces": set_at("extra", to={"Ak": EXTRA}),
    "an extra of another kind": set_at("extra", to=[EXTRA]),
    "a missing field": lambda body: body.pop("VpcId"),
    "a broken rule far below": set_at("MasterConfig", "Labels", to={"a": PASSWORD.encode()}),
    "a list that is none": set_at("MasterConfig", "DataDisk", to=PASSWORD),
}


@pytest.mark.parametrize("case", MISMADE)
def test_no_model_that_can_not_be_made_of_plain_data_leads_to_a_secret(
    case: str, create_cluster_body: dict[str, Any]
) -> None:
    body = planted(create_cluster_body)
    MISMADE[case](body)
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.CreateClusterRequest.from_dict(body)
    assert_clean(caught.value)


@pytest.mark.parametrize("data", [PASSWORD, [PASSWORD], None])
def test_what_is_no_mapping_leads_to_no_secret(data: Any) -> None:
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.CreateClusterRequest.from_dict(data)
    assert_clean(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "m4rk"},
        {"password": [PASSWORD]},
        {"passwort": PASSWORD},
        {"labels": PASSWORD},
        {"data_disk": {"Password": PASSWORD}},
        {"system_disk": {"Password": PASSWORD}},
        {"extra": {"Password": EXTRA}},
        {"specifics": None},
    ],
)
def test_no_model_that_can_not_be_made_of_arguments_leads_to_a_secret(
    wrong: dict[str, Any], create: models.CreateClusterRequest
) -> None:
    given = {name: getattr(create.master_config, name) for name in create.master_config.to_dict()}
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.NodeConfig(**(given | wrong))
    assert_clean(caught.value)


# --- settings ------------------------------------------------------------------------------------------------------

SETTINGS: dict[str, dict[str, Any]] = {
    "keys with a line end": {"credentials": Credentials(KEY_ID, f"{KEY}\n")},
    "a key id with spaces": {"credentials": Credentials(f" {KEY_ID}", KEY)},
    "keys that are bytes": {"credentials": Credentials(KEY_ID, cast("Any", KEY.encode()))},
    "a pair for keys": {"credentials": (KEY_ID, KEY)},
    "a mapping for keys": {"credentials": {"id": KEY_ID, "key": KEY}},
    "an endpoint with a password": {"endpoint": f"https://id:{quote(KEY, safe='')}@eks.test"},
    "an endpoint that can not be split": {"endpoint": f"https://id:m4rk/{KEY}@eks.test:x"},
    "an endpoint that is a key": {"endpoint": KEY},
    "an endpoint of another kind": {"endpoint": [KEY]},
    "an endpoint with a query": {"endpoint": f"https://eks.test?Signature={KEY_ID}"},
    "another setting beside them": {"timeouts": 3},
    "a middleware that is none": {"per_call": [3]},
    "an unknown revision": {"api_revision": "2020-01-01"},
    "an odd user agent": {"user_agent": "\n"},
    "no backend": {"backend": "none"},
    "a pair for keys beside an unknown revision": {"credentials": (KEY_ID, KEY), "api_revision": "2020-01-01"},
    "a pair for keys beside another setting": {"credentials": (KEY_ID, KEY), "limits": 3},
    "an endpoint that is a key beside no backend": {"endpoint": KEY, "backend": "none"},
    "an endpoint that is a key beside bad certificates": {"endpoint": KEY, "tls": "/nowhere"},
}


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
@pytest.mark.parametrize("case", SETTINGS)
def test_no_setting_that_can_not_be_used_leads_to_a_secret(case: str, kind: Any) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        kind(**({"credentials": CREDENTIALS, "endpoint": "https://eks.test"} | SETTINGS[case]))
    assert_clean(caught.value)


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
@pytest.mark.parametrize(
    "environ",
    [
        {"CDS_SECRET_KEY": KEY},
        {"CDS_SECRET_ID": KEY_ID, "CDS_SECRET_KEY": f"{KEY}\n"},
        {"CDS_SECRET_ID": KEY_ID, "CDS_SECRET_KEY": KEY, "CDS_EKS_API_REVISION": "2020-01-01"},
        {"CDS_SECRET_ID": KEY_ID, "CDS_SECRET_KEY": KEY, "CDS_EKS_ENDPOINT": KEY},
        {"CDS_SECRET_ID": KEY_ID, "CDS_SECRET_KEY": KEY, "CDS_API_HOST": f"https://id:{KEY}@x"},
    ],
)
def test_no_environment_that_can_not_be_used_leads_to_a_secret(
    environ: dict[str, str], kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CDS_SECRET_ID", "CDS_SECRET_KEY", "CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(errors.ConfigurationError) as caught:
        kind()
    assert_clean(caught.value)


# --- proxies -------------------------------------------------------------------------------------------------------

PROXY_PASSWORD = "pr0xy/m4rk"


@each_client_kind
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_plain", [True, False])
def test_a_proxy_that_repeats_its_password_shows_it_nowhere(
    is_plain: bool,
    scheme: Literal["http", "https"],
    client_kind: str,
    server: Server,
    create: models.CreateClusterRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    basic = base64.b64encode(f"u:{PROXY_PASSWORD}".encode()).decode()
    told = PROXY_PASSWORD if is_plain else basic
    page = f"HTTP/1.1 407 for {told}\r\nContent-Length: {len(told)}\r\nConnection: close\r\n\r\n{told}".encode()
    server.answer = lambda heard: page
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    proxy = server.url.replace("//", f"//u:{quote(PROXY_PASSWORD, safe='')}@")
    monkeypatch.setenv(f"{scheme}_proxy", proxy)
    error = failure_of(client_kind, CALLS["any"], create, endpoint=f"{scheme}://eks.test", backend="httpx")
    assert_clean(error)
    for each in (error, *error.previous):
        assert not re.search(f"m4rk|{re.escape(basic)}", f"{each} {vars(each)}")


def test_the_errors_of_some_packages_are_taken_out_of_what_an_error_came_of() -> None:
    class Theirs(Exception):
        """Another package's."""

    Theirs.__module__ = "theirs.inner"
    first, second, last = Theirs("repeated"), ValueError("of the application"), Theirs("repeated")
    expected: list[BaseException | None] = [None, second, None]
    error = KeyError("x")
    error.__cause__ = error.__context__ = last
    last.__context__, second.__context__ = second, first
    remove_causes(error, frozenset({"theirs"}))
    found: list[BaseException | None] = [error.__cause__, error.__context__, second.__context__]
    assert found == expected
