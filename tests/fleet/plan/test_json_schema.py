"""The JSON Schema of plans: current, valid, and of one mind with the check."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cds_eks.fleet.plan import Plan

from .plans import EXAMPLE, plain

PAGE = Path(__file__).resolve().parents[3] / "docs" / "fleet.schema.json"


def complaints(data: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(Plan.json_schema())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(data)]


def test_the_file_is_current() -> None:
    assert json.loads(PAGE.read_text(encoding="utf-8")) == Plan.json_schema()


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(Plan.json_schema())
    Plan.json_schema()["$defs"].clear()
    assert Plan.json_schema()["$defs"]  # it is a caller's own


def test_valid_plans_are_valid() -> None:
    assert complaints(plain()) == []
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert complaints(example) == []
    named = "#:schema fleet.schema.json"
    assert f"`{named}`" in (PAGE.parent / "fleet.md").read_text(encoding="utf-8")
    assert Plan.loads(f"{named}\n{EXAMPLE.read_text(encoding='utf-8')}", format="toml") == Plan.load(EXAMPLE)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("colour", "red"),
        ("max_gpus", -1),
        ("defaults.cluster.cluster_name", "x"),
        ("defaults.cluster.master_number", 4),
        ("defaults.cluster.vpc_id", ""),
        ("defaults.cluster.master_config.billing_spec.auto_renew", 2),
        ("defaults.cluster.master_config.subnet_list", []),
        ("defaults.cluster.master_config.labels", {"a": 1}),
        ("defaults.cluster.cni.cni_config.node_pods_num", 65),
        ("defaults.node_pool.pool_name", "x"),
        ("defaults.node_pool.replicas", 100),
        ("defaults.node_pool.gpus_per_node", "1"),
        ("defaults.node_pool.node_config.os_image_name", 3),
        ("clusters", []),
        ("clusters.0.count", 0),
        ("clusters.0.name", "a b"),
        ("clusters.0.node_pools", []),
        ("clusters.0.node_pools.0.name", "-a"),
        ("clusters.0.protect", "yes"),
    ],
)
def test_what_an_editor_marks_is_a_fault(path: str, value: Any) -> None:
    data = plain()
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = data
    for step in steps:
        place = place[step]
    place[last] = value
    assert complaints(data)
    assert Plan.from_dict(data).check()


def test_editors_are_told_what_fields_are() -> None:
    schema = Plan.json_schema()
    fields = schema["$defs"]["cluster"]["properties"]
    assert "VPC" in fields["vpc_id"]["description"]
    assert "env:NAME" in fields["sk"]["description"]
    assert "v1.30.14" in fields["k8s_version"]["examples"]
    assert "pattern" not in schema["$defs"]["NodeConfig"]["properties"]["password"]  # a reference stands there
    undescribed = [
        name
        for shape in schema["$defs"].values()
        for name, field in shape["properties"].items()
        if "description" not in field and "$ref" not in field
    ]
    assert undescribed == []
