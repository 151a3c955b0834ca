"""Texts of plans: the values are those of the format, and each has its line."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks.documents.reading import Path
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.plan import Plan
from cds_eks.fleet.plan.document import FORMATS, Document, Format, read

from .plans import PLAIN, as_json, as_toml, as_yaml, told

steady = settings(deadline=None, derandomize=True)

WRITERS = {"toml": as_toml, "yaml": as_yaml, "json": as_json}

TOML = '''\
# a comment with [brackets] and "quotes"
version = 1
title = """
[[clusters]]
name = 'no key' """
"quoted key".'other' = { a = [1, 2], b = { c = "}" } } # } ]
[defaults.cluster]
vpc_id = "v"
cni.cni_config.pod_cidr = ""  # dotted

[defaults . "node_pool"]
x = [
  "a", # ]
  "b",

  { y = 1 }, # }

]
at = 2026-11-27 10:00:00
[[clusters]]
name = 'one'
[[clusters.node_pools]]
name = "p1"
[[clusters.node_pools]]
name = "p2"
[clusters.master_config]
labels = { "a.b" = "c" }
[[clusters]]
name = "two"
  [[clusters.node_pools]]
  name = """"p3"""""
last = 1
'''


def test_lines_of_toml() -> None:
    document = read(TOML, "toml")
    lines = {
        ("version",): 2,
        ("title",): 3,
        ("quoted key", "other", "a", 1): 6,
        ("quoted key", "other", "b", "c"): 6,
        ("defaults", "cluster"): 7,
        ("defaults", "cluster", "vpc_id"): 8,
        ("defaults", "cluster", "cni"): 9,
        ("defaults", "cluster", "cni", "cni_config", "pod_cidr"): 9,
        ("defaults", "node_pool"): 11,
        ("defaults", "node_pool", "x"): 12,
        ("defaults", "node_pool", "x", 0): 13,
        ("defaults", "node_pool", "x", 1): 14,
        ("defaults", "node_pool", "x", 2): 16,
        ("defaults", "node_pool", "x", 2, "y"): 16,
        ("defaults", "node_pool", "at"): 19,
        ("clusters",): 20,
        ("clusters", 0): 20,
        ("clusters", 0, "name"): 21,
        ("clusters", 0, "node_pools", 0): 22,
        ("clusters", 0, "node_pools", 1): 24,
        ("clusters", 0, "node_pools", 1, "name"): 25,
        ("clusters", 0, "master_config"): 26,
        ("clusters", 0, "master_config", "labels", "a.b"): 27,
        ("clusters", 1): 28,
        ("clusters", 1, "name"): 29,
        ("clusters", 1, "node_pools", 0): 30,
        ("clusters", 1, "node_pools", 0, "name"): 31,
        ("clusters", 1, "node_pools", 0, "last"): 32,
    }
    assert {path: document.line_of(path) for path in lines} == lines
    assert document.data["clusters"][1]["node_pools"][0]["name"] == '"p3""'
    assert document.line_of(("clusters", 1, "node_pools", 0, "missing", "below")) == 30
    assert document.line_of(("missing",)) == 1


def test_lines_of_toml_from_windows() -> None:
    assert read(TOML.replace("\n", "\r\n"), "toml").lines == read(TOML, "toml").lines


def paths_of(data: Any, path: Path = ()) -> set[Path]:
    """The paths of all values."""
    found = {path}
    if isinstance(data, dict):
        found = found.union(*(paths_of(value, (*path, name)) for name, value in data.items()))
    elif isinstance(data, list):
        found = found.union(*(paths_of(value, (*path, index)) for index, value in enumerate(data)))
    return found


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029\ufeff"), max_size=8)
SCALARS = st.booleans() | st.integers(-(10**9), 10**9) | TEXTS | st.sampled_from(["no", "012", "}", "]", "#", '"', "'"])
DATA = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=10
    ),
    max_size=4,
)


@steady
@given(DATA)
def test_toml_has_a_line_for_each_value(data: dict[str, Any]) -> None:
    text = as_toml(data)
    document = read(text, "toml")
    assert document.data == data == tomllib.loads(text)
    assert set(document.lines) == paths_of(data)
    assert max(document.lines.values()) <= text.count("\n") + 1


@steady
@given(DATA, st.sampled_from([None, 1]))
def test_json_is_what_the_standard_library_reads(data: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(data, indent=indent)
    document = read(text, "json")
    assert document.data == data
    assert set(document.lines) == paths_of(data)


@steady
@given(DATA)
def test_yaml_reads_json(data: dict[str, Any]) -> None:
    document = read(json.dumps(data, ensure_ascii=False, indent=1), "yaml")
    assert document.data == data
    assert set(document.lines) == paths_of(data)


@steady
@given(DATA)
def test_yaml_reads_what_pyyaml_writes(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, default_style='"', allow_unicode=True)  # quoted, with tags on what is no text
    assert read(text, "yaml").data == data


def test_lines_of_json_and_yaml() -> None:
    text = '{\n "a": [\n  1,\n  {"b":\n 2}],\n "c": {}\n}'
    lines = {(): 1, ("a",): 2, ("a", 0): 3, ("a", 1): 4, ("a", 1, "b"): 4, ("c",): 6}
    assert read(text, "json").lines == lines
    assert read(text, "yaml").lines == lines
    block = "a:\n- 1\n- b: 2\n  c:\n   3\n"
    assert read(block, "yaml").lines == {
        (): 1, ("a",): 1, ("a", 0): 2, ("a", 1): 3, ("a", 1, "b"): 3, ("a", 1, "c"): 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("a = 1\nb = = 2\n", "toml", 2),
        ("a = 1\n\na = 2\n", "toml", 3),
        ("[a]\n[b]\n[a]\n", "toml", 3),
        ('a = "x\n', "toml", 1),
        ("a = [1,\n2\n", "toml", 3),
        ('{"a": 1,\n "b" 2}', "json", 2),
        ('{"a": 1,\n\n}', "json", 3),
        ('{"a": [1\n2]}', "json", 2),
        ('{"a": 1}\n{}', "json", 2),
        ('{"a":\n NaN}', "json", 2),
        ("", "json", 1),
        ('{"a": ' + "9" * 5000 + "}", "json", 1),
        ("[" * 100_000, "json", 1),
        ("a: 1\nb: [", "yaml", 2),
        ("a: 1\n\tb: 1", "yaml", 2),
        ("a: 1\n---\nb: 1\n", "yaml", 2),
        ("a: 1\nb: *nothing\n", "yaml", 2),
        ("a: 1\nb: !!python/name:os.system\n", "yaml", 2),
        ("a: 1\nb: !!int no\n", "yaml", 2),
        ("a: 1\nb: !thing [1]\n", "yaml", 2),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "yaml", 3),
        ("a: 1\n? [b]\n: 2\n", "yaml", 2),
        ("a: 1\nb: &x [*x]\n", "yaml", 2),
        ("a: " + "9" * 5000, "yaml", 1),
    ],
)
def test_what_is_not_of_its_format(text: str, kind: Format, line: int) -> None:
    [fault] = Plan.loads(text, kind, "plan").check()
    assert (fault.file, fault.line, fault.field) == ("plan", line, "")
    assert str(fault) == f"plan:{line}: {fault.message}"
    assert fault.message.startswith(("is not ", "is nested ", "has "))


def test_a_text_that_is_too_deep_for_its_reader() -> None:
    for text, name in (("a = " + "[" * 5000 + "]" * 5000, "toml"), ("[" * 5000 + "]" * 5000, "yaml")):
        [fault] = Plan.loads(text, name).check()  # type: ignore[arg-type]
        assert "nested too deeply" in fault.message


def test_complaints_hold_nothing_of_the_text() -> None:
    texts: list[tuple[str, Format]] = [
        ("password: *hunter2", "yaml"),
        ("password: %hunter2", "yaml"),
        ("password: &hunter2 &x y", "yaml"),
        ("password: !hunter2 x", "yaml"),
        ("password: 'hunter2", "yaml"),
        ("password: @hunter2", "yaml"),
        ('password = hunter2"', "toml"),
        ('{"password": hunter2}', "json"),
        ('{"password": "hunter2', "json"),
    ]
    for text, name in texts:
        faults = told(Plan.loads(text, name))
        assert faults
        assert "hunter2" not in "".join(faults), text


@pytest.mark.parametrize(
    ("text", "kind"),
    [('{"version": 1,\n"clusters": [],\n"version": 2}', "json"), ("version: 1\nclusters: []\nversion: 2", "yaml")],
)
def test_keys_that_are_there_twice(text: str, kind: Format) -> None:
    assert told(Plan.loads(text, kind, "p")) == [
        "p:2: clusters: is empty: a plan is of one cluster at least",
        "p:3: version: is there twice",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 1\n\nversion = 2\n", "p:3: is not TOML: version is there twice"),
        ("version = 1\nversion = 2", "p:2: is not TOML: version is there twice"),
        (
            '[[clusters]]\nname = "a"\nname = """b\nvpc_id = 3\n"""\n',
            "p:3: is not TOML: clusters[0].name is there twice",
        ),
        (
            "[[clusters]]\n[[clusters]]\n[[clusters.node_pools]]\nnode_config.shell = ''\nnode_config.shell = ''\n",
            "p:5: is not TOML: clusters[1].node_pools[0].node_config.shell is there twice",
        ),
        ("defaults = 1\n[defaults]\n", "p:2: is not TOML: defaults is there twice"),
        ('"a\\u001b" = 1\n"a\\u001b" = 2\n', "p:2: is not TOML: 'a\\x1b' is there twice"),
        ("x = {a = 1, a = 2}\n", "p:1: is not TOML: Duplicate inline table key 'a'"),
        ("[x]\n[x]\n", "p:2: is not TOML: Cannot declare ('x',) twice"),
    ],
)
def test_a_key_of_toml_that_is_there_twice_is_named(text: str, said: str) -> None:
    assert told(Plan.loads(text, "toml", "p")) == [said]


def test_a_tab_of_yaml_is_called_one() -> None:
    [fault] = told(Plan.loads("version: 1\nclusters:\n\t- name: a\n", "yaml", "p"))
    assert fault == "p:3: is not YAML: found a tab that cannot start any token"


@pytest.mark.parametrize(
    ("text", "kind"), [("clusters = []", "toml"), ('{"clusters": []}', "json"), ("clusters: []", "yaml")]
)
def test_a_plan_of_no_cluster_is_a_fault(text: str, kind: Format) -> None:
    assert "p:1: clusters: is empty: a plan is of one cluster at least" in told(Plan.loads(text, kind, "p"))


def test_deep_keys_that_are_there_twice_are_all_told() -> None:
    text = "version: 1\nclusters:\n- name: a\n  name: b\n  node_pools:\n  - {name: x, name: y}\n"
    document = read(text, "yaml", "p")
    assert [str(fault) for fault in document.faults] == [
        "p:4: clusters[0].name: is there twice",
        "p:6: clusters[0].node_pools[0].name: is there twice",
    ]
    assert document.data["clusters"][0]["name"] == "a"


def test_all_formats_and_python_values_say_the_same() -> None:
    plan = Plan.from_dict(PLAIN)
    assert plan.check() == []
    for name in FORMATS:
        other = Plan.loads(WRITERS[name](PLAIN), name)
        assert other.check() == []
        assert other == plan
        assert other.clusters == plan.clusters
        assert other.digest == plan.digest
        assert other.items() == plan.items()
        assert other.to_dict() == plan.to_dict()
        assert [each.create_request() for each in other.clusters] == [each.create_request() for each in plan.clusters]


def test_a_format_that_there_is_not() -> None:
    with pytest.raises(ConfigurationError, match="one of toml, yaml, json"):
        Plan.loads("", "ini")  # type: ignore[arg-type]


def test_a_document_shows_nothing_of_what_it_holds() -> None:
    assert "hunter2" not in repr(Document(data={"password": "hunter2"}))
