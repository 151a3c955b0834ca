"""How a field of an answer is read: the expressions of the generated readers."""

from __future__ import annotations

import re

from codegen.description import Api, Field, Shape
from codegen.model_fields import is_optional

SCALARS = {"str": ("str", "read_str", '""'), "int": ("int", "read_int", "0"), "bool": ("bool", "read_bool", "False")}
"""By type: what is taken as it is, what reads anything else, and what stands for nothing."""

KINDS = {**SCALARS, "flag": SCALARS["int"], "flag_text": SCALARS["str"]}


def function_name(shape: str) -> str:
    """The name of the reader of a shape."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", shape)
    return f"read_{words.lower()}"


def listed(api: Api) -> set[str]:
    """The shapes of which answers hold lists."""
    shapes = [shape for shape in api.shapes.values() if shape.use != "request"]
    fields = [field for shape in shapes for field in shape.fields.values() if field.container == "list"]
    return {field.inner for field in fields} & api.shapes.keys()


class ReaderExpressions:
    """The readers of a group."""

    def __init__(self, api: Api, group: str) -> None:
        self._api = api
        self._group = group

    def imported(self) -> dict[str, list[str]]:
        """The shapes of other groups that the group's answers hold, by group."""
        found: dict[str, list[str]] = {}
        shapes = [shape for _, shape in self._api.shapes_of(self._group) if shape.use != "request"]
        inner = {field.inner for shape in shapes for field in shape.fields.values()}
        for name in sorted(inner & self._api.shapes.keys()):
            if (group := self._api.shapes[name].group) != self._group:
                found.setdefault(group, []).append(name)
        return dict(sorted(found.items()))

    def expression(self, field: Field, shape: Shape) -> str:
        """The expression of what is stored of `value`."""
        optional = is_optional(field, shape.use)
        nothing = "None if value is None else "
        if field.container == "map":
            return f"{nothing if optional else ''}read_map(value)"
        if field.container == "list":
            read = f"{function_name(field.inner)}_entries" if field.inner in self._api.shapes else "read_texts"
            return f"{nothing if optional else '[] if value is None else '}{read}(value)"
        if field.inner in self._api.shapes:
            read = function_name(field.inner)
            return f"{nothing}{read}(value)" if optional else f"{read}({{}} if value is None else value)"
        kind, read, empty = KINDS[field.inner]
        if optional:
            return f"value if type(value) is {kind} else {nothing}{read}(value)"
        return f"value if type(value) is {kind} else {read}(value) or {empty}"
