"""What a field says is refused if it means nothing for its type, or if nothing can meet it."""

from __future__ import annotations

from pathlib import Path

import pytest
from descriptions import TEXT, at, faults_of, operation, shape, with_entries

pytestmark = pytest.mark.slow

CHOICE = "means nothing here: `{}` is for a number (int) with `one_of`"
NUMBER = "means nothing here: `{}` is for a number (int)"
LIST = "means nothing here: `{}` is for a list in a request"
SHAPE = "means nothing here: `{}` is for a shape in a request"
WORDS = "means nothing here: `{}` is for a text, or a list of texts"
EMPTIABLE = "means nothing here: `{}` is for a text that a request must have"
OPTIONAL = "means nothing here: `{}` is for what a request may leave out"
IN_ANSWER = "means nothing here: `{}` is for a text in an answer"


def with_field(keys: str, *, type_: str = "int", use: str = "request") -> str:
    """The description with a field of a request or of an answer that has further keys."""
    made = shape("Spares", use=use, type=f'"{type_}", {keys}')
    return with_entries(operation(**{"request" if use == "request" else "result": "Spares"}), shapes=made)


def assert_refused(tmp_path: Path, text: str, key: str, reason: str) -> None:
    told = at(text, "size: {wire", "  Spares:", f"shapes.Spares.size{f'.{key}' if key else ''}: {reason}")
    assert told in faults_of(tmp_path, text)


@pytest.mark.parametrize(
    ("type_", "keys", "key", "reason"),
    [
        ("int", "step: 0", "step", "0 is no step: it must be at least 1"),
        ("int", "step: -5", "step", "-5 is no step: it must be at least 1"),
        ("int", "min: 9, max: 1", "min", "9 is more than `max`, 1"),
        ("int", "min: 1, max: 9, step: 10", "step", "no multiple of 10 is from 1 to 9"),
        ("list[str]", "min_items: 3, max_items: 2", "max_items", "2 is less than `min_items`, 3"),
        ("list[str]", "min_items: -1", "min_items", "-1 is less than 0"),
        ("list[str]", "max_items: 0", "max_items", "0 leaves no room for an entry"),
        ("int", "one_of: []", "one_of", "is empty: no number would pass"),
        ("int", "one_of: [1, 1]", "one_of", "has a number twice"),
        ("int", "one_of: [1, 5], max: 3", "one_of", "5 would never pass: it is more than `max`, 3"),
        ("int", "one_of: [1, 5], min: 3", "one_of", "1 would never pass: it is less than `min`, 3"),
        ("int", "one_of: [3, 5], step: 3", "one_of", "5 would never pass: it is no multiple of `step`, 3"),
        ("int", "one_of: [3], min: 1, or_zero: true", "or_zero", "0 would never pass: it is less than `min`, 1"),
        ("int", 'default: "abc"', "default", "'abc' does not begin with a whole number"),
        ("int", 'default: "1.5"', "default", "'1.5' does not begin with a whole number"),
        ("int", 'default: "9", max: 3', "default", "9 could not be sent: it is more than `max`, 3"),
        ("int", 'default: "9", one_of: [1, 2]', "default", "9 could not be sent: it is not in `one_of`"),
        ("bool", "default: perhaps", "default", "'perhaps' does not begin with true, false, 0 or 1"),
        ("flag", "default: perhaps", "default", "'perhaps' does not begin with true, false, 0 or 1"),
        ("map[int]", "max_items: 3", "type", "map[int]: a map holds texts, map[str]"),
        ("map[Volume]", "max_items: 3", "type", "map[Volume]: a map holds texts, map[str]"),
        ("Node", "note: An answer.", "type", "Node has `use: answer`, which is too little for `request`"),
        ("Volume", "needs: [colour]", "needs", "Volume has no field colour that may be left out"),
        ("BillingSpec", "needs: [auto_renew]", "needs", "BillingSpec has no field auto_renew that may be left out"),
        ("Volume", "each: {colour: {min: 1}}", "each.colour", "Volume has no number colour"),
        ("Volume", "each: {type: {min: 1}}", "each.type", "Volume has no number type"),
        ("Volume", "each: {size: {step: 0}}", "each.size.step", "0 is no step: it must be at least 1"),
        ("Volume", "each: {size: {min: 2, max: 1}}", "each.size.min", "2 is more than `max`, 1"),
        (
            "Volume",
            "each: {size: {most: 1}}",
            "each.size.most",
            "there is no such key: a closer rule has `min`, `max` and `step`",
        ),
        *(("str", f'{key}: " "', key, "is empty") for key in ("note", "documented", "default")),
    ],
)
def test_bounds_can_be_met_and_defaults_be_sent(tmp_path: Path, type_: str, keys: str, key: str, reason: str) -> None:
    assert_refused(tmp_path, with_field(keys, type_=type_), key, reason)


