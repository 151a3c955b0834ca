"""What is wrong in what a shape says beside its fields, and in the texts of lists of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from codegen.description import Api, Field, Shape
from codegen.faults import Fault, Place
from codegen.revision_differences import field_at
from codegen.value_faults import refused

OF_REQUESTS = ("forbidden", "needed", "ordered", "hoisted")


def faults(api: Api) -> Iterator[Fault]:
    """Yield each fault."""
    for name, shape in api.shapes.items():
        place = ("shapes", name)
        for key in OF_REQUESTS:
            if shape.use == "answer" and getattr(shape, key):
                yield Fault((*place, key), f"means nothing here: `{key}` is for a request")
        if shape.use == "request" and shape.zero_is_none:
            yield Fault((*place, "zero_is_none"), "means nothing here: `zero_is_none` is for an answer")
        yield from _forbidden(api, name, shape)
        yield from _numbers(name, shape)
    for name, values in api.values.items():
        if not values.doc.strip():
            yield Fault(("values", name, "doc"), "is empty")
        for index, value in enumerate(values.values):
            if not value.constant.isupper():
                yield Fault(("values", name, "values", index), f"{value.constant} is not written as constants are")
            for key in ("doc", "name"):
                if (text := getattr(value, key)) is not None and not text.strip():
                    yield Fault(("values", name, "values", index, key), "is empty")


def _forbidden(api: Api, name: str, shape: Shape) -> Iterator[Fault]:
    for index, ban in enumerate(shape.forbidden):
        place = ("shapes", name, "forbidden", index)
        if (when := at(api, name, ban.when)) is None or when.type != "str":
            yield Fault((*place, "when"), f"{name} has no text {ban.when}")
        for path in ban.fields:
            if at(api, name, path) is None:
                yield Fault((*place, "fields"), f"{name} has no {path}")
        if not ban.fields:
            yield Fault((*place, "fields"), "is empty")
        if not ban.because.strip():
            yield Fault((*place, "because"), "is empty")


def _numbers(name: str, shape: Shape) -> Iterator[Fault]:
    """What is said of numbers; fields that are not there are told elsewhere."""
    for index, need in enumerate(shape.needed):
        place: Place = ("shapes", name, "needed", index)
        yield from _empty(place, among=need.among, one_of=need.one_of)
        if need.when in shape.fields and shape.fields[need.when].type != "str":
            yield Fault((*place, "when"), f"{need.when} is no text")
        yield from _no_number(place, shape, field=need.field)
        if (field := shape.fields.get(need.field)) is not None:
            for number in need.one_of:
                if reason := refused(number, field):
                    yield Fault((*place, "one_of"), f"{number} would never pass: {reason}")
    for index, order in enumerate(shape.ordered):
        yield from _no_number(("shapes", name, "ordered", index), shape, least=order.least, most=order.most)


def _empty(place: Place, **lists: Iterable[object]) -> Iterator[Fault]:
    yield from (Fault((*place, key), "is empty") for key, entries in lists.items() if not entries)


def _no_number(place: Place, shape: Shape, **names: str) -> Iterator[Fault]:
    for key, name in names.items():
        if name in shape.fields and shape.fields[name].type != "int":
            yield Fault((*place, key), f"{name} is no number")


def at(api: Api, shape: str, path: str) -> Field | None:
    """The field at a dotted path below a shape, if both are there."""
    try:
        return field_at(api, shape, path)
    except KeyError:
        return None
