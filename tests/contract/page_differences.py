"""What the API description lacks or says otherwise than the contract page."""

from __future__ import annotations

import re
from typing import Any

import attrs

from contract.page_facts import (
    FieldFact,
    OperationFact,
    ShapeFact,
    answer_shapes,
    needed_with_prepaid,
    open_lists,
    operations,
    request_shapes,
)
from contract.page_text import SHAPE_NAMES

Description = dict[str, Any]


class Checker:
    """Compares the two and notes every difference."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.notes: list[str] = []
        self.seen: set[str] = set()

    def note(self, place: str, what: str) -> None:
        self.notes.append(f"{place}: {what}")

    def compare(self, place: str, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            self.note(place, f"{what} is {ours!r}, and {theirs!r} on the page")

    def check(self) -> list[str]:
        facts = operations()
        self.compare("operations", "their set", sorted(self.description["operations"]), sorted(f.name for f in facts))
        for operation in facts:
            if operation.name in self.description["operations"]:
                self.operation(operation)
        self.results(facts)
        for shape in (*request_shapes(), *answer_shapes()):
            self.shape(shape)
        for name, value, source in open_lists():
            self.value(name, name, value, source)
        for name in self.description["shapes"].keys() - self.seen:
            self.note(name, "is not on the page")
        return self.notes

    def operation(self, fact: OperationFact) -> None:
        ours = self.description["operations"][fact.name]
        for what in ("source", "http", "action", "action_source", "kind"):
            self.compare(fact.name, what, ours.get(what), getattr(fact, what))
        self.compare(fact.name, "paged", ours.get("paged", False), fact.paged)
        if fact.request is not None:
            self.compare(fact.name, "request", ours["request"], fact.request)
        else:
            self.members(ours["request"], fact.arguments)
        if fact.result is not None:
            self.compare(fact.name, "result", ours["result"], fact.result)
        else:
            self.members(
                ours["result"], tuple(attrs.evolve(f, required=None, source=None) for f in fact.result_members)
            )
        if fact.result_source is not None:
            self.compare(fact.name, "result_source", ours["result_source"], fact.result_source)

    def results(self, facts: tuple[OperationFact, ...]) -> None:
        """Several operations may bring the same fields: the best of their marks is the fields'."""
        marks: dict[str, set[str]] = {}
        for fact in facts:
            ours = self.description["operations"].get(fact.name)
            if ours is not None and fact.result is None and fact.result_source is not None:
                marks.setdefault(ours["result"], set()).add(fact.result_source)
        for shape, sources in marks.items():
            for field in self.description["shapes"][shape]["fields"].values():
                self.compare(f"{shape}.{field['wire']}", "source", field["source"], min(sources, key="DOI".index))

    def shape(self, fact: ShapeFact) -> None:
        ours = self.description["shapes"].get(fact.name)
        if ours is None:
            self.note(fact.name, "is missing")
            return
        self.compare(fact.name, "source", ours["source"], fact.source)
        if ours["use"] not in (fact.use, "both"):
            self.note(fact.name, f"use is {ours['use']!r}, and {fact.use!r} on the page")
        self.members(fact.name, fact.fields)

    def members(self, shape: str, facts: tuple[FieldFact, ...], *, is_whole: bool = True) -> None:
        self.seen.add(shape)
        ours = {field["wire"]: field for field in self.description["shapes"][shape]["fields"].values()}
        for fact in facts:
            if fact.wire in ours:
                self.field(f"{shape}.{fact.wire}", ours[fact.wire], fact)
            else:
                self.note(f"{shape}.{fact.wire}", "is missing")
        if is_whole:
            for wire in ours.keys() - {fact.wire for fact in facts}:
                self.note(f"{shape}.{wire}", "is not on the page")

    def field(self, place: str, ours: dict[str, Any], fact: FieldFact) -> None:
        if fact.types is not None and ours["type"] not in fact.types:
            self.note(place, f"type is {ours['type']!r}, and {' or '.join(fact.types)} on the page")
        if fact.required is not None:
            required = fact.required and place not in needed_with_prepaid()
            self.compare(place, "required", ours.get("required", False), required)
        if fact.source is not None:
            self.compare(place, "source", ours["source"], fact.source)
        self.compare(place, "secret", ours.get("secret", False), fact.secret)
        self.compare(place, "documented", ours.get("documented"), fact.documented)
        if fact.shape is not None:
            shape, wire = fact.shape.split(".")
            fields = self.description["shapes"][shape]["fields"].values()
            like = next((field["type"] for field in fields if field["wire"] == wire), None)
            self.compare(place, "type", ours["type"], like)
        if fact.members is not None:
            inner = re.sub(r"list\[(\w+)\]", r"\1", ours["type"])
            if inner not in self.description["shapes"]:
                self.note(place, f"type is {ours['type']!r}, and fields on the page")
            else:
                # Answers name the fields that came; a shape that requests have as well is told whole elsewhere.
                is_told = inner in SHAPE_NAMES
                members = [attrs.evolve(f, types=None, source=None) for f in fact.members] if is_told else fact.members
                self.members(inner, tuple(members), is_whole=not is_told)
        for wire in fact.needs:
            inner_fields = self.description["shapes"][ours["type"]]["fields"]
            names = [name for name, field in inner_fields.items() if field["wire"] == wire]
            self.compare(place, "needs", ours.get("needs"), names)
        for value, source in fact.values:
            self.value(place, ours.get("values"), value, source)

    def value(self, place: str, name: str | None, value: str, source: str) -> None:
        known = self.description["values"].get(name, {"values": []})["values"] if name else []
        sources = {entry["value"]: entry["source"] for entry in known}
        if value not in sources:
            self.note(place, f"the value {value!r} is missing")
        elif place == name:
            self.compare(place, f"source of {value!r}", sources[value], source)


def differences(description: Description) -> list[str]:
    return Checker(description).check()
