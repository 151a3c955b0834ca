"""What is wrong in what the description says of revisions: what leads nowhere, or leaves out what a caller may set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from codegen.description import Api
from codegen.faults import Fault, Place
from codegen.revision_differences import field_at


def faults(api: Api) -> Iterator[Fault]:
    """Yield each fault."""
    for name, operation in api.operations.items():
        yield from _unknown(api, ("operations", name), operation.revisions, operation.action)
    for name, values in api.values.items():
        for index, value in enumerate(values.values):
            place = ("values", name, "values", index)
            for fault in _unknown(api, place, value.revisions, value.wire):
                yield Fault(place, f"{name}.{value.value}: {fault.reason}")
    for name in api.shapes:
        yield from _in_fields(api, name)
        yield from _in_hoisted(api, name)
    for request in dict.fromkeys(operation.request for operation in api.operations.values()):
        if request in api.shapes:
            yield from _not_hoisted(api, request)


def _unknown(
    api: Api, place: Place, revisions: list[str] | None, names: str | Mapping[str, str] | None
) -> Iterator[Fault]:
    for revision in (*(revisions or ()), *(names if isinstance(names, Mapping) else ())):
        if revision not in api.revisions:
            yield Fault(place, f"there is no revision {revision}")


def _in_fields(api: Api, shape: str) -> Iterator[Fault]:
    for python, field in api.shapes[shape].fields.items():
        place = ("shapes", shape, "fields", python)
        yield from _unknown(api, place, field.revisions, field.wire)
        yield from _unknown(api, place, [*field.only, *field.repeat], None)
        below = api.shapes[field.inner].fields if field.inner in api.shapes else {}
        for inner in (*field.only.values(), *field.repeat.values()):
            if field.container != "list" or inner not in below:
                yield Fault(place, f"its entries have no field {inner}")
        for inner in field.default_values if isinstance(field.default_values, Mapping) else ():
            if inner not in below:
                yield Fault(place, f"{field.inner} has no field {inner} that could have default values")
        if field.in_parent and not field.note:
            yield Fault(place, "a field that is `in_parent` needs a note")


def _in_hoisted(api: Api, shape: str) -> Iterator[Fault]:
    for index, hoisted in enumerate(api.shapes[shape].hoisted):
        place = ("shapes", shape, "hoisted", index)
        for fault in _unknown(api, place, hoisted.revisions, None):
            yield Fault(place, f"{shape}.{hoisted.wire}: {fault.reason}")
        for path in (hoisted.path, *hoisted.same):
            try:
                field_at(api, shape, path)
            except KeyError:
                yield Fault(place, f"nothing is at {path}, which is hoisted")


def _not_hoisted(api: Api, request: str) -> Iterator[Fault]:
    """Yield each field that a revision sends nowhere, though it is said that a parent has it."""
    for revision in api.revisions:
        hoisted = [each for each in api.shapes[request].hoisted if revision in each.revisions]
        sent = {path for each in hoisted for path in (each.path, *each.same)}
        for path in _left_to_parents(api, request, revision):
            if path not in sent:
                reason = f"{request}.{path}: no shape that contains it has it in revision {revision}"
                yield Fault(("shapes", request), reason)


def _left_to_parents(api: Api, shape: str, revision: str, repeated: str | None = None, path: str = "") -> Iterator[str]:
    """The paths of the fields that a revision lacks and that its parent does not have by `repeat`."""
    for name, field in api.shapes[shape].fields.items():
        if field.wire_in(revision) is None:
            if field.in_parent and name != repeated:
                yield f"{path}{name}"
        elif field.inner in api.shapes and revision not in field.only:
            yield from _left_to_parents(api, field.inner, revision, field.repeat.get(revision), f"{path}{name}.")
