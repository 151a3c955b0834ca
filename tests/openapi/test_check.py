"""A slice of `python -m tools.openapi_check`: schemathesis finds nothing, but in a document that is wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.eventually import WAIT_TIMEOUT
from tools.openapi_check.lenient import Lenient
from tools.openapi_check.seeded import DOCUMENT, SEEDED, seeded_document

pytestmark = pytest.mark.slow

ROOT = DOCUMENT.parents[1]


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.openapi_check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=WAIT_TIMEOUT, check=False)


def test_a_few_requests_of_each_operation_find_nothing() -> None:
    run = check("--cases", "10", "--phases", "fuzzing", "--seed", "3")
    assert "No issues found" in run.stdout, run.stdout[-5000:] + run.stderr[-2000:]
    carried_out = re.findall(r"^\w+ +\d+  200: \d", run.stdout, flags=re.MULTILINE)
    assert len(carried_out) >= 15  # as many as it takes to reach all are too many here


def test_all_systematic_requests_of_some_operations_find_nothing() -> None:
    names = ("AddClusterSubnet", "ListNodes", "DeleteNode")
    run = check("--phases", "coverage", *(f"--only={name}" for name in names))
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr[-2000:]
    assert all(f"{name:28}" in run.stdout and "405: " in run.stdout for name in names)


def wrong_result(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["ClusterSummary"]["properties"]["NodeSum"]["type"] = "string"


def wrong_method(document: dict[str, Any]) -> None:
    methods = document["paths"]["/eks/v1#Action=ListClusters"]
    methods["post"] = methods.pop("get")


def missing_status(document: dict[str, Any]) -> None:
    del document["paths"]["/eks/v1#Action=ListClusters"]["get"]["responses"]["400"]


def invented_argument(document: dict[str, Any]) -> None:
    schema = {"type": "string", "enum": ["a"]}
    parameter = {"name": "Invented", "in": "query", "required": True, "schema": schema}
    document["paths"]["/eks/v1#Action=ListClusters"]["get"]["parameters"].append(parameter)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (wrong_result, "violates schema"),
        (wrong_method, "expected 405"),
        (missing_status, "Undocumented"),
        (invented_argument, "a good request is refused: Invented is not known"),
    ],
)
def test_a_wrong_document_is_found(spoil: Callable[[dict[str, Any]], None], said: str, tmp_path: Path) -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    spoil(document)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    phases = "coverage" if spoil is wrong_method else "fuzzing"
    run = check("--cases", "8", "--phases", phases, "--only", "ListClusters", "--document", str(path))
    assert run.returncode == 1
    assert said in run.stdout


def test_the_document_of_a_run_offers_the_ids_of_its_world() -> None:
    document = seeded_document(DOCUMENT)
    parameters = document["paths"]["/eks/v1#Action=GetCluster"]["get"]["parameters"]
    assert parameters[-1]["schema"]["format"] == "seeded-ClusterId"
    nodes = document["components"]["schemas"]["DeleteNodeRequest"]["properties"]["NodeIds"]
    assert nodes["items"]["format"] == "seeded-NodeIds"
    assert "seeded-cluster" in SEEDED["ClusterId"]


@pytest.mark.parametrize(
    ("action", "body", "taken"),
    [
        ("AddClusterSubnet", {"ClusterId": "c", "SubnetIds": []}, True),
        ("AddClusterSubnet", {"ClusterId": "c", "SubnetIds": None}, True),
        ("AddClusterSubnet", {"ClusterId": "c", "SubnetIds": "s"}, False),
        ("AddClusterSubnet", {"ClusterId": "c"}, False),
        ("AddClusterSubnet", {"ClusterId": "c", "SubnetIds": [], "More": 1}, False),
        ("AttachNetworkInterface", {"EcsId": "e", "NetcardId": "n", "VlanId": None}, True),
        ("AttachNetworkInterface", {"EcsId": "e", "NetcardId": "n", "VlanId": 1}, False),
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "p", "Replicas": 99}, True),
        ("ScalingNodePool", {"ClusterId": "c", "NodePoolId": "p", "Replicas": 100}, False),
    ],
    ids=str,
)
def test_what_the_service_takes_although_it_is_faulty(action: str, body: dict[str, Any], *, taken: bool) -> None:
    lenient = Lenient(json.loads(DOCUMENT.read_text(encoding="utf-8")))
    query = {"Action": action, "Version": "2019-08-08"}
    assert lenient.takes(f"/eks/v1#Action={action}", "POST", query, body) is taken


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({"ClusterId": "c", "PageSize": 0}, True),
        ({"ClusterId": "c", "PageSize": ""}, True),
        ({"ClusterId": "c", "PageSize": []}, True),
        ({"ClusterId": "c", "PageSize": "x"}, False),
        ({"ClusterId": "c", "SchedulableStr": "2"}, False),
        ({"ClusterId": ["c", "d"]}, False),
        ({}, False),
    ],
    ids=str,
)
def test_what_is_taken_in_a_query_although_it_is_faulty(more: dict[str, Any], *, taken: bool) -> None:
    lenient = Lenient(json.loads(DOCUMENT.read_text(encoding="utf-8")))
    query = {"Action": "ListNodes", "Version": "2019-08-08", **more}
    assert lenient.takes("/eks/v1#Action=ListNodes", "GET", query, None) is taken
