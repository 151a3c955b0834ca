"""Calls made from the description, for operations of which nobody has written an example.

The wire is worked out here by the description's own words, beside the SDK's encoding and not with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cds_eks import models
from cds_eks.schema.text_rules import NAMED_RULES
from codegen.description import Field, Operation
from operations.uses import NASTY, Example, Use
from support.api_description import API

OLDER, NEWER = API.revisions


class NeedsExampleError(Exception):
    """A person has to write the example, in `tests/operations/examples.py`."""


def example_of(operation: Operation) -> Example:
    """The least and the most that can be said in a call of an operation.

    Raises:
        NeedsExampleError: The description does not say enough for that.
    """
    needed = None
    if operation.kind == "create" and operation.result_id is not None:
        needed = API.shapes[operation.result].fields[operation.result_id].name
    return Example(
        f"{operation.group}.{operation.method}",
        operation.result,
        least=_use(operation, is_most=False),
        most=_use(operation, is_most=True),
        needed=needed,
    )


def _use(operation: Operation, *, is_most: bool) -> Use:
    shape = API.shapes[operation.request]
    chosen = dict(_chosen(operation.request, is_most=is_most))
    given = {name: _value(field, is_most=is_most) for name, field in chosen.items()}
    python = {name: value for name, (value, _) in given.items()}
    sent = {chosen[name].name: wire for name, (_, wire) in given.items()}
    if operation.http == "GET":
        sent = {name: str(value) for name, value in sent.items()}
    if operation.style == "request":
        return Use((getattr(models, operation.request)(**python),), sends=sent)
    required = tuple(value for name, value in python.items() if shape.fields[name].required)
    optional = {name: value for name, value in python.items() if not shape.fields[name].required}
    return Use(required, optional, sent)


def _chosen(name_of_shape: str, *, is_most: bool, needs: tuple[str, ...] = ()) -> Iterator[tuple[str, Field]]:
    """The fields that are set: the required ones, or all but those that another one may forbid."""
    shape = API.shapes[name_of_shape]
    forbidden = {path.split(".")[0] for ban in shape.forbidden for path in ban.fields}
    for name, field in shape.fields.items():
        if not (field.required or name in needs or (is_most and name not in forbidden)):
            continue
        if field.wire_in(OLDER) != field.wire_in(NEWER) or field.only or field.repeat or shape.hoisted:
            raise NeedsExampleError(f"{name_of_shape}.{name} is not the same in all revisions")
        if shape.ordered or shape.needed:
            raise NeedsExampleError(f"{name_of_shape}.{name} may depend on other fields")
        yield name, field


def _value(field: Field, *, is_most: bool) -> tuple[Any, Any]:
    """A value of a field in Python, and on the wire."""
    if field.container == "map":
        texts = {NASTY: NASTY, "a/b": ""} if is_most else {}
        return texts, texts
    if field.container == "list":
        count = max(field.min_items, min(2, field.max_items or 2) if is_most else field.min_items)
        pairs = [_one(field, is_most=is_most) for _ in range(count)]
        return [value for value, _ in pairs], [wire for _, wire in pairs]
    return _one(field, is_most=is_most)


def _one(field: Field, *, is_most: bool) -> tuple[Any, Any]:
    kind = field.inner
    if kind in API.shapes:
        if field.each:
            raise NeedsExampleError(f"a {kind} has closer rules there")
        chosen = dict(_chosen(kind, is_most=is_most, needs=tuple(field.needs)))
        given = {name: _value(inner, is_most=is_most) for name, inner in chosen.items()}
        model = getattr(models, kind)(**{name: value for name, (value, _) in given.items()})
        return model, {chosen[name].name: wire for name, (_, wire) in given.items()}
    if kind == "str":
        known = [value.value for value in API.values[field.values].values] if field.values else []
        text = (
            NAMED_RULES[field.rule].good[0]
            if field.rule
            else next(iter(known), NASTY if is_most else f"{field.name}-1")
        )
        return text, text
    if kind == "int":
        number = _number(field, is_most=is_most)
        return number, number
    if kind == "bool":
        return is_most, is_most
    if kind == "flag":
        return is_most, int(is_most)
    assert kind == "flag_text", kind
    return is_most, str(int(is_most))


def _number(field: Field, *, is_most: bool) -> int:
    if field.one_of:
        return field.one_of[-1 if is_most else 0]
    step = field.step or 1
    least = -(-(field.min if field.min is not None else 1) // step) * step
    most = (field.max if field.max is not None else least + 7 * step) // step * step
    return most if is_most else least
