"""What does not go together in an operation: its method of HTTP, its kind, its shapes, and how `find` looks."""

from __future__ import annotations

from collections.abc import Iterator

from codegen.description import Api, Find, Operation
from codegen.faults import Fault, Place
from codegen.shape_faults import at

QUERIED = {"str", "int", "bool", "flag", "flag_text"}
"""The types that a query of a URL takes."""

CREATES_ALONE = ("result_id", "natural_key", "find")


def faults(api: Api) -> Iterator[Fault]:
    """Yield each fault; what leads nowhere is told elsewhere."""
    for name, operation in api.operations.items():
        place = ("operations", name)
        yield from _http(api, place, operation)
        yield from _shapes(api, place, operation)
        yield from _paged(api, place, operation)
        for key in CREATES_ALONE:
            if operation.kind != "create" and getattr(operation, key):
                yield Fault((*place, key), f"means nothing here: `{key}` is for `kind: create`")
        yield from _created(api, place, operation)
        if operation.find is not None and operation.find.by in api.operations:
            yield from _find(api, (*place, "find"), operation, operation.find)
        if operation.note is not None and not operation.note.strip():
            yield Fault((*place, "note"), "is empty")


def _http(api: Api, place: Place, operation: Operation) -> Iterator[Fault]:
    fitting = "GET" if operation.kind == "read" else "POST"
    if operation.http != fitting:
        yield Fault((*place, "http"), f"{operation.http} does not fit `kind: {operation.kind}`, which is a {fitting}")
    elif operation.http == "GET" and operation.request in api.shapes:
        for python, field in api.shapes[operation.request].fields.items():
            if field.type not in QUERIED:
                yield Fault((*place, "http"), f"a GET has no body, which {operation.request}.{python} would go into")


def _shapes(api: Api, place: Place, operation: Operation) -> Iterator[Fault]:
    entry = api.entry_of(operation)
    if operation.result not in ("none", entry, f"list[{entry}]"):
        yield Fault((*place, "result"), f"{operation.result} is neither a shape, nor a list of one, nor `none`")
    for key, name, use in (("request", operation.request, "answer"), ("result", entry, "request")):
        if name in api.shapes and api.shapes[name].use == use:
            yield Fault((*place, key), f"{name} has `use: {use}`")


def _paged(api: Api, place: Place, operation: Operation) -> Iterator[Fault]:
    if not operation.paged:
        return
    if operation.kind != "read" or operation.style != "arguments":
        yield Fault((*place, "paged"), "only a read is walked, and only one with `style: arguments`")
    if operation.request in api.shapes:
        for name in ("page_index", "page_size"):
            field = api.shapes[operation.request].fields.get(name)
            if field is not None and (field.type != "int" or field.required):
                yield Fault((*place, "paged"), f"{operation.request}.{name} must be a number that may be left out")


def _created(api: Api, place: Place, operation: Operation) -> Iterator[Fault]:
    """What is looked for by texts, and named by one."""
    result = api.shapes[operation.result].fields if operation.result in api.shapes else {}
    if operation.result_id in result and result[operation.result_id].type != "str":
        yield Fault((*place, "result_id"), f"{operation.result}.{operation.result_id} is no text")
    for path in operation.natural_key:
        if (field := at(api, operation.request, path)) is not None and field.type != "str":
            yield Fault((*place, "natural_key"), f"{operation.request}.{path} is no text")


def _find(api: Api, place: Place, operation: Operation, find: Find) -> Iterator[Fault]:
    by = api.operations[find.by]
    if by.kind != "read" or by.group != operation.group or by.style != "arguments":
        yield Fault((*place, "by"), f"{find.by} is no read of the group {operation.group} that takes arguments")
    if by.request in api.shapes:
        required = [name for name, field in api.shapes[by.request].fields.items() if field.required]
        given = list(find.under) if find.match else required[:1]
        if required != given:
            reason = f"{find.by} needs {', '.join(required) or 'no argument'}, not {', '.join(given) or 'none'}"
            yield Fault((*place, "under"), reason)
    if len(find.under) > 1:
        yield Fault((*place, "under"), "names more than one argument")
    if not find.match:
        if by.result != find.entry or find.within is not None:
            yield Fault((*place, "entry"), f"the result of {find.by} is {by.result}, not {find.entry}")
        return
    if find.status is None:
        yield Fault(place, "`status` is missing: one that is being deleted is not what was made")
    if find.within is None:
        if by.result != f"list[{find.entry}]":
            yield Fault((*place, "entry"), f"the result of {find.by} is {by.result}, not list[{find.entry}]")
        return
    result = api.shapes[by.result].fields if by.result in api.shapes else {}
    if find.within not in result or result[find.within].type != f"list[{find.entry}]":
        yield Fault((*place, "within"), f"{by.result} has no list {find.within} of {find.entry}")
    elif "total" not in result or result["total"].type != "int":
        yield Fault((*place, "within"), f"{by.result} has no number `total`, by which an incomplete list is known")
