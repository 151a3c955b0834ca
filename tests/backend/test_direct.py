"""The short ways around httpx come out where httpx itself does."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import anyio.lowlevel
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import CLUSTER, answer, answering, serve
from test_httpx import CREDENTIALS

from cds_eks import AsyncEksClient
from cds_eks.backend import direct
from cds_eks.backend.direct import Direct, with_query
from cds_eks.backend.httpx import HttpxBackend
from cds_eks.pipeline import Send
from cds_eks.wire import CallRecord, RawResponse, Request

URLS = [
    "http://127.0.0.1:8080/eks/v1",
    "https://api.capitalonline.net/eks/v1",
    "https://[::1]:8443/eks/v1",
    "https://xn--fiq228c.test/",
]
steady = settings(max_examples=300, deadline=None, derandomize=True)


def seen(make: Callable[[], httpx.URL]) -> object:
    try:
        made = make()
    except httpx.InvalidURL as error:
        return str(error)
    return str(made), made.raw_path, made.query, made.raw_host, made.port, made.params, made


@steady
@given(
    url=st.sampled_from(URLS), query=st.text(alphabet="aZ09-._~%&=+ /?#\"'<>é\n\x00", max_size=20) | st.text(max_size=9)
)
def test_a_url_with_a_query_is_what_httpx_makes_of_both(url: str, query: str) -> None:
    assert seen(lambda: with_query(url, query)) == seen(lambda: httpx.URL(f"{url}?{query}"))


def test_a_signed_query_is_not_read_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    with_query(URLS[0], "Action=X")
    monkeypatch.setattr(httpx.URL, "__init__", lambda *_: pytest.fail("it is read"))
    assert str(with_query(URLS[0], "AccessKeyId=a%2Fb&Signature=c%3D")) == f"{URLS[0]}?AccessKeyId=a%2Fb&Signature=c%3D"


def test_where_httpx_keeps_something_else_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        pass

    monkeypatch.setattr(direct, "_parsed", lambda _: Other())
    assert str(with_query(URLS[0], "Action=X")) == f"{URLS[0]}?Action=X"


def test_what_is_too_long_is_refused_as_httpx_does() -> None:
    with pytest.raises(httpx.InvalidURL):
        with_query(URLS[0], "a" * 65536)


@pytest.mark.anyio
async def test_an_idle_connection_keeps_nothing_of_the_call_that_it_carried() -> None:
    async with serve(answering(answer(CLUSTER))) as server, AsyncEksClient(CREDENTIALS, endpoint=server.url) as eks:
        await eks.clusters.get("c-1")
        assert isinstance(eks._backend, HttpxBackend)
        [(connection, _)] = eks._backend._idle
        assert isinstance(connection, Direct)
        assert (connection.tap.record, connection.tap.orphan) == (None, None)


@pytest.mark.anyio
async def test_an_answer_that_has_come_whole_is_not_lost_to_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cancelled between the last byte and the end of the exchange, where httpcore has checkpoints."""
    records: list[CallRecord] = []

    async def watch(request: Request, send: Send) -> RawResponse:
        records.append(request.record)
        return await send(request)

    real = httpx.Response.aclose
    with anyio.CancelScope() as scope:

        async def cancelled_here(response: httpx.Response) -> None:
            scope.cancel()
            await anyio.lowlevel.checkpoint()
            await real(response)

        monkeypatch.setattr(httpx.Response, "aclose", cancelled_here)
        served = serve(answering(answer(CLUSTER)))
        async with served as server, AsyncEksClient(CREDENTIALS, endpoint=server.url, per_call=[watch]) as eks:
            await eks.clusters.get("c-1")
            await anyio.lowlevel.checkpoint()
    [record] = records
    assert record.outcome == "accepted"
    assert record.answer is not None
    assert record.answer["Data"]["ClusterId"] == "c-1"
