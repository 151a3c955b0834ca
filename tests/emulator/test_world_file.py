"""A world's file: what it may say, what comes of it, and what is said of each thing that is wrong."""

from __future__ import annotations

import _thread
import json
import threading
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import cds_eks.emulator
from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.emulator.__main__ import main
from cds_eks.emulator.setup.json_schema import world_schema
from cds_eks.emulator.setup.keys import CLUSTER, CLUSTER_TABLES, SERVER, TABLES
from cds_eks.emulator.setup.problems import WorldFileError
from cds_eks.emulator.setup.reading import read_world_file
from cds_eks.emulator.setup.world_file import WorldFile
from support.emulator_world import world_of

ROOT = Path(__file__).parents[2]

WORLD = """\
[server]
speed = 60
seed = 7

[[clusters]]
name = "gpu-{index}"
id = "c-{index}"
count = 2
workers = 2
status = "creating"

  [[clusters.node_pools]]
  name = "big"
  id = "p-{index}"
  node_type = "bms"
  replicas = 3

  [[clusters.nodes]]
  id = "n-{index}"
  node_pool = "big"
  status = "failed"

  [[clusters.nodes]]

  [[clusters.scaling_groups]]
  id = "g-{index}"
  node_pool = "big"
  max_size = 4

[[machines]]
id = "m-1"

[[network_interfaces]]
name = "eth-1"
ecs_id = "n-2"

[[network_interfaces]]
ecs_id = "m-1"

[[scaling_groups]]
id = "g-0"

[[tasks]]
id = "t-1"
status = "error"
message = "no machines left"

[[events]]
id = "e-1"

[[faults]]
kind = "status"
action = "read"
status = 503
probability = 0.5

[[faults]]
kind = "skew"
seconds = -30
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "world.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(WorldFileError) as caught:
        read_world_file(written(folder, text))
    return [line.removeprefix(f"{folder / 'world.toml'}") for line in str(caught.value).splitlines()]


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[server]\nport = 70000", [":2: server.port: must be a whole number from 0 to 65535"]),
        ("[server]\nport = true", [":2: server.port: must be a whole number from 0 to 65535"]),
        ("[server]\n\nspede = 3", [":3: server.spede: is not known; did you mean 'speed'?"]),
        ("[server]\nspeed = 0", [":2: server.speed: must be a number above 0, up to 1000000"]),
        ("[server]\nspeed = nan", [":2: server.speed: must be a number above 0, up to 1000000"]),
        ("[server]\nspeed = inf", [":2: server.speed: must be a number above 0, up to 1000000"]),
        (
            "[server]\napi_revision = '2019-08-08'",
            [":2: server.api_revision: must be one of 2025-09-08, 2025-10-11"],
        ),
        (
            "[server]\napi_revision = '2025-10-11'\nsubnets_as_objects = true",
            [":3: server.subnets_as_objects: is a form of 2025-09-08: leave out api_revision"],
        ),
        ("[server]\nallowed_hosts = ['a', 1]", [":2: server.allowed_hosts: must be a list of texts"]),
        ("server = 1", [":1: server: must be a table: write [server]"]),
        ("cluster = []", [":1: cluster: is not known; did you mean 'clusters'?"]),
        ("clusters = 1", [":1: clusters: must be an array of tables: write [[clusters]]"]),
        ("clusters = [1]", [":1: clusters[0]: must be a table"]),
        ("[clusters]\nname = 'a'", [":1: clusters: must be an array of tables: write [[clusters]]"]),
        (
            "[[clusters]]\nworkers = 100",
            [
                ":1: clusters[0].name: is missing: a text of 1 to 200 characters, without control characters",
                ":2: clusters[0].workers: must be a whole number from 0 to 99",
            ],
        ),
        (
            "[[clusters]]\nname = 'a'\nnode_pools = [{name = 'node-pool-1'}]\n[[clusters.nodes]]\nnode_pool = 'x'",
            [
                ":3: clusters[0].node_pools[0].name: is the name of another pool of this cluster",
                ":5: clusters[0].nodes[0].node_pool: is no pool of this cluster; there are node-pool-1",
            ],
        ),
        (
            "[[clusters]]\nname = 'a'\nnode_pools = 3",
            [":3: clusters[0].node_pools: must be an array of tables: write [[clusters.node_pools]]"],
        ),
        (
            "[[clusters]]\nname = 'a'\nid = 'c'\ncount = 3",
            [":3: clusters[0].id: is taken by another one of this file; with `count`, let it hold {index}"],
        ),
        (
            "[[machines]]\nid = 'm'\n[[machines]]\nid = 'm'\n",
            [":4: machines[1].id: is taken by another one of this file"],
        ),
        (
            "[[network_interfaces]]\necs_id = 'm'\n",
            [":2: network_interfaces[0].ecs_id: is the id of no machine and no node of this file"],
        ),
        (
            "[[scaling_groups]]\nmin_size = 11\n",
            [":2: scaling_groups[0].min_size: leaves no size: min_size (1) must not be above max_size (10)"],
        ),
        ("[[clusters]]\nname = 'a-{indx}'\nid = 'c-{'\ncount = 3", [
            ":2: clusters[0].name: may have {index} in braces, and nothing else",
            ":3: clusters[0].id: has a brace without its other half",
        ]),
        ("[[clusters]]\nname = '{index:.1f}'", [":2: clusters[0].name: must format {index} as a whole number"]),
        ("[[clusters]]\nname = '{index!r}'", [":2: clusters[0].name: must format {index} as a whole number"]),
        ("[[clusters]]\nname = '{index:099d}{index:099d}{index:099d}'", [":2: clusters[0].name: makes a text of more"]),
        ("[[clusters]]\nname = 'a'\n[[clusters.nodes]]\nid = '{}'", [":4: clusters[0].nodes[0].id: may have {index}"]),
        (
            "[[clusters]]\nname = 'a'\ncount = 2\nnode_pools = [{name = 'p-1'}, {name = 'p-{index}'}]",
            [":4: clusters[0].node_pools[1].name: is the name of another pool of this cluster"],
        ),
        ("[[clusters]]\nname = 'a'\ncount = 9000\n[[clusters]]\nname = 'b'\ncount = 1001",
         [":6: clusters[1].count: makes more than 10000 clusters"]),
        ("faults = 3", [":1: faults: must be a list of texts, or an array of tables: write [[faults]]"]),
        ("faults = [3]", [":1: faults[0]: must be a text such as create:reset_after_commit:count=1, or a table"]),
        ("faults = [\n'create:refuse',\n'create'\n]", [":3: faults[1]: 'create' has no kind: ACTION:KIND[:NAME="]),
        ("[[faults]]\naction = '*'", [":1: faults[0].kind: is missing: "]),
        ("[[faults]]\nkind = 'refus'", [":2: faults[0].kind: there is no kind 'refus': did you mean 'refuse'?"]),
        (f"[[faults]]\nkind = '{'x' * 9999}'", [f":2: faults[0].kind: there is no kind '{'x' * 60}…'; there are "]),
        (f"faults = ['{'x' * 9999}']", [f":1: faults[0]: '{'x' * 60}…' has no kind: "]),
        ("[[faults]]\nkind = ['a']", [":2: faults[0].kind: must be one of refuse_connection"]),
        ("[[faults]]\nkind = 'refuse'\naction = 'Crate'", [":3: faults[0].action: there is no action 'Crate'"]),
        ("[[faults]]\nkind = 'refuse'\nsecond = 3", [":3: faults[0].second: is not known; did you mean 'seconds'?"]),
        ("[[faults]]\nkind = 'refuse'\nseconds = 3", [":3: faults[0].seconds: refuse takes no seconds"]),
        ("[[faults]]\nkind = 'late'\nseconds = -3", [":3: faults[0].seconds: must be a number from 0"]),
        ("[[faults]]\nkind = 'skew'\nseconds = 'x'", [":3: faults[0].seconds: must be a finite number"]),
        ("[[faults]]\nkind = 'late'", [":1: faults[0].seconds: late needs seconds"]),
        (f"[[faults]]\nkind = 'refuse'\nskip = {10**400}", [":3: faults[0].skip: must be a whole number from 0"]),
        (f"[[faults]]\nkind = 'refuse'\nprobability = {10**400}", [":3: faults[0].probability: must be a number"]),
        ("[server]\nport = \n", [":2: is not TOML: Invalid value"]),
        ("[server]\nport = 1\nport = 2\n", [":3: is not TOML: server.port is there twice"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_key(text: str, told: list[str], tmp_path: Path) -> None:
    found = problems(tmp_path, text)
    assert len(found) == len(told), found
    for line, expected in zip(found, told, strict=True):
        assert line.startswith(expected)


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(tmp_path, "x = 1\n[server]\nport = 'a'\n[[tasks]]\nmessage = 3\n[[faults]]\nkind = 'y'\n")
    assert [line.split(":")[1] for line in found] == ["1", "3", "5", "7"]


def test_a_value_that_may_be_a_secret_is_not_told(tmp_path: Path) -> None:
    text = '[server]\naccess_key_id = "PLANTED\\u0007"\nsecret_access_key = "PLANTED\\u0007"\n'
    assert "PLANTED" not in "".join(problems(tmp_path, text))
    file = read_world_file(written(tmp_path, '[server]\nsecret_access_key = "PLANTED"\n'))
    assert "PLANTED" not in repr(file)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"#\n\xff"])
def test_a_file_that_can_not_be_read(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "w.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WorldFileError, match=r"w\.toml: can't be read: No such file|w\.toml:[12]: is not UTF-8"):
        read_world_file(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WorldFileError, match="can't be read"):
        read_world_file(tmp_path)


def made_by(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Run the command for a moment, and return the emulator that it has made."""
    made: list[Emulator] = []

    class Recorded(cds_eks.emulator.Emulator):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            made.append(self)

    monkeypatch.setattr(cds_eks.emulator, "Emulator", Recorded, raising=False)
    threading.Timer(0.3, _thread.interrupt_main).start()
    assert main(arguments) == 0
    return made[0]


