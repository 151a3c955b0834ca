"""Operations that are answered by the description alone: create, get, list and delete of a resource.

A resource is stored as its create described it, without secrets, and shown in the documented shape of the answer, zero
where nothing is known. It is there, or gone, at once; a task or event that the answer names has finished already. Two
resources may have the same name, as two clusters may. What a request refers to besides is not looked at. All of this
is [I].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cds_eks.emulator.engine import lifecycle
from cds_eks.emulator.engine.state import Resource
from cds_eks.emulator.engine.views import time_text
from cds_eks.emulator.engine.world import World
from cds_eks.emulator.handlers.call import Call, Result, lookup
from cds_eks.emulator.protocol.api import ANSWERS, SHAPES
from cds_eks.emulator.protocol.envelope import Page, Refusal
from cds_eks.emulator.protocol.schema import Field, Generic, Operation

__all__ = ["handler"]

Handler = Callable[[World, Call], Result]
Shapes = Mapping[str, Sequence[Field]]

_PAGE = {"page_index": 1, "page_size": 10}
_PART_OF_NAME = ("keyword", "filter")


def handler(operation: Operation, generic: Generic) -> Handler:
    """Return what answers an operation, by how the description says that it is to be answered."""
    carry_out = _VERBS[generic.verb]
    return lambda world, call: carry_out(operation, generic, world, call)


def _create(operation: Operation, generic: Generic, world: World, call: Call) -> Result:
    fields = _stored(SHAPES[call.revision], operation.request, call.arguments)
    resource = Resource(
        id=world.new_id(),
        kind=generic.resource,
        name=str(fields.get(generic.name, "")),
        fields=fields,
        created=world.now,
    )
    world.add_resource(resource, call.request_id)
    values = {**_values(resource, generic), **_progress(operation, world, call, resource)}
    return Result(data=_shown(ANSWERS[call.revision], operation.result, values), created=(resource.id,))


def _get(operation: Operation, generic: Generic, world: World, call: Call) -> Result:
    resource = _find(operation, generic, world, call, _arguments(operation, call)[generic.argument])
    return Result(data=_shown(ANSWERS[call.revision], operation.result, _values(resource, generic)))


def _list(operation: Operation, generic: Generic, world: World, call: Call) -> Result:
    asked = _arguments(operation, call)
    index, size = (max(asked.pop(name, None) or default, 1) for name, default in _PAGE.items())
    stored = world.resources.get(generic.resource, {}).values()
    visible = [each for each in stored if max(each.shown_from, each.created + call.lag) <= world.now]
    matching = [values for each in visible if _matches(each, values := _values(each, generic), asked)]
    if not operation.paged:
        index, size = 1, len(matching)
    shown, page = matching[(index - 1) * size : index * size], Page(total=len(matching), index=index, size=size)
    shapes = ANSWERS[call.revision]
    if not generic.entries:
        return Result(data=_shown(shapes, operation.result, shown), page=page)
    numbers = {"total": page.total, "total_count": page.total, "page_index": page.index, "page_size": page.size}
    data = _shown(shapes, operation.result, {**numbers, generic.entries: shown})
    return Result(data=data, page=page if operation.paged else None)


def _delete(operation: Operation, generic: Generic, world: World, call: Call) -> Result:
    asked = _arguments(operation, call)[generic.argument]
    ids = [asked] if isinstance(asked, str) else list(dict.fromkeys(asked))
    if not ids:
        raise Refusal("ArgMissing", f"{_wire_name(operation, generic, call)} is empty")
    resources = [_find(operation, generic, world, call, each) for each in ids]
    for each in resources:
        world.remove_resource(each)
    values = {**_values(resources[0], generic), **_progress(operation, world, call, resources[0])}
    return Result(data=_shown(ANSWERS[call.revision], operation.result, values))


_VERBS: dict[str, Callable[[Operation, Generic, World, Call], Result]] = {
    "create": _create,
    "get": _get,
    "list": _list,
    "delete": _delete,
}


def _arguments(operation: Operation, call: Call) -> dict[str, Any]:
    """Return the arguments of a call by their keys."""
    arguments: dict[str, Any] = _stored(SHAPES[call.revision], operation.request, call.arguments)
    return arguments


def _find(operation: Operation, generic: Generic, world: World, call: Call, id: str) -> Resource:  # noqa: A002
    """Return the resource that a call names, or refuse: with another parent than it has, it is not there."""
    argument = _wire_name(operation, generic, call)
    resource = lookup(world.resources.get(generic.resource, {}), argument, id)
    others = {key: value for key, value in _arguments(operation, call).items() if key != generic.argument and value}
    is_other = any(resource.fields.get(key, value) != value for key, value in others.items())
    if is_other or resource.shown_from > world.now:
        lookup({}, argument, id)  # refuses as if it were not there
    return resource


def _wire_name(operation: Operation, generic: Generic, call: Call) -> str:
    """Return what the argument with the id is called on the wire."""
    return next(each.wire for each in SHAPES[call.revision][operation.request] if each.key == generic.argument)


def _matches(resource: Resource, values: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether a resource passes the filters of a list; one on what nothing is known of passes all."""
    given = {key: value for key, value in asked.items() if value not in ("", None)}
    parts = [str(given.pop(key)).lower() for key in _PART_OF_NAME if key in given]
    return all(part in resource.name.lower() or part in resource.id.lower() for part in parts) and all(
        values.get(key, value) == value for key, value in given.items()
    )


def _values(resource: Resource, generic: Generic) -> dict[str, Any]:
    """Return what is known of a resource, by keys."""
    created = time_text(resource.created)
    return {
        "create_time": created,
        "update_time": created,
        "status": resource.status,
        f"{resource.kind}_status": resource.status,
        **resource.fields,
        generic.id: resource.id,
    }


def _progress(operation: Operation, world: World, call: Call, resource: Resource) -> dict[str, str]:
    """Return the ids of the task and the event that an answer names, which have finished already."""
    keys = {each.key for each in ANSWERS[call.revision].get(operation.result, ())}
    found = {}
    if "task_id" in keys:
        resource.progress = lifecycle.finished_task(world, operation.name, call.request_id)
        found["task_id"] = resource.progress.id
    if "event_id" in keys:
        resource.progress = lifecycle.finished_event(world, resource.id, operation.name)
        found["event_id"] = resource.progress.id
    return found


def _stored(shapes: Shapes, type_: str, value: Any) -> Any:
    """Return a part of a request by keys in place of wire names, without its secrets."""
    if type_.startswith("list["):
        return [_stored(shapes, type_[5:-1], each) for each in value]
    if type_ not in shapes:
        return value
    return {
        each.key: _stored(shapes, each.type, value[each.wire])
        for each in shapes[type_]
        if each.wire in value and not each.secret
    }


_EMPTY: dict[str, Any] = {"str": "", "flag_text": "", "int": 0, "flag": 0, "bool": False, "none": None}


def _shown(shapes: Shapes, type_: str, value: Any) -> Any:
    """Return a part of an answer by wire names: every field of its type, empty where the value is not of that type."""
    if type_.startswith("list["):
        return [_shown(shapes, type_[5:-1], each) for each in value] if isinstance(value, list) else []
    if type_ in shapes:
        values = value if isinstance(value, Mapping) else {}
        return {each.wire: _shown(shapes, each.type, values.get(each.key)) for each in shapes[type_]}
    if type_.startswith("map["):
        return dict(value) if isinstance(value, Mapping) else {}
    empty = _EMPTY[type_]
    is_number = isinstance(value, int) and isinstance(empty, int)
    return type(empty)(value) if is_number or (isinstance(value, str) and empty == "") else empty
