"""Every operation in revision 2025-10-11, there and back, as the independent server sees it.

The other files of this folder do the same for revision 2025-09-08, the one that is spoken by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cds_eks.errors import EksError, InvalidRequestError
from operations.answer_checks import check as check_answer
from operations.request_checks import check as check_request
from operations.shapes import Full
from operations.table import ROWS, Row, Use
from support.contract_clients import answer_of, async_client, method_of, sync_client
from support.contract_server import WORDS, Server, envelope

OLDER, NEWER = WORDS
TAKEN = [(row, use) for row in ROWS for use in (row.least, row.most, *row.others) if not isinstance(use.newer, str)]
REFUSED = [(row, use) for row in ROWS for use in (row.least, row.most, *row.others) if isinstance(use.newer, str)]


def variants() -> Iterator[Any]:
    """Every row once, with the most that the revision takes; where its words are others, every use."""
    for row in ROWS:
        uses = [use for one, use in TAKEN if one is row]
        differing = [use for use in uses if use.newer is not None]
        for index, use in enumerate(differing or [max(uses, key=lambda use: len(use.sends))]):
            yield pytest.param(row, use, id=f"{row.documented}-{index}")


def sends(use: Use) -> dict[str, Any]:
    assert not isinstance(use.newer, str)
    return use.sends if use.newer is None else use.newer


def test_every_operation_is_here() -> None:
    assert {variant.values[0].documented for variant in variants()} == {row.documented for row in ROWS}
    assert {row.documented for row, use in TAKEN if use.newer} == {"CreateCluster", "AddClusterSubnet"}


@pytest.mark.anyio
@pytest.mark.parametrize(("row", "use"), list(variants()))
async def test_async_there_and_back(server: Server, row: Row, use: Use) -> None:
    data, expected = Full().data(row.answer)
    server.replies[row.action], server.revision = envelope(data), NEWER
    async with async_client(server, api_revision=NEWER) as eks:
        response = await answer_of(method_of(eks, row.group, row.method)(*use.args, **use.kwargs))
    check_request(server, row, sends(use))
    check_answer(response.data, expected)


@pytest.mark.parametrize(("row", "use"), list(variants()))
def test_sync_there_and_back(server: Server, row: Row, use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the revision from the environment."""
    monkeypatch.setenv("CDS_EKS_API_REVISION", NEWER)
    data, expected = Full().data(row.answer)
    server.replies[row.action], server.revision = envelope(data), NEWER
    with sync_client(server) as eks:
        response = method_of(eks, row.group, row.method)(*use.args, **use.kwargs)
    check_request(server, row, sends(use))
    check_answer(response.data, expected)


@pytest.mark.parametrize(("row", "use"), REFUSED, ids=lambda value: getattr(value, "documented", None))
def test_what_the_revision_can_not_carry_is_not_sent(server: Server, row: Row, use: Use) -> None:
    server.revision = NEWER
    with sync_client(server, api_revision=NEWER) as eks, pytest.raises(InvalidRequestError, match=NEWER) as caught:
        method_of(eks, row.group, row.method)(*use.args, **use.kwargs)
    assert (caught.value.action, caught.value.field) == (row.documented, use.newer)
    assert server.seen == []


DETAIL: dict[str, Any] = {
    "ClusterId": "c",
    "MasterSubnet": {"SubnetId": "m", "Segment": "10.0.0.0/24"},
    "WorkerSubnet": {"SubnetId": "w"},
    "SubnetList": {"SubnetId": "m"},
    "CniInfo": {
        "CniType": "vpc-cni",
        "CniConfig": {"NodePodsNum": 64, "PodCidr": "", "SubnetList": [{"SubnetId": "p"}], "CalicoBlockSize": 0},
        "ProxyConfig": "ipvs",
        "ServiceCidr": "10.0.0.0/16",
    },
}
NEWER_DETAIL = {
    **{name: [value] if name.endswith(("Subnet", "List")) else value for name, value in DETAIL.items()},
    "CniInfo": {**DETAIL["CniInfo"], "CniConfig": {"NodePodsNum": 64, "PodCidr": "", "SubnetIds": ["p"]}},
}


@pytest.mark.anyio
@pytest.mark.parametrize("spoken", [OLDER, NEWER])
@pytest.mark.parametrize("answered", [DETAIL, NEWER_DETAIL], ids=[OLDER, NEWER])
async def test_answers_of_either_revision_are_read_whatever_is_spoken(
    server: Server, spoken: str, answered: dict[str, Any]
) -> None:
    server.replies["GetCluster"], server.revision = envelope(answered), spoken
    async with async_client(server, api_revision=spoken) as eks:
        cluster = (await eks.clusters.get("c")).data
    assert [subnet.subnet_id for subnet in cluster.master_subnet] == ["m"]
    assert cluster.master_subnet[0].segment == "10.0.0.0/24"
    assert [subnet.subnet_id for subnet in cluster.worker_subnet] == ["w"]
    assert [subnet.subnet_id for subnet in cluster.subnet_list] == ["m"]
    assert cluster.cni_info is not None
    assert [subnet.subnet_id for subnet in cluster.cni_info.cni_config.subnet_list or ()] == ["p"]
    assert dict(cluster.extra) == dict(cluster.cni_info.cni_config.extra) == {}
    assert server.problems == []


@pytest.mark.parametrize("spoken", [OLDER, NEWER])
@pytest.mark.parametrize("row", [row for row in ROWS if row.least.newer], ids=lambda row: row.documented)
def test_the_server_would_notice_words_of_the_other_revision(server: Server, row: Row, spoken: str) -> None:
    server.revision = NEWER if spoken == OLDER else OLDER
    with sync_client(server, api_revision=spoken) as eks, pytest.raises(EksError, match="word of revision"):
        method_of(eks, row.group, row.method)(*row.least.args)
    assert f"is a word of revision {spoken}" in server.problems[0]
