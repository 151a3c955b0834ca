"""What is no YAML, or none of a description, is told with its line and its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from descriptions import TEXT, at, faults_of, line_of, operation, shape, with_entries

from codegen.faults import DescriptionError
from codegen.loading import load

pytestmark = pytest.mark.slow

INVISIBLE = "has the invisible character U+{}"
LINES = "is more than one line (`>-` joins lines, `>` and `|` leave a line break at the end)"


@pytest.mark.parametrize("key", ["7", "no", "~", "1.5", "2025-10-11"])
@pytest.mark.parametrize("part", ["groups", "operations", "values", "shapes"])
def test_a_name_is_a_text(tmp_path: Path, part: str, key: str) -> None:
    text = TEXT.replace(f"\n{part}:\n", f"\n{part}:\n  {key}: {{}}\n")
    told = f"{part}.{key}: `{key}` is no text, as a name must be: quote it"
    assert faults_of(tmp_path, text) == [at(text, f"  {key}: {{}}", f"\n{part}:", told)]


def test_a_name_is_a_text_below_too(tmp_path: Path) -> None:
    text = with_entries(operation(result="Spare"), shapes=shape(field="on"))
    told = "shapes.Spare.on: `on` is no text, as a name must be: quote it"
    assert faults_of(tmp_path, text) == [at(text, "on: {wire", "  Spare:", told)]
    text = TEXT.replace("\nshapes:\n", "\nshapes:\n  ? [a, b]\n  : {}\n")
    told = "shapes: a list or a mapping is no text, as a name must be: quote it"
    assert faults_of(tmp_path, text) == [at(text, "? [a, b]", "\nshapes:", told)]


@pytest.mark.parametrize("recursive", ["&c {doc: *c}", "&c {doc: [1, *c]}", "&c {doc: {a: {b: *c}}}", "&c {<<: *c}"])
@pytest.mark.parametrize("part", ["groups", "operations", "shapes"])
def test_what_holds_itself_is_told(tmp_path: Path, part: str, recursive: str) -> None:
    text = TEXT.replace(f"\n{part}:\n", f"\n{part}:\n  spares: {recursive}\n")
    [told] = faults_of(tmp_path, text)
    assert told.startswith(at(text, "  spares:", f"\n{part}:", f"{part}.spares"))
    assert told.endswith(": holds itself, by an alias")


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ufffe"])
def test_a_character_that_yaml_does_not_take_is_told(tmp_path: Path, char: str) -> None:
    text = TEXT.replace("doc: Clusters,", f"doc: Clust{char}ers,")
    told = f"api.yaml:{line_of(text, char)}: the character U+{ord(char):04X} can't stand in YAML"
    assert faults_of(tmp_path, text) == [told]


def test_a_byte_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "api.yaml"
    path.write_bytes(TEXT.replace("doc: Clusters,", "doc: Clust?ers,").encode().replace(b"Clust?ers", b"Clust\xffers"))
    with pytest.raises(DescriptionError) as caught:
        load(path)
    assert str(caught.value) == f"api.yaml:{line_of(TEXT, 'doc: Clusters,')}: byte 0xff is no UTF-8"


@pytest.mark.parametrize(
    ("escape", "reason"),
    [
        ("\\n", LINES),
        ("\\r", INVISIBLE.format("000D")),
        ("\\0", INVISIBLE.format("0000")),
        ("\\e", INVISIBLE.format("001B")),
        ("\\t", INVISIBLE.format("0009")),
        ("\\u200b", INVISIBLE.format("200B")),
        ("\\u202e", INVISIBLE.format("202E")),
        ("\\u2028", INVISIBLE.format("2028")),
        ("\\x85", INVISIBLE.format("0085")),
    ],
)
def test_a_text_is_one_line_that_can_be_seen(tmp_path: Path, escape: str, reason: str) -> None:
    text = TEXT.replace("doc: Clusters,", f'doc: "Clust{escape}ers",')
    told = at(text, "clusters: {doc:", "\ngroups:", f"groups.clusters.doc: {reason}")
    text_of_list = TEXT.replace("[{value: vxlan,", f'[{{value: "vx{escape}lan",')
    of_list = at(
        text_of_list, "values: [{value: ", "  FlannelBackendType:", "values.FlannelBackendType.values.0.value: "
    )
    assert faults_of(tmp_path, text) == [told]
    assert f"{of_list}{reason}" in faults_of(tmp_path, text_of_list)


@pytest.mark.parametrize("style", ["|", ">"])
def test_a_block_keeps_no_line_break(tmp_path: Path, style: str) -> None:
    text = with_entries(operation(doc=f"{style}\n      List spares."))
    assert faults_of(tmp_path, text) == [at(text, "doc:", "  ListSpares:", f"operations.ListSpares.doc: {LINES}")]


@pytest.mark.parametrize(
    "value", ["2025-13-45", "!!int abc", "!!float abc", "!!timestamp abc", "!!python/name:os.system", "!!binary ä"]
)
def test_a_scalar_without_a_value_is_told(tmp_path: Path, value: str) -> None:
    text = TEXT.replace("doc: Clusters,", f"doc: {value},")
    [told] = faults_of(tmp_path, text)
    assert told.startswith(f"api.yaml:{line_of(text, f'doc: {value}')}: this is no YAML: ")


@pytest.mark.parametrize("depth", [300, 3_000])
def test_what_is_nested_too_deep_is_told(tmp_path: Path, depth: int) -> None:
    text = TEXT.replace("doc: Clusters,", f"doc: {'[' * depth}{']' * depth},")
    assert all(fault.startswith("api.yaml:") for fault in faults_of(tmp_path, text))


def test_a_second_document_is_told(tmp_path: Path) -> None:
    [told] = faults_of(tmp_path, f"{TEXT}\n---\ngroups: {{}}\n")
    assert told.endswith("this is no YAML: but found another document")
