"""docs/backends.md: the adapter that it shows works, and evades the traps that it names."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from cds_eks import Limits, Timeouts, errors
from cds_eks.backend import Backend, response_body
from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import Request
from support.backend_clients import AT_ONCE, BODY, READ_ONCE, Records, cancelled_when, client
from support.raw_server import CLUSTER, CREATED, Connection, Seen, answer, answering, plain, serve, unused_port

pytest.importorskip("aiohttp")
pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[2] / "docs" / "backends.md").read_text(encoding="utf-8")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def names() -> dict[str, Any]:
    found = re.search(r"<!-- aiohttp -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(compile(found[1], "docs/backends.md", "exec"), names)
    return names


@pytest.fixture
def adapter(names: dict[str, Any]) -> Any:
    return names["AiohttpBackend"]()


async def test_calls_go_through_it(adapter: Any) -> None:
    def respond(seen: Seen) -> bytes:
        cookie = (("Set-Cookie", "a=b"), ("X-A", "1"), ("X-A", "2"))
        return answer(CREATED if seen.method == "POST" else CLUSTER, headers=cookie)

    assert isinstance(adapter, Backend)
    async with serve(answering(respond)) as server, client(server.url, backend=adapter) as eks:
        for _ in range(2):
            assert (await eks.clusters.get("c/1 +é")).data.cluster_name == "one"
        assert (await eks.clusters.delete("c-1")).data.task_id == "t-1"
        assert server.opened == 1
        assert server.ledger[0].query["ClusterId"] == "c/1 +é"
        assert not [seen for seen in server.ledger if "cookie" in seen.headers]
        assert server.ledger[0].headers["accept-encoding"] == "gzip"


async def test_nothing_is_sent_twice(adapter: Any) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await connection.send(answer(CLUSTER))
        await connection.read()  # and closes

    async with serve(handle) as server, client(server.url, backend=adapter, retry=READ_ONCE) as eks:
        await eks.clusters.get("c-1")
        with pytest.raises(errors.ConnectionLost, match="ServerDisconnectedError"):
            await eks.clusters.get("c-1")
        assert len(server.ledger) == 2


async def test_no_connection_is_no_create(adapter: Any) -> None:
    async with client(f"http://127.0.0.1:{unused_port()}", backend=adapter, retry=AT_ONCE) as eks:
        with pytest.raises(errors.ConnectFailed) as caught:
            await eks.call("CreateThing", method="POST")
    assert (caught.value.outcome, caught.value.attempts) == ("not_sent", 4)


async def test_silence_is_a_lost_connection(adapter: Any) -> None:
    async def handle(connection: Connection) -> None:
        await connection.read()
        await anyio.sleep_forever()

    settings: dict[str, Any] = {"backend": adapter, "retry": READ_ONCE, "timeouts": Timeouts(read=0.03)}
    async with serve(handle) as server, client(server.url, **settings) as eks:
        with pytest.raises(errors.ConnectionLost, match="Timeout"):
            await eks.clusters.get("c-1")


async def test_a_call_that_is_cancelled_in_line_was_not_sent(names: dict[str, Any]) -> None:
    import aiohttp

    go = anyio.Event()

    async def handle(connection: Connection) -> None:
        while True:
            await connection.read()
            await go.wait()
            await connection.send(answer(CREATED))

    one = names["AiohttpBackend"]()
    records = Records()
    settings: dict[str, Any] = {"backend": one, "per_call": [records], "limits": Limits(max_in_flight=2)}
    async with serve(handle) as server, client(server.url, **settings) as eks:
        async with anyio.create_task_group() as group:
            group.start_soon(eks.clusters.get, "first")
            await server.until(lambda: len(server.ledger) == 1)
            one._session.connector._limit = 1  # what `TCPConnector(limit=1)` sets
            assert isinstance(one._session, aiohttp.ClientSession)
            await cancelled_when(lambda: len(records.kept) == 2, lambda: eks.clusters.get("second"))
            go.set()
        assert [record.outcome for record in records.kept] == ["accepted", "not_sent"]
        assert len(server.ledger) == 1


@pytest.mark.parametrize(
    ("content", "headers", "words"),
    [
        (gzip.compress(b" " * 1_000_000), (("Content-Encoding", "gzip"),), "more than"),
        (b"no gzip", (("Content-Encoding", "gzip"),), "broken"),
        (b" " * 20_000, (), "too long"),
    ],
)
async def test_a_body_that_can_not_be_read(
    content: bytes, headers: tuple[tuple[str, str], ...], words: str, adapter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_body, "MAX_BODY", 10_000)
    adapter.send.__func__.__globals__["MAX_BODY"] = 10_000
    respond = answering(plain(content, headers=headers))
    async with serve(respond) as server, client(server.url, backend=adapter, retry=READ_ONCE) as eks:
        with pytest.raises(errors.UnreadableResponse, match=words):
            await eks.clusters.get("c-1")


async def test_gzip_and_redirects(adapter: Any) -> None:
    def respond(seen: Seen) -> bytes:
        if seen.query["Action"] == "Away":
            return plain(b"", status=302, headers=(("Location", "/elsewhere"),))
        return plain(gzip.compress(BODY), headers=(("Content-Encoding", "gzip"),))

    async with serve(answering(respond)) as server:
        asked = Request(operation=attrs.evolve(GET_CLUSTER), url=server.url, params={}, query="Action=X")
        assert (await adapter.send(asked)).content == BODY
        assert (await adapter.send(attrs.evolve(asked, query="Action=Away"))).status == 302
        await adapter.aclose()
    assert len(server.ledger) == 2
