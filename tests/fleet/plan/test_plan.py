"""What a plan asks for: clusters, items, digests, limits."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from cds_eks import AsyncEksClient, Credentials, models
from cds_eks.emulator import Emulator
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.items import NewItem
from cds_eks.fleet.plan import Plan
from cds_eks.fleet.plan.hardware import gpus_of
from cds_eks.fleet.plan.names import is_template, names_of

from .plans import EXAMPLE, PLAIN, as_toml, changed, plain, told


def test_clusters_of_a_plan() -> None:
    plan = Plan.from_dict(plain())
    assert [(each.name, each.vpc_id, each.index, each.position) for each in plan.clusters] == [
        ("gpu-001", "vpc-1", 1, 0),
        ("gpu-002", "vpc-1", 2, 3),
        ("gpu-003", "vpc-1", 3, 6),
    ]
    assert [(pool.name, pool.replicas, pool.protect) for pool in plan.clusters[0].pools] == [
        ("workers", 2, False),
        ("more", 5, False),
    ]
    request = plan.clusters[1].create_request()
    assert (request.cluster_name, request.node_pool_config.pool_name) == ("gpu-002", "workers")
    assert request.master_config.data_disk[0].number == 2


def test_items_of_a_plan() -> None:
    plan = changed("clusters.0.count", 1)
    [cluster] = plan.clusters
    assert plan.items() == [
        NewItem(
            id="cluster/vpc-1/gpu-001", kind="cluster", name="gpu-001", vpc_id="vpc-1", cluster_name="gpu-001",
            position=0, digest=cluster.digest, replicas=7,
        ),
        NewItem(
            id="node_pool/vpc-1/gpu-001/workers", kind="node_pool", name="workers", vpc_id="vpc-1",
            cluster_name="gpu-001", position=1, digest=cluster.pools[0].digest, replicas=2,
        ),
        NewItem(
            id="node_pool/vpc-1/gpu-001/more", kind="node_pool", name="more", vpc_id="vpc-1", cluster_name="gpu-001",
            position=2, digest=cluster.pools[1].digest, replicas=5,
        ),
    ]  # fmt: skip


def test_positions_are_each_items_own() -> None:
    data = plain()
    data["clusters"].append({"name": "one", "node_pools": [{"name": "only"}]})
    items = Plan.from_dict(data).items()
    assert [item.position for item in items] == list(range(11))


def protection(cluster: Any, first: Any, second: Any) -> list[bool]:
    data = plain()
    data["clusters"][0] |= {"count": 1} | cluster
    data["clusters"][0]["node_pools"][0] |= first
    data["clusters"][0]["node_pools"][1] |= second
    return [item.protect for item in Plan.from_dict(data).items()]


def test_what_is_protected() -> None:
    on = {"protect": True}
    assert protection({}, {}, {}) == [False, False, False]
    assert protection(on, {}, {}) == [True, True, True]
    assert protection({}, {}, on) == [True, False, True]  # with its cluster it would be deleted as well
    assert [item.protect for item in changed("defaults.cluster.protect", True).items()] == [True] * 9
    data = plain()
    data["defaults"]["node_pool"]["protect"] = True
    data["clusters"][0]["node_pools"][1]["protect"] = False
    assert [pool.protect for pool in Plan.from_dict(data).clusters[0].pools] == [True, False]


def test_what_a_digest_is_of() -> None:
    [one, *_] = Plan.from_dict(plain()).clusters
    same = [
        changed("clusters.0.name", "other-{index}"),
        changed("clusters.0.protect", True),
        changed("clusters.0.node_pools.0.replicas", 9),
        changed("clusters.0.node_pools.0.auto_scaling", {"enable": False, "min_replicas": 1, "max_replicas": 3}),
        changed("defaults.cluster.master_config.billing_spec.auto_renew", 0),
        changed("defaults.cluster.master_config.subnet_list", ["subnet-1"]),
    ]
    for plan in same:
        assert plan.clusters[0].digest == one.digest
        assert [pool.digest for pool in plan.clusters[0].pools] == [pool.digest for pool in one.pools]
    assert changed("clusters.0.nat_id", "nat-2").clusters[0].digest != one.digest
    assert changed("defaults.cluster.cni.cni_config.node_pods_num", 32).clusters[0].digest != one.digest
    pools = changed("clusters.0.node_pools.1.node_config", {"shell": "ls"}).clusters[0]
    assert pools.digest == one.digest
    assert pools.pools[0].digest == one.pools[0].digest != pools.pools[1].digest
    digests = {plan.digest for plan in same}
    assert len(digests) == 4  # the plan's own changes with names, protection and numbers; the others say the same
    assert Plan.from_dict(plain()).digest in digests


def test_digests_stay_what_they_are() -> None:
    """A journal keeps them: another way to make them would show everything as changed."""
    [one, *_] = Plan.from_dict(plain()).clusters
    assert one.digest == "1befab4e55b1b431a775fa6a00447ef2abf24cbed074b2eba850ae865e064953"
    assert one.pools[1].digest == "3b65785156bf871bde1e1c9e0d4b07f620ad7f19112ef369cbc0cf02fa0a7d96"


def test_models_may_stand_for_their_fields() -> None:
    data = plain()
    cni = models.CniInfo.from_dict(data["defaults"]["cluster"]["cni"])
    data["defaults"]["cluster"]["cni"] = cni
    plan = Plan.from_dict(data)
    assert plan == Plan.from_dict(plain())
    assert plan.clusters[0].create_request().cni == cni


def test_a_plan_is_not_its_source() -> None:
    data = plain()
    plan = Plan.from_dict(data)
    data["clusters"][0]["nat_id"] = "changed"
    data["defaults"]["cluster"]["cni"]["cni_type"] = "changed"
    plan.to_dict()["defaults"]["cluster"]["vpc_id"] = "changed"
    assert plan == Plan.from_dict(plain())
    assert plan.clusters[0].create_request().cni.cni_type == "flannel"
    assert plan.to_dict() == PLAIN
    assert plan != Plan.from_dict(plain() | {"clusters": []})
    assert plan != object()


@pytest.mark.parametrize("ending", ["toml", "TOML"])
def test_files(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"plan.{ending}"
    path.write_text("\ufeff" + as_toml(PLAIN), encoding="utf-8")
    plan = Plan.load(str(path))
    assert plan.check() == []
    assert plan.source == str(path)
    assert repr(plan) == f"<Plan {path}: 3 clusters>"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yml").write_bytes(b"a: 1\nb: \xff\n")
    assert told(Plan.load("bad.yml")) == ["bad.yml:2: is not UTF-8"]
    with pytest.raises(ConfigurationError, match=r"\.toml, \.yaml, \.yml, \.json; got 'plan\.ini'"):
        Plan.load("plan.ini")
    with pytest.raises(FileNotFoundError):
        Plan.load("none.toml")


def test_the_example() -> None:
    plan = Plan.load(EXAMPLE)
    assert told(plan) == []
    assert len(plan.clusters) == 20
    assert {len(cluster.pools) for cluster in plan.clusters} == {2}
    assert [cluster.name for cluster in plan.clusters if cluster.protect] == ["shared-1", "shared-2"]
    text = EXAMPLE.read_text(encoding="utf-8")
    for name, most, asked in (("clusters", 20, "20 clusters"), ("nodes", 200, "148 nodes"), ("gpus", 32, "18 GPUs")):
        small = text.replace(f"max_{name} = {most}", f"max_{name} = 1")
        line = text.splitlines().index(next(each for each in text.splitlines() if each.startswith(f"max_{name}"))) + 1
        [fault] = told(Plan.loads(small, "toml", "p"))
        assert fault.startswith(f"p:{line}: max_{name}: is 1, but the plan asks for {asked}")


@pytest.mark.anyio
async def test_the_service_takes_the_example() -> None:
    plan = Plan.load(EXAMPLE)
    emulator = Emulator(speed=10_000)
    keys = Credentials(emulator.credentials.access_key_id, emulator.credentials.secret_access_key)
    with emulator.serve() as url:
        async with AsyncEksClient(keys, endpoint=url) as eks:
            for cluster in (plan.clusters[0], plan.clusters[-1]):
                created = (await eks.clusters.create(cluster.create_request())).data
                await eks.wait.task(created.task_id, poll_interval=0.01)
                request = cluster.pools[1].create_request(created.cluster_id)
                await eks.wait.task((await eks.node_pools.create(request)).data.task_id, poll_interval=0.01)
                pools = (await eks.node_pools.list(created.cluster_id)).data.node_pool
                assert [(pool.name, pool.replicas) for pool in pools] == [
                    (pool.name, pool.replicas) for pool in cluster.pools
                ]
    assert [entry.name for entry in emulator.ledger.created("cluster")] == ["gpu-001", "shared-2"]


def test_gpus_that_the_machine_type_does_not_tell() -> None:
    data = plain() | {"max_gpus": 60}
    data["defaults"]["node_pool"]["node_config"]["specifics"] = ["mystery"]
    why = "is required with max_gpus, as the name of the machine type does not show how many GPUs it has"
    assert told(Plan.from_dict(data)) == [f"clusters[0].node_pools[{i}].gpus_per_node: {why}" for i in (0, 1)]
    data["defaults"]["node_pool"]["gpus_per_node"] = 3
    assert told(Plan.from_dict(data)) == ["max_gpus: is 60, but the plan asks for 63 GPUs"]
    assert told(Plan.from_dict(data | {"max_gpus": 63})) == []
    scaling = {"enable": True, "min_replicas": 1, "max_replicas": 10}
    data["clusters"][0]["node_pools"][0]["auto_scaling"] = scaling
    assert told(Plan.from_dict(data)) == ["max_gpus: is 60, but the plan asks for 135 GPUs"]


@pytest.mark.parametrize(
    ("name", "gpus"),
    [
        ("Optimized M6,4,8,0", 0),
        ("Some,GPU,16,64,4", 4),
        ("Inference gch c8 nr4.16c64g1gpu", 1),
        ("Inference gbm c6 nr44.128c1024g8gpu", 8),
        ("CPU Compute C11.8c16g", 0),
        ("mystery", None),
        ("", None),
    ],
)
def test_gpus_of_machine_types(name: str, gpus: int | None) -> None:
    assert gpus_of(name) == gpus


def test_templates() -> None:
    assert [name for _, name in names_of("a{index:02d}-{index:x}", 10)][8:] == ["a09-9", "a10-a"]
    assert is_template("{index:03}")
    assert not is_template("plain")


def test_ten_thousand_clusters_cost_little() -> None:
    """A process of its own, so that its memory is the plan's: a few seconds at the very most, on a busy machine too."""
    code = """
        import resource, sys, time
        from tests.fleet.plan.plans import plain
        from cds_eks.fleet.plan import Plan
        data = plain()
        Plan.from_dict(data).check()
        data["clusters"][0] |= {"name": "gpu-{index:05d}", "count": 10_000}
        memory, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        plan = Plan.from_dict(data)
        assert plan.check() == []
        assert len(plan.clusters) == 10_000
        assert plan.clusters[0].pools is plan.clusters[-1].pools
        print(time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory)
    """
    root = Path(__file__).resolve().parents[3]
    names = {"CDS_CLOUD_AK": "a", "CDS_CLOUD_SK": "b", "NODE_PASSWORD": "Passw0rd!x", "PYTHONPATH": str(root)}
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env={**os.environ, **names}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    seconds, kibibytes = map(float, run.stdout.split())
    assert seconds < 3
    if sys.platform == "linux":
        assert kibibytes < 20 * 1024
