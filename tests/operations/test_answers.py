"""Every operation, typed on the way back: full answers, and answers degraded in each way that the page names."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks import Response
from cds_eks.errors import AmbiguousCreate, UnreadableResponse
from operations.answer_checks import check
from operations.shapes import Foreign, Full, Hollow, Nulls, OtherTypes
from operations.table import ROWS, Row
from support.contract_clients import answer_of, async_client, method_of, sync_client
from support.contract_server import Server, envelope


def maker(name: str, row: Row) -> Full:
    makers = {"full": Full, "other types": OtherTypes, "foreign": Foreign}
    if name in makers:
        return makers[name]()
    return {"nulls": Nulls, "hollow": Hollow}[name](row.needed)


def answer(name: str, row: Row) -> tuple[dict[str, Any], Any]:
    data, expected = maker(name, row).data(row.answer)
    if name == "other types":
        return {
            "CODE": "success",
            "msg": 17,
            "REQUESTID": 4711,
            "DATA": data,
            "totalcount": "3",
            "PAGEINDEX": 1.0,
            "PageSize": "10",
        }, expected
    return envelope(data, TotalCount=3, PageIndex=1, PageSize=10, New={"x": 1}), expected


def check_response(response: Response[Any], sent: dict[str, Any], expected: Any, name: str) -> None:
    check(response.data, expected)
    assert response.raw == sent
    assert response.attempts == 1
    assert type(response.elapsed) is float
    assert 0 < response.elapsed < 30
    texts = (response.code, response.message, response.request_id)
    assert texts == (("success", "17", "4711") if name == "other types" else ("Success", "ok", "r-1"))
    assert (response.total_count, response.page_index, response.page_size) == (3, 1, 10)


DEGREES = ["full", "other types", "nulls", "hollow", "foreign"]


@pytest.mark.anyio
@pytest.mark.parametrize("name", DEGREES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
async def test_async_every_attribute_has_its_value_and_its_type(server: Server, row: Row, name: str) -> None:
    sent, expected = answer(name, row)
    server.replies[row.action] = sent
    async with async_client(server) as eks:
        response = await answer_of(method_of(eks, row.group, row.method)(*row.least.args, **row.least.kwargs))
    check_response(response, sent, expected, name)


@pytest.mark.parametrize("name", DEGREES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
def test_sync_every_attribute_has_its_value_and_its_type(server: Server, row: Row, name: str) -> None:
    sent, expected = answer(name, row)
    server.replies[row.action] = sent
    with sync_client(server) as eks:
        response = method_of(eks, row.group, row.method)(*row.least.args, **row.least.kwargs)
    check_response(response, sent, expected, name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
def test_an_answer_without_page_fields_has_none(server: Server, row: Row) -> None:
    server.replies[row.action] = envelope(Full().data(row.answer)[0])
    with sync_client(server) as eks:
        response = method_of(eks, row.group, row.method)(*row.least.args, **row.least.kwargs)
    assert (response.total_count, response.page_index, response.page_size) == (None, None, None)


@pytest.mark.parametrize("row", [row for row in ROWS if row.answer.startswith("list[")], ids=lambda row: row.documented)
@pytest.mark.parametrize("nothing", [None, [], "", {}, [None]], ids=repr)
def test_a_list_of_nothing_is_an_empty_list(server: Server, row: Row, nothing: Any) -> None:
    server.replies[row.action] = envelope(nothing)
    with sync_client(server) as eks:
        assert method_of(eks, row.group, row.method)(*row.least.args).data == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.answer == "none"], ids=lambda row: row.documented)
@pytest.mark.parametrize("anything", [None, [], "", {}, {"x": 1}, 7, "text"], ids=repr)
def test_an_operation_without_data_takes_any(server: Server, row: Row, anything: Any) -> None:
    server.replies[row.action] = envelope(anything)
    with sync_client(server) as eks:
        assert method_of(eks, row.group, row.method)(*row.least.args).data is None


@pytest.mark.parametrize("row", [row for row in ROWS if row.needed], ids=lambda row: row.documented)
@pytest.mark.parametrize("data", [None, {}, [], {"Other": 1}, "null id"], ids=repr)
def test_a_create_whose_answer_names_nothing_is_ambiguous(server: Server, row: Row, data: Any) -> None:
    server.replies[row.action] = envelope({row.needed: None} if data == "null id" else data)
    with sync_client(server) as eks, pytest.raises(AmbiguousCreate) as caught:
        method_of(eks, row.group, row.method)(*row.least.args)
    assert isinstance(caught.value, UnreadableResponse)
    assert (caught.value.action, caught.value.request_id, caught.value.outcome) == (row.documented, "r-1", "unknown")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.http == "GET" and not row.answer.startswith("list[")],
    ids=lambda row: row.documented,
)
def test_a_read_that_is_answered_with_a_text_for_an_object_says_where(server: Server, row: Row) -> None:
    server.replies[row.action] = envelope("text")
    with sync_client(server) as eks, pytest.raises(UnreadableResponse, match="Data should be an object") as caught:
        method_of(eks, row.group, row.method)(*row.least.args)
    assert caught.value.action == row.documented


@pytest.mark.parametrize("row", [row for row in ROWS if row.documented in ("GetCluster", "ListNodePools")])
def test_what_is_secret_in_an_answer_is_masked_when_it_is_shown(server: Server, row: Row) -> None:
    data, _ = Full().data(row.answer)
    secret = data["Ak"] if row.documented == "GetCluster" else data["NodePool"][0]["NodeConfig"]["Password"]
    server.replies[row.action] = envelope(data)
    with sync_client(server) as eks:
        response = method_of(eks, row.group, row.method)(*row.least.args)
    assert secret.startswith(("Ak ", "Password "))
    assert secret not in repr(response)
    assert "***" in repr(response)
