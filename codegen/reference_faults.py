"""What leads nowhere in the description, and what nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cds_eks.schema.text_rules import NAMED_RULES
from codegen.description import Api, Field, Find, Operation, Shape
from codegen.faults import Fault
from codegen.revision_differences import field_at

SCALARS = {"str", "int", "bool", "flag", "flag_text"}

RULES_ARE_IN = "they are defined in cds_eks/schema/text_rules.py, in NAMED_RULES"

PAGE_ARGUMENTS = {"page_index", "page_size"}


def faults(api: Api) -> list[Fault]:
    """Return each fault; what is unused is told only if all that is used is there."""
    found = [
        *_in_circles(api),
        *_shared_names(api),
        *(fault for name, shape in api.shapes.items() for fault in _in_shape(api, name, shape)),
        *(fault for name, operation in api.operations.items() for fault in _in_operation(api, name, operation)),
    ]
    return found or [*_unused(api)]


def _in_circles(api: Api) -> Iterator[Fault]:
    """Shapes that hold themselves, and groups that need each other's: Python could not define or import them."""
    inner = {
        name: {field.inner for field in shape.fields.values()} & api.shapes.keys() for name, shape in api.shapes.items()
    }
    for name in _reaching_themselves(inner):
        yield Fault(("shapes", name), "this shape holds itself, if not directly")
    needed: dict[str, set[str]] = {}
    for name, shape in api.shapes.items():
        needed.setdefault(shape.group, set()).update({api.shapes[other].group for other in inner[name]} - {shape.group})
    circle = _reaching_themselves(needed)
    for name in circle:
        yield Fault(("groups", name), f"the shapes of these groups hold each other: {', '.join(circle)}")


def _reaching_themselves(edges: Mapping[str, set[str]]) -> list[str]:
    found = []
    for start in edges:
        reached: set[str] = set()
        ahead = [*edges[start]]
        while ahead:
            if (name := ahead.pop()) not in reached:
                reached.add(name)
                ahead += edges.get(name, ())
        if start in reached:
            found.append(start)
    return found


def _shared_names(api: Api) -> Iterator[Fault]:
    """Actions of two operations, and wire names of two fields of a shape."""
    for revision in api.revisions:
        actions: dict[str, str] = {}
        for name, operation in api.operations.items():
            action = operation.action_in(revision)
            if action is not None and (other := actions.setdefault(action, name)) != name:
                yield Fault(("operations", name, "action"), f"{action} is the action of {other} as well")
        for name, shape in api.shapes.items():
            wires: dict[str, str] = {}
            for python, field in shape.fields.items():
                wire = field.wire_in(revision)
                if wire is not None and (other := wires.setdefault(wire, python)) != python:
                    yield Fault(("shapes", name, "fields", python), f"{wire} is the wire name of {other} as well")


def _in_shape(api: Api, name: str, shape: Shape) -> Iterator[Fault]:
    for python, field in shape.fields.items():
        place = ("shapes", name, "fields", python)
        if field.inner not in SCALARS and field.inner not in api.shapes:
            yield Fault(place, f"there is no type {field.type}")
        if field.values is not None and field.values not in api.values:
            yield Fault(place, f"there is no list of values {field.values}")
        if field.rule is not None and field.rule not in NAMED_RULES:
            reason = f"there is no rule {field.rule!r} for texts, but {', '.join(NAMED_RULES)}: {RULES_ARE_IN}"
            yield Fault((*place, "rule"), reason)
        if field.container is None and field.always and field.type != "str":
            yield Fault(place, "only a text can be `always` there")
    for need in shape.needed:
        if missing := {need.when, need.field} - shape.fields.keys():
            yield Fault(("shapes", name), f"what is needed names {', '.join(sorted(missing))}, which it has not")
    for order in shape.ordered:
        if missing := {order.least, order.most} - shape.fields.keys():
            yield Fault(("shapes", name), f"what is ordered names {', '.join(sorted(missing))}, which it has not")


def _in_operation(api: Api, name: str, operation: Operation) -> Iterator[Fault]:
    place = ("operations", name)
    if operation.request not in api.shapes:
        yield Fault((*place, "request"), f"{operation.request} is not a shape")
        return
    entry = api.entry_of(operation)
    if operation.result != "none" and entry not in api.shapes:
        yield Fault((*place, "result"), f"{operation.result} is not a shape")
        return
    if operation.paged and (not operation.result.startswith("list[") or api.identity_of(entry) is None):
        yield Fault(
            (*place, "paged"), f"{operation.result} is no list of entries with an id (a field that is `always`)"
        )
    if operation.paged and not api.shapes[operation.request].fields.keys() >= PAGE_ARGUMENTS:
        yield Fault((*place, "paged"), f"{operation.request} has no `page_index` and `page_size`")
    if operation.kind == "create":
        yield from _in_create(api, name, operation)
    if operation.find is not None:
        yield from _in_find(api, name, operation, operation.find)


def _in_create(api: Api, name: str, operation: Operation) -> Iterator[Fault]:
    """What is made has to be named, and to be found again when the answer was lost."""
    place = ("operations", name)
    result = api.shapes[operation.result].fields if operation.result in api.shapes else {}
    if operation.result_id is None or operation.result_id not in result:
        yield Fault(
            (*place, "result_id"), f"a create names the field of {operation.result} with the id of what it made"
        )
    if not operation.natural_key:
        yield Fault((*place, "natural_key"), "a create names the fields by which what it made can be looked for")
    for path in operation.natural_key:
        try:
            field_at(api, operation.request, path)
        except KeyError:
            yield Fault((*place, "natural_key"), f"{operation.request} has no {path}")


def _in_find(api: Api, name: str, operation: Operation, find: Find) -> Iterator[Fault]:
    place = ("operations", name, "find")
    if find.by not in api.operations or find.entry not in api.shapes:
        yield Fault(place, f"there is no {find.by} or {find.entry}")
        return
    reads = api.shapes.get(api.operations[find.by].request)
    entry, arguments = api.shapes[find.entry].fields, reads.fields if reads is not None else {}
    wrong = [
        *(field for field in (find.id, find.status or find.id, *find.match) if field not in entry),
        *(argument for argument in (*find.search, *find.under) if argument not in arguments),
    ]
    paths = dict.fromkeys([*find.search.values(), *find.under.values(), *find.match.values()])
    unkeyed = [path for path in paths if path not in operation.natural_key]
    if wrong:
        yield Fault(place, f"{', '.join(wrong)} lead nowhere")
    if unkeyed:
        yield Fault(place, f"what is looked for must be in `natural_key`, and is not: {', '.join(unkeyed)}")


def _unused(api: Api) -> Iterator[Fault]:
    reached: set[str] = set()
    ahead = [name for operation in api.operations.values() for name in (operation.request, api.entry_of(operation))]
    while ahead:
        name = ahead.pop()
        if name in api.shapes and name not in reached:
            reached.add(name)
            ahead += [field.inner for field in api.shapes[name].fields.values()]
    fields: list[Field] = [field for shape in api.shapes.values() for field in shape.fields.values()]
    groups = {entry.group for part in (api.operations, api.shapes, api.values) for entry in part.values()}
    yield from (Fault(("shapes", name), "no operation uses this shape") for name in api.shapes.keys() - reached)
    yield from (
        Fault(("values", name), "no field uses this list of values")
        for name in api.values.keys() - {field.values for field in fields}
    )
    yield from (Fault(("groups", name), "nothing is in this group") for name in api.groups.keys() - groups)
