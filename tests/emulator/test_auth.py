"""Who may ask: the common parameters, the signature, the time and the nonce."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from cds_eks.emulator import Emulator, ManualClock
from cds_eks.signing import Credentials

from .caller import Caller, common_parameters, signed_query, timestamp, verdict

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "name",
    [
        "Action",
        "AccessKeyId",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "Timestamp",
        "Version",
    ],
)
async def test_each_common_parameter_is_required(call: Caller, name: str) -> None:
    for response in (
        await call.send("ListClusters", without=[name]),
        await call.send("ListClusters", common={name: ""}),
    ):
        assert verdict(response) == (400, "ArgMissing")
        assert name in response.json()["Msg"]


async def test_the_signature_is_required(call: Caller) -> None:
    response = await call.client.get("/eks/v1", params=common_parameters(call.emulator.credentials, "ListClusters"))
    assert verdict(response) == (400, "ArgMissing")


@pytest.mark.parametrize(
    ("common", "expected"),
    [
        ({"Version": "2020-01-01"}, (400, "InvalidVersion")),
        ({"SignatureMethod": "HMAC-SHA256"}, (400, "InvalidParameter")),
        ({"SignatureVersion": "2.0"}, (400, "InvalidParameter")),
        ({"AccessKeyId": "somebody-else"}, (403, "InvalidAccessKeyId")),
        ({"AccessKeyId": "鍵"}, (403, "InvalidAccessKeyId")),
        ({"Timestamp": "yesterday"}, (400, "InvalidParameter")),
        ({"Timestamp": "2025-13-01T00:00:00Z"}, (400, "InvalidParameter")),
        ({"Timestamp": "2025-01-01 00:00:00"}, (400, "InvalidParameter")),
        ({"Timestamp": "2001-01-01T00:00:00Z"}, (400, "RequestExpired")),
        ({"Timestamp": "2099-01-01T00:00:00Z"}, (400, "RequestExpired")),
        ({"Action": "MakeCoffee"}, (400, "UnsupportedOperation")),
    ],
)
async def test_common_parameters_are_checked(call: Caller, common: dict[str, str], expected: tuple[int, str]) -> None:
    assert verdict(await call.send("ListClusters", common=common)) == expected


async def test_a_wrong_secret_key_is_refused(call: Caller) -> None:
    wrong = Credentials(call.emulator.credentials.access_key_id, "not the key")
    assert verdict(await call.send("ListClusters", credentials=wrong)) == (403, "SignatureDoesNotMatch")


async def test_credentials_can_be_chosen() -> None:
    emulator = Emulator(credentials=Credentials("my id", "my/key"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        call = Caller(emulator, client)
        assert verdict(await call.send("ListClusters")) == (200, "Success")
        other = Emulator().credentials
        assert verdict(await call.send("ListClusters", credentials=other)) == (403, "InvalidAccessKeyId")


async def test_the_signature_covers_every_parameter(call: Caller) -> None:
    response = await call.send("ListClusters", unsigned={"Keyword": "added"})
    assert verdict(response) == (403, "SignatureDoesNotMatch")


async def test_the_signature_covers_the_method(call: Caller) -> None:
    credentials = call.emulator.credentials
    query = signed_query(credentials, "POST", common_parameters(credentials, "ListClusters"))
    assert verdict(await call.client.get(f"/eks/v1?{query}")) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("keyword", ["a b*~/中", "1+1", "%2B", "a&b=c", "tilde~dash-dot.", "🚀", "e\u0301"])
async def test_any_text_can_be_signed(call: Caller, keyword: str) -> None:
    call.emulator.add_cluster(name=f"<{keyword}>")
    assert len(await call("ListClusters", Keyword=keyword)) == 1


@pytest.mark.parametrize("path", ["/eks/v1", "/eks/v1/"])
async def test_a_raw_plus_is_a_space_and_the_path_may_end_in_a_slash(call: Caller, path: str) -> None:
    call.emulator.add_cluster(name="1 1+1")
    credentials = call.emulator.credentials

    async def listed(keyword: str, sent: str) -> httpx.Response:
        params = {**common_parameters(credentials, "ListClusters"), "Keyword": keyword}
        query = signed_query(credentials, "GET", params)
        assert query.count(f"Keyword={quote(keyword)}") == 1
        query = query.replace(f"Keyword={quote(keyword)}", f"Keyword={sent}")
        # Built by hand: httpx would leave the + alone too, but not promise it.
        return await call.client.get(httpx.URL("http://emulator").copy_with(path=path, query=query.encode()))

    for keyword, sent in (("1 1", "1+1"), ("1 1", "1%201"), ("1+1", "1%2B1"), ("1 1+1", "1+1%2B1")):
        response = await listed(keyword, sent)
        assert verdict(response) == (200, "Success"), (keyword, sent)
        assert len(response.json()["Data"]) == 1
    assert verdict(await listed("1+1", "1+1")) == (403, "SignatureDoesNotMatch")


async def test_a_post_to_the_path_with_a_slash(call: Caller) -> None:
    call.emulator.add_cluster("c")
    query = signed_query(
        call.emulator.credentials, "POST", common_parameters(call.emulator.credentials, "DeleteCluster")
    )
    response = await call.client.post(f"/eks/v1/?{query}", json={"ClusterId": "c"})
    assert verdict(response) == (200, "Success")
    [entry] = call.emulator.ledger.requests
    assert (entry.action, entry.committed) == ("DeleteCluster", True)


class _Wall:
    """A wall clock that tests set."""

    def __init__(self) -> None:
        self.time = 1_760_000_000.0

    def __call__(self) -> float:
        return self.time


async def _at(call: Caller, seconds: float, nonce: str) -> tuple[int, str]:
    common = {"Timestamp": timestamp(seconds), "SignatureNonce": nonce}
    return verdict(await call.send("ListClusters", common=common))


async def test_the_edges_of_the_timestamp_window() -> None:
    wall = _Wall()
    emulator = Emulator(clock=ManualClock(), wall_clock=wall)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        call = Caller(emulator, client)
        for number, (off, code) in enumerate(
            [(-900, "Success"), (900, "Success"), (-901, "RequestExpired"), (901, "RequestExpired"), (0, "Success")]
        ):
            assert (await _at(call, wall.time + off, str(number)))[1] == code
        assert (await client.get("/")).headers["date"] == "Thu, 09 Oct 2025 08:53:20 GMT"


async def test_a_nonce_is_good_once_while_its_request_could_be_replayed() -> None:
    wall = _Wall()
    emulator = Emulator(clock=ManualClock(), wall_clock=wall, timestamp_window=60)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        call = Caller(emulator, client)
        ahead = wall.time + 60
        assert await _at(call, ahead, "n") == (200, "Success")
        assert await _at(call, ahead, "n") == (403, "AccessDenied")
        assert await _at(call, wall.time, "n") == (403, "AccessDenied")
        wall.time += 120  # the first request is still fresh
        assert await _at(call, ahead, "n") == (403, "AccessDenied")
        wall.time += 1
        assert await _at(call, ahead, "n") == (400, "RequestExpired")
        assert await _at(call, wall.time, "n") == (200, "Success")


async def test_a_nonce_is_not_used_up_by_a_request_that_is_not_verified(call: Caller) -> None:
    wrong = Credentials(call.emulator.credentials.access_key_id, "not the key")
    common = {"SignatureNonce": "mine"}
    assert verdict(await call.send("ListClusters", common=common, credentials=wrong)) == (403, "SignatureDoesNotMatch")
    assert verdict(await call.send("ListClusters", common=common)) == (200, "Success")


async def test_a_nonce_is_used_up_by_a_request_that_is_refused_later(call: Caller) -> None:
    common = {"SignatureNonce": "mine"}
    assert verdict(await call.send("MakeCoffee", common=common)) == (400, "UnsupportedOperation")
    assert verdict(await call.send("ListClusters", common=common)) == (403, "AccessDenied")


async def test_nonces_are_forgotten() -> None:
    wall = _Wall()
    emulator = Emulator(clock=ManualClock(), wall_clock=wall)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=emulator), base_url="http://e") as client:
        for _ in range(50):
            assert (await _at(Caller(emulator, client), wall.time, f"n{wall.time}"))[1] == "Success"
            wall.time += 100
    verifier = emulator._service._verifier
    assert len(verifier._nonces) == len(verifier._forgotten_at) == 10
