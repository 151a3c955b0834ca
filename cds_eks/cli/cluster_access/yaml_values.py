"""YAML as PyYAML parses it, before it decides what a value means: what is not touched is written as it was read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from cds_eks.errors import ConfigurationError

_TEXT = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@-]*")
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""What is no text to some reader of YAML, kubectl's above all."""


def loaded(text: str, what: str) -> Node | None:
    """Read a text; None if it is empty.

    Raises:
        ConfigurationError: It is not YAML, or more than one document; the line is told, nothing of the text.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
    except (yaml.YAMLError, RecursionError):
        line = None
    else:
        return None if node is None or node.tag == _NULL else node
    raise ConfigurationError(f"{what} is no YAML that can be read{'' if line is None else f': line {line}'}")


def dumped(node: Node) -> str:
    """Write a value as text, in block style: in flow style PyYAML quotes and tags some plain scalars, `1:30` say."""
    _put_in_blocks(node)
    text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=1 << 20)
    return text


def _put_in_blocks(node: Node) -> None:
    seen: set[int] = set()  # one that has several aliases is one
    left = [node]
    while left:
        each = left.pop()
        if isinstance(each, (MappingNode, SequenceNode)) and id(each) not in seen:
            seen.add(id(each))
            each.flow_style = not each.value
            left += [part for pair in each.value for part in pair] if isinstance(each, MappingNode) else each.value


def scalar(text: str) -> ScalarNode:
    """Return a text as a value, in quotes if it would be something else without them."""
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return ScalarNode(_TEXT, text, style=None if is_plain else "'")


def mapping(values: Mapping[str, Node]) -> MappingNode:
    """Return a mapping as a value."""
    pairs = [(scalar(key), value) for key, value in values.items()]
    return MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)


def sequence(values: Sequence[Node]) -> SequenceNode:
    """Return a list as a value."""
    return SequenceNode("tag:yaml.org,2002:seq", list(values), flow_style=False)


def child(node: Any, key: str, what: str = "the kubeconfig") -> Node | None:
    """Return what a mapping has under a key; None if it has no such key, or nothing under it.

    Raises:
        ConfigurationError: It has the key twice.
    """
    if not isinstance(node, MappingNode):
        return None
    found: list[Node] = [value for name, value in node.value if text_of(name) == key]
    if len(found) > 1:
        raise ConfigurationError(f"{what} has `{key}` twice: line {found[1].start_mark.line + 1}")
    return found[0] if found and found[0].tag != _NULL else None


def put(node: MappingNode, key: str, value: Node) -> None:
    """Put a value under a key, in place of what is there."""
    for number, (name, _) in enumerate(node.value):
        if text_of(name) == key:
            node.value[number] = (name, value)
            return
    node.value.append((scalar(key), value))


def text_of(node: Any) -> str | None:
    """Return a scalar as it is spelt; None if it is none."""
    if not isinstance(node, ScalarNode):
        return None
    text: str = node.value
    return text


def entries(node: MappingNode, name: str, what: str = "the kubeconfig") -> list[MappingNode]:
    """Return the entries of a list of mappings; none if there is no list.

    Raises:
        ConfigurationError: It is no such list.
    """
    found = child(node, name, what)
    if found is None:
        return []
    if not isinstance(found, SequenceNode) or not all(isinstance(entry, MappingNode) for entry in found.value):
        raise ConfigurationError(f"{what} is no kubeconfig: its {name} must be a list of named entries")
    return list(found.value)
