"""Values that JSON or YAML have no usual form for: what is printed can be read again."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import click
import pytest
import yaml

from cds_eks.cli.options import Options
from cds_eks.cli.output import printing

HALF = "a\ud800b"
INFINITE = {"a": [1e999, -1e999, float("nan"), 1.5], "b": {"c": float("nan")}}


def printed(value: Any, output: Any, monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8") -> str:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", stdout)
    printing.emit(value, Options(output=output))
    stdout.seek(0)
    return stdout.read()


@pytest.mark.parametrize("output", ["json", "jsonl"])
def test_numbers_that_json_has_not_are_null(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(text: str) -> None:
        raise AssertionError(text)

    read = json.loads(printed(INFINITE, output, monkeypatch), parse_constant=refuse)
    assert read == {"a": [None, None, None, 1.5], "b": {"c": None}}


def test_half_a_surrogate_pair_is_an_escape_in_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed({"name": HALF, "训": "😀"}, "yaml", monkeypatch)
    assert yaml.safe_load(text) == {"name": HALF, "训": "😀"}


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "gb18030", "utf-8"])
def test_yaml_reads_the_same_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"name": "训练", "é": ["😀", "a\\u8bad"], "plain": "a"}
    assert yaml.safe_load(printed(value, "yaml", monkeypatch, encoding)) == value


@pytest.mark.parametrize("output", ["json", "yaml", "table"])
def test_what_is_nested_too_deep_is_no_mistake_of_ours(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value: Any = 1
    for _ in range(100_000):
        value = {"a": value}
    with pytest.raises(click.ClickException, match="nested too deep"):
        printed(value, output, monkeypatch)
    while isinstance(value, dict):  # or else its end would be as deep
        value = value["a"]
