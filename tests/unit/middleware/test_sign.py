"""Signing each attempt anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import attrs
import pytest

from cds_eks import AsyncEksClient, Credentials, errors
from cds_eks.middleware import Sign
from cds_eks.pipeline import Send
from cds_eks.resources.clusters import DELETE_CLUSTER, GET_CLUSTER
from cds_eks.signing import HmacSha1Signer, Signer, signature
from cds_eks.wire import RawResponse, Request
from unit.middleware.failing_backend import ANSWER, AT_ONCE, Failing
from unit.middleware.user_signers import Blocking, Remote

pytestmark = pytest.mark.anyio


async def test_each_attempt_is_signed_anew(credentials: Credentials) -> None:
    backend = Failing()
    async with AsyncEksClient(credentials, backend=backend, retry=AT_ONCE) as eks:
        assert (await eks.clusters.get("c-1")).attempts == 3
    assert len({query["SignatureNonce"] for query in backend.queries}) == 3
    assert len({query["Signature"] for query in backend.queries}) == 3
    for query in backend.queries:
        signed = {name: value for name, value in query.items() if name != "Signature"}
        assert query["Signature"] == signature(credentials.secret_access_key, "GET", signed)
        assert query["ClusterId"] == "c-1"


async def test_each_attempt_is_signed_with_the_credentials_of_now() -> None:
    keys = iter(range(100))
    backend = Failing()

    def current() -> Credentials:
        return Credentials(f"id-{next(keys)}", "key")

    async with AsyncEksClient(current, backend=backend, retry=AT_ONCE) as eks:
        await eks.clusters.get("c-1")
    assert len({query["AccessKeyId"] for query in backend.queries}) == 3


@pytest.mark.parametrize("make", [Blocking, Remote])
async def test_a_signer_of_the_users_may_be_sync_or_async(make: type[Blocking]) -> None:
    signer, backend = make(), Failing()
    async with AsyncEksClient(signer=signer, backend=backend, retry=AT_ONCE) as eks:
        await eks.clusters.get("c-1")
    assert [query["Signed"] for query in backend.queries] == ["1", "2", "3"]
    assert signer.asked == [("GET", {"Action": "GetCluster", "ClusterId": "c-1"})] * 3


async def test_the_request_goes_on_with_its_query_and_is_otherwise_as_it_was(credentials: Credentials) -> None:
    request = Request(operation=DELETE_CLUSTER, url="http://x", params={"Action": "DeleteCluster"}, content=b"{}")
    sent: list[Request] = []

    async def send(given: Request) -> RawResponse:
        sent.append(given)
        return ANSWER

    signer: Signer = HmacSha1Signer(credentials, clock=lambda: 0, nonce=lambda: "n")
    assert await Sign(signer)(request, send) is ANSWER
    assert request.query == ""
    assert sent[0].query == signer.sign("POST", {"Action": "DeleteCluster"})
    assert (sent[0].params, sent[0].content, sent[0].record) == (request.params, b"{}", request.record)


async def test_what_a_signer_raises_comes_out_and_nothing_is_sent() -> None:
    class Sealed:
        def sign(self, method: str, params: Mapping[str, str]) -> str:
            raise errors.ConfigurationError("the vault is sealed")

    backend = Failing()
    async with AsyncEksClient(signer=Sealed(), backend=backend) as eks:
        with pytest.raises(errors.ConfigurationError, match="sealed") as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.outcome, caught.value.action, backend.queries) == ("not_sent", GET_CLUSTER.name, [])


@pytest.mark.parametrize("query", [None, b"Signed=1", 7])
async def test_a_signer_that_returns_no_text_is_an_error_and_nothing_is_sent(query: object) -> None:
    class Odd:
        def sign(self, method: str, params: Mapping[str, str]) -> Any:
            return query

    backend = Failing()
    async with AsyncEksClient(signer=Odd(), backend=backend) as eks:
        with pytest.raises(errors.ConfigurationError, match="a signer must return the query as text") as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.outcome, backend.queries) == ("not_sent", [])


class Rotating(Failing):
    """A service that does not know any key, and repeats its id; the key is another one for each attempt."""

    async def send(self, request: Request) -> RawResponse:
        key_id = parse_qs(request.query)["AccessKeyId"][0]
        content = {"Code": "InternalError", "Msg": f"no such key {key_id}", "RequestId": f"r-{key_id}"}
        return RawResponse(status=500, headers={}, content=json.dumps(content).encode())


async def test_a_key_that_came_up_while_the_call_went_on_is_not_shown_either() -> None:
    keys = iter(range(100))

    def current() -> Credentials:
        return Credentials(f"marked-id-{next(keys)}", "marked-key")

    async with AsyncEksClient(current, backend=Rotating(), retry=AT_ONCE) as eks:
        with pytest.raises(errors.ServerFault) as caught:
            await eks.clusters.get("c-1")
    assert (caught.value.attempts, caught.value.request_id) == (4, "r-***")
    assert "marked" not in f"{caught.value} {[str(error) for error in caught.value.previous]}"


def test_a_signer_that_has_not_signed_yet_has_nothing_to_hide(credentials: Credentials) -> None:
    signer = HmacSha1Signer(credentials)
    assert signer.secrets() == set()
    signer.sign("GET", {})
    assert signer.secrets() == credentials.texts


class Elsewhere(Failing):
    """Loses what it is sent, and can't connect to a second host."""

    async def send(self, request: Request) -> RawResponse:
        self.queries.append({"url": request.url})
        if request.url.startswith("http://second"):
            raise errors.ConnectFailed("x")
        request.record.mark_sent()
        raise errors.ConnectionLost("x")


async def test_a_create_that_was_lost_before_a_middleware_could_not_send_it_elsewhere_is_not_sent_again(
    credentials: Credentials,
) -> None:
    async def failover(request: Request, send: Send) -> RawResponse:
        try:
            return await send(request)
        except errors.TransportError:
            return await send(attrs.evolve(request, url="http://second/eks/v1"))

    backend = Elsewhere()
    client = AsyncEksClient(credentials, backend=backend, retry=AT_ONCE, per_attempt=[failover])
    async with client as eks:
        with pytest.raises(errors.AmbiguousCreate) as caught:
            await eks.network_interfaces.create("s-1")
    assert (caught.value.outcome, caught.value.attempts, len(backend.queries)) == ("unknown", 1, 2)