@pytest.mark.parametrize(
    ("type_", "keys", "reason"),
    [
        *(
            (type_, "min: 1", NUMBER)
            for type_ in ("str", "bool", "flag", "flag_text", "Volume", "list[str]", "map[str]")
        ),
        *(("str", keys, NUMBER) for keys in ("max: 1", "step: 1", "one_of: [1]", "one_of: []", "unit: GB")),
        ("str", "or_zero: true", CHOICE),
        ("int", "or_zero: true", CHOICE),
        ("int", "one_of_source: O", CHOICE),
        *((type_, "min_items: 1", LIST) for type_ in ("str", "int", "Volume", "map[str]")),
        ("str", "min_items: 0", LIST),
        ("str", "max_items: 1", "means nothing here: `{}` is for a list or a map in a request"),
        *((type_, "values: NodeType", WORDS) for type_ in ("int", "bool", "flag_text", "map[str]", "Volume")),
        *((type_, "rule: name", WORDS) for type_ in ("int", "bool", "map[str]", "Volume")),
        *((type_, "allow_empty: true, required: true", EMPTIABLE) for type_ in ("int", "list[str]", "Volume")),
        ("str", "allow_empty: true", EMPTIABLE),
        ("str", "zh_default: 无", "means nothing here: `{}` is for a field with `default`"),
        ("str", "default: some, required: true", OPTIONAL),
        *((type_, "needs: [size]", SHAPE) for type_ in ("str", "int", "list[str]")),
        *((type_, "each: {size: {min: 1}}", SHAPE) for type_ in ("str", "int", "list[str]")),
        *((type_, "always: true", IN_ANSWER) for type_ in ("str", "int", "list[str]")),
        *((type_, "moment: made_at", IN_ANSWER) for type_ in ("str", "int")),
    ],
)
def test_a_key_that_means_nothing_for_a_type_is_refused(tmp_path: Path, type_: str, keys: str, reason: str) -> None:
    key = keys.partition(":")[0]
    assert_refused(tmp_path, with_field(keys, type_=type_), key, reason.format(key))


@pytest.mark.parametrize(
    ("type_", "keys", "reason"),
    [
        ("str", "required: true", "means nothing here: `{}` is for a request"),
        ("str", "default: some", OPTIONAL),
        ("list[str]", "min_items: 1", LIST),
        ("Volume", "needs: [size]", SHAPE),
        ("list[str]", "always: true", IN_ANSWER),
        ("int", "moment: made_at", IN_ANSWER),
    ],
)
def test_a_key_that_means_nothing_in_an_answer_is_refused(tmp_path: Path, type_: str, keys: str, reason: str) -> None:
    key = keys.partition(":")[0]
    assert_refused(tmp_path, with_field(keys, type_=type_, use="answer"), key, reason.format(key))


@pytest.mark.parametrize("type_", ["list[int]", "list[bool]", "list[flag]"])
def test_a_list_in_an_answer_holds_what_its_reader_reads(tmp_path: Path, type_: str) -> None:
    reason = f"{type_}: a list in an answer holds texts or shapes"
    assert_refused(tmp_path, with_field("note: Of no use.", type_=type_, use="answer"), "type", reason)


@pytest.mark.parametrize(
    ("keys", "key", "reason"),
    [
        ("required: maybe", "required", "'maybe' is neither true nor false"),
        ('required: "no"', "required", "'no' is neither true nor false"),
        ("required: 1", "required", "1 is neither true nor false"),
        ('secret: "yes"', "secret", "'yes' is neither true nor false"),
        ("secret: null", "secret", "nothing is neither true nor false"),
        ('or_zero: "true"', "or_zero", "'true' is neither true nor false"),
        ('min: "7"', "min", "'7' is no whole number"),
        ("min: 1.5", "min", "1.5 is no whole number"),
        ("max: true", "max", "true is no whole number"),
        ("one_of: [1, two]", "one_of.1", "'two' is no whole number"),
        ("one_of: 7", "one_of", "7 is no list"),
        ("one_of: {1: 2}", "one_of.1", "`1` is no text, as a name must be: quote it"),
        ("needs: size", "needs", "'size' is no list"),
        ("revisions: '2025-09-08'", "revisions", "'2025-09-08' is no list"),
        ("default: 7", "default", "7 is no text: quote it"),
        ("default: 2025-10-11", "default", "datetime.date(2025, 10, 11) is no text: quote it"),
        ("note: [a, b]", "note", "['a', 'b'] is no text"),
        ("only: {'2025-09-08': 7}", "only.2025-09-08", "7 is no text: quote it"),
    ],
)
def test_a_value_has_the_type_of_its_key(tmp_path: Path, keys: str, key: str, reason: str) -> None:
    assert_refused(tmp_path, with_field(keys), key, reason)


