"""What is wrong in names on the wire, and in the revisions that have something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cds_eks.signing import COMMON_PARAMETERS
from codegen.description import Api, Field, Value
from codegen.faults import Fault, Place
from codegen.reference_faults import SCALARS
from codegen.revision_differences import PASSED_ON

WIRE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")

RESERVED = {name.lower() for name in COMMON_PARAMETERS}
"""The parameters that every request has for its signature; the SDK compares them like this."""

Names = str | Mapping[str, str]


def faults(api: Api) -> Iterator[Fault]:
    """Yield each fault."""
    for name, operation in api.operations.items():
        place = ("operations", name)
        yield from _misnamed((*place, "action"), operation.action)
        yield from _revisions(api, place, "action", operation.revisions, operation.action)
    for name, values in api.values.items():
        for index, value in enumerate(values.values):
            place_of_value: Place = ("values", name, "values", index)
            yield from _revisions(api, place_of_value, "wire", value.revisions, _spelt(value))
            if "" in _each(_spelt(value)):
                yield Fault(place_of_value, f"{name}.{value.value}: is empty")
        yield from _repeated(api, name)
    arguments = {operation.request for operation in api.operations.values()}
    for name, shape in api.shapes.items():
        for python, field in shape.fields.items():
            inside = ("shapes", name, "fields", python)
            yield from _misnamed((*inside, "wire"), field.wire)
            yield from _revisions(api, inside, "wire", field.revisions, field.wire)
            yield from _differences(api, inside, field)
            if name in arguments:
                yield from _reserved((*inside, "wire"), field.wire)
        for index, hoisted in enumerate(shape.hoisted):
            parent = ("shapes", name, "hoisted", index)
            yield from _misnamed((*parent, "wire"), hoisted.wire)
            yield from _revisions(api, parent, "wire", hoisted.revisions, hoisted.wire)
            if name in arguments:
                yield from _reserved((*parent, "wire"), hoisted.wire)


def _spelt(value: Value) -> Names:
    return value.value if value.wire is None else value.wire


def _each(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names.values())


def _misnamed(place: Place, names: Names) -> Iterator[Fault]:
    for name in _each(names):
        if not WIRE_NAME.fullmatch(name):
            yield Fault(place, f"{name!r} is no name on the wire: a letter, then letters, digits and any of _ . -")


def _reserved(place: Place, names: Names) -> Iterator[Fault]:
    for name in _each(names):
        if name.lower() in RESERVED:
            yield Fault(place, f"{name} is a parameter of the signature (COMMON_PARAMETERS of cds_eks/signing.py)")


def _revisions(api: Api, place: Place, key: str, revisions: list[str] | None, names: Names) -> Iterator[Fault]:
    """What has a name in each revision names just those that have it; unknown ones are told elsewhere."""
    has = list(api.revisions) if revisions is None else revisions
    named = list(names) if isinstance(names, Mapping) else has
    if not {*has, *named} <= api.revisions.keys():
        return
    if not has:
        yield Fault((*place, "revisions"), "is empty: no revision has it (leave it out if all have it)")
    elif has != (known := [revision for revision in api.revisions if revision in has]):
        yield Fault((*place, "revisions"), f"must name each revision once, the oldest first: {', '.join(known)}")
    elif named != has:
        reason = f"must have a name for each revision that has it, the oldest first: {', '.join(has)}"
        yield Fault((*place, key), f"{reason} (what only some have says so by `revisions`)")


def _differences(api: Api, place: Place, field: Field) -> Iterator[Fault]:
    """What is said of single revisions: of those that have the field, or of those that lack it."""
    lacking = [revision for revision in api.revisions if field.wire_in(revision) is None]
    for key in ("default_values", "in_parent"):
        if getattr(field, key) and not lacking:
            yield Fault((*place, key), f"means nothing here: `{key}` is for what a revision lacks")
    for key in ("only", "repeat"):
        yield from (
            Fault((*place, key), f"means nothing here: revision {revision} lacks the field")
            for revision in getattr(field, key)
            if revision in lacking
        )
    for revision in field.only.keys() & field.repeat.keys():
        yield Fault((*place, "repeat"), f"revision {revision} has `only` as well")
    fields = api.shapes[field.inner].fields if field.inner in api.shapes else {}
    for inner in field.repeat.values():
        if inner in fields and fields[inner].type != "int":
            yield Fault((*place, "repeat"), f"{field.inner}.{inner} is no number")
    for inner in field.only.values():
        if inner in fields and fields[inner].type not in SCALARS:
            yield Fault((*place, "only"), f"{field.inner}.{inner} is neither a text nor a number")
    if field.default_values is not None and not _is_default(field, fields):
        yield Fault(
            (*place, "default_values"), "is a list of values; for a shape, a mapping from field to that, or `any`"
        )


def _is_default(field: Field, fields: Mapping[str, Field]) -> bool:
    """Whether `default_values` is what a caller may say of a field, or of the fields of a shape."""
    if field.container is not None or not fields:
        return _are_values(field.default_values, field)
    if not isinstance(field.default_values, Mapping):
        return False
    return all(
        values == PASSED_ON or (name in fields and _are_values(values, fields[name]))
        for name, values in field.default_values.items()
    )


def _are_values(values: object, field: Field) -> bool:
    kinds = {"str": (str,), "int": (int,), "bool": (bool,), "flag": (bool, int), "flag_text": (str, bool, int)}
    return isinstance(values, list) and all(type(value) in kinds.get(field.type, ()) for value in values)


def _repeated(api: Api, name: str) -> Iterator[Fault]:
    """Two values of a list that are one on the wire."""
    for revision in api.revisions:
        seen: set[str] = set()
        for index, value in enumerate(api.values[name].values):
            if (wire := value.wire_in(revision)) in seen:
                yield Fault(("values", name, "values", index), f"{name}.{value.value}: {wire} is there twice")
            elif wire is not None:
                seen.add(wire)