def test_the_command_line_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        tmp_path,
        '[server]\nport = 0\nspeed = 5\naccess_key_id = "from-file"\napi_revision = "2025-09-08"\n'
        'subnets_as_objects = true\n[[clusters]]\nname = "a"\n[[faults]]\nkind = "refuse"\n',
    )
    emulator = made_by(["--config", str(path)], monkeypatch)
    assert emulator.clock.speed == 5  # type: ignore[attr-defined]
    assert emulator.credentials.access_key_id == "from-file"
    assert emulator._service._subnets_as_objects is True
    out = capsys.readouterr().out
    assert "export CDS_EKS_API_REVISION=2025-09-08\n" in out
    assert "/_emulator/\n" in out
    options = ["--speed", "9", "--access-key-id", "given", "--no-subnets-as-objects", "--api-revision", "2025-10-11"]
    more = ["--fault", "create:refuse", "--scaling-group", "sg-1", "--allow-host", "build.example"]
    emulator = made_by(["--config", str(path), *options, *more], monkeypatch)
    assert emulator.clock.speed == 9  # type: ignore[attr-defined]
    assert emulator.credentials.access_key_id == "given"
    assert emulator._service._subnets_as_objects is False
    assert [str(each) for each in emulator.faults] == ["create:refuse", "*:refuse"]
    assert len(world_of(emulator).clusters) == 2
    assert set(world_of(emulator).groups) == {"sg-1"}
    assert "build.example" in emulator._allowed_hosts


def test_the_command_tells_what_is_wrong_with_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "[server]\nport = 'a'\nx = 1\n")
    assert main(["--config", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["cds_eks.emulator"] * 2
    assert f"{path}:2: server.port: " in err
    assert f"{path}:3: server.x: " in err


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
