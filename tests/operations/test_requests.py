"""Every operation, exact on the wire, as the independent server sees it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from cds_eks import models
from cds_eks.errors import InvalidRequestError
from operations.described_examples import NeedsExampleError, example_of
from operations.request_checks import assert_same, check
from operations.shapes import Full
from operations.table import NASTY, ROWS, Row, Use
from support.api_description import API
from support.contract_clients import answer_of, async_client, method_of, sync_client
from support.contract_server import Server, envelope


def variants() -> Iterator[Any]:
    """The calls that were written by hand; those that the description gives beside them; what is easily lost."""
    for row in ROWS:
        with suppress(NeedsExampleError):
            made = example_of(API.operations[row.documented])
            yield pytest.param(row, made.least, id=f"{row.documented}-least-described")
            yield pytest.param(row, made.most, id=f"{row.documented}-most-described")
        for name, use in (("least", row.least), ("most", row.most)):
            yield pytest.param(row, use, id=f"{row.documented}-{name}")
        for index, use in enumerate(row.others):
            yield pytest.param(row, use, id=f"{row.documented}-other{index}")


def expect(server: Server, row: Row) -> None:
    server.replies[row.action] = envelope(Full().data(row.answer)[0])


@pytest.mark.anyio
@pytest.mark.parametrize(("row", "use"), list(variants()))
async def test_async_sends_the_action_and_just_these_arguments(server: Server, row: Row, use: Use) -> None:
    expect(server, row)
    async with async_client(server) as eks:
        await answer_of(method_of(eks, row.group, row.method)(*use.args, **use.kwargs))
    check(server, row, use.sends)


@pytest.mark.parametrize(("row", "use"), list(variants()))
def test_sync_sends_the_action_and_just_these_arguments(server: Server, row: Row, use: Use) -> None:
    expect(server, row)
    with sync_client(server) as eks:
        method_of(eks, row.group, row.method)(*use.args, **use.kwargs)
    check(server, row, use.sends)


EXTRA = {"NewFlag": True, "NewNumber": 0, "NewText": NASTY, "空 name&=": ""}
EXTRA_IN_QUERY = {"NewFlag": "1", "NewNumber": "0", "NewText": NASTY, "空 name&=": ""}


@pytest.mark.anyio
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
async def test_async_extra_goes_along_beside_the_documented_arguments(server: Server, row: Row) -> None:
    expect(server, row)
    async with async_client(server) as eks:
        await method_of(eks, row.group, row.method)(*row.least.args, extra=EXTRA, **row.least.kwargs)
    check(server, row, row.least.sends | (EXTRA_IN_QUERY if row.http == "GET" else EXTRA))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
def test_sync_extra_goes_along_beside_the_documented_arguments(server: Server, row: Row) -> None:
    expect(server, row)
    with sync_client(server) as eks:
        method_of(eks, row.group, row.method)(*row.least.args, extra=EXTRA, **row.least.kwargs)
    check(server, row, row.least.sends | (EXTRA_IN_QUERY if row.http == "GET" else EXTRA))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
@pytest.mark.parametrize("name", ["Action", "signature", "ACCESSKEYID", "SignatureNonce", "Timestamp", "Version"])
def test_extra_can_not_replace_a_signing_parameter(server: Server, row: Row, name: str) -> None:
    with sync_client(server) as eks, pytest.raises(InvalidRequestError, match=f"extra.{name}") as caught:
        method_of(eks, row.group, row.method)(*row.least.args, extra={name: "x"}, **row.least.kwargs)
    assert caught.value.action == row.documented
    assert caught.value.outcome == "not_sent"
    assert server.seen == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.most.sends], ids=lambda row: row.documented)
def test_extra_can_not_replace_a_documented_argument(server: Server, row: Row) -> None:
    name = next(iter(row.most.sends))
    with sync_client(server) as eks, pytest.raises(InvalidRequestError, match=f"extra.{name.lower()}"):
        method_of(eks, row.group, row.method)(*row.most.args, extra={name.lower(): "x"}, **row.most.kwargs)
    assert server.seen == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
def test_every_argument_can_be_given_by_name_and_only_required_ones_by_place(server: Server, row: Row) -> None:
    with sync_client(server) as eks:
        parameters = list(inspect.signature(method_of(eks, row.group, row.method)).parameters.values())
        by_place = [parameter for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
        assert all(parameter.default is parameter.empty for parameter in by_place)
        assert all(parameter.default is None for parameter in parameters if parameter not in by_place)
        expect(server, row)
        names = [parameter.name for parameter in by_place]
        given = dict(zip(names, row.least.args, strict=True))
        method_of(eks, row.group, row.method)(**given)
    check(server, row, row.least.sends)


@pytest.mark.anyio
async def test_the_vendor_s_own_example_is_sent_as_it_stands(
    server: Server, create_cluster_body: dict[str, Any]
) -> None:
    server.replies["CreateCluster"] = envelope({"ClusterId": "c-1", "TaskId": "t-1"})
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    async with async_client(server) as eks:
        created = await eks.clusters.create(request)
    assert (created.data.cluster_id, created.data.task_id) == ("c-1", "t-1")
    expected = {name.replace("K8SVersion", "K8sVersion"): value for name, value in create_cluster_body.items()}
    assert_same(server.only().body, expected)


def test_the_vendor_s_own_example_is_sent_as_it_stands_by_the_sync_client(
    server: Server, create_cluster_body: dict[str, Any]
) -> None:
    server.replies["CreateCluster"] = envelope({"ClusterId": "c-1", "TaskId": "t-1"})
    request = models.CreateClusterRequest.from_dict(create_cluster_body)
    with sync_client(server) as eks:
        assert eks.clusters.create(request).data.task_id == "t-1"
    expected = {name.replace("K8SVersion", "K8sVersion"): value for name, value in create_cluster_body.items()}
    assert_same(server.only().body, expected)


def test_what_the_vendor_s_client_was_seen_to_send_is_what_is_sent_here(
    server: Server, observed: list[dict[str, Any]]
) -> None:
    """The same actions by the same HTTP methods, and no argument that the Go client does not have."""
    rows = {row.action: row for row in ROWS}
    assert {request["query"]["Action"] for request in observed} <= rows.keys()
    for request in observed:
        row = rows[request["query"]["Action"]]
        assert row.http == request["method"]
        theirs = set(request["query"]) - {"Action"} if request["method"] == "GET" else set(request["body"])
        theirs = {name.replace("K8SVersion", "K8sVersion") for name in theirs}
        assert theirs <= row.most.sends.keys()


@pytest.mark.anyio
async def test_a_create_cluster_request_of_another_operation_is_refused_before_it_is_sent(server: Server) -> None:
    async with async_client(server) as eks:
        with pytest.raises(InvalidRequestError, match="must be a CreateNodePoolRequest"):
            await eks.node_pools.create(next(row.least.args[0] for row in ROWS if row.documented == "CreateCluster"))
    assert server.seen == []
