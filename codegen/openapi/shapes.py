"""The shapes as schemas under `components`: those of requests in each revision that says them in another way."""

from __future__ import annotations

from typing import Any

from codegen.description import Api, ExcludedWhen, Field, RequiredWhen, Shape
from codegen.openapi.fields import field_schema, wire_words

__all__ = ["Schemas"]

Schema = dict[str, Any]


class Schemas:
    """The schemas of all shapes.

    A shape that requests have stands under its own name, as the first revision says it, and under its name with the
    revision (`CreateClusterRequest_2025_10_11`) where another one says it, or something in it, in another way. A shape
    that responses have and requests too stands there a second time, as `CniInfoResult`: in responses nothing is
    required.

    Args:
        api: The description.
    """

    def __init__(self, api: Api) -> None:
        self._api = api
        self.schemas: dict[str, Schema] = {}
        self._first, *self._later = api.revisions
        self._requests = self._reached({each.request for each in api.operations.values() if each.http == "POST"})
        self._results = self._reached({api.entry_of(each) for each in api.operations.values()})
        for name in self._results:
            self.schemas[self.result_name(name)] = self._shape(name, self._first, answer=True)
        for name in self._requests:
            for revision in self.revisions_of(name):
                self.schemas[self.request_name(name, revision)] = self._shape(name, revision, answer=False)

    def revisions_of(self, name: str) -> list[str]:
        """Return the revisions that say a shape of requests in a way of their own; the first one is among them."""
        found: list[str] = []
        for revision in (self._first, *self._later):
            if all(self._differs(name, each, revision) for each in found):
                found.append(revision)
        return found

    def request_name(self, name: str, revision: str) -> str:
        """Return the name of the schema of a shape of requests in a revision."""
        own = next(each for each in self.revisions_of(name) if not self._differs(name, each, revision))
        return name if own == self._first else f"{name}_{own.replace('-', '_')}"

    def result_name(self, name: str) -> str:
        """Return the name of the schema of a shape of responses."""
        return f"{name}Result" if name in self._requests else name

    def result(self, type_: str) -> Schema:
        """Return the schema of a result's type: a shape or a list of them, and null with an error."""
        if type_ == "none":
            return {"description": "Nothing."}
        inner = Field(wire="", type=type_, source="D", doc="").inner
        reference = {"$ref": f"#/components/schemas/{self.result_name(inner)}"}
        if type_ != inner:
            return {"type": ["array", "null"], "items": reference}
        return {"anyOf": [reference, {"type": "null"}]}

    def _reached(self, roots: set[str]) -> list[str]:
        """Return the shapes that some are made of, themselves among them, in the order of the description."""
        found: set[str] = set()
        open_ = [name for name in roots if name in self._api.shapes]
        while open_:
            name = open_.pop()
            if name not in found:
                found.add(name)
                inner = {field.inner for field in self._api.shapes[name].fields.values()}
                open_ += [each for each in inner if each in self._api.shapes]
        return [name for name in self._api.shapes if name in found]

    def _differs(self, name: str, one: str, other: str) -> bool:
        """Whether two revisions say a shape, or something in it, in different ways."""
        shape = self._api.shapes[name]
        if any((one in each.revisions) != (other in each.revisions) for each in shape.hoisted):
            return True
        return any(self._field_differs(field, one, other) for field in shape.fields.values())

    def _field_differs(self, field: Field, one: str, other: str) -> bool:
        if field.wire_in(one) != field.wire_in(other) or field.only.get(one) != field.only.get(other):
            return True
        if field.repeat.get(one) != field.repeat.get(other):
            return True
        listed = self._api.values[field.values].values if field.values else []
        if any(each.wire_in(one) != each.wire_in(other) for each in listed):
            return True
        is_shape = field.inner in self._api.shapes and field.only.get(one) is None
        return field.wire_in(one) is not None and is_shape and self._differs(field.inner, one, other)

    def _shape(self, name: str, revision: str, *, answer: bool) -> Schema:
        """Return the schema of a shape."""
        shape = self._api.shapes[name]
        names = {
            each: self.result_name(each) if answer else self.request_name(each, revision)
            for each in (self._results if answer else self._requests)
        }
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for field in shape.fields.values():
            wire = field.wire_in(revision)
            if wire is None or (answer and shape.use == "both" and field.secret):
                continue  # a secret that requests have is never in responses
            properties[wire] = field_schema(self._api, shape, field, revision, names, answer=answer)
            if field.required and not answer:
                required.append(wire)
        if not answer:
            for hoisted in shape.hoisted:
                if revision in hoisted.revisions:
                    properties[hoisted.wire] = self._hoisted(name, hoisted.path, revision, hoisted.source)
                    required.append(hoisted.wire)
        schema: Schema = {
            "type": "object",
            "description": wire_words(shape.doc, shape, revision),
            "x-provenance": shape.source if revision == self._first else self._api.revisions[revision],
            "properties": properties,
        }
        if answer:
            return schema
        if self.revisions_of(name) != [self._first]:
            schema["x-revision"] = revision
        if required:
            schema["required"] = required
        return schema | {"additionalProperties": False} | self._together(shape, revision)

    def _hoisted(self, name: str, path: str, revision: str, source: str) -> Schema:
        """Return the schema of what a revision says once in a shape: that of the field that says it in the others."""
        *above, last = path.split(".")
        shape = self._api.shapes[name]
        for each in above:
            shape = self._api.shapes[shape.fields[each].inner]
        return field_schema(self._api, shape, shape.fields[last], revision, {}, answer=False) | {"x-provenance": source}

    def _together(self, shape: Shape, revision: str) -> Schema:
        """Return what the fields of a shape must be together, as far as keywords can say it."""
        rules = [self._needed(shape, rule, revision) for rule in shape.needed]
        rules += [self._forbidden(shape, rule, revision) for rule in shape.forbidden]
        schema: Schema = {"allOf": rules} if rules else {}
        if ordered := [
            {"least": shape.fields[each.least].wire_in(revision), "most": shape.fields[each.most].wire_in(revision),
             "x-provenance": each.source}
            for each in shape.ordered
        ]:  # fmt: skip
            schema["x-ordered"] = ordered
        return schema

    def _needed(self, shape: Shape, rule: RequiredWhen, revision: str) -> Schema:
        when, field = shape.fields[rule.when].wire_in(revision), shape.fields[rule.field].wire_in(revision)
        return {
            "if": {"properties": {when: {"enum": list(rule.among)}}, "required": [when]},
            "then": {"properties": {field: {"enum": list(rule.one_of)}}, "required": [field]},
            "x-provenance": rule.source,
        }

    def _forbidden(self, shape: Shape, rule: ExcludedWhen, revision: str) -> Schema:
        when = shape.fields[rule.when].wire_in(revision)
        excluded: Schema = {}
        for path in rule.fields:
            inner, names = shape, []
            for name in path.split("."):
                names.append(str(inner.fields[name].wire_in(revision)))
                inner = self._api.shapes.get(inner.fields[name].inner, inner)
            place = excluded
            for name in names[:-1]:
                place = place.setdefault(name, {"properties": {}})["properties"]
            place[names[-1]] = False
        return {
            "description": f"{rule.because[:1].upper()}{rule.because[1:]}.",
            "if": {"properties": {when: {"const": rule.equals}}, "required": [when]},
            "then": {"properties": excluded},
            "x-provenance": rule.source,
        }
