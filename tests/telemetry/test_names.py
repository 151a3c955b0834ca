"""The names of the conventions are those of the installed conventions."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from opentelemetry.semconv import schemas
from opentelemetry.semconv._incubating.attributes import rpc_attributes
from opentelemetry.semconv._incubating.metrics import http_metrics as incubating_http_metrics
from opentelemetry.semconv._incubating.metrics import rpc_metrics
from opentelemetry.semconv.attributes import (
    error_attributes,
    http_attributes,
    network_attributes,
    server_attributes,
    url_attributes,
)
from opentelemetry.semconv.metrics import http_metrics

import cds_eks.otel
from cds_eks.otel import names

CONVENTIONS = (
    error_attributes,
    http_attributes,
    network_attributes,
    server_attributes,
    url_attributes,
    rpc_attributes,
    http_metrics,
    incubating_http_metrics,
    rpc_metrics,
)
OURS = {
    name: value for name, value in vars(names).items() if isinstance(value, str) and name.isupper() and "." in value
}
OWN = {name for name, value in OURS.items() if value.startswith("cds.")} | {"SCHEMA_URL"}


def of_the_conventions(name: str) -> str:
    (value,) = {getattr(module, name) for module in CONVENTIONS if hasattr(module, name)}
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize("name", sorted(OURS.keys() - OWN))
def test_a_name_is_that_of_the_conventions(name: str) -> None:
    assert OURS[name] == of_the_conventions(name)


@pytest.mark.parametrize("name", sorted(OURS.keys() - OWN))
def test_no_name_is_a_deprecated_one(name: str) -> None:
    for module in CONVENTIONS:
        if hasattr(module, name):
            text = inspect.getsource(module)
            found = re.search(rf'^{name}: Final = .*\n"""(.*?)"""', text, re.MULTILINE | re.DOTALL)
            assert found is not None
            is_moved_to_stable = "Deprecated in favor of stable" in found[1]
            assert "Deprecated" not in found[1] or is_moved_to_stable, (module.__name__, found[1])


def test_there_are_names_to_compare() -> None:
    assert len(OURS.keys() - OWN) >= 15


def test_the_schema_is_that_of_the_conventions() -> None:
    assert names.SCHEMA_URL in {each.value for each in schemas.Schemas}


def test_other_is_the_conventions_word() -> None:
    assert error_attributes.ErrorTypeValues.OTHER.value == names.OTHER
    assert http_attributes.HttpRequestMethodValues.OTHER.value == names.OTHER


def test_our_own_names_do_not_collide_with_those_of_the_conventions() -> None:
    theirs = {value for module in CONVENTIONS for value in vars(module).values() if isinstance(value, str)}
    assert {OURS[name] for name in OWN if name != "SCHEMA_URL"} & theirs == set()


def test_no_name_is_written_anywhere_else() -> None:
    folder = Path(cds_eks.otel.__file__).parent
    files = [*folder.glob("*.py"), *(folder.parent / "fleet" / "run").glob("*.py")]
    written = set()
    for path in files:
        if path.name == "names.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in OURS.values():
                written.add((path.name, node.value))
    assert written <= {("httpx_hooks.py", "url.full")}
