"""The tables of this folder agree with the contract page, and leave nothing out."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType

import attrs
import pytest
from contract.missing_rows import ADVICE, MISSING, needs_every_row

from cds_eks import models, resources
from cds_eks.sync import resources as sync_resources
from operations import contract
from operations.described_examples import NeedsExampleError, example_of
from operations.examples import EXAMPLES
from operations.shapes import DESCRIBED, PINNED, SHAPES
from operations.table import ROWS, Row
from support import contract_protocol as protocol
from support import contract_server as server
from support.api_description import API

BY_DOCUMENTED = {row.documented: row for row in ROWS}


def class_of(group: str) -> str:
    return "".join(word.title() for word in group.split("_"))


MADE_OF_OTHERS = {
    *((class_of(operation.group), "iterate") for operation in API.operations.values() if operation.paged),
    *((class_of(operation.group), "find") for operation in API.operations.values() if operation.find),
}
"""Methods that are no operation of the service: they call others, which have rows."""


def public_methods(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize("module", [resources, sync_resources], ids=["async", "sync"])
def test_every_public_method_of_every_resource_has_a_row(module: object) -> None:
    groups = {name: getattr(module, name) for name in resources.__all__}
    found = {(name, method) for name, kind in groups.items() for method in public_methods(kind)}
    rows = {(class_of(row.group), row.method) for row in ROWS}
    assert found - MADE_OF_OTHERS == rows
    assert found >= MADE_OF_OTHERS
    by_hand = {("Nodes", "iterate"), ("Clusters", "find"), ("NodePools", "find"), ("NetworkInterfaces", "find")}
    assert by_hand <= MADE_OF_OTHERS
    assert len(rows) == len(ROWS)


def test_no_resource_class_is_left_out() -> None:
    classes = {name for name, kind in vars(sync_resources).items() if isinstance(kind, type) and "._" not in name}
    own = {name for name in classes if getattr(sync_resources, name).__module__ == sync_resources.__name__}
    assert own == set(resources.__all__) | {"Waiters"}


@needs_every_row
def test_each_operation_of_the_page_has_a_row() -> None:
    lines = [line for line in contract.PAGE.splitlines() if "| GET |" in line or "| POST |" in line]
    assert len(contract.operations()) == len(lines) >= 23
    assert contract.operations().keys() == BY_DOCUMENTED.keys()


@pytest.mark.parametrize("documented", EXAMPLES)
def test_what_was_written_by_hand_is_what_the_description_says(documented: str) -> None:
    row, example = BY_DOCUMENTED[documented], EXAMPLES[documented]
    assert f"{row.group}.{row.method}" == example.call
    assert row.answer == example.answer
    operation = API.operations[documented]
    result_id = operation.result_id and API.shapes[operation.result].fields[operation.result_id].name
    assert example.needed == result_id


SAID_BY_HAND_ALONE = {"CreateCluster", "AddClusterSubnet", "CreateNodePool", "UpdateNodePoolConfig"}
"""Their requests differ between revisions, or have fields that depend on others."""


@pytest.mark.parametrize("documented", API.operations)
def test_an_operation_without_an_example_gets_one_from_the_description(documented: str) -> None:
    operation, row = API.operations[documented], BY_DOCUMENTED[documented]
    if documented in SAID_BY_HAND_ALONE:
        with pytest.raises(NeedsExampleError):
            example_of(operation)
        return
    made = example_of(operation)
    assert (made.call, made.answer) == (f"{row.group}.{row.method}", row.answer)
    assert made.needed == row.needed
    assert made.least.sends.keys() == row.least.sends.keys()
    assert made.most.sends.keys() == row.most.sends.keys() - {"New"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.documented)
def test_a_row_has_the_page_s_method_action_and_arguments(row: Row) -> None:
    if row.documented in MISSING:
        pytest.skip(ADVICE)
    http, action, arguments = contract.operations()[row.documented]
    assert (row.http, row.action) == (http, action)
    if "CreateClusterRequest" in arguments:
        arguments = contract.request_shape("CreateClusterRequest")
    undocumented = {"New"} & row.most.sends.keys()
    assert row.most.sends.keys() - undocumented == arguments.keys()
    assert row.least.sends.keys() == {name for name, is_required in arguments.items() if is_required}


@pytest.mark.parametrize(
    ("shape", "sent"),
    [
        ("CniInfo", "Cni"),
        ("CniConfig", "Cni.CniConfig"),
        ("NodeConfig", "MasterConfig"),
        ("BillingSpec", "MasterConfig.BillingSpec"),
        ("DiskInfo", "MasterConfig.SystemDisk"),
        ("NodePoolConfig", "NodePoolConfig"),
        ("AutoScaling", "NodePoolConfig.AutoScaling"),
    ],
)
def test_the_rows_of_create_cluster_set_what_the_page_names(shape: str, sent: str) -> None:
    fields = contract.request_shape(shape)
    least, most = BY_DOCUMENTED["CreateCluster"].least.sends, BY_DOCUMENTED["CreateCluster"].most.sends
    for step in sent.split("."):
        least, most = least[step], most[step]
    assert most.keys() - {"Mtu"} == fields.keys()
    assert least.keys() == {name for name, is_required in fields.items() if is_required}


def test_the_answers_have_the_fields_and_the_types_that_the_page_names() -> None:
    page = contract.answer_shapes()
    assert len(page) == contract.section("Answer shapes").count("\n**")
    for name, fields in page.items():
        ours = SHAPES[name]
        renamed = {"RemovingSize": "RovingSize"} if name == "ScalingGroup" else {}
        assert ours.keys() == {renamed.get(field, field) for field in fields}, name
        for field, kind in fields.items():
            assert (ours[renamed.get(field, field)] in ("int", "bool")) == bool(kind), (name, field)
            assert kind in ("", ours[renamed.get(field, field)]), (name, field)


def test_the_answers_that_were_written_by_hand_are_those_of_the_description() -> None:
    assert PINNED.keys() <= DESCRIBED.keys()
    for name, fields in PINNED.items():
        if API.shapes[name].use == "answer":
            assert DESCRIBED[name] == fields, name
        else:  # some of its fields are in requests alone
            assert DESCRIBED[name].items() >= fields.items(), name


def test_every_shape_is_a_public_model() -> None:
    for name in SHAPES:
        assert attrs.has(getattr(models, name))


@pytest.mark.parametrize("module", [server, protocol], ids=["server", "protocol"])
def test_the_server_shares_no_code_with_the_sdk(module: ModuleType) -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imports |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imports -= {"support.contract_protocol", "support.eventually"}  # which know nothing of it either
    assert {name.partition(".")[0] for name in imports} <= sys.stdlib_module_names
