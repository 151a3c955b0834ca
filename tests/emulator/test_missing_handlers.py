"""Operations that need a handler of the emulator: which do, and what is said of one that has none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import codegen.__main__
from cds_eks.emulator.handlers.registry import HANDLERS
from cds_eks.emulator.protocol.api import OPERATIONS
from cds_eks.emulator.protocol.schema import Operation
from codegen.faults import DescriptionError
from codegen.handlers import handled, missing_handlers
from codegen.loading import load

from .caller import Caller
from .invented_description import described, description

pytestmark = pytest.mark.slow

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
