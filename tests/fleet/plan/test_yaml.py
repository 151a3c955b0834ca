"""YAML by the rules of version 1.2: what a scalar is, whatever PyYAML takes it for."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks.documents.reading import Unreadable
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.plan import Plan, yaml_text
from cds_eks.fleet.plan.document import read

steady = settings(deadline=None, derandomize=True)


def scalar(text: str) -> Any:
    return read(f"k: {text}", "yaml").data["k"]


@pytest.mark.parametrize(
    "text",
    [
        *("no", "No", "NO", "yes", "on", "off", "y", "n", "12:30:45", "1:30", "190:20:30", "0b101", "1_000", "="),
        *("v1.30", "1.30.14", "0o8", "0xg", "-0x1", "+0o7", ".", "e3", "1e", ".e1", "nUll", "tRue", "~a", "12e03x"),
        *("+.nan", "2001-12-14", "2001-12-14t21:59:43.10-05:00"),
    ],
)
def test_texts_that_version_1_1_takes_for_something_else(text: str) -> None:
    assert scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("012", 12), ("-012", -12), ("+7", 7), ("0o14", 12), ("0xC", 12), ("0", 0)),
        *(("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-1e3", -1000.0), ("12e03", 12000.0), (".inf", float("inf"))),
        *(("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("-.INF", float("-inf"))),
        *(("!!str 12", "12"), ("!!str no", "no"), ("'12'", "12"), ('"true"', "true"), ("!!int '12'", 12)),
        *(("!!float 1", 1.0), ("! 12", "12"), ('! "no"', "no"), ("!!bool 'true'", True), ("!!null ''", None)),
    ],
)
def test_what_the_core_schema_says(text: str, value: Any) -> None:
    found = scalar(text)
    assert (found, type(found)) == (value, type(value))


@steady
@given(st.integers(0, 10**30))
def test_whole_numbers(number: int) -> None:
    assert scalar(str(number)) == scalar(f"0o{number:o}") == scalar(f"0x{number:x}") == scalar(f"000{number}") == number


@steady
@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_no_sexagesimal_numbers(hours: int, minutes: int, seconds: int) -> None:
    for text in (f"{hours}:{minutes:02}", f"{hours}:{minutes:02}:{seconds:02}", f"{hours}:{minutes:02}.5"):
        assert scalar(text) == text


@steady
@given(st.from_regex(r"(yes|no|on|off|y|n)", fullmatch=True).flatmap(lambda word: st.sampled_from(
    [word, word.upper(), word.title()])))  # fmt: skip
def test_no_further_booleans(word: str) -> None:
    assert scalar(word) == word


@steady
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers(number: float) -> None:
    assert scalar(repr(number)) == number


def test_aliases_of_aliases_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "MOST_VALUES", 20_000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    [fault] = Plan.loads("\n".join(lines), "yaml").check()
    assert "too many values" in fault.message


def test_an_alias_stands_for_what_it_names() -> None:
    assert read("a: &x {b: 1}\nc: *x\n", "yaml").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_without_pyyaml_there_is_a_word_on_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'cds-eks\[fleet\]'"):
        Plan.loads("version: 1", "yaml")
    assert Plan.loads("version = 2").check()


def test_aliases_of_aliases_are_refused_without_being_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty levels would never end."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    monkeypatch.setattr(yaml_text._Builder, "build", None)
    with pytest.raises(Unreadable, match="too many values") as caught:
        yaml_text.read_yaml("\n".join(lines))
    assert caught.value.line == 7  # the first that stands for more than two millions


def test_an_alias_within_itself_is_refused() -> None:
    with pytest.raises(Unreadable, match="within what it stands for"):
        yaml_text.read_yaml("a: &a [1, {b: *a}]")
