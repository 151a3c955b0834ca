"""What the description says of revisions: what is made of it, and what is wrong in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import codegen
from codegen import chinese, revision_differences
from codegen.description import Api
from codegen.docstrings import facts
from codegen.loading import load
from codegen.model_fields import declaration
from codegen.rendering import render

ROOT = Path(codegen.__file__).resolve().parents[1]
OLDER, NEWER = "2025-09-08", "2025-10-11"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def plain() -> str:
    """The description by way of JSON, which parts what YAML shares."""
    return json.dumps(yaml.safe_load((ROOT / "codegen" / "api.yaml").read_text(encoding="utf-8")))


@pytest.fixture
def changed(plain: str, tmp_path: Path) -> Callable[[Change], Api]:
    def change_and_load(change: Change) -> Api:
        data = json.loads(plain)
        change(data)
        path = tmp_path / "api.yaml"
        path.write_text(json.dumps(data), encoding="utf-8")
        return load(path)

    return change_and_load


def fields(description: dict[str, Any], shape: str) -> dict[str, Any]:
    found: dict[str, Any] = description["shapes"][shape]["fields"]
    return found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: fields(d, "Volume")["size"].update(revisions=["2024"]), ["Volume.size", "no revision 2024"]),
        (lambda d: fields(d, "Volume")["size"].update(wire={"2024": "Size"}), ["Volume.size", "no revision 2024"]),
        (lambda d: fields(d, "NodeConfig")["specifics"].update(only={"2024": "product_name"}), ["specifics", "2024"]),
        (lambda d: d["operations"]["GetCluster"].update(action={"2024": "Get"}), ["GetCluster", "no revision 2024"]),
        (lambda d: d["operations"]["GetCluster"].update(revisions=["2024"]), ["GetCluster", "no revision 2024"]),
        (lambda d: d["values"]["CniType"]["values"][0].update(wire={"2024": "f"}), ["CniType.flannel", "2024"]),
        (lambda d: d["values"]["CniType"]["values"][0].update(revisions=["2024"]), ["CniType.flannel", "2024"]),
        (lambda d: d["values"]["CniType"]["values"][0].update(wire=7), ["7"]),
        (lambda d: fields(d, "NodeConfig")["specifics"].update(only={NEWER: "nobody"}), ["specifics", "nobody"]),
        (lambda d: fields(d, "NodeConfig")["data_disk"].update(repeat={NEWER: "nobody"}), ["data_disk", "nobody"]),
        (lambda d: fields(d, "NodeConfig")["shell"].update(only={NEWER: "x"}), ["NodeConfig.shell", "entries"]),
        (
            lambda d: fields(d, "NodeConfig")["system_disk"]["default_values"].update(colour=["red"]),
            ["system_disk", "colour"],
        ),
        (lambda d: fields(d, "NodeConfig")["password"].pop("note"), ["NodeConfig.password", "needs a note"]),
        (lambda d: d["shapes"]["CreateClusterRequest"]["hoisted"][0].update(path="a.b"), ["nothing is at a.b"]),
        (
            lambda d: d["shapes"]["CreateClusterRequest"]["hoisted"][0].update(revisions=["2024"]),
            ["CreateClusterRequest.Password", "2024"],
        ),
        (
            lambda d: d["shapes"]["CreateClusterRequest"]["hoisted"][0].update(same=[]),
            ["CreateClusterRequest.node_pool_config.node_config.password", f"in revision {NEWER}"],
        ),
        (
            lambda d: d["shapes"]["CreateClusterRequest"].pop("hoisted"),
            ["CreateClusterRequest.master_config.password", "no shape that contains it has it"],
        ),
        (
            lambda d: fields(d, "NodeConfig")["data_disk"].pop("repeat"),
            ["CreateClusterRequest.master_config.data_disk.number", "no shape that contains it has it"],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_about_revisions_is_told_with_its_place(
    changed: Callable[[Change], Api], change: Change, words: list[str]
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are below
        changed(change)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("CreateClusterRequest.cluster_name", {}),
        ("CreateClusterRequest.source_eip_id", {NEWER: "RevisionDifference('SourceEip')"}),
        ("NodeConfig.annotations", {NEWER: "RevisionDifference(None)"}),
        ("NodeConfig.password", {NEWER: "RevisionDifference(None, in_parent=True)"}),
        ("NodeConfig.specifics", {NEWER: "RevisionDifference('InstanceTypeIds', only='product_name')"}),
        ("NodeConfig.data_disk", {NEWER: "RevisionDifference('DataVolumes', repeat='number')"}),
        ("CniConfig.flannel_backend_type", {NEWER: "RevisionDifference(None, default_values=('vxlan',))"}),
        ("CniInfo.cni_type", {NEWER: "RevisionDifference('CniType', removed_values=('calico',))"}),
        ("CniInfo.proxy_config", {}),
        (
            "DiskInfo.disk_feature",
            {
                OLDER: "RevisionDifference('DiskFeature', spellings={'SSD': 'ssd'})",
                NEWER: "RevisionDifference('Type', spellings={'ssd': 'SSD'})",
            },
        ),
    ],
)
def test_a_field_says_what_it_is_in_other_revisions(path: str, expected: dict[str, str]) -> None:
    api = load()
    shape, name = path.split(".")
    assert revision_differences.differences(api, api.shapes[shape].fields[name]) == expected


def test_a_field_that_only_the_newer_revision_has_is_left_out_of_the_older(changed: Callable[[Change], Api]) -> None:
    def change(data: dict[str, Any]) -> None:
        fields(data, "Volume")["iops"] = {
            "wire": "Iops",
            "type": "int",
            "source": "O",
            "doc": ".",
            "revisions": [NEWER],
        }
        fields(data, "Volume")["size"].update(wire={NEWER: "Size"}, revisions=[NEWER])

    api = changed(change)
    field = api.shapes["Volume"].fields["iops"]
    assert declaration(field, "both", api) == (
        f"""attrs.field(default=None, """
        f"""metadata=on_wire("Iops", Integer(), revised={{"{OLDER}": RevisionDifference(None)}}))"""
    )
    assert revision_differences.differences(api, api.shapes["Volume"].fields["size"]) == {
        OLDER: "RevisionDifference(None)"
    }
    assert [each.wire for each in revision_differences.wire_shape(api, "Volume", OLDER)] == ["Type"]
    assert [each.wire for each in revision_differences.wire_shape(api, "Volume", NEWER)] == ["Type", "Size", "Iops"]


def test_answers_are_read_in_any_revision_and_never_written() -> None:
    api = load()
    for shape in api.shapes.values():
        if shape.use == "answer":
            assert all("revised" not in declaration(field, "answer", api) for field in shape.fields.values())


def test_the_emulator_knows_each_shape_that_differs() -> None:
    api = load()
    found = revision_differences.changed_shapes(api)
    assert list(found) == [OLDER, NEWER]
    assert found[NEWER].keys() == {
        *("CreateClusterRequest", "CniInfo", "CniConfig", "NodeConfig", "BillingSpec", "DiskInfo", "NodePoolConfig"),
        "AddClusterSubnetRequest",
    }
    password = found[NEWER]["CreateClusterRequest"][-1]
    assert (password.wire, password.required, password.secret) == ("Password", True, True)


def test_an_operation_may_have_another_action_in_a_revision_or_none(changed: Callable[[Change], Api]) -> None:
    def change(data: dict[str, Any]) -> None:
        data["operations"]["DeleteNode"]["action"] = {OLDER: "DeleteNodes", NEWER: "RemoveNodes"}
        data["operations"]["IsAttachedECS"]["revisions"] = [OLDER]

    api = changed(change)
    files = {path.relative_to(ROOT).as_posix(): text for path, text in render(api).items()}
    assert f"revised={{'{NEWER}': 'RemoveNodes'}}," in files["cds_eks/resources/nodes.py"]
    assert f"revised={{'{NEWER}': None}}," in files["cds_eks/resources/network_interfaces.py"]
    assert "on the wire DeleteNodes or RemoveNodes [O]" in files["cds_eks/resources/nodes.py"]
    emulated = files["cds_eks/emulator/protocol/api.py"]
    assert f"""Operation("DeleteNode", "POST", "DeleteNodeRequest", ('{NEWER}',), result="TaskReference")""" in emulated
    attached = f"""Operation("IsAttachedECS", "GET", "IsAttachedECSRequest", ('{OLDER}',), result="AttachmentStatus")"""
    assert attached in emulated
    assert "revised" not in files["cds_eks/resources/events.py"]


def test_docstrings_tell_of_revisions() -> None:
    api = load()

    def told(path: str) -> str:
        shape, name = path.split(".")
        return facts(api.shapes[shape].fields[name], api.revisions)

    assert f"In revision {NEWER} [O]: `SourceEip`." in told("CreateClusterRequest.source_eip_id")
    assert f"Only in revision {OLDER}." in told("NodeConfig.annotations")
    assert f"Only in revision {OLDER}; others take nothing but the default (`vxlan`)." in told(
        "CniConfig.flannel_backend_type"
    )
    assert "(`disk_feature` `ssd` or `SSD`, `disk_size` `40`, `number` `1`)" in told("NodeConfig.system_disk")
    assert "`InstanceTypeIds`, its `product_name` alone." in told("NodeConfig.specifics")
    assert "`DataVolumes`, each listed as often as its `number` says." in told("NodeConfig.data_disk")
    assert "one password for the cluster" in told("NodeConfig.password")
    assert "revision" not in told("NodeConfig.labels")
    calico, pay = api.values["CniType"].values[1], api.values["BillingMethod"].values[0]
    assert revision_differences.of_value(api, calico) == f" Not in revision {NEWER} [O]."
    assert revision_differences.of_value(api, pay) == f" Sent as `PostPaid` in revision {NEWER} [O]."


def differing() -> Iterator[tuple[str, str]]:
    """What requests say in different ways, read from the plain description."""
    data = yaml.safe_load((ROOT / "codegen" / "api.yaml").read_text(encoding="utf-8"))
    for name, shape in data["shapes"].items():
        if shape["use"] != "answer":
            for python, field in shape["fields"].items():
                if isinstance(field["wire"], dict) or "revisions" in field:
                    yield name, python
            yield from ((name, hoisted["path"]) for hoisted in shape.get("hoisted", []))
    for name, values in data["values"].items():
        for value in values["values"]:
            if "wire" in value or "revisions" in value:
                yield name, value.get("name") or value["value"].upper()


def test_the_tables_of_the_readmes_name_all_that_differs() -> None:
    api = load()
    rows = {(row.model, row.field): row.names for row in revision_differences.rows(api)}
    assert rows.keys() == set(differing())
    assert rows["NodePoolConfig", "pool_name"] == {OLDER: "PoolName", NEWER: "Name"}
    assert rows["CreateClusterRequest", "master_config.password"] == {NEWER: "Password"}
    assert rows["CniType", "CALICO"] == {OLDER: "calico", NEWER: None}


def test_the_table_says_where_a_missing_field_is_told() -> None:
    rows = list(revision_differences.rows(load()))
    assert {(row.model, row.field): row.in_parent for row in rows if row.in_parent} == {
        ("NodeConfig", "password"): "master_config.password",
        ("DiskInfo", "number"): "NodeConfig.data_disk",
    }
    assert {"master_config.password", "NodeConfig.data_disk"} <= {
        path for row in rows for path in (row.field, f"{row.model}.{row.field}")
    }


def test_the_chinese_page_tells_the_same_of_a_field() -> None:
    api = load()
    disk = api.shapes["NodeConfig"].fields["system_disk"]
    assert "`disk_feature` `ssd` 或 `SSD`、`disk_size` `40`、`number` `1`" in chinese.facts(disk, api.revisions)
    password = chinese.facts(api.shapes["NodeConfig"].fields["password"], api.revisions)
    assert all(word in password for word in ("集群节点密码。", "8 至 30 个字符", "机密。", "注：", "[D]"))
    volume = api.shapes["NodePoolNodeConfig"].fields["system_volume"]
    assert chinese.facts(volume, api.revisions) == "每个节点的系统盘。不填时为 40 GB 的 SSD。 [O]"
    size = api.shapes["Volume"].fields["size"]
    assert chinese.facts(size, api.revisions) == "磁盘大小。1 至 1000000。单位：GB。 [O]"
