"""Operations that only the description knows: the emulator answers what it can, and says what it can't."""

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
import yaml

import cds_eks.emulator
import codegen.__main__
from cds_eks.emulator.handlers.registry import HANDLERS
from cds_eks.emulator.protocol.api import OPERATIONS
from cds_eks.emulator.protocol.schema import Operation
from codegen.description import Api
from codegen.faults import DescriptionError
from codegen.handlers import handled, missing_handlers
from codegen.loading import load, read
from codegen.rendering import render

from .caller import Caller
from .invented_calls import run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
API = "cds_eks.emulator.protocol.api"


def description() -> dict[str, Any]:
    """Return the description with the invented operations, by way of JSON, which parts what YAML shares."""
    data = json.loads(json.dumps(yaml.safe_load((ROOT / "codegen" / "api.yaml").read_text(encoding="utf-8"))))
    invented = yaml.safe_load((HERE / "invented.yaml").read_text(encoding="utf-8"))
    for part in ("groups", "operations", "shapes"):
        there = data[part].keys() & invented[part].keys()
        assert not there, f"the description has {there} now: invent other names in {HERE.name}/invented.yaml"
        data[part] |= invented[part]
    found: dict[str, Any] = data
    return found


def described(data: dict[str, Any], folder: Path) -> Api:
    path = folder / "api.yaml"
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    api, faults, is_whole = read(path)
    assert (faults, is_whole) == ([], True)
    return api


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


# --- what it can't answer ---------------------------------------------------------------------------------------------

Changes = dict[str, Any]
READ: Changes = {"kind": "read", "http": "GET", "request": "GetTeapotRequest", "result": "Teapot"}
BY_KIND = "it is not a create, get, list or delete by its name and `kind`"


def test_every_operation_of_today_has_a_handler() -> None:
    assert [*missing_handlers(load())] == []
    assert handled() == set(HANDLERS)


@pytest.mark.parametrize(
    ("name", "like", "changes", "reason"),
    [
        ("FrobTeapot", "DeleteTeapot", {}, BY_KIND),
        ("GetTeapots", "DeleteTeapot", {}, BY_KIND),
        ("CreateKettle", "CreateTeapot", {}, "the emulator stores each kettle for handlers written by hand"),
        ("GetKettle", "GetTeapot", {}, "the emulator stores each kettle for handlers written by hand"),
        ("DescribeNetcard", "GetTeapot", {}, "the emulator stores each netcard for handlers written by hand"),
        ("GetSamovar", "GetTeapot", {}, "neither have its request and its result one of samovar_id or id as a text"),
        ("ListSamovars", "ListTeapots", {}, "nor is its result a list of shapes that have it"),
        ("ListSpouts", "ListTeapots", {"result": "list[str]"}, "nor is its result a list of shapes that have it"),
        ("DeleteSamovar", "DeleteTeapot", {}, "its request has none of samovar_id or id as a text, or a list of texts"),
        ("CreateSamovar", "CreateTeapot", {"result_id": None}, "its result has no text samovar_id or id)"),
        ("CreateSamovar", "CreateTeapot", {"result_id": "nobody"}, "its result has no text nobody)"),
        (
            "CreateSamovar",
            "CreateTeapot",
            {"request": "CreateClusterRequest", "natural_key": []},
            "CreateClusterRequest, DiskInfo, NodeConfig differs too much from one revision to another",
        ),
    ],
)
def test_an_operation_of_no_known_kind_needs_a_handler(
    name: str, like: str, changes: Changes, reason: str, tmp_path: Path
) -> None:
    changed = description()
    changed["operations"]["DeleteKettle"] = {**changed["operations"]["DeleteTeapot"], "action": "DeleteKettle"}
    assert name not in changed["operations"], "the service has it now: invent another name"
    changed["operations"][name] = {**changed["operations"][like], "action": name, "method": "invented", **changes}
    by_hand = handled() | {"DeleteKettle"}
    [fault] = missing_handlers(described(changed, tmp_path), by_hand)
    assert fault.place == ("operations", name)
    begin = "no emulator handler: write one in cds_eks/emulator/handlers/ and name it in "
    assert fault.reason.startswith(begin)
    assert reason in fault.reason
    others = [*missing_handlers(described(changed, tmp_path), by_hand | {name})]
    assert not any(each.place == ("operations", name) for each in others)


def test_a_missing_handler_is_told_with_its_line(tmp_path: Path) -> None:
    changed = description()
    changed["operations"]["FooBar"] = {**changed["operations"]["GetTeapot"], "action": "FooBar", "method": "foo"}
    described(changed, tmp_path)
    with pytest.raises(DescriptionError) as caught:
        load(tmp_path / "api.yaml")
    lines = (tmp_path / "api.yaml").read_text(encoding="utf-8").splitlines()
    line = 1 + next(at for at, text in enumerate(lines) if '"FooBar": {' in text)
    begin = f"api.yaml:{line}: operations.FooBar: no emulator handler: write one in cds_eks/emulator/"
    assert str(caught.value).startswith(begin)


def test_one_handler_serves_all_actions_of_an_operation(tmp_path: Path) -> None:
    changed = description()
    changed["operations"]["GetCluster"]["action"] = {"2025-09-08": "GetCluster", "2025-10-11": "ReadCluster"}
    assert [*missing_handlers(described(changed, tmp_path))] == []


def test_a_registry_without_handlers_is_an_error(tmp_path: Path) -> None:
    registry = tmp_path / "registry.py"
    registry.write_text("OTHERS: dict[str, int] = {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="has no HANDLERS"):
        handled(registry)


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_the_generator_refuses_what_the_emulator_can_not_answer(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = description()
    changed["operations"]["FooBar"] = {**changed["operations"]["GetTeapot"], "action": "FooBar", "method": "foo"}
    described(changed, tmp_path)
    monkeypatch.setattr(codegen.__main__, "load", lambda: load(tmp_path / "api.yaml"))
    monkeypatch.setattr(sys, "argv", ["codegen", *arguments])
    monkeypatch.setattr(Path, "write_text", lambda *_: pytest.fail("nothing may be written"))
    with pytest.raises(SystemExit, match=r"operations\.FooBar.*: no emulator handler: write one in cds_eks/emulator/"):
        codegen.__main__.main()


@pytest.mark.anyio
async def test_an_action_without_a_handler_is_refused_with_words(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "FooBar", Operation("FooBar", "GET", "GetClusterRequest"))
    response = await call.send("FooBar", {"ClusterId": "c"})
    envelope = response.json()
    assert (response.status_code, envelope["Code"], envelope["Data"]) == (400, "UnsupportedOperation", None)
    assert "no handler for FooBar: write one in cds_eks/emulator/handlers/" in envelope["Msg"]
    assert call.emulator.ledger.requests[-1].committed is False


@pytest.mark.anyio
async def test_an_action_of_another_revision_has_the_handler_of_its_operation(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPERATIONS, "ReadCluster", OPERATIONS["GetCluster"])
    id_ = call.emulator.add_cluster()
    assert (await call("ReadCluster", ClusterId=id_))["ClusterId"] == id_
