"""YAML by the rules of version 1.2 (its core schema), with lines.

PyYAML parses; what a plain scalar means is decided here, since PyYAML goes by version 1.1, to which `no` is a boolean
and `12:30:45` is a number.
"""

from __future__ import annotations

import math
import re
from typing import Any

from cds_eks.documents.reading import Path, Read, Unreadable
from cds_eks.errors import ConfigurationError

MOST_VALUES = 2_000_000
"""How many values a plan may have; aliases of aliases are a few lines that mean billions."""

DEEPEST = 64

_TAG = "tag:yaml.org,2002:"
_PLAIN = "plain"
_NULL = re.compile(r"|~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_NO_NUMBER = re.compile(r"\.(?:nan|NaN|NAN)")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def scalar_of(text: str) -> Any:
    """Return what a plain scalar means by the core schema of YAML 1.2 (its section 10.3.2)."""
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text[0] in "tT"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITE.fullmatch(text):
        return -math.inf if text[0] == "-" else math.inf
    return math.nan if _NO_NUMBER.fullmatch(text) else text


def read_yaml(text: str) -> Read:
    """Read YAML.

    Raises:
        Unreadable: It is not YAML, or says what a plan can't.
        ConfigurationError: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise ConfigurationError("YAML needs PyYAML: pip install 'cds-eks[fleet]' or 'cds-eks[cli]'") from None

    class Loader(yaml.BaseLoader):
        """Parses, and marks plain scalars without a tag."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
            if kind is yaml.ScalarNode and implicit[0]:
                return _PLAIN
            return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]  # PyYAML's

        def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
            event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's
            is_text = event.tag == "!"  # PyYAML takes that for no tag at all
            node = super().compose_scalar_node(anchor)
            if is_text:
                node.tag = _TAG + "str"
            return node

    try:
        root = yaml.compose(text, Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or "it has a character that YAML does not take"
        raise Unreadable(f"is not YAML: {_untold(problem)}", None if mark is None else mark.line + 1) from None
    except RecursionError:
        raise Unreadable("is not YAML that can be read: it is nested too deeply", None) from None
    if root is not None:
        _check_size(root)
    builder = _Builder()
    data = None if root is None else builder.build(root, ())
    return Read(data, builder.lines, builder.twice)


def _untold(problem: str) -> str:
    """Return what PyYAML complains about, without names from the text: `password: *x` is a secret, not an alias."""
    problem = problem.replace(r"character '\t'", "a tab")

    def told(match: re.Match[str]) -> str:
        inner = match[1] if match[2] is None else match[2]
        is_syntax = re.fullmatch(r"<[a-z ]+>|[^A-Za-z0-9]{1,3}", inner)
        return match[0] if is_syntax else "…"

    return _QUOTED.sub(told, problem)


def _check_size(root: Any) -> None:
    """Refuse a text that stands for too many values; each node is looked at once, however many aliases it has."""
    sizes: dict[int, int] = {}
    begun: set[int] = set()
    stack = [root]
    while stack:
        node = stack[-1]
        entries = node.value if isinstance(node.value, list) else ()
        children = [each for entry in entries for each in (entry if isinstance(entry, tuple) else (entry,))]
        if id(node) not in begun:
            begun.add(id(node))
            stack += [each for each in children if id(each) not in begun]  # one within itself is told later
            continue
        stack.pop()
        sizes[id(node)] = 1 + sum(sizes.get(id(each), 0) for each in children)
        if sizes[id(node)] > MOST_VALUES:
            raise Unreadable("has too many values: aliases of aliases, perhaps", node.start_mark.line + 1)


class _Builder:
    """Makes data of a graph of nodes."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.twice: list[tuple[Path, int]] = []
        self._open: set[int] = set()
        self._count = 0

    def build(self, node: Any, path: Path) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._count += 1
        if self._count > MOST_VALUES:
            raise Unreadable("has too many values: aliases of aliases, perhaps", line)
        if id(node) in self._open or len(path) > DEEPEST:
            raise Unreadable("is nested too deeply: an alias that is within what it stands for, perhaps", line)
        if node.id == "scalar":
            return self._scalar(node, line)
        self._open.add(id(node))
        try:
            if node.tag not in (_TAG + "map", _TAG + "seq"):
                raise Unreadable("has a tag that a plan does not know", line)
            if node.id == "sequence":
                return [self.build(entry, (*path, index)) for index, entry in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: Any, path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.id != "scalar":
                raise Unreadable("has a key that is a list or a mapping", line)
            key = str(key_node.value)
            if key == "<<" and key_node.tag == _PLAIN:
                raise Unreadable("has a merge key (<<), which YAML 1.2 does not know: use the plan's defaults", line)
            where = (*path, key)
            if key in members:
                self.twice.append((where, line))
                continue
            self.lines[where] = line
            members[key] = self.build(value_node, where)
        return members

    def _scalar(self, node: Any, line: int) -> Any:
        text = str(node.value)
        try:
            if node.tag == _PLAIN:
                return scalar_of(text)
            value = text if node.tag == _TAG + "str" else scalar_of(text)
        except ValueError:
            raise Unreadable("has a number that is too long", line) from None
        kinds: dict[str, tuple[type, ...]] = {
            "str": (str,), "int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),),
        }  # fmt: skip
        kind = node.tag.removeprefix(_TAG)
        if kind not in kinds or type(value) not in kinds[kind]:
            raise Unreadable("has a tag that a plan does not know, or that does not fit its value", line)
        return float(value) if kind == "float" else value
