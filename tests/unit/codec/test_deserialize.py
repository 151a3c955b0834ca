"""Answers are read tolerantly, as the contract page says; what can't be read is a decode error that names its path."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks import models
from cds_eks.codec.deserialize import Unreadable, read_bool, read_int, read_str
from unit.codec.read_answers import read


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), ("", ""), (None, None), (7, "7"), (0, "0"), (1.5, "1.5"), (True, "true"), (False, "false")],
)
def test_a_text_is_read_also_from_a_number_or_a_boolean(value: Any, text: str | None) -> None:
    assert read_str(value, str) == text


@pytest.mark.parametrize("value", [[], ["a"], {}, {"a": 1}, b"a"])
def test_a_text_is_not_read_from_anything_else(value: object) -> None:
    with pytest.raises(Unreadable, match=f"^ should be a text, not {type(value).__name__}$"):
        read_str(value, str)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7),
        (0, 0),
        (-3, -3),
        (7.0, 7),
        (True, 1),
        ("7", 7),
        (" 7 ", 7),
        ("-7", -7),
        ("+7", 7),
        ("007", 7),
        ("7.0", 7),
        ("7.", 7),
        ("12345678901234567.0", 12345678901234567),
        ("9" * 30, int("9" * 30)),
        ("", None),
        ("  ", None),
        (None, None),
        (10**300, 10**300),
    ],
)
def test_a_number_is_read_also_from_text(value: Any, number: int | None) -> None:
    assert read_int(value, int) == number
    assert type(read_int(value, int)) in (int, type(None))


@pytest.mark.parametrize(
    "value",
    [
        *["x", "7x", "7.5", "1e3", "0x10", "٣", "9" * 31, "9" * 5000, "1_000", "NaN", "--7"],
        *[7.5, [], {}, [7], float("nan"), float("inf"), float("-inf")],
    ],
)
def test_a_number_is_not_read_from_anything_else(value: object) -> None:
    with pytest.raises(Unreadable, match=f"^ should be a whole number, not {type(value).__name__}$"):
        read_int(value, int)


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("1", True),
        ("0", False),
        ("true", True),
        ("False", False),
        (" YES ", True),
        ("no", False),
        ("", None),
        (None, None),
    ],
)
def test_a_boolean_is_read_also_from_numbers_and_words(value: Any, truth: bool | None) -> None:
    assert read_bool(value, bool) is truth


@pytest.mark.parametrize("value", [2, -1, "maybe", "2", 1.0, [], {}])
def test_a_boolean_is_not_read_from_anything_else(value: object) -> None:
    with pytest.raises(Unreadable, match=f"^ should be true or false, not {type(value).__name__}$"):
        read_bool(value, bool)


def test_a_flag_is_read_as_a_number_and_a_flag_text_as_text() -> None:
    assert read(bool | int, True) == 1
    assert read(bool | int, "0") == 0
    assert read(str | bool, True) == "true"
    assert read(str | bool, 1) == "1"


@pytest.mark.parametrize("name", ["K8sVersion", "K8SVersion", "k8sversion", "K8SVERSION"])
def test_names_match_whatever_their_case(name: str) -> None:
    cluster = read(models.ClusterSummary, {name: "v1.30.14"})
    assert cluster.k8s_version == "v1.30.14"
    assert cluster.extra == {}


def test_the_documented_spelling_wins_over_another_one() -> None:
    for order in (["K8sStatus", "K8SStatus"], ["K8SStatus", "K8sStatus"]):
        node = read(models.Node, {name: name for name in order})
        assert node.k8s_status == "K8sStatus"
        assert node.extra == {"K8SStatus": "K8SStatus"}


@pytest.mark.parametrize("nothing", [None, ""])
def test_of_two_spellings_the_one_that_says_something_is_read(nothing: object) -> None:
    for order in (["K8sStatus", "K8SStatus"], ["K8SStatus", "K8sStatus"]):
        said = {"K8sStatus": nothing, "K8SStatus": "Ready"}
        assert read(models.Node, {name: said[name] for name in order}).k8s_status == "Ready"
