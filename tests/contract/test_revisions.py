"""What the description says of the newer revision: against the last section of the page, and against what was seen."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_eks.schema.revisions import API_REVISIONS
from contract.revised import Description, in_revision

HERE = Path(__file__).parent
OLDER, NEWER = "2025-09-08", "2025-10-11"
SECTION = (HERE / "wire.md").read_text(encoding="utf-8").split(f"\n## The newer revision, {NEWER}")[1]
SEEN = json.loads((HERE / "observed-requests.json").read_text(encoding="utf-8"))["requests"]
CREATE, ADD = "CreateClusterRequest", "AddClusterSubnetRequest"


def described() -> Description:
    plain: Description = json.loads(_described())
    return plain


@functools.cache
def _described() -> str:
    """The description by way of JSON, which parts what YAML shares."""
    text = (HERE.parents[1] / "codegen" / "api.yaml").read_text(encoding="utf-8")
    return json.dumps(yaml.safe_load(text))


# --- what the page says


def braces(path: str) -> str:
    """What the page puts into the braces of a part of the request."""
    found = re.search(rf"`{re.escape(path)}`[^=\n]*= \{{", SECTION)
    assert found is not None, path
    depth, start = 1, found.end()
    for end in range(start, len(SECTION)):
        depth += (SECTION[end] == "{") - (SECTION[end] == "}")
        if depth == 0:
            return " ".join(SECTION[start:end].split())
    raise AssertionError(f"{path}: unbalanced")


def names(text: str) -> Iterator[tuple[str, str]]:
    """Each name at the top of a text in braces, with what follows it."""
    depth, part = 0, ""
    for char in f"{text},":
        depth += (char in "{[") - (char in "}]")
        if char == "," and depth == 0:
            name, _, rest = part.strip().partition(" ")
            yield name.rstrip(":"), rest.strip()
            part = ""
        else:
            part += char


def shape_of(path: str) -> dict[str, str]:
    return dict(names(braces(path)))


def notes(whole: Description) -> list[str]:
    """Where the description of the newer revision is not what the page says, or does not lead there from the older."""
    newer, older = in_revision(whole, NEWER), in_revision(whole, OLDER)
    found = []

    def wires(description: Description, shape: str) -> dict[str, dict[str, Any]]:
        return {field["wire"]: field for field in description["shapes"][shape]["fields"].values()}

    def compare(what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            found.append(f"{what}: {ours!r}, and {theirs!r} on the page")

    swapped = {"SourceEipId", "DestinationEipId"}
    compare(CREATE, wires(newer, CREATE).keys(), (wires(older, CREATE).keys() - swapped) | {*EIPS, "Password"})
    compare(f"{CREATE}.Password", wires(newer, CREATE).get("Password", {}).get("secret"), True)
    compare(f"{CREATE}.Password", wires(newer, CREATE).get("Password", {}).get("required"), True)
    for shape, path in {
        "CniConfig": "Cni.CniConfig",
        "NodeConfig": "NodePoolConfig.NodeConfig",
        "NodePoolConfig": "NodePoolConfig",
    }.items():
        theirs = shape_of(path)
        compare(shape, wires(newer, shape).keys(), theirs.keys())
        for name, rest in theirs.items():
            ours = wires(newer, shape).get(name, {}).get("type", "")
            if rest == "[str]" or name in ("SubnetIds", "InstanceTypeIds"):
                compare(f"{shape}.{name}", ours, "list[str]")
            elif "{" in rest:
                inner = re.sub(r"list\[(\w+)\]", r"\1", ours)
                compare(f"{shape}.{name}", ours.startswith("list["), rest.startswith("["))
                members = dict(names(rest.strip("[]{}")))
                compare(inner, wires(newer, inner).keys() if inner else set(), members.keys())
    compare(ADD, {name: field["type"] for name, field in wires(newer, ADD).items()}, {"ClusterId": "str", **ADDED})
    for name in whole["operations"]:
        compare(name, newer["operations"].get(name, {}).get("action"), older["operations"].get(name, {}).get("action"))
    for name in older["shapes"].keys() - CHANGED:  # all else is as above
        compare(name, newer["shapes"][name], older["shapes"][name])
    for name, values in older["values"].items():
        theirs_now = SPELT.get(name) or [each["value"] for each in values["values"] if each["value"] not in GONE]
        compare(name, [each["value"] for each in newer["values"][name]["values"]], theirs_now)
    return found


EIPS = re.findall(r"`(\w+Eip)`/`(\w+Eip)` for", SECTION)[0]
ADDED = dict.fromkeys(re.findall(r"AddClusterSubnet: `(\w+): \[str\]`", SECTION), "list[str]")
GONE = re.findall(r"`(\w+)` is gone from the CNI types", SECTION)
CHANGED = {CREATE, ADD, "CniConfig", "NodeConfig", "NodePoolConfig", "BillingSpec", "DiskInfo"}
SPELT = {"BillingMethod": ["PostPaid", "PrePaid"], "DiskFeature": ["SSD"]}  # NodePoolSpec's own words, further up


def test_the_section_is_read_whole() -> None:
    assert EIPS == ("SourceEip", "DestinationEip")
    assert ADDED == {"SubnetIds": "list[str]"}
    assert GONE == ["calico"]
    assert shape_of("Cni.CniConfig") == {"NodePodsNum": "", "PodCidr": "", "SubnetIds": "[str]"}
    assert shape_of("NodePoolConfig.NodeConfig").keys() == {
        *("BillingSpec", "DataVolumes", "OsImageName", "SubnetIds", "InstanceTypeIds", "ExecCommand", "Labels")
    }
    assert shape_of("NodePoolConfig").keys() == {"Name", "NodeType", "SubjectId", "NodeConfig", "Replicas"}


def test_the_description_says_of_the_newer_revision_what_the_page_says() -> None:
    assert notes(described()) == []


def test_the_revisions_are_those_of_the_code_and_of_what_was_seen() -> None:
    assert tuple(described()["revisions"]) == API_REVISIONS == (OLDER, NEWER)
    assert {request["revision"] for request in SEEN} == set(API_REVISIONS)


# --- what was seen


POSTS = [request for request in SEEN if request["body"] is not None]


def spelt(name: str) -> str:
    return name.replace("K8S", "K8s")


def compare_names(description: Description, shape: str, body: dict[str, Any]) -> Iterator[str]:
    """The names that are in a body and not in its shape, or the reverse: the Go client leaves none out."""
    fields = {field["wire"]: field for field in description["shapes"][shape]["fields"].values()}
    yield from (f"{shape}.{name}" for name in fields.keys() ^ {spelt(name) for name in body})
    for name, value in body.items():
        kind = re.sub(r"list\[(\w+)\]", r"\1", fields.get(spelt(name), {}).get("type", ""))
        entries = value if isinstance(value, list) else [value]
        if kind in description["shapes"]:
            for entry in entries:
                if entry:
                    yield from compare_names(description, kind, entry)
        elif any(isinstance(entry, dict) for entry in entries) and not kind.startswith("map"):
            yield f"{shape}.{name} is of no shape"


@pytest.mark.parametrize("request_", POSTS, ids=lambda each: f"{each['revision']}-{each['query']['Action']}")
def test_what_was_seen_has_the_very_names_of_its_revision(request_: dict[str, Any]) -> None:
    description = in_revision(described(), request_["revision"])
    (operation,) = [o for o in description["operations"].values() if o["action"] == request_["query"]["Action"]]
    unseen = {"NodePoolSpec.Id"}  # "used when updating"
    assert set(compare_names(description, operation["request"], request_["body"])) <= unseen


@pytest.mark.parametrize(
    "request_", [each for each in SEEN if each["body"] is None], ids=lambda r: r["query"]["Action"]
)
def test_what_was_seen_in_a_query_is_known_in_its_revision(request_: dict[str, Any]) -> None:
    description = in_revision(described(), request_["revision"])
    (operation,) = [o for o in description["operations"].values() if o["action"] == request_["query"]["Action"]]
    known = {field["wire"] for field in description["shapes"][operation["request"]]["fields"].values()}
    assert request_["query"].keys() - {"Action"} <= known


def test_a_request_of_one_revision_is_none_of_the_other() -> None:
    for request in POSTS:
        other = in_revision(described(), NEWER if request["revision"] == OLDER else OLDER)
        shape = next(o["request"] for o in other["operations"].values() if o["action"] == request["query"]["Action"])
        is_changed = request["query"]["Action"] in ("CreateCluster", "AddClusterSubnet")
        assert bool(set(compare_names(other, shape, request["body"])) - {"NodePoolSpec.Id"}) == is_changed


# --- planted mistakes


def change(shape: str, field: str, **words: Any) -> Callable[[Description], object]:
    return lambda d: d["shapes"][shape]["fields"][field].update(words)


def drop(shape: str, field: str, word: str) -> Callable[[Description], object]:
    return lambda d: d["shapes"][shape]["fields"][field].pop(word)


@pytest.mark.parametrize(
    "mutate",
    [
        change(CREATE, "source_eip_id", wire="SourceEipId"),
        change(CREATE, "destination_eip_id", wire={OLDER: "DestinationEipId", NEWER: "DestinationEipID"}),
        change(CREATE, "slb_id", revisions=[OLDER]),
        lambda d: d["shapes"][CREATE].pop("hoisted"),
        lambda d: d["shapes"][CREATE]["hoisted"][0].update(path="cluster_name"),
        drop("CniConfig", "flannel_backend_type", "revisions"),
        drop("CniConfig", "calico_block_size", "revisions"),
        drop("CniConfig", "calico_encapsulation", "revisions"),
        drop("CniConfig", "subnet_list", "only"),
        change("CniConfig", "node_pods_num", revisions=[OLDER]),
        drop("NodeConfig", "system_disk", "revisions"),
        drop("NodeConfig", "password", "revisions"),
        drop("NodeConfig", "annotations", "revisions"),
        drop("NodeConfig", "specifics", "only"),
        drop("NodeConfig", "subnet_list", "only"),
        change("NodeConfig", "data_disk", wire="DataDisk"),
        change("NodeConfig", "shell", wire="Shell"),
        change("NodeConfig", "labels", revisions=[OLDER]),
        change("BillingSpec", "billing_method", wire="BillingMethod"),
        change("BillingSpec", "duration", wire="Duration"),
        change("DiskInfo", "disk_feature", wire="DiskFeature"),
        change("DiskInfo", "disk_size", wire="DiskSize"),
        drop("DiskInfo", "number", "revisions"),
        change("NodePoolConfig", "pool_name", wire="PoolName"),
        drop("NodePoolConfig", "auto_scaling", "revisions"),
        change(ADD, "subnets", wire="SubnetList"),
        drop(ADD, "subnets", "only"),
        change("NodePoolNodeConfig", "subnet_ids", revisions=[OLDER]),
        change("Node", "cpu", wire={OLDER: "Cpu", NEWER: "CPU"}),
        lambda d: d["operations"]["DeleteNode"].update(action={OLDER: "DeleteNodes", NEWER: "DeleteNode"}),
        lambda d: d["operations"]["DeleteNode"].update(revisions=[OLDER]),
        lambda d: d["values"]["CniType"]["values"][1].pop("revisions"),
        lambda d: d["values"]["BillingMethod"]["values"][0].pop("wire"),
        lambda d: d["values"]["DiskFeature"]["values"][0].pop("wire"),
        lambda d: d["values"]["ProxyMode"]["values"][0].update(revisions=[OLDER]),
    ],
)  # fmt: skip
def test_a_change_to_what_is_said_of_a_revision_is_told(mutate: Callable[[Description], object]) -> None:
    description = described()
    before = copy.deepcopy(description)
    mutate(description)
    assert description != before
    assert notes(description) != [], "nobody noticed"
