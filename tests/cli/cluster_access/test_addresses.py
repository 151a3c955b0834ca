"""The addresses of a cluster: those that the service tells, and no other."""

from __future__ import annotations

import httpx
import pytest

from cds_eks import AsyncEksClient, models
from cds_eks.cli.cluster_access.addresses import EIPS, FIELDS, Address, addresses, of_servers
from cds_eks.emulator import Emulator

pytestmark = pytest.mark.anyio


def test_what_the_service_tells_is_told_with_what_it_is() -> None:
    cluster = models.ClusterDetail(
        vip="10.0.0.5", cluster_ip="192.0.2.1", sub_domain="c-1.test", ssh_port=22, dashboard_addr="https://d.test",
        source_eip=models.EipInfo(eip_id="e-1", ip="192.0.2.2"), destination_eip=models.EipInfo(ip="192.0.2.1"),
    )  # fmt: skip
    found = addresses(cluster)
    assert [(each.field, each.address) for each in found] == [
        ("vip", "10.0.0.5"), ("cluster_ip", "192.0.2.1"), ("sub_domain", "c-1.test"), ("ssh_port", "22"),
        ("dashboard_addr", "https://d.test"), ("source_eip.ip", "192.0.2.2"), ("destination_eip.ip", "192.0.2.1"),
    ]  # fmt: skip
    assert found[0] == Address("vip", "10.0.0.5", "Inner address of its API server, if it is behind a NAT gateway")
    assert found[-1].meaning == "EIP for traffic into the cluster"
    assert all(each.meaning for each in found)
    assert of_servers(found) == ["10.0.0.5", "192.0.2.1", "c-1.test", "192.0.2.2"]  # no port, no dashboard, each once


def test_what_it_does_not_tell_is_not_made_up() -> None:
    assert addresses(models.ClusterDetail()) == ()
    assert addresses(models.ClusterDetail(vip="", ssh_port=0, source_eip=models.EipInfo(eip_id="e-1"))) == ()


def test_the_fields_are_those_of_the_model() -> None:
    for name in (*FIELDS, *EIPS):
        assert hasattr(models.ClusterDetail(), name)


async def test_a_cluster_of_the_service_has_its_addresses() -> None:
    emulator = Emulator()
    async with AsyncEksClient(emulator.credentials, backend=httpx.ASGITransport(emulator)) as eks:
        inner = (await eks.clusters.get(emulator.add_cluster(destination_eip_id=""))).data
        outer = (await eks.clusters.get(emulator.add_cluster(nat_id=""))).data
    told = {each.field: each.address for each in addresses(inner)}
    assert told["vip"] == inner.vip
    assert "cluster_ip" not in told
    told = {each.field: each.address for each in addresses(outer)}
    assert told["cluster_ip"] == outer.cluster_ip
    assert "vip" not in told
