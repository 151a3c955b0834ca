"""Operations that only the description knows: the emulator answers what it can."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cds_eks.emulator
from codegen.loading import load
from codegen.rendering import render

from .invented_calls import run
from .invented_description import API, ROOT, described, description


class OtherDescription(MetaPathFinder):
    """Imports another file for the generated description."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(fullname, self.path) if fullname == API else None


@contextmanager
def emulator_of(path: Path) -> Iterator[ModuleType]:
    """Import the emulator anew, with another description."""
    before = {name: module for name, module in sys.modules.items() if f"{name}.".startswith("cds_eks.emulator.")}
    finder = OtherDescription(path)
    for name in before:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield importlib.import_module("cds_eks.emulator")
    finally:
        sys.meta_path.remove(finder)
        for name in [each for each in sys.modules if f"{each}.".startswith("cds_eks.emulator.")]:
            del sys.modules[name]
        sys.modules.update(before)
        cds_eks.emulator = before["cds_eks.emulator"]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an emulator answered that was generated from the description with the invented operations."""
    folder = tmp_path_factory.mktemp("invented")
    described(description(), folder)
    api = load(folder / "api.yaml")
    path = folder / "api.py"
    path.write_text(render(api)[ROOT.joinpath(*API.split(".")).with_suffix(".py")], encoding="utf-8")
    with emulator_of(path) as module:
        return asyncio.run(run(module))


def data(told: dict[str, Any], label: str) -> Any:
    status, envelope = told["answers"][label]
    assert (status, envelope["Code"]) == (200, "Success"), envelope
    return envelope["Data"]


def refusal(told: dict[str, Any], label: str) -> tuple[int, str, str]:
    status, envelope = told["answers"][label]
    assert envelope["Data"] is None
    return status, envelope["Code"], envelope["Msg"]


def test_what_is_created_is_found_in_the_documented_shape(told: dict[str, Any]) -> None:
    made = data(told, "create")
    assert set(made) == {"TeapotId", "TaskId"}
    assert data(told, "task")["TaskStatus"] == "finish"
    teapot = {
        "TeapotId": made["TeapotId"],
        "TeapotName": "snap-1",
        "ClusterId": "c-1",
        "Status": "running",
        "CreateTime": "2025-10-09 16:53:20",
        "Retention": 7,
        "Encrypted": True,
        "Labels": {"team": "t"},
        "Volumes": [{"Size": 40, "Key": ""}],
        "Password": "",
        "RegionName": "",
        "Count": 0,
        "Origin": {"Size": 0, "Key": ""},
    }
    assert data(told, "get") == data(told, "get of its cluster") == teapot


def test_each_revision_has_its_spelling(told: dict[str, Any]) -> None:
    newer = data(told, "get in the newer revision")
    assert (newer["RetentionDays"], newer["Volumes"]) == (7, [{"SizeGb": 40, "Key": ""}])
    assert "Retention" not in newer
    assert set(data(told, "create in the newer revision")) == {"Id", "TaskId"}
    older = data(told, "get of the newer")
    assert (older["TeapotName"], older["Volumes"]) == ("snap-2", [{"Size": 80, "Key": ""}])


def test_lists_have_pages_and_filters(told: dict[str, Any]) -> None:
    def listed(label: str) -> tuple[list[str], tuple[int, int, int]]:
        envelope = told["answers"][label][1]
        names = [each["TeapotName"] for each in data(told, label)]
        return names, (envelope["TotalCount"], envelope["PageIndex"], envelope["PageSize"])

    assert listed("list") == (["snap-1", "snap-2"], (2, 1, 10))
    assert data(told, "list")[0] == data(told, "get")
    assert listed("second page") == (["snap-2"], (2, 2, 1))
    assert listed("list by name") == (["snap-2"], (1, 1, 10))
    assert listed("list of another cluster") == ([], (0, 1, 10))
    assert listed("list at the end") == (["snap-2", "snap-3"], (2, 1, 10))


def test_what_is_deleted_is_not_found(told: dict[str, Any]) -> None:
    id_ = data(told, "create")["TeapotId"]
    gone = (404, "ResourceNotFound", f"TeapotId {id_!r} is not known")
    assert data(told, "delete") is None
    assert refusal(told, "get of the deleted") == refusal(told, "delete again") == gone
    assert refusal(told, "get of another cluster") == gone


def test_arguments_are_validated_by_the_description(told: dict[str, Any]) -> None:
    assert refusal(told, "too long") == (400, "InvalidParameter", "Retention must be from 0 to 30")
    assert refusal(told, "bad name")[:2] == (400, "InvalidParameter")
    assert refusal(told, "no cluster") == (400, "ArgMissing", "ClusterId is missing")
    assert set(data(told, "unset")) == {"TeapotId", "TaskId"}


def test_the_ledger_shows_creates_as_it_shows_those_of_clusters(told: dict[str, Any]) -> None:
    made = data(told, "create")["TeapotId"]
    resources = {each["id"]: each for each in told["ledger"]["resources"]}
    assert [each["name"] for each in resources.values()] == told["created"] == ["snap-1", "snap-2", "snap-3"]
    assert {each["kind"] for each in resources.values()} == {"teapot"}
    assert resources[made]["deleted_at"] is not None
    [entry] = [each for each in told["ledger"]["requests"] if made in each["created"]]
    assert (entry["action"], entry["committed"], entry["created"]) == ("CreateTeapot", True, (made,))
    assert entry["request_id"] == resources[made]["request_id"]
    assert entry["body"]["TeapotName"] == "snap-1"
    assert "hush" not in json.dumps(told)


def test_a_list_within_a_shape_and_several_ids_at_once(told: dict[str, Any]) -> None:
    assert data(told, "event")["EventStatus"] == "success"
    policies = data(told, "policies")
    assert set(policies) == {"Total", "Policies"}
    assert (policies["Total"], [each["Name"] for each in policies["Policies"]]) == (2, ["x", "xy"])
    assert "TotalCount" not in told["answers"]["policies"][1]
    assert [each["Name"] for each in data(told, "policies of a name")["Policies"]] == ["y"]
    assert refusal(told, "none to delete") == (400, "ArgMissing", "PolicyIds is empty")
    assert refusal(told, "one is unknown") == (404, "ResourceNotFound", "PolicyIds 'nobody' is not known")
    assert data(told, "two deleted")["Id"] == data(told, "policy x")["Id"]
    assert [each["Name"] for each in data(told, "policies at the end")["Policies"]] == ["xy"]


def test_faults_of_creates_and_lists_are_for_them_too(told: dict[str, Any]) -> None:
    twice = [each["TeapotId"] for each in data(told, "listed twice")]
    assert len(set(twice)) == 2
    assert data(told, "delivered twice")["TeapotId"] in twice
    created = [each["created"] for each in told["later"]["requests"] if set(each["created"]) & set(twice)]
    assert sorted(created) == sorted((each,) for each in twice)
    assert refusal(told, "not found yet")[:2] == (404, "ResourceNotFound")
    assert data(told, "not listed yet") == data(told, "lags") == []
    assert data(told, "found then")["TeapotId"] == data(told, "stale")["TeapotId"]
    assert data(told, "failed task") | {"TaskId": ""} == {"TaskId": "", "TaskStatus": "error", "TaskMsg": "no room"}
    assert data(told, "get of the failed")["Status"] == "error"
