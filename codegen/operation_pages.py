"""The pages of the reference on operations: one of each group, in both languages, under docs/reference/operations/."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jinja2

from codegen import operation_examples, revision_differences
from codegen.description import Api, Field, Operation, Shape, Value
from codegen.escaping import in_cell
from codegen.method_arguments import Arguments
from codegen.operation_words import CHINESE, ENGLISH, Words

__all__ = ["FOLDERS", "left_over", "render"]

FOLDERS = {"en": "docs/reference/operations", "zh": "docs/zh/reference/operations"}

PYTHON_TYPES = {"flag": "flag", "flag_text": "flag"}
"""The types of the description that have other words on the pages; `Words.labels` has them."""


def render(api: Api, root: Path, templates: jinja2.Environment) -> dict[Path, str]:
    """Return the pages of all groups."""
    template = templates.get_template("operation_page.md.jinja")
    files = {}
    for words in (ENGLISH, CHINESE):
        for group in api.groups:
            text = template.render(page=Page(api, group, words), words=words, api=api, up="../../")
            files[root / FOLDERS[words.language] / f"{group}.md"] = re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
    return files


def left_over(files: dict[Path, str], root: Path) -> list[Path]:
    """Return the pages of groups that are not there any more."""
    return [path for folder in FOLDERS.values() for path in sorted((root / folder).glob("*.md")) if path not in files]


class Row(NamedTuple):
    """A field in a table."""

    documented: str
    python: str
    type: str
    required: str
    facts: str


class Page:
    """What stands on the page of a group in a language."""

    def __init__(self, api: Api, group: str, words: Words) -> None:
        self._api = api
        self._words = words
        self.group = group
        self.operations = api.operations_of(group)
        self.examples = operation_examples.load()
        self.outputs = operation_examples.outputs()
        told = {operation.request for operation in api.operations.values()} | set(self._told_once())
        self.shapes = {name: shape for name, shape in api.shapes_of(group) if name not in told}
        self.values = {name: values for name, values in api.values.items() if values.group == group}

    def _told_once(self) -> Iterator[str]:
        """The shapes of answers that stand with their operation: those that no other operation or shape has."""
        uses = Counter(self._api.entry_of(operation) for operation in self._api.operations.values())
        nested = {field.inner for shape in self._api.shapes.values() for field in shape.fields.values()}
        return (name for name, count in uses.items() if count == 1 and name in self._api.shapes and name not in nested)

    def request(self, operation: Operation) -> list[Row]:
        """The rows of what an operation is asked with."""
        return self.rows(self._api.shapes[operation.request])

    def answer(self, operation: Operation) -> Shape | None:
        """The shape of an answer that stands with its operation; None if it has a section of its own, or none."""
        name = self._api.entry_of(operation)
        return self._api.shapes[name] if name in set(self._told_once()) else None

    def data(self, operation: Operation) -> str:
        """What an operation's answer has as `data`."""
        labels = self._words.labels
        if operation.result == "none":
            return labels["none"]
        begin = labels["is list" if operation.result.startswith("list[") else "is"]
        name = self._api.entry_of(operation)
        return f"{begin} {self.linked(name) if self.answer(operation) is None else f'`{name}`'}"

    def rows(self, shape: Shape) -> list[Row]:
        """The rows of a shape's fields."""
        return [self._row(shape, name, field) for name, field in shape.fields.items()]

    def _row(self, shape: Shape, name: str, field: Field) -> Row:
        labels = self._words.labels
        required = labels["yes" if field.required else "no"]
        for rule in shape.needed:
            if rule.field == name and not field.required:
                values = labels["or"].join(f"`{value}`" for value in rule.among)
                required = labels["if"].format(when=rule.when, values=values)
        inner = self.linked(field.inner) if field.inner in self._api.shapes else f"`{field.inner}`"
        inner = labels[PYTHON_TYPES[field.inner]] if field.inner in PYTHON_TYPES else inner
        words = in_cell(self._words.facts(self._api, field))
        if field.values:
            words = words.replace(f"`{field.values}`", self.linked(field.values))
        kind = self._words.of_type(inner, field.container)
        return Row(field.name, name, kind, in_cell(required), words)

    def linked(self, name: str) -> str:
        """A link to a shape or a list of values, on this page or another group's."""
        owner = (self._api.shapes.get(name) or self._api.values[name]).group
        return f"[`{name}`]({'' if owner == self.group else f'{owner}.md'}#{name.lower()})"

    def call(self, operation: Operation) -> str:
        """How an operation's method is called."""
        arguments = Arguments(self._api, operation)
        if arguments.by_request:
            return f"eks.{self.group}.{operation.method}(request)"
        needed = [name for name, field in arguments.fields.items() if field.required]
        others = [f"{name}=None" for name, field in arguments.fields.items() if not field.required]
        return f"eks.{self.group}.{operation.method}({', '.join([*needed, *(['*', *others] if others else [])])})"

    def actions(self, operation: Operation) -> str:
        """The operation's names on the wire, each with its revisions if there are several."""
        found = revision_differences.actions(self._api, operation)
        if len(found) == 1 and operation.revisions is None:
            return f"`{next(iter(found))}`"
        labels = self._words.labels
        return labels["comma"].join(
            f"`{name}` {labels['in']} {labels['comma'].join(revisions)}" for name, revisions in found.items()
        )

    def errors(self, operation: Operation) -> list[str]:
        """The errors that an operation is most likely to raise."""
        fields = self._api.shapes[operation.request].fields
        names_an_id = any(field.required and name.endswith(("_id", "_ids")) for name, field in fields.items())
        found = ["InvalidRequestError"] if fields else []
        found += ["NotFound"] if names_an_id else []
        found += ["Conflict"] if operation.kind != "read" and names_an_id else []
        return found + (["QuotaExceeded", "AmbiguousCreate"] if operation.kind == "create" else [])

    def spelt(self, value: Value, revision: str) -> str:
        """A value as a revision spells it."""
        spelling = value.wire_in(revision)
        return f"`{spelling}`" if spelling is not None else "-"
