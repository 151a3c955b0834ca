"""How a field of a shape is declared in Python, and what its rule is."""

from __future__ import annotations

from typing import Any

from codegen import revision_differences
from codegen.description import Api, Field, Shape

PYTHON_TYPES = {"str": "str", "int": "int", "bool": "bool", "flag": "bool | int", "flag_text": "str | bool"}
RULES = {"int": "Integer", "bool": "Boolean", "flag": "Flag", "flag_text": "FlagText", "str": "Text"}

COMMON_RULES = {
    "Text()": "ANY_TEXT",
    "Text(allow_empty=False)": "NON_EMPTY_TEXT",
    "Boolean()": "BOOLEAN",
    "Flag()": "FLAG",
    "FlagText()": "FLAG_TEXT",
    "MapOfText()": "MAP_OF_TEXT",
}
"""The rules that many fields have: they stand in cds_eks/schema/validators.py."""


def python_type(field: Field, use: str) -> str:
    """The annotation of a field, without `| None`."""
    inner = PYTHON_TYPES.get(field.inner, field.inner)
    if use == "answer":
        return {"list": f"list[{inner}]", "map": f"dict[str, {inner}]"}.get(field.container or "", inner)
    return {"list": f"Sequence[{inner}]", "map": f"Mapping[str, {inner}]"}.get(field.container or "", inner)


def is_optional(field: Field, use: str) -> bool:
    """Whether the annotation of a field has `| None`."""
    if use == "answer":
        return not field.always and field.container is None
    return not field.required


def rule(field: Field, api: Api | None = None) -> str:
    """The expression of a field's rule."""
    if field.container == "map":
        return call("MapOfText", max_items=field.max_items)
    inner = entry_rule(field, api)
    if field.container == "list":
        return call("ListOf", inner, min_items=field.min_items or None, max_items=field.max_items)
    return inner


def entry_rule(field: Field, api: Api | None = None) -> str:
    """The expression of the rule of a field, or of the entries of a list."""
    if field.inner not in RULES:
        narrowed = {
            name: f"Integer({', '.join(f'{k}={v}' for k, v in rule.items())})" for name, rule in field.each.items()
        }
        pairs = "{" + ", ".join(f'"{name}": {expression}' for name, expression in narrowed.items()) + "}"
        return call("Nested", field.inner, needs=tuple(field.needs) or None, narrowed=pairs if narrowed else None)
    if field.inner == "str":
        must_say = (field.required and not field.allow_empty) or field.container == "list"
        known = tuple(api.values[field.values].spellings) if api is not None and field.values else None
        return call(
            "Text",
            rule=repr(field.rule) if field.rule else None,
            allow_empty="False" if must_say else None,
            open_list=repr(field.values) if known else None,
            known=known,
        )
    if field.inner == "int":
        one_of = tuple(field.one_of) or None
        or_zero = "True" if field.or_zero else None
        return call("Integer", min=field.min, max=field.max, step=field.step, one_of=one_of, or_zero=or_zero)
    return call(RULES[field.inner])


def call(name: str, *positional: str, **named: Any) -> str:
    """The expression of a call, without the arguments that are None."""
    given = [*positional, *(f"{key}={value}" for key, value in named.items() if value is not None)]
    return f"{name}({', '.join(given)})"


def annotation(field: Field, use: str) -> str:
    """The annotation of a field."""
    return f"{python_type(field, use)}{' | None' if is_optional(field, use) else ''}"


def declaration(field: Field, use: str, api: Api, rule_name: str | None = None) -> str:
    """The right-hand side of a field.

    Args:
        field: The field.
        use: What its shape is used for.
        api: The description.
        rule_name: The constant that holds its rule; without it, the rule itself stands there.
    """
    told = [f'"{field.name}"']
    if use != "answer":
        told.append(rule_name or rule(field, api))
    if field.secret:
        told.append("secret=True")
    if revised := revision_differences.differences(api, field) if use != "answer" else {}:
        told.append("revised={" + ", ".join(f'"{name}": {there}' for name, there in revised.items()) + "}")
    arguments = []
    if use == "answer" and field.container is not None:
        arguments.append(f"factory={field.container.replace('map', 'dict')}")
    elif is_optional(field, use):
        arguments.append("default=None")
    elif use == "answer":
        arguments.append('default=""')
    if field.secret:
        arguments.append("repr=masked")
    return call("attrs.field", *arguments, metadata=call("on_wire", *told))


class Declarations:
    """The models of a group: their rules have names, since the field and the `__init__` both go by them."""

    def __init__(self, api: Api, group: str) -> None:
        self._api = api
        self._names: dict[tuple[str, str], str] = {}
        self._new: dict[str, list[tuple[str, str]]] = {}
        taken: set[str] = set()
        for shape_name, shape in api.shapes_of(group):
            self._new[shape_name] = []
            for name, field in shape.fields.items() if shape.use != "answer" else ():
                expression = rule(field, api)
                if expression in COMMON_RULES or (name, expression) in self._names:
                    continue
                constant = f"_{name.upper()}"
                if constant in taken:
                    constant = f"_{_snake(shape_name)}{constant}".upper()
                taken.add(constant)
                self._names[name, expression] = constant
                self._new[shape_name].append((constant, expression))

    def new_rules(self, shape: str) -> list[tuple[str, str]]:
        """The rules that a shape is the first to need: the constant and the expression of each."""
        return self._new[shape]

    def rule_name(self, name: str, field: Field) -> str:
        """The constant of a field's rule."""
        expression = rule(field, self._api)
        return COMMON_RULES.get(expression) or self._names[name, expression]

    def declaration(self, name: str, field: Field, use: str) -> str:
        """The right-hand side of a field."""
        return declaration(field, use, self._api, self.rule_name(name, field) if use != "answer" else None)

    def parameters(self, shape: Shape) -> str:
        """The parameters of a model's `__init__`, without `self`."""
        made = []
        for name, field in shape.fields.items():
            default = ""
            if shape.use == "answer" and field.container is not None:
                default = " = ABSENT"
            elif is_optional(field, shape.use):
                default = " = None"
            elif shape.use == "answer":
                default = ' = ""'
            made.append(f"{name}: {annotation(field, shape.use)}{default}")
        return ", ".join([*made, "extra: Mapping[str, Any] = ABSENT"])

    def stored(self, name: str, field: Field, use: str) -> str:
        """The expression of what a model stores of an argument."""
        if use == "answer":
            if field.container is None:
                return name
            return f"{'[]' if field.container == 'list' else '{}'} if {name} is ABSENT else {name}"
        checked = f'check("{name}", {self.rule_name(name, field)}, {name})'
        return f"None if {name} is None else {checked}" if is_optional(field, use) else checked

    @staticmethod
    def is_checked_together(shape: Shape) -> bool:
        """Whether something is said of several fields."""
        return bool(shape.forbidden or shape.needed or shape.ordered)


def _snake(name: str) -> str:
    return "".join(f"_{char}" if char.isupper() and i else char for i, char in enumerate(name))
