"""What the fields of a request take, rule by rule."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks.schema.text_rules import NAMED_RULES
from cds_eks.schema.validators import (
    Boolean,
    ExtraFields,
    Flag,
    FlagText,
    Integer,
    ListOf,
    MapOfText,
    Rule,
    Text,
    ValidationFailure,
    is_by_wire_name,
    joined,
    kind_of,
)


class Color(enum.StrEnum):
    RED = "red"


class Size(enum.IntEnum):
    THREE = 3


def failure_of(rule: Rule, value: object) -> ValidationFailure:
    with pytest.raises(ValidationFailure) as caught:
        rule.check(value)
    assert str(caught.value) == caught.value.rule
    return caught.value


class TestAnything:
    @pytest.mark.parametrize("value", [None, 1, "x", [1], {"a": 1}])
    def test_the_base_takes_and_loads_anything(self, value: object) -> None:
        assert Rule().check(value) is value
        assert Rule().load(value, "path") is value


class TestText:
    @pytest.mark.parametrize("value", ["", "a", " a\n", "测试 🚀", "a" * 100_000, "&=#%+~*\0"])
    def test_any_text_passes_as_it_is(self, value: str) -> None:
        assert Text().check(value) == value

    @pytest.mark.parametrize("value", [None, 1, True, 1.5, b"a", ["a"], {"a": "b"}, object()])
    def test_what_is_no_text_is_refused(self, value: object) -> None:
        assert failure_of(Text(), value).rule == f"must be a text (str), not {kind_of(value)}"

    def test_a_member_of_an_enum_of_texts_is_kept_as_plain_text(self) -> None:
        assert Text().check(Color.RED) == "red"
        assert type(Text().check(Color.RED)) is str

    def test_a_required_text_must_say_something(self) -> None:
        assert failure_of(Text(allow_empty=False), "").rule == "must not be empty"
        assert Text(allow_empty=False).check(" ") == " "

    @pytest.mark.parametrize("value", ["\ud800", "a\udfffb", "é\udc80"])
    def test_a_lone_surrogate_is_refused(self, value: str) -> None:
        assert "lone surrogate" in failure_of(Text(), value).rule

    @pytest.mark.parametrize("value", ["a", "7", "gpu-1", "A-b-9", "a" * 26, "0-0", "a--b"])
    def test_a_good_name_passes(self, value: str) -> None:
        assert Text(rule="name").check(value) == value

    @pytest.mark.parametrize(
        "value", ["", "-", "-a", "a-", "a" * 27, "a_b", "a b", "a.b", "名字", "é", "a\n", "\na", "a-\n", "٣"]
    )
    def test_a_bad_name_is_refused_in_words(self, value: str) -> None:
        rule = failure_of(Text(rule="name"), value).rule
        assert rule == "must have 1 to 26 letters, digits and dashes, the first and the last a letter or digit"

    @pytest.mark.parametrize(
        "value",
        ["Passw0rd!", "aA0!aA0!", "aA0 aA0 ", "Aa1!" * 7 + "Aa", "Pässw0rdX", "Passw0rd\n", "*" * 8, "*" * 30],
    )
    def test_a_good_password_passes(self, value: str) -> None:
        assert Text(rule="password").check(value) == value

    @pytest.mark.parametrize(
        "value",
        ["", "aA0!aA0", "Aa1!" * 7 + "Aa1", "passw0rd!", "PASSW0RD!", "Password!", "Passw0rdd", "*******", "*" * 31],
    )
    def test_a_bad_password_is_refused_without_being_told(self, value: str) -> None:
        error = failure_of(Text(rule="password"), value)
        assert error.rule.startswith("must have 8 to 30 characters, among them upper and lower case, a digit")
        assert not value or value not in error.rule

    @pytest.mark.parametrize("name", NAMED_RULES)
    def test_each_rule_with_a_name_takes_its_good_texts_and_refuses_its_bad_ones(self, name: str) -> None:
        rule = NAMED_RULES[name]
        assert rule.good[0]
        assert rule.bad
        assert rule.doc.endswith((".", "]."))
        assert rule.words.startswith("must ")
        for good in rule.good:
            assert Text(rule=name).check(good) == good
        for bad in rule.bad:
            assert failure_of(Text(rule=name), bad).rule == rule.words


class TestWhole:
    @pytest.mark.parametrize("value", [0, -1, 7, 10**30])
    def test_any_whole_number_passes(self, value: int) -> None:
        assert Integer().check(value) == value

    @pytest.mark.parametrize("value", [None, "1", 1.0, True, False, [1], 1 + 0j])
    def test_what_is_no_whole_number_is_refused_booleans_too(self, value: object) -> None:
        assert failure_of(Integer(), value).rule == f"must be a whole number (int), not {kind_of(value)}"

    def test_a_member_of_an_enum_of_numbers_is_kept_as_a_plain_number(self) -> None:
        assert Integer(one_of=(3, 5)).check(Size.THREE) == 3
        assert type(Integer().check(Size.THREE)) is int

    @pytest.mark.parametrize(
        ("rule", "good", "bad", "words"),
        [
            (Integer(min=1), [1, 2], 0, "must be at least 1; got 0"),
            (Integer(max=99), [99, -5], 100, "must be at most 99; got 100"),
            (Integer(min=80, step=80), [80, 160], 81, "must be a multiple of 80; got 81"),
            (Integer(min=80, step=80), [80], 0, "must be at least 80; got 0"),
            (Integer(one_of=(3, 5, 7)), [3, 5, 7], 4, "must be one of 3, 5, 7; got 4"),
            (Integer(min=0), [0], -1, "must be at least 0; got -1"),
        ],
    )
    def test_a_number_out_of_range_is_refused_with_the_range(
        self, rule: Integer, good: list[int], bad: int, words: str
    ) -> None:
        assert [rule.check(number) for number in good] == good
        assert failure_of(rule, bad).rule == words

    @pytest.mark.parametrize("rule", [Integer(max=9), Integer(one_of=(1,)), Integer(step=3)])
    def test_a_number_too_long_to_be_spelt_is_refused_like_any_other(self, rule: Integer) -> None:
        assert failure_of(rule, 10**5000).rule.endswith("got a longer number")

    def test_a_very_small_number_is_refused_like_any_other(self) -> None:
        assert failure_of(Integer(min=0), -(10**5000)).rule == "must be at least 0; got a longer number"


class TestFlags:
    @pytest.mark.parametrize("value", [True, False])
    def test_a_boolean_takes_booleans(self, value: bool) -> None:
        assert Boolean().check(value) is value

    @pytest.mark.parametrize("value", [0, 1, "true", None])
    def test_a_boolean_takes_nothing_else(self, value: object) -> None:
        assert failure_of(Boolean(), value).rule == f"must be True or False (bool), not {kind_of(value)}"

    @pytest.mark.parametrize(("value", "kept"), [(True, 1), (False, 0), (1, 1), (0, 0)])
    def test_a_flag_is_kept_as_the_wire_has_it(self, value: Any, kept: int) -> None:
        assert Flag().check(value) == kept
        assert type(Flag().check(value)) is int

    @pytest.mark.parametrize("value", [2, -1, "1", 1.0, None, []])
    def test_a_flag_takes_nothing_else(self, value: object) -> None:
        assert failure_of(Flag(), value).rule == "must be True, False, 1 or 0"

    @pytest.mark.parametrize(("value", "kept"), [(True, "1"), (0, "0"), ("true", "true"), ("", ""), (Color.RED, "red")])
    def test_a_flag_text_takes_flags_and_texts(self, value: Any, kept: str) -> None:
        assert FlagText().check(value) == kept

    @pytest.mark.parametrize("value", [2, None, 1.0, "\ud800"])
    def test_a_flag_text_takes_nothing_else(self, value: object) -> None:
        failure_of(FlagText(), value)


class TestListOf:
    @pytest.mark.parametrize("value", [["a", "b"], ("a", "b")])
    def test_lists_and_tuples_pass_and_are_kept_as_lists(self, value: Any) -> None:
        assert ListOf(Text()).check(value) == ["a", "b"]

    def test_it_is_a_list_of_its_own(self) -> None:
        given = ["a"]
        kept = ListOf(Text()).check(given)
        given.append("b")
        assert kept == ["a"]

    @pytest.mark.parametrize("value", ["ab", b"ab", bytearray(b"ab"), None, {"a"}, {"a": "b"}, iter("ab"), 1])
    def test_what_is_no_list_is_refused_texts_too(self, value: object) -> None:
        assert failure_of(ListOf(Text()), value).rule == f"must be a list, not {kind_of(value)}"

    @pytest.mark.parametrize(
        ("rule", "value", "words"),
        [
            (ListOf(Text(), min_items=1), [], "must have at least 1 entry; got 0"),
            (ListOf(Text(), min_items=2), ["a"], "must have at least 2 entries; got 1"),
            (ListOf(Text(), max_items=1), ["a", "b"], "must have at most 1 entry; got 2"),
            (ListOf(Text(), max_items=2), ["a"] * 3, "must have at most 2 entries; got 3"),
        ],
    )
    def test_the_number_of_entries_is_checked(self, rule: ListOf, value: list[str], words: str) -> None:
        assert failure_of(rule, value).rule == words

    def test_a_broken_entry_is_named_by_its_index(self) -> None:
        assert failure_of(ListOf(Text()), ["a", 1]).path == "[1]"
        assert failure_of(ListOf(ListOf(Text())), [["a"], ["b", 1]]).path == "[1][1]"

    def test_plain_data_is_loaded_entry_by_entry_with_the_path(self) -> None:
        paths = []

        class Noting(Rule):
            def load(self, value: Any, path: str) -> Any:
                paths.append(path)
                return value * 2

        assert ListOf(Noting()).load((1, 2), "sizes") == [2, 4]
        assert paths == ["sizes[0]", "sizes[1]"]

    @pytest.mark.parametrize("value", ["ab", None, {"a": 1}])
    def test_what_is_no_list_is_loaded_as_it_is(self, value: object) -> None:
        assert ListOf(Text()).load(value, "path") is value


class TestMapOfText:
    @pytest.mark.parametrize("value", [{}, {"a": "b", "": ""}, MappingProxyType({"a": "b"})])
    def test_mappings_from_text_to_text_pass(self, value: Mapping[str, str]) -> None:
        assert MapOfText().check(value) == dict(value)

    def test_it_is_a_plain_dict_of_its_own(self) -> None:
        given: dict[str, str] = {Color.RED: Color.RED}
        kept = MapOfText().check(given)
        given.clear()
        assert kept == {"red": "red"}
        assert {type(part) for pair in kept.items() for part in pair} == {str}

    @pytest.mark.parametrize("value", [None, [], [("a", "b")], "ab", 1])
    def test_what_is_no_mapping_is_refused(self, value: object) -> None:
        assert failure_of(MapOfText(), value).rule == f"must be a mapping from text to text, not {kind_of(value)}"

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ({"a": 1}, "must be a text (str), not int, in keys and in values"),
            ({1: "a"}, "must be a text (str), not int, in keys and in values"),
            ({"a": None}, "must be a text (str), not nothing, in keys and in values"),
            ({"a": True}, "must be a text (str), not bool, in keys and in values"),
            ({"\ud800": "a"}, "must be text that UTF-8 can hold (it has a lone surrogate), in keys and in values"),
        ],
    )
    def test_keys_and_values_must_be_texts(self, value: object, words: str) -> None:
        assert failure_of(MapOfText(), value).rule == words

    def test_the_number_of_entries_is_checked(self) -> None:
        labels = {str(number): "x" for number in range(6)}
        assert failure_of(MapOfText(max_items=5), labels).rule == "must have at most 5 entries; got 6"
        del labels["0"]
        assert MapOfText(max_items=5).check(labels) == labels


class TestExtraFields:
    @pytest.mark.parametrize("value", [{}, {"A": 1, "b c": [None]}])
    def test_fields_by_wire_name_pass(self, value: dict[str, Any]) -> None:
        kept = ExtraFields().check(value)
        assert kept == value
        assert kept is not value

    @pytest.mark.parametrize("value", [None, [], "A", {1: 2}, {"": 1}, {None: 1}])
    def test_anything_else_is_refused(self, value: object) -> None:
        assert failure_of(ExtraFields(), value).rule == "must be a mapping whose keys are wire names"
        assert not is_by_wire_name(value)


@pytest.mark.parametrize(("value", "name"), [(None, "nothing"), (1, "int"), ("a", "str"), (Color.RED, "Color")])
def test_kinds_are_named_by_type(value: object, name: str) -> None:
    assert kind_of(value) == name


@pytest.mark.parametrize(
    ("head", "tail", "path"), [("a", "", "a"), ("a", "b", "a.b"), ("a", "[0]", "a[0]"), ("[0]", "b", "[0].b")]
)
def test_paths_are_joined(head: str, tail: str, path: str) -> None:
    assert joined(head, tail) == path


marked = st.text().map(lambda text: f"§{text}")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | marked | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(marked | st.integers(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, derandomize=True)
@given(value=anything)
def test_a_rule_passes_a_value_or_a_complaint_that_repeats_no_text(value: object) -> None:
    rules: list[Rule] = [
        Text(rule="name"),
        Text(rule="password", allow_empty=False),
        Integer(min=0, max=9, step=3),
        Integer(one_of=(1,)),
        Boolean(),
        Flag(),
        FlagText(),
        ListOf(Text(rule="name"), min_items=1, max_items=2),
        MapOfText(max_items=1),
        ExtraFields(),
    ]
    said = ""
    for rule in rules:
        try:
            kept = rule.check(rule.load(value, ""))
        except ValidationFailure as error:
            said += error.rule + error.path
        else:
            assert rule.check(kept) == kept
    assert "§" not in said
