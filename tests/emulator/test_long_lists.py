"""Lists of many clusters: found by index and encoded once, they tell what a look at every cluster would."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from cds_eks.emulator import Emulator
from cds_eks.emulator.engine import encoded, views
from cds_eks.emulator.engine.cluster_index import ClusterIndex
from cds_eks.emulator.protocol.envelope import Answer, Encoded, Page
from support.emulator_world import world_of

from .caller import Caller

NAMES = ("gpu-001", "GPU-0011", "gpu", "gp", "g", "a-gpu-0", "pu-001", "abc", "İstanbul", "x\ny", "001")
KEYWORDS = ("", "g", "gp", "gpu", "gpu-", "gpu-001", "0011", "pu-0", "zzz", "gpu-0011x", "i̇st", "\n", "x\ny", "id-")


@pytest.mark.parametrize("seed", range(20))
def test_the_index_finds_what_a_look_at_all_finds(seed: int) -> None:
    chance = random.Random(seed)
    emulator, index = Emulator(), ClusterIndex()
    clusters = world_of(emulator).clusters
    there = []
    for number in range(60):
        name = chance.choice([*NAMES, f"gpu-{number:03d}", f"ID-{number - 1}"])
        emulator.add_cluster(f"Id-{number}", name=name, vpc_id=f"vpc-{number % 3}", masters=0, workers=0)
        there.append(clusters[f"Id-{number}"])
        index.add(there[-1])
        if chance.random() < 0.3:
            index.remove(there.pop(chance.randrange(len(there))))
    for keyword in (*KEYWORDS, *(f"Id-{number}" for number in range(60))):
        for vpc_id in ("", "vpc-1", "vpc-9"):
            asked = keyword.lower()
            expected = [
                each
                for each in there
                if (asked in each.name.lower() or asked == each.id.lower()) and vpc_id in ("", each.vpc_id)
            ]
            assert index.find(asked, vpc_id) == expected, (keyword, vpc_id)
    for each in there:
        index.remove(each)
    assert [len(table) for table in vars(index).values()] == [0, 0, 0, 0]


async def test_what_lists_tell_follows_every_change(call: Caller, create_cluster_body: dict[str, Any]) -> None:
    created = await call("CreateCluster", **create_cluster_body)
    world = world_of(call.emulator)
    cluster = world.clusters[created["ClusterId"]]
    seen = set()

    async def look() -> None:
        summaries = await call("ListClusters", Keyword=cluster.name)
        nodes = await call("ListNodes", ClusterId=cluster.id, PageSize=100)
        assert summaries == [views.cluster_summary(cluster)]
        assert nodes == [views.node(cluster, each) for each in cluster.nodes.values()]
        seen.add(encoded.cluster_summary(cluster).text)
        assert encoded.cluster_summary(cluster) is encoded.cluster_summary(cluster)

    for _ in range(40):
        await look()
        call.advance(10)
    assert len(seen) > 5
    subnet = cluster.master_config["SubnetIds"][0]
    await call("AddClusterSubnet", ClusterId=cluster.id, SubnetList=[{"SubnetId": subnet}])
    await look()
    cluster.subnets[subnet] = {"SubnetId": subnet, "AvailableZoneId": "zone-9"}
    await look()
    [pool] = cluster.pools
    await call("ScalingNodePool", ClusterId=cluster.id, NodePoolId=pool, Replicas=4)
    for _ in range(20):
        await look()
        call.advance(10)
    await call("DeleteCluster", ClusterId=cluster.id)
    for _ in range(11):
        await look()
        call.advance(10)
    call.advance(100)
    assert await call("ListClusters") == []


@pytest.mark.parametrize("entries", [[], [{}], [{"A": "ä\ud800", "B": [1, True, None]}, {"C": 1.5}]])
def test_encoded_entries_are_told_as_plain_ones(entries: list[Any]) -> None:
    page = Page(total=7, index=2, size=3)
    numbers = {"TotalCount": 7, "PageIndex": 2, "PageSize": 3}
    for code, message, paged in (("Success", "success", True), ('a"b', "消息\n", False)):
        asked: dict[str, Any] = {"request_id": "r", "code": code, "message": message, "page": page if paged else None}
        envelope = {"RequestId": "r", "Code": code, "Msg": message, "Data": entries, **(numbers if paged else {})}
        expected = json.dumps(envelope, ensure_ascii=False).encode("utf-8", "backslashreplace")
        assert Answer(data=entries, **asked).to_bytes() == expected
        assert Answer(data=[Encoded.of(each) for each in entries], **asked).to_bytes() == expected
