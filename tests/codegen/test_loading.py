"""How the description is read: the line of everything in it, and all faults at once in the order of their lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from descriptions import TEXT, at, faults_of, line_of, operation, shape, with_entries

from codegen.loading import load


def test_the_description_itself_is_without_fault() -> None:
    assert load().lines["operations", "CreateCluster"] == line_of(TEXT, "  CreateCluster:", "\noperations:")


def test_each_place_has_its_line() -> None:
    lines = load().lines
    numbered = TEXT.splitlines()
    for place in (("operations", "ListNodes", "paged"), ("shapes", "Node", "fields", "cpu"), ("groups", "events")):
        assert numbered[lines[place] - 1].strip().startswith(f"{place[-1]}:")
    assert numbered[lines["values", "K8sVersion", "values", 1] - 1].strip() == "- {value: v1.26.15, source: O}"
    merged = lines["shapes", "ClusterDetail", "fields", "cluster_name"]
    assert merged == lines["shapes", "ClusterSummary", "fields", "cluster_name"]  # `<<` takes it from there


def test_an_entry_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    text = with_entries(operation("GetCluster", method="get"))
    first, second = line_of(text, "  GetCluster:"), line_of(text, "  GetCluster:", "  CreateCluster:")
    told = f"api.yaml:{first}: operations.GetCluster: stands here twice, in line {first} and in line {second}"
    assert told in faults_of(tmp_path, text)


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (lambda text: text.replace("unit: percent", "unti: percent"), "AutoScaling.priority.unti", "no such key"),
        (lambda text: text.replace("    kind: create", "    kind: guess", 1), "CreateCluster.kind", "'guess' is not"),
        (lambda text: text.replace("\npath: /eks/v1\n", "\n"), "path", "is missing"),
        (lambda text: f"{text}\nshape: {{}}\n", "shape", "there is no such key"),
        (lambda text: text.replace("\ngroups:\n", "\ngroups: 7\nothers:\n"), "groups", "7 is no dict"),
        (lambda text: "", "operations", "is missing"),
        (lambda text: "- 7", "shapes", "is missing"),
    ],
)  # fmt: skip
def test_a_description_of_another_form_is_told(
    tmp_path: Path, change: Callable[[str], str], place: str, reason: str
) -> None:
    found = faults_of(tmp_path, change(TEXT))
    assert any(f"{place}: " in fault and reason in fault for fault in found), found
    assert all(fault.startswith("api.yaml:") for fault in found)


@pytest.mark.parametrize(
    ("old", "new", "place", "value", "allowed", "defined"),
    [
        (
            *("    kind: create", "    kind: guess", "operations.CreateCluster.kind"),
            *("guess", "'read', 'idempotent', 'create'", "Operation.kind"),
        ),
        (
            *("one_of_source: O", "one_of_source: X", "shapes.CreateClusterRequest.master_number.one_of_source"),
            *("X", "'D', 'O', 'I'", "Field.one_of_source"),
        ),
        (
            *('"2025-09-08": D', '"2025-09-08": Z', "revisions.2025-09-08"),
            *("Z", "'D', 'O', 'I'", "Api.revisions"),
        ),
    ],
    ids=["required", "optional", "in a mapping"],
)
def test_of_a_word_that_is_not_allowed_the_allowed_ones_are_told(
    tmp_path: Path, old: str, new: str, place: str, value: str, allowed: str, defined: str
) -> None:
    text = TEXT.replace(old, new, 1)
    reason = f"{value!r} is not one of {allowed}, which are defined in codegen/description.py, {defined}"
    assert faults_of(tmp_path, text) == [at(text, new.strip(), "", f"{place}: {reason}")]


def test_all_faults_are_told_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = with_entries(
        operation("ListSpares", method="class") + "    verb: GET\n",
        operation("GetSpares", method="list"),
        operation("CountSpares", method="count_spares", zh='""'),
        operation("MoveSpares", method="move_spares").replace("    kind: read\n", ""),
        shapes=shape(group="others"),
    )
    found = faults_of(tmp_path, text)
    assert [fault.split(": ")[1] for fault in found] == [
        *("operations.ListSpares.method", "operations.ListSpares.verb"),
        *("operations.CountSpares.zh", "operations.MoveSpares", "operations.ListClusters.method"),
        "shapes.Spare.group",
    ]
    numbers = [int(fault.split(":")[1]) for fault in found]
    assert numbers == sorted(numbers)
