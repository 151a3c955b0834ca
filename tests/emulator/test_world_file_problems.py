"""What is said of each thing that is wrong in a world's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_eks.emulator.setup.problems import WorldFileError
from cds_eks.emulator.setup.reading import read_world_file

from .world_files import written


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(WorldFileError) as caught:
        read_world_file(written(folder, text))
    return [line.removeprefix(f"{folder / 'world.toml'}") for line in str(caught.value).splitlines()]


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
