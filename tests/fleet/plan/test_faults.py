"""What is wrong with a plan: all of it at once, each with its file, its line and its field."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from cds_eks.errors import InvalidRequestError
from cds_eks.fleet.plan import Plan, PlanError, PlanFault

from .plans import PLAIN, as_yaml, changed, plain, told

# Each mistake is marked with the field that it is told of and words of its message.
MISTAKES = Path(__file__).with_name("mistakes.toml").read_text(encoding="utf-8")

FURTHER = {  # those that stand in a line that has another one
    (26, "defaults.cluster.master_config.data_disk[1].disk_size", "is required"),
    (30, "defaults.cluster.master_config.billing_spec.duration", "is required when billing_method is '1'"),
    (59, "clusters[1].node_pools[1].auto_scaling.enable", "no counterpart in CreateNodePool"),
}


def expected() -> list[tuple[int, str, str]]:
    found = set(FURTHER)
    for number, line in enumerate(MISTAKES.splitlines(), start=1):
        _, mark, rest = line.partition("#: ")
        if mark:
            field, _, words = rest.partition(": ")
            found.add((number, field, words))
    return sorted(found)


def test_all_mistakes_are_told_at_once() -> None:
    faults = Plan.loads(MISTAKES, "toml", "fleet.toml").check()
    wanted = expected()
    assert len(wanted) >= 30
    assert sorted((fault.line, fault.field) for fault in faults) == [(line, field) for line, field, _ in wanted]
    words = {(line, field): text for line, field, text in wanted}
    for fault in faults:
        assert words[fault.line or 0, fault.field] in fault.message
        assert str(fault) == f"fleet.toml:{fault.line}: {fault.field}: {fault.message}"
    assert "hunter2" not in "".join(map(str, faults))


def test_a_plan_with_faults_is_of_no_further_use() -> None:
    plan = Plan.loads(MISTAKES, "toml", "fleet.toml")
    for use in (lambda: plan.clusters, lambda: plan.digest, plan.items, plan.to_dict):
        with pytest.raises(PlanError) as caught:
            use()
        assert isinstance(caught.value, InvalidRequestError)
        assert caught.value.outcome == "not_sent"
        assert "fleet.toml:1: version: must be 1" in str(caught.value)
    assert "hunter2" not in repr(plan) + str(plan) + str(caught.value)
    assert b"hunter2" not in pickle.dumps(plan) + pickle.dumps(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).faults == caught.value.faults


def test_the_text_of_all_faults_reads_as_one_sentence_and_a_list() -> None:
    faults = tuple(PlanFault(message="must be 1", field=name, file="fleet.toml", line=1) for name in ("a", "b"))
    assert str(PlanError(faults)).splitlines() == [
        "the plan has 2 faults, and nothing was sent:",
        "  fleet.toml:1: a: must be 1",
        "  fleet.toml:1: b: must be 1",
    ]
    error = pickle.loads(pickle.dumps(PlanError(faults[:1])))
    assert str(error).startswith("the plan has 1 fault, and nothing was sent:\n")
    assert (error.field, error.outcome, error.args) == ("plan", "not_sent", (error.message,))


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("version", ..., "version: is required: version = 1"),
        ("version", True, "version: must be 1, the only version that this package reads"),
        ("clusters", ..., "clusters: is required: a plan is of clusters"),
        ("clusters", {"name": "a"}, "clusters: must be a list of tables ([[clusters]] in TOML), not dict"),
        ("clusters", ["a"], "clusters[0]: must be a table (a mapping), not str"),
        ("defaults", [], "defaults: must be a table (a mapping), not list"),
        ("defaults.clusters", {}, "defaults.clusters: is not a field of a plan here; did you mean 'cluster'?"),
        ("clusters.0.node_pool", [],
         "clusters[0].node_pool: is not a field of a plan here; did you mean 'node_pools'?"),
        ("clusters.0.node_pools.0.pool_name", "x",
         "clusters[0].node_pools[0].pool_name: is not a field of a plan here; did you mean 'name'?"),
        ("clusters.0.node_pools", {"name": "x"},
         "clusters[0].node_pools: must be a list of tables ([[clusters.node_pools]] in TOML), not dict"),
        ("clusters.0.node_pools.1", "x", "clusters[0].node_pools[1]: must be a table (a mapping), not str"),
        ("clusters.0.node_pools.1.name", ..., "clusters[0].node_pools[1].name: is required"),
        ("clusters.0.node_pools.1.name", 7, "clusters[0].node_pools[1].name: must be a text (str), not int"),
        ("clusters.0.name", ..., "clusters[0].name: is required"),
        ("clusters.0.name", 7, "clusters[0].name: must be a text (str), not int"),
        ("clusters.0.name", "a-{index", "clusters[0].name: has a brace without its other half"),
        ("clusters.0.name", "a-{}", "clusters[0].name: may have {index} in braces, and nothing else"),
        ("clusters.0.name", "a-{index.real}", "clusters[0].name: may have {index} in braces, and nothing else"),
        ("clusters.0.name", "a-{index!r}",
         "clusters[0].name: must format {index} as a whole number: {index}, {index:03d} or {index:x}"),
        ("clusters.0.name", "a-{index:999999999}",
         "clusters[0].name: must format {index} as a whole number: {index}, {index:03d} or {index:x}"),
        ("clusters.0.count", 10**9, "clusters[0].count: must be at most 100000; got 1000000000"),
        ("clusters.0.count", True, "clusters[0].count: must be a whole number (int), not bool"),
        ("clusters.0.master_config", 3, "clusters[0].master_config: must be a table (a mapping), not int"),
        ("clusters.0.K8sVersion", "v",
         "clusters[0].K8sVersion: is not a field of a plan here; did you mean 'k8s_version'?"),
        ("defaults.node_pool.replicas", ..., "clusters[0].node_pools[0].replicas: is required"),
        ("defaults.node_pool.node_config.billing_spec.BillingMethod", "0",
         ("defaults.node_pool.node_config.billing_spec.BillingMethod: is not a field of BillingSpec; "
          "did you mean 'billing_method'?")),
        ("clusters.0.extra", {"Some": {"Thing": float("nan")}},
         "clusters[0].extra.Some.Thing: must be what JSON has (text, number, true, false, list, table), not float"),
        ("clusters.0.extra", {"Password": 5},
         "clusters[0].extra.Password: must be a text (str), as it is a secret; not int"),
        ("clusters.0.extra", {"ClusterName": "x"},
         "clusters[0].extra.ClusterName: is set by cluster_name and can't be replaced"),
        ("clusters.0.node_pools.1.extra", {"name": "x"},
         "clusters[0].node_pools[1].extra.name: is set by name and can't be replaced"),
        ("clusters.0.extra", {"Some": {1: 2}}, "clusters[0].extra.Some.1: must be a text (str), as keys of JSON are"),
        ("clusters.0.sk", 123, "clusters[0].sk: must be a text (str), not int"),
        ("clusters.0.extra", [], "clusters[0].extra: must be a mapping whose keys are wire names"),
        ("max_clusters", 2, "max_clusters: is 2, but the plan asks for 3 clusters"),
        ("max_nodes", 29, "max_nodes: is 29, but the plan asks for 30 nodes (21 in node pools, 9 masters)"),
        ("clusters.0.node_pools.0.gpus_per_node", 1,
         "clusters[0].node_pools[0].gpus_per_node: is 1, but the name of the machine type says 0"),
    ],
)  # fmt: skip
def test_single_mistakes(path: str, value: Any, fault: str) -> None:
    assert fault in told(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [("clusters.0", None), ("clusters.0.node_pools.0", 3), ("defaults.cluster", "x"), ("clusters.0.cni", [])],
)
def test_what_is_no_table_is_one_fault(path: str, value: Any) -> None:
    faults = [fault for fault in changed(path, value).check() if not fault.message.endswith("is required")]
    assert [fault.message.partition(", not ")[0] for fault in faults] == ["must be a table (a mapping)"]


def test_the_plan_is_no_table() -> None:
    assert told(Plan.loads("[1]", "json", "p")) == ["p:1: must be a table (a mapping), not list"]
    wrong: list[Any] = [None, 3, "x", [], ()]
    for data in wrong:
        [fault] = Plan.from_dict(data).check()
        assert str(fault).startswith("must be a table (a mapping), not ")


def test_names_of_all_indexes_are_checked() -> None:
    plan = changed("clusters.0", PLAIN["clusters"][0] | {"name": "a-rather-long-gpu-name-{index}", "count": 2000})
    assert told(plan) == [
        (
            "clusters[0].name: must have 1 to 26 letters, digits and dashes, the first and the last a letter or digit: "
            "index 1000 makes 'a-rather-long-gpu-name-1000', of 27 characters"
        )
    ]


def test_names_are_there_once_in_a_vpc() -> None:
    data = plain()
    data["clusters"] += [
        data["clusters"][0] | {"name": "gpu-{index:x}", "vpc_id": "vpc-2"},
        data["clusters"][0] | {"name": "gpu-003", "count": 1, "vpc_id": "vpc-2"},
        data["clusters"][0] | {"name": "gpu-003", "count": 1},
    ]
    lines = as_yaml(data).splitlines()
    first = lines.index("- name: gpu-{index:03d}") + 1
    last = len(lines) - lines[::-1].index("- name: gpu-003")
    assert told(Plan.loads(as_yaml(data), "yaml", "p.yaml")) == [
        (
            f"p.yaml:{last}: clusters[3].name: makes 'gpu-003' (index 1), "
            f"which clusters[0] (line {first}) makes in the same VPC"
        )
    ]


def test_too_many_clusters_are_not_even_named() -> None:
    data = plain()
    data["clusters"] = [data["clusters"][0] | {"name": f"g{i}-{{index}}", "count": 60_000} for i in range(9)]
    assert told(Plan.from_dict(data)) == ["clusters[1].count: makes more than 100000 clusters in one plan"]


def test_a_fault_of_the_defaults_is_told_once() -> None:
    data = plain()
    data["defaults"]["node_pool"]["node_config"]["specifics"] = "one"
    data["clusters"].append(data["clusters"][0] | {"name": "other-{index}"})
    assert told(Plan.from_dict(data)) == [
        "defaults.node_pool.node_config.specifics: must be a list, not str",
    ]


def test_defaults_that_all_override_are_checked_too() -> None:
    data = plain()
    data["defaults"]["cluster"]["master_number"] = 4
    data["clusters"][0]["master_number"] = 3
    assert told(Plan.from_dict(data)) == ["defaults.cluster.master_number: must be one of 3, 5, 7; got 4"]


def test_what_defaults_lack_may_stand_in_each_cluster() -> None:
    data = plain()
    data["defaults"]["node_pool"]["node_config"]["billing_spec"] = {
        "auto_renew": False, "billing_method": "1", "is_to_month": False,
    }  # fmt: skip
    pools = data["clusters"][0]["node_pools"]
    for pool in pools:
        pool["node_config"] = {"billing_spec": {"duration": 12}}
    plan = Plan.from_dict(data)
    assert plan.check() == []
    request = plan.clusters[0].create_request()
    assert request.node_pool_config.node_config.billing_spec.duration == 12
    further = plan.clusters[0].pools[1].create_request("c").config.node_config
    assert further.billing_spec.period == 12
    assert further.billing_spec.instance_charge_type == "PrePaid"
    del pools[1]["node_config"]
    assert told(Plan.from_dict(data)) == [
        "defaults.node_pool.node_config.billing_spec.duration: is required when billing_method is '1'"
    ]


@pytest.mark.parametrize("empty", [None, 0])
def test_null_takes_a_default_away(empty: Any) -> None:
    data = plain()
    data["defaults"]["cluster"]["slb_id"] = "slb-1"
    data["clusters"][0]["slb_id"] = empty
    plan = Plan.from_dict(data)
    if empty is None:
        assert plan.clusters[0].create_request().slb_id is None
    else:
        assert told(plan) == ['clusters[0].slb_id: must be a text (str), not int: quote it in YAML: slb_id: "0"']


def test_how_a_fault_is_shown() -> None:
    assert str(PlanFault(message="m", field="f", file="a.toml", line=3)) == "a.toml:3: f: m"
    assert str(PlanFault(message="m", field="f", file="", line=3)) == "line 3: f: m"
    assert str(PlanFault(message="m", field="", file="a.toml", line=None)) == "a.toml: m"
    assert str(PlanFault(message="m", field="a\nb", file="", line=None)) == "a\nb: m"
    assert told(changed("a\nb", 1)) == ["'a\\nb': is not a field of a plan here"]


def test_the_faults_of_python_values_come_in_the_order_of_their_lists() -> None:
    data = plain()
    cluster = data["clusters"][0]
    data["clusters"] = [{**cluster, "name": f"c-{number}", "count": 0} for number in range(12)]
    faults = [fault for fault in Plan.from_dict(data).check() if fault.field.endswith(".count")]
    assert [fault.field for fault in faults] == [f"clusters[{number}].count" for number in range(12)]


def test_values_within_themselves_are_a_fault() -> None:
    data: dict[str, Any] = {}
    data["clusters"] = [data]
    assert "is nested too deeply, or within itself" in told(Plan.from_dict(data))