def test_whether_a_list_is_walked_is_true_or_false(tmp_path: Path) -> None:
    text = with_entries(operation() + '    paged: "yes"\n')
    told = "operations.ListSpares.paged: 'yes' is neither true nor false"
    assert faults_of(tmp_path, text) == [at(text, "paged:", "  ListSpares:", told)]


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        ("{when: node_type, equals", "{when: replicas, equals", "when", "NodePoolSpec has no text replicas"),
        ("{when: node_type, equals", "{when: nobody, equals", "when", "NodePoolSpec has no text nobody"),
        ("node_config.system_volume,", "node_config.nobody,", "fields", "NodePoolSpec has no node_config.nobody"),
        ("because: bare metal takes no cloud disks", 'because: ""', "because", "is empty"),
    ],
)
def test_what_is_forbidden_is_there(tmp_path: Path, before: str, after: str, place: str, reason: str) -> None:
    text = TEXT.replace(before, after)
    assert text != TEXT
    told = at(text, "- {when:", "    forbidden:", f"shapes.NodePoolSpec.forbidden.0.{place}: {reason}")
    assert faults_of(tmp_path, text) == [told]


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        ("{least: min_replicas", "{least: enable", "AutoScaling.ordered.0.least", "enable is no number"),
        ("most: max_replicas", "most: subnet_policy", "AutoScaling.ordered.0.most", "subnet_policy is no number"),
        ('among: ["1", PrePaid]', "among: []", "BillingSpec.needed.0.among", "is empty"),
        (
            "field: duration, one_of: [1, 2, 3,",
            "field: duration, one_of: [], was: [",
            "BillingSpec.needed.0.one_of",
            "is empty",
        ),
        (
            '{when: billing_method, among: ["1", PrePaid], field: duration, one_of: [1,',
            '{when: billing_method, among: ["1", PrePaid], field: duration, one_of: [-1,',
            "BillingSpec.needed.0.one_of",
            "-1 would never pass: it is not in `one_of`",
        ),
        ("{when: billing_method", "{when: auto_renew", "BillingSpec.needed.0.when", "auto_renew is no text"),
        ("field: duration", "field: billing_method", "BillingSpec.needed.0.field", "billing_method is no number"),
    ],
)
def test_what_is_said_of_several_numbers_can_be_met(
    tmp_path: Path, before: str, after: str, place: str, reason: str
) -> None:
    text = TEXT.replace(before, after)
    assert text != TEXT
    assert any(fault.endswith(f": shapes.{place}: {reason}") for fault in faults_of(tmp_path, text))


def test_what_is_said_of_requests_is_not_said_of_answers(tmp_path: Path) -> None:
    answer = shape("Spares") + "    ordered: [{least: size, most: size, source: I}]\n"
    text = with_entries(operation(result="Spares"), shapes=answer)
    told = "shapes.Spares.ordered: means nothing here: `ordered` is for a request"
    assert faults_of(tmp_path, text) == [at(text, "ordered:", "  Spares:", told)]

    request = shape("Spares", use="request") + "    zero_is_none: true\n"
    text = with_entries(operation(request="Spares"), shapes=request)
    told = "shapes.Spares.zero_is_none: means nothing here: `zero_is_none` is for an answer"
    assert faults_of(tmp_path, text) == [at(text, "zero_is_none:", "  Spares:", told)]


@pytest.mark.parametrize(
    ("after", "place", "reason"),
    [
        ('  NodeRole:\n    doc: " "', ".doc", "is empty"),
        ('[{value: worker, source: O, doc: " "}', ".values.0.doc", "is empty"),
        ('[{value: worker, source: O, name: ""}', ".values.0.name", "is empty"),
        ("[{value: worker, source: O, name: int}", ".values.0", "int is not written as constants are"),
        ('[{value: "", name: NONE, source: O}', ".values.0", "NodeRole.: is empty"),
        (
            "[{value: worker, source: O}, {value: worker, name: OTHER, source: O}",
            ".values.1",
            "NodeRole.worker: worker is there twice",
        ),
    ],
)
def test_values_have_texts_and_are_there_once(tmp_path: Path, after: str, place: str, reason: str) -> None:
    before = (
        "[{value: worker, source: O}"
        if after[0] == "["
        else "  NodeRole:\n    doc: The part that a node has in its cluster."
    )
    text = TEXT.replace(before, after)
    assert text != TEXT
    assert [fault.partition(": ")[2] for fault in faults_of(tmp_path, text)] == [f"values.NodeRole{place}: {reason}"]


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("MadeAt", "'MadeAt' is not written as names are in Python: small letters and underscores"),
        ("size", "`size` is taken"),
        ("started_at", "`started_at` is taken"),
    ],
)
def test_a_moment_has_a_name_of_its_own(tmp_path: Path, moment: str, reason: str) -> None:
    other = "{wire: Start, type: str, moment: started_at, source: I, doc: Of no use.}"
    made = shape("Spares", type=f"str, moment: {moment}").replace("fields:\n", f"fields:\n      start: {other}\n")
    text = with_entries(operation(result="Spares"), shapes=made)
    assert faults_of(tmp_path, text) == [at(text, "size: {wire", "  Spares:", f"shapes.Spares.size.moment: {reason}")]
