"""Descriptions with a fault, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import codegen
from codegen.faults import DescriptionError
from codegen.loading import load

ROOT = Path(codegen.__file__).resolve().parents[1]
TEXT = (ROOT / "codegen" / "api.yaml").read_text(encoding="utf-8")

OPERATION = """\
  {name}:
    group: {group}
    method: {method}
    http: GET
    action: {name}
    source: I
    action_source: I
    kind: read
    request: {request}
    result: {result}
    result_source: I
    doc: {doc}
    zh: {zh}
"""
SHAPE = """\
  {name}:
    group: {group}
    use: {use}
    source: I
    doc: Of no use.
    fields:
      {field}: {{wire: {wire}, type: {type}, source: I, doc: Of no use.}}
"""


def operation(name: str = "ListSpares", **words: str) -> str:
    usual = {"group": "clusters", "method": "list_spares", "request": "ListClustersRequest", "doc": "List spares."}
    return OPERATION.format(name=name, **{**usual, "result": "list[Node]", "zh": "查询", **words})


def shape(name: str = "Spare", **words: str) -> str:
    usual = {"group": "clusters", "use": "answer", "field": "size", "wire": "Size", "type": "int"}
    return SHAPE.format(name=name, **{**usual, **words})


def with_entries(*operations: str, shapes: str = "", groups: str = "") -> str:
    """The description with further entries, each at the head of its part."""
    return (
        TEXT.replace("\noperations:\n", f"\noperations:\n{''.join(operations)}", 1)
        .replace("\nshapes:\n", f"\nshapes:\n{shapes}", 1)
        .replace("\ngroups:\n", f"\ngroups:\n{groups}", 1)
    )


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "api.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DescriptionError) as caught:
        load(path)
    return str(caught.value).splitlines()


def line_of(text: str, words: str, after: str = "") -> int:
    """The line in which something stands, after something else."""
    assert words in text, words
    return text[: text.index(words, text.index(after))].count("\n") + 1


def at(text: str, words: str, after: str, fault: str) -> str:
    return f"api.yaml:{line_of(text, words, after)}: {fault}"
