"""A world's file: what it may say, and what comes of it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.emulator.setup.json_schema import world_schema
from cds_eks.emulator.setup.keys import CLUSTER, CLUSTER_TABLES, SERVER, TABLES
from cds_eks.emulator.setup.problems import WorldFileError
from cds_eks.emulator.setup.reading import read_world_file
from cds_eks.emulator.setup.world_file import WorldFile
from support.emulator_world import world_of

from .world_files import WORLD, written

ROOT = Path(__file__).parents[2]


def test_everything_that_a_file_may_say_is_in_the_world(tmp_path: Path) -> None:
    file = read_world_file(written(tmp_path, WORLD))
    assert file.server == {"speed": 60, "seed": 7}
    assert file.faults == (
        Fault("status", "read", status=503, probability=0.5),
        Fault("skew", seconds=-30),
    )
    emulator = Emulator(clock=ManualClock(), setup=file.add_to)
    world = world_of(emulator)
    assert [(each.id, each.name, each.status) for each in world.clusters.values()][:2] == [
        ("c-1", "gpu-1", "creating"), ("c-2", "gpu-2", "creating"),
    ]  # fmt: skip
    for number in (1, 2):
        cluster = world.clusters[f"c-{number}"]
        first, big = cluster.pools.values()
        assert (first.name, len(first.nodes), big.id, big.node_type, len(big.nodes)) == (
            "node-pool-1", 3, f"p-{number}", "bms", 4,
        )  # fmt: skip
        assert cluster.nodes[f"n-{number}"].status == "failed"
        assert big.group is not None
        assert (big.group.id, big.group.min_size, big.group.max_size) == (f"g-{number}", 1, 4)
    assert min((each.name, each.ecs_id) for each in world.interfaces.values()) == ("eth-1", "n-2")
    assert {each.ecs_id for each in world.interfaces.values()} == {"n-2", "m-1"}
    assert set(world.groups) == {"g-0", "g-1", "g-2"}
    assert (world.tasks["t-1"].status, world.tasks["t-1"].message) == ("error", "no machines left")
    assert world.events["e-1"].status == "success"
    assert emulator.ledger.resources == []


def test_the_same_file_gives_the_same_ids(tmp_path: Path) -> None:
    file = read_world_file(written(tmp_path, '[[clusters]]\nname = "a"\ncount = 3\n'))
    made = [list(world_of(Emulator(seed=4, setup=file.add_to)).clusters) for _ in range(2)]
    assert made[0] == made[1]
    assert len(set(made[0])) == 3


def test_the_number_of_a_cluster_is_written_as_in_a_plan(tmp_path: Path) -> None:
    text = (
        "[[clusters]]\nname = 'gpu-{index:03d}'\nid = 'c-{index:x}-{{}}'\ncount = 12\n"
        "[[clusters.node_pools]]\nname = 'p{index}'\n[[clusters.nodes]]\nid = 'n-{index:02d}'\nnode_pool = 'p{index}'\n"
    )
    emulator = Emulator(setup=read_world_file(written(tmp_path, text)).add_to)
    clusters = list(world_of(emulator).clusters.values())
    assert [each.name for each in clusters][::11] == ["gpu-001", "gpu-012"]
    assert [each.id for each in clusters][::11] == ["c-1-{}", "c-c-{}"]
    node = clusters[11].nodes["n-12"]
    assert node.pool is not None
    assert node.pool.name == "p12"


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert read_world_file(written(tmp_path, "")) == WorldFile(
        others={name: () for name in TABLES if name != "clusters"}
    )


def test_faults_may_be_texts(tmp_path: Path) -> None:
    file = read_world_file(
        written(tmp_path, 'faults = ["create:reset_after_commit:count=1", {kind = "replay", action = "ListClusters"}]')
    )
    assert file.faults == (Fault("reset_after_commit", "create", count=1), Fault("replay", "ListClusters"))


def test_a_mark_at_the_beginning_and_other_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "w.toml"
    path.write_bytes('\ufeff[server]\r\nport = 1\r\nhosst = "x"\r\n'.encode())
    with pytest.raises(WorldFileError) as caught:
        read_world_file(path)
    assert [each.line for each in caught.value.problems] == [3]


def test_the_schema_is_that_of_the_keys(tmp_path: Path) -> None:
    schema = world_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads((ROOT / "docs" / "emulator.schema.json").read_text(encoding="utf-8")) == schema
    assert set(schema["properties"]["server"]["properties"]) == set(SERVER)
    assert set(schema["$defs"]["cluster"]["properties"]) == {*CLUSTER, *CLUSTER_TABLES}
    validator = jsonschema.Draft202012Validator(schema)
    example = (ROOT / "examples" / "emulator_world.toml").read_text(encoding="utf-8")
    for text in (WORLD, example):
        validator.validate(tomllib.loads(text))
    assert read_world_file(ROOT / "examples" / "emulator_world.toml").clusters
    for wrong in ("[server]\nport = 70000", "x = 1", "[[clusters]]\nworkers = 1", "[[faults]]\nkind = 'x'"):
        assert not validator.is_valid(tomllib.loads(wrong))
