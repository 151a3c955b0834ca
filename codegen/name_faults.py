"""Names in the description: whether Python takes them, whether they are taken, and whether their groups are known."""

from __future__ import annotations

import ast
import builtins
import functools
import keyword
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from cds_eks.schema.shape import Shape as ModelBase
from codegen.description import Api, Operation
from codegen.faults import Fault, Place

TEMPLATES = Path(__file__).with_name("templates")
PACKAGE = Path(__file__).resolve().parent.parent / "cds_eks"

CLIENTS = ("client/async_client.py", "sync/client.py")
"""Whose attributes are no names for groups."""

MODULES = {"groups"}
"""What stands beside the modules of the groups in cds_eks/resources."""

ARGUMENTS = {"self", "extra", "timeout"}
"""The arguments that every method has."""


MADE_OF_OTHERS = {"find", "iterate"}
"""The methods that `find` and `paged` of an operation give its group."""


def faults(api: Api) -> Iterator[Fault]:
    """Yield each fault."""
    yield from _in_groups(api)
    yield from _in_operations(api)
    yield from _in_values(api)
    yield from _in_shapes(api)


def class_name(group: str) -> str:
    """The name of the class of a group."""
    return "".join(part.capitalize() for part in group.split("_"))


def illegal(name: str, taken: Collection[str] = ()) -> str | None:
    """Why something can't have a name in Python, or None if it can."""
    if not name.isidentifier():
        return f"{name!r} is no name in Python"
    if keyword.iskeyword(name):
        return f"`{name}` is a word of Python's own"
    if name.startswith("_"):
        return f"`{name}` would be private: it begins with an underscore"
    if name in taken:
        return f"`{name}` is taken"
    return None


def _in_groups(api: Api) -> Iterator[Fault]:
    taken = set(_client_attributes()) | MODULES
    classes = Counter(map(class_name, api.groups))
    for name, group in api.groups.items():
        place = ("groups", name)
        if reason := illegal(name, taken) or _not_snake(name):
            yield Fault(place, reason)
        elif classes[class_name(name)] > 1 or class_name(name) == "Waiters":
            yield Fault(place, f"its class would be `{class_name(name)}`, which is taken")
        yield from _empty(place, doc=group.doc, zh=group.zh)


def _client_attributes() -> Iterator[str]:
    """The public attributes of the clients that are written by hand: read from the source, which needs no import."""
    for name in CLIENTS:
        yield from _attributes_in((PACKAGE / name).read_text(encoding="utf-8"))


@functools.cache
def _attributes_in(source: str) -> tuple[str, ...]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            for each in node.body:
                if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    found.append(each.name)
                elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                    found.append(each.target.id)
    return tuple(found)


def _in_operations(api: Api) -> Iterator[Fault]:
    first: dict[tuple[str, str], str] = {}
    for name, operation in api.operations.items():
        place = ("operations", name)
        if reason := illegal(name):
            yield Fault(place, reason)
        if operation.group not in api.groups:
            yield Fault((*place, "group"), f"there is no group {operation.group}")
        if reason := illegal(operation.method) or _not_snake(operation.method) or _hides_type(operation.method):
            yield Fault((*place, "method"), reason)
        if operation.method in MADE_OF_OTHERS:
            yield Fault((*place, "method"), f"`{operation.method}` is the name of a method that is made of others")
        for method in _methods(operation):
            if (other := first.setdefault((operation.group, method), name)) != name:
                reason = f"`{operation.group}.{method}` is there twice: {other} has it as well"
                yield Fault((*place, "method"), reason)
        yield from _empty(place, doc=operation.doc, zh=operation.zh)


def _methods(operation: Operation) -> list[str]:
    """The methods that an operation gives its group."""
    more = [*(["iterate"] if operation.paged else []), *(["find"] if operation.find else [])]
    return [operation.method, *more]


def _hides_type(method: str) -> str | None:
    # `list` alone may: its method comes last in the class.
    if method != "list" and isinstance(getattr(builtins, method, None), type):
        return f"`{method}` would hide the built-in type in the annotations of its class"
    return None


def _in_values(api: Api) -> Iterator[Fault]:
    for name, values in api.values.items():
        place: Place = ("values", name)
        if reason := illegal(name, {*dir(builtins), *_imported()}):
            yield Fault(place, reason)
        if values.group not in api.groups:
            yield Fault((*place, "group"), f"there is no group {values.group}")
        constants = Counter(value.constant for value in values.values)
        for index, value in enumerate(values.values):
            if reason := illegal(value.constant) or ("is there twice" if constants[value.constant] > 1 else None):
                yield Fault((*place, "values", index), f"{name}.{value.value}: its constant {value.constant}: {reason}")


def _in_shapes(api: Api) -> Iterator[Fault]:
    as_arguments = {operation.request for operation in api.operations.values() if operation.style == "arguments"}
    classes = {*dir(builtins), *_imported(), *api.values, *map(class_name, api.groups), "Waiters"}
    for name, shape in api.shapes.items():
        place = ("shapes", name)
        if reason := illegal(name, classes):
            yield Fault(place, reason)
        if shape.group not in api.groups:
            yield Fault((*place, "group"), f"there is no group {shape.group}")
        taken = {"self", "extra", *dir(ModelBase), *(ARGUMENTS if name in as_arguments else ())}
        moments: set[str] = set()
        for python, field in shape.fields.items():
            inside = (*place, "fields", python)
            if reason := illegal(python, taken) or _not_snake(python):
                yield Fault(inside, reason)
            if field.moment and (
                reason := illegal(field.moment, taken | shape.fields.keys() | moments) or _not_snake(field.moment)
            ):
                yield Fault((*inside, "moment"), reason)
            moments.add(field.moment or "")
            texts = {"zh": field.zh, "zh_note": field.zh_note, "zh_default": field.zh_default}
            yield from _empty(inside, doc=field.doc, **{name: text for name, text in texts.items() if text is not None})
        yield from _empty(place, doc=shape.doc)


@functools.cache
def _imported() -> frozenset[str]:
    """The classes and functions that the generated modules import: a shape of such a name would hide one."""
    statement = re.compile(r"^ *from [\w.]+ import (\([^)]*\)|.*)$", re.MULTILINE)
    templates = (path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.py.jinja"))
    statements = (found for text in templates for found in statement.findall(text))
    return frozenset(word for found in statements for word in re.findall(r"\b[A-Z]\w*", found))


def _not_snake(name: str) -> str | None:
    if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        return None
    return f"{name!r} is not written as names are in Python: small letters and underscores"


def _empty(place: Place, **texts: str) -> Iterator[Fault]:
    for name, text in texts.items():
        if not text.strip():
            yield Fault((*place, name), "is empty")
