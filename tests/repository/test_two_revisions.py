"""The SDK and the emulator speak both revisions, and the documented way to tell which one an endpoint speaks works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import httpx
import pytest

from cds_eks import AsyncEksClient, EksClient, models
from cds_eks.emulator import Emulator, ManualClock
from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.errors import BadArgument, InvalidRequestError

ROOT = Path(__file__).parents[2]
OLDER, NEWER = REVISIONS
SAMPLE = tomllib.loads((ROOT / "examples" / "first_cluster.toml").read_text(encoding="utf-8"))


@pytest.mark.anyio
@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("spoken", [None, *REVISIONS])
async def test_one_request_makes_the_same_cluster_in_each_revision(revision: str, spoken: str | None) -> None:
    clock = ManualClock()
    emulator = Emulator(clock=clock, api_revision=spoken)
    request = models.CreateClusterRequest.from_dict(SAMPLE)
    backend = httpx.ASGITransport(emulator)
    async with AsyncEksClient(emulator.credentials, backend=backend, api_revision=revision) as eks:
        if spoken not in (None, revision):
            with pytest.raises(BadArgument) as caught:
                await eks.clusters.create(request)
            assert caught.value.outcome == "refused"
            assert emulator.ledger.resources == []
            return
        created = (await eks.clusters.create(request)).data
        clock.advance(1000)
        assert (await eks.tasks.get_status(created.task_id)).data.task_status == "finish"
        await eks.clusters.add_subnets(created.cluster_id, [models.ClusterSubnet(subnet_id="another")])
        cluster = (await eks.clusters.get(created.cluster_id)).data
        (pool,) = (await eks.node_pools.list(created.cluster_id)).data.node_pool
    assert (cluster.cluster_status, cluster.master_sum, cluster.worker_sum) == ("running", 3, 2)
    assert [subnet.subnet_id for subnet in cluster.subnet_list][1:] == ["another"]
    assert cluster.source_eip is not None
    assert cluster.source_eip.eip_id == request.source_eip_id
    assert pool.name == "workers"
    assert pool.node_config is not None
    assert pool.node_config.billing_spec.instance_charge_type == "PostPaid"
    assert pool.node_config.data_volumes == [models.Volume(type="SSD", size=80)]
    assert pool.node_config.system_volume == models.Volume(type="SSD", size=40)
    assert pool.node_config.instance_type_ids == ["Optimized M6,8,16,0"]
    assert pool.node_config.labels == {"team": "first"}


def test_what_the_revision_can_not_carry_never_reaches_the_service() -> None:
    emulator = Emulator(api_revision=NEWER)
    scaling = {**SAMPLE["node_pool_config"]["auto_scaling"], "enable": True}
    data = {**SAMPLE, "node_pool_config": {**SAMPLE["node_pool_config"], "auto_scaling": scaling}}
    request = models.CreateClusterRequest.from_dict(data)
    backend = httpx.ASGITransport(emulator)
    words = rf"node_pool_config\.auto_scaling: .*revision {NEWER}"
    with (
        EksClient(emulator.credentials, backend=backend, api_revision=NEWER) as eks,
        pytest.raises(InvalidRequestError, match=words),
    ):
        eks.clusters.create(request)
    assert emulator.ledger.requests == []


@pytest.mark.parametrize("page", ["docs/revisions.md", "docs/zh/revisions.md"])
@pytest.mark.parametrize("spoken", REVISIONS)
def test_the_documented_way_to_tell_the_revision_tells_it(
    page: str, spoken: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    (code,) = [
        each for each in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE) if "no-such" in each
    ]
    emulator = Emulator(api_revision=spoken)
    with emulator.serve() as url:
        monkeypatch.setenv("CDS_EKS_ENDPOINT", url)
        monkeypatch.setenv("CDS_SECRET_ID", emulator.credentials.access_key_id)
        monkeypatch.setenv("CDS_SECRET_KEY", emulator.credentials.secret_access_key)
        exec(compile(code, page, "exec"), {})
    told = dict(line.split(" ")[:2] for line in capsys.readouterr().out.splitlines())
    assert told == {revision: "NotFound" if revision == spoken else "BadArgument" for revision in REVISIONS}
    assert emulator.ledger.count(committed=True) == 0
