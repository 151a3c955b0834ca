"""All faults of the plain data of a request, where `from_dict` stops at the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.errors import InvalidRequestError
from cds_eks.errors.faults import FieldFault
from cds_eks.schema.shape import Nested, Shape, loaders_of
from cds_eks.schema.validators import ListOf, Rule
from cds_eks.schema.walk import Path, Walk, path_text


def with_all_faults(error: InvalidRequestError, shape: type[Shape], data: Any) -> InvalidRequestError:
    """Return the error with all faults of the data; what was raised is always among them.

    Args:
        error: What was raised.
        shape: The model that was to be made.
        data: What it was to be made of.
    """
    found: dict[str, FieldFault] = {}

    def tell(path: Path, message: str) -> None:
        field = path_text(path) if path else shape.__name__
        if field == error.field:
            message = error.rule  # the walk is for files, and calls a mapping a table
        found.setdefault(field, FieldFault(field, message))

    try:
        Walk(tell).shape(shape, _Naming(tell).fields(shape, data, ()), ())
    except RecursionError:  # data within themselves, or nested without end
        found = {}
    if error.field not in found:
        found = {error.field: FieldFault(error.field, error.rule), **found}
    return error.telling(tuple(found.values()))


@attrs.frozen
class _Naming:
    """Names fields as Python does: plain data may name them as the wire does. What is no field keeps its name."""

    tell: Any

    def fields(self, shape: type[Shape], data: Any, path: Path) -> Any:
        if isinstance(data, Shape):
            return data.to_dict(secrets=True)
        if not isinstance(data, Mapping):
            return data
        loaders = loaders_of(shape)  # type: ignore[arg-type]  # classes are hashable
        named: dict[str, Any] = {}
        for key, value in data.items():
            member = loaders.get(key) or loaders.get(str(key).lower())
            if member is None:
                named[str(key)] = value
            elif member.name in named:
                self.tell((*path, str(key)), f"is given twice, under two names for {member.name}")
            else:
                rule, is_required = member.metadata["rule"], member.default is attrs.NOTHING
                given = [] if value is None and is_required and isinstance(rule, ListOf) else value
                named[member.name] = self.value(rule, given, (*path, member.name))
        return named

    def value(self, rule: Rule, value: Any, path: Path) -> Any:
        if isinstance(rule, Nested):
            return self.fields(rule.shape, value, path)
        if isinstance(rule, ListOf) and isinstance(value, (list, tuple)):
            return [self.value(rule.entry, entry, (*path, index)) for index, entry in enumerate(value)]
        return value
