"""`eks.call` and `nodes.iterate`, and what all calls share, as the independent server sees it."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

import pytest

from cds_eks import models
from cds_eks.errors import AmbiguousCreate, BadArgument, InvalidRequestError, NotFound, ServerFault
from operations.table import NASTY
from support.contract_clients import async_client, sync_client
from support.contract_server import Seen, Server, envelope

PARAMS: dict[str, Any] = {"Text": NASTY, "Number": 0, "Negative": -7, "Yes": True, "No": False, "Empty": ""}
PARAMS_SENT = {"Text": NASTY, "Number": "0", "Negative": "-7", "Yes": "1", "No": "0", "Empty": ""}
BODY: dict[str, Any] = {"Text": NASTY, "List": [1, 1.5, None, True, {"a": []}], "No": False, "Empty": {}, "Zero": 0}


@pytest.mark.anyio
async def test_call_sends_an_undocumented_get(server: Server) -> None:
    server.replies["ListImages"] = envelope([{"ImageId": 1}], More=[1])
    async with async_client(server) as eks:
        answer = await eks.call("ListImages", params=PARAMS)
    assert type(answer) is dict
    assert answer == envelope([{"ImageId": 1}], More=[1])
    seen = server.only()
    assert (seen.method, seen.action, seen.arguments) == ("GET", "ListImages", PARAMS_SENT)


def test_sync_call_sends_an_undocumented_get(server: Server) -> None:
    server.replies["ListImages"] = envelope([{"ImageId": 1}])
    with sync_client(server) as eks:
        assert eks.call("ListImages", params=PARAMS) == envelope([{"ImageId": 1}])
    assert server.only().arguments == PARAMS_SENT


@pytest.mark.anyio
async def test_call_sends_an_undocumented_post(server: Server) -> None:
    async with async_client(server) as eks:
        await eks.call("RenameCluster", method="POST", body=BODY)
    seen = server.only()
    assert (seen.method, seen.action, seen.arguments, seen.body) == ("POST", "RenameCluster", {}, BODY)


def test_sync_call_sends_an_undocumented_post(server: Server) -> None:
    with sync_client(server) as eks:
        eks.call("RenameCluster", method="POST", body=BODY)
    assert server.only().body == BODY


@pytest.mark.parametrize("body", [None, {}])
def test_a_post_without_a_body_sends_an_empty_object(server: Server, body: dict[str, Any] | None) -> None:
    with sync_client(server) as eks:
        eks.call("Reboot", method="POST", body=body)
    assert server.only().body == {}


def test_a_post_s_params_go_into_the_signed_query(server: Server) -> None:
    # The service documents no such thing, so the server complains; that is its only complaint: all of it is signed.
    with sync_client(server) as eks, pytest.raises(BadArgument):
        eks.call("Odd", method="POST", params={"Dry": True, "空": NASTY}, body={"A": 1})
    assert server.problems == ["Odd: arguments of a POST in the query: ['Dry', '空']"]
    assert (server.seen[0].arguments, server.seen[0].body) == ({"Dry": "1", "空": NASTY}, {"A": 1})


def test_an_action_goes_through_the_query_unharmed(server: Server) -> None:
    with sync_client(server) as eks:
        eks.call("An &=#%+~* 中 Action")
    assert server.only().action == "An &=#%+~* 中 Action"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["Action", "accesskeyid", "Signature", "SIGNATURENONCE", "Timestamp", "Version"])
def test_call_can_not_set_a_signing_parameter(server: Server, method: Literal["GET", "POST"], name: str) -> None:
    with sync_client(server) as eks, pytest.raises(InvalidRequestError, match=name):
        eks.call("Anything", method=method, params={name: "x"})
    assert server.seen == []


@pytest.mark.anyio
async def test_a_failed_call_is_a_typed_error(server: Server) -> None:
    server.replies["Find"] = {"Code": "ResourceNotFound", "Desc": "no such thing", "RequestId": "r-9"}
    async with async_client(server) as eks:
        with pytest.raises(NotFound) as caught:
            await eks.call("Find")
    error = caught.value
    assert (error.action, error.request_id, error.outcome, error.code) == ("Find", "r-9", "refused", "ResourceNotFound")


def test_a_failed_post_is_a_create_whose_fate_is_unknown(server: Server) -> None:
    server.replies["Make"] = {"Code": "InternalError", "Msg": "oh", "RequestId": "r-9"}
    with sync_client(server) as eks, pytest.raises(AmbiguousCreate) as caught:
        eks.call("Make", method="POST", body={"DiskName": "d", "VpcId": "v", "Size": 1})
    assert isinstance(caught.value, ServerFault)
    assert caught.value.natural_key == {"DiskName": "d", "VpcId": "v"}
    assert len(server.seen) == 1


# --- nodes.iterate


def pages(total: int, size: int, *, with_total: bool = True) -> Any:
    def page(seen: Seen) -> dict[str, Any]:
        first = (int(seen.arguments["PageIndex"]) - 1) * size
        nodes = [{"NodeId": f"n-{index}"} for index in range(total)][first : first + size]
        return envelope(nodes, **({"TotalCount": total} if with_total else {}))

    return page


FILTERS: dict[str, Any] = {
    "node_status": "running",
    "node_type": "ecs",
    "schedulable": False,
    "status": "",
    "keyword": NASTY,
}
FILTERS_SENT = {
    "ClusterId": "c",
    "NodeStatus": "running",
    "NodeType": "ecs",
    "SchedulableStr": "0",
    "Status": "",
    "Keyword": NASTY,
}


@pytest.mark.anyio
async def test_iterate_walks_all_pages_with_all_filters(server: Server) -> None:
    server.replies["ListNodes"] = pages(25, 10)
    async with async_client(server) as eks:
        nodes = [node async for node in eks.nodes.iterate("c", page_size=10, extra={"New": 1}, **FILTERS)]
    assert [node.node_id for node in nodes] == [f"n-{index}" for index in range(25)]
    assert all(type(node) is models.Node for node in nodes)
    assert server.problems == []
    assert [seen.arguments for seen in server.seen] == [
        {**FILTERS_SENT, "PageIndex": page, "PageSize": "10", "New": "1"} for page in ("1", "2", "3")
    ]


def test_sync_iterate_walks_all_pages_with_all_filters(server: Server) -> None:
    server.replies["ListNodes"] = pages(25, 10)
    with sync_client(server) as eks:
        nodes = list(eks.nodes.iterate("c", page_size=10, extra={"New": 1}, **FILTERS))
    assert [node.node_id for node in nodes] == [f"n-{index}" for index in range(25)]
    assert [seen.arguments for seen in server.seen] == [
        {**FILTERS_SENT, "PageIndex": page, "PageSize": "10", "New": "1"} for page in ("1", "2", "3")
    ]


@pytest.mark.anyio
async def test_iterate_asks_for_100_at_a_time_and_sends_no_filter_of_its_own(server: Server) -> None:
    server.replies["ListNodes"] = pages(3, 100, with_total=False)
    async with async_client(server) as eks:
        assert len([node async for node in eks.nodes.iterate("c")]) == 3
    assert [seen.arguments for seen in server.seen] == [
        {"ClusterId": "c", "PageIndex": page, "PageSize": "100"} for page in ("1", "2")
    ]


def test_iterate_fetches_a_page_when_it_is_needed_and_not_before(server: Server) -> None:
    server.replies["ListNodes"] = pages(30, 10)
    with sync_client(server) as eks:
        nodes = eks.nodes.iterate("c", page_size=10)
        assert server.seen == []
        assert [next(nodes).node_id for _ in range(10)] == [f"n-{index}" for index in range(10)]
        assert len(server.seen) == 1
        assert next(nodes).node_id == "n-10"
        assert len(server.seen) == 2


@pytest.mark.anyio
async def test_iterate_refuses_a_bad_page_size_before_anything_is_sent(server: Server) -> None:
    async with async_client(server) as eks:
        with pytest.raises(InvalidRequestError, match="page_size: must be at least 1"):
            await anext(eks.nodes.iterate("c", page_size=0))
    with sync_client(server) as sync, pytest.raises(InvalidRequestError, match="page_size: must be at least 1"):
        next(sync.nodes.iterate("c", page_size=0))
    assert server.seen == []


@pytest.mark.anyio
async def test_iterate_gives_an_error_at_the_page_that_failed(server: Server) -> None:
    def page(seen: Seen) -> dict[str, Any]:
        fine = seen.arguments["PageIndex"] == "1"
        return envelope([{"NodeId": "n"}]) if fine else {"Code": "ResourceNotFound", "Msg": "the cluster is gone"}

    server.replies["ListNodes"] = page
    async with async_client(server) as eks:
        nodes = eks.nodes.iterate("c")
        assert (await anext(nodes)).node_id == "n"
        with pytest.raises(NotFound, match="the cluster is gone"):
            await anext(nodes)


# --- what all calls share


def test_calls_one_after_another_share_a_connection_and_never_a_nonce(server: Server) -> None:
    with sync_client(server) as eks:
        for _ in range(20):
            eks.clusters.list()
    assert server.problems == []
    assert len({seen.port for seen in server.seen}) == 1
    assert len({seen.common["SignatureNonce"] for seen in server.seen}) == 20
    assert len({seen.headers["cds-request-id"] for seen in server.seen}) == 20


def test_the_endpoint_may_be_written_in_each_usual_way(server: Server) -> None:
    for endpoint, user_agent in product((server.url, server.url + "/"), (None, "my-app/1")):
        server.reset()
        with sync_client(server, endpoint=endpoint, user_agent=user_agent) as eks:
            eks.clusters.list()
        seen = server.only()
        assert seen.headers["user-agent"].startswith(f"{user_agent or ''}".strip() or "cds-eks-python/")


def test_the_server_would_notice_a_wrong_signature(server: Server) -> None:
    from cds_eks import Credentials
    from cds_eks.errors import EksError
    from support.contract_server import ACCESS_KEY_ID

    with sync_client(server, credentials=Credentials(ACCESS_KEY_ID, "another key")) as eks, pytest.raises(EksError):
        eks.clusters.list(keyword="a b")
    assert server.problems == ["ListClusters: the signature is wrong"]
