"""The natural key of a create, on the error of one and in the list of open ones: its fields are the description's."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_eks import resources
from cds_eks.errors import ConnectionLost
from cds_eks.errors.creates import ambiguous
from cds_eks.errors.natural_key import natural_key_text
from cds_eks.outcome.open_creates import OpenCreate
from cds_eks.wire import Kind, Operation

NOW = datetime(2026, 1, 2, tzinfo=UTC)

MODULES = [
    importlib.import_module(f"{resources.__name__}.{each.name}") for each in pkgutil.iter_modules(resources.__path__)
]
CREATES = {
    operation.name: operation
    for module in MODULES
    for operation in vars(module).values()
    if isinstance(operation, Operation) and operation.kind is Kind.CREATE
}


def both(natural_key: dict[str, Any]) -> tuple[Any, Any]:
    """Return the error of a create and the entry of an open one, with one natural key."""
    error = ambiguous(ConnectionLost("lost"), natural_key=natural_key, window=(NOW, NOW))
    create = OpenCreate(
        action="CreateCluster",
        outcome="unknown",
        natural_key=natural_key,
        window=(NOW, NOW),
        ids={},
        request_id=None,
        call_id="c",
        attempts=1,
        cause="ConnectionLost",
    )
    return error, create


def test_there_are_creates_with_and_without_a_name() -> None:
    assert {"CreateCluster", "CreateNodePool", "AddScalingNode"} <= CREATES.keys()


@pytest.mark.parametrize("name", CREATES)
def test_the_name_and_the_vpc_of_each_documented_create_are_those_of_its_key(name: str) -> None:
    paths = CREATES[name].natural_key
    names = [path for path in paths if path.rpartition(".")[2] in ("name", "cluster_name", "netcard_name")]
    assert len(names) == (0 if name == "AddScalingNode" else 1)
    for each in both({path: f"its {path}" for path in paths}):
        assert each.name == (f"its {names[0]}" if names else None)
        assert each.vpc_id == ("its vpc_id" if "vpc_id" in paths else None)


@pytest.mark.parametrize("key", [{}, {"vpc_id": "v"}, {"ClusterName": "c"}, {"filename": "f"}, {"name.id": "i"}])
def test_what_names_nothing_has_no_name(key: dict[str, str]) -> None:
    assert [each.name for each in both(key)] == [None, None]
    assert [each.vpc_id for each in both(key)] == [key.get("vpc_id")] * 2


def test_a_key_in_words_is_empty_only_if_there_is_none() -> None:
    assert natural_key_text({}) == ""
    assert natural_key_text({"cluster_name": "gpu-1", "vpc_id": "v"}) == "cluster_name='gpu-1' vpc_id='v'"
