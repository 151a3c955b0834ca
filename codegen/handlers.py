"""Which operations the emulator can answer: by handlers written by hand, or by the description alone.

The emulator answers these kinds of operation by the description, if they have no handler of their own. They are known
by their documented names, `Create…`, `Get…` or `Describe…`, `List…`, `Delete…`, of which the rest names the resource:
- a create (`kind: create`): its result has the id as a text;
- a get (`kind: read`): its request has the id as a required text, its result is a shape;
- a list (`kind: read`): its result is a list of shapes, or a shape with one such list;
- a delete (`kind: idempotent`): its request has the id as a required text, or a list of ids.
The id is the field that the create has as `result_id`, or `<resource>_id`, or `id`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import attrs

from codegen import revision_differences
from codegen.description import Api, Field, Operation
from codegen.faults import Fault

FOLDER = "cds_eks/emulator/handlers/"
REGISTRY = Path(__file__).resolve().parent.parent / FOLDER / "registry.py"

_OTHER_RESOURCES = frozenset({"task", "event", "netcard"})
"""What the emulator stores of its own, though no get, list or delete of its is named for it."""


@attrs.frozen(kw_only=True)
class Generic:
    """An operation that is answered by the description alone; fields are named as in api.yaml.

    Attributes:
        verb: `create`, `get`, `list` or `delete`.
        resource: What the resource is called: `node_pool` of CreateNodePool.
        argument: The field of the request that has the id, or a list of ids; empty for none.
        id: The field of the result, or of its entries, that has the id; empty for none.
        name: The field of the request of a create that has the name; empty for none.
        entries: The field of the result that has the list; empty if the result is the list.
    """

    verb: str
    resource: str
    argument: str = ""
    id: str = ""
    name: str = ""
    entries: str = ""

    def to_source(self) -> str:
        """Return the expression that makes the emulator's twin of it."""
        said = [f'{name}="{value}"' for name, value in attrs.asdict(self).items() if value]
        return f"Generic({', '.join(said)})"


def handled(registry: Path = REGISTRY) -> frozenset[str]:
    """Return the actions that have a handler of their own: the keys of `HANDLERS`, read from its source."""
    for node in ast.parse(registry.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "HANDLERS":
            return frozenset(ast.literal_eval(key) for key in getattr(node.value, "keys", ()))
    raise ValueError(f"{registry} has no HANDLERS")


def missing_handlers(api: Api, actions: frozenset[str] | None = None) -> Iterator[Fault]:
    """Yield each operation that the emulator can't answer.

    Args:
        api: The description.
        actions: The actions that have a handler of their own; by default those of the emulator.
    """
    emulation = Emulation(api, actions)
    for name in api.operations:
        if (reason := emulation.reason(name)) is not None:
            yield Fault(
                ("operations", name),
                f"no emulator handler: write one in {FOLDER} and name it in HANDLERS, in registry.py there "
                f"(it can't be answered by the description alone: {reason})",
            )


class Emulation:
    """How the emulator answers each operation of a description.

    Args:
        api: The description.
        actions: The actions that have a handler of their own; by default those of the emulator.
    """

    def __init__(self, api: Api, actions: frozenset[str] | None = None) -> None:
        self._api = api
        by_hand = handled() if actions is None else actions
        self._by_hand = {
            name: operation
            for name, operation in api.operations.items()
            if revision_differences.actions(api, operation).keys() & by_hand
        }
        self._resources_by_hand = {_split(name)[1] for name in self._by_hand} | _OTHER_RESOURCES
        self._found = {
            name: self._recognise(name, operation)
            for name, operation in api.operations.items()
            if name not in self._by_hand
        }
        self._keyed = {shape for name in self._found if self.generic(name) for shape in self._shapes_of(name)}

    def generic(self, name: str) -> Generic | None:
        """Return how an operation is answered by the description alone; None if it is not."""
        found = self._found.get(name)
        return found if isinstance(found, Generic) else None

    def reason(self, name: str) -> str | None:
        """Return why an operation without a handler can't be answered; None if it can, or has a handler."""
        found = self._found.get(name)
        return found if isinstance(found, str) else None

    def answers(self) -> dict[str, dict[str, list[revision_differences.WireField]]]:
        """Return by revision the shapes of answers: those of the first, and what further ones have otherwise."""
        names = [name for name, shape in self._api.shapes.items() if shape.use != "request"]
        first, *others = self._api.revisions
        shapes = {
            each: {name: revision_differences.wire_shape(self._api, name, each) for name in names}
            for each in (first, *others)
        }
        for revision in others:
            shapes[revision] = {name: shape for name, shape in shapes[revision].items() if shape != shapes[first][name]}
        return shapes

    def key(self, shape: str, field: revision_differences.WireField) -> str:
        """Return the name in api.yaml of a field, if the shape is one of a resource that is answered generically."""
        names = self._api.shapes[shape].fields.items() if shape in self._keyed else ()
        return next((name for name, each in names if each is field.about), "")

    def _recognise(self, name: str, operation: Operation) -> Generic | str:
        prefix, resource = _split(name)
        if not resource or operation.kind != _KINDS.get(prefix):
            return "it is not a create, get, list or delete by its name and `kind`"
        if resource in self._resources_by_hand:
            return f"the emulator stores each {resource} for handlers written by hand"
        if unusual := sorted(each for each in self._shapes_of(name) if self._is_unusual(each)):
            return f"{', '.join(unusual)} differs too much from one revision to another"
        if prefix == "Create":
            return self._recognise_create(operation, resource)
        if prefix == "Delete":
            return self._recognise_delete(operation, resource)
        return self._recognise_read(operation, resource)

    def _recognise_create(self, operation: Operation, resource: str) -> Generic | str:
        ids = [operation.result_id] if operation.result_id else self._ids(resource)
        if not (id_ := _first(ids, {} if operation.result.startswith("list[") else self._fields(operation.result))):
            return f"its result has no text {' or '.join(ids)}"
        asked = self._fields(operation.request)
        names = [*operation.natural_key[:1], f"{resource}_name", "name"]
        name = next((each for each in names if each.endswith("name") and _is_text(asked.get(each))), "")
        return Generic(verb="create", resource=resource, id=id_, name=name)

    def _recognise_read(self, operation: Operation, resource: str) -> Generic | str:
        ids = self._ids(resource)
        asked, result = self._fields(operation.request), self._fields(operation.result)
        argument = next((each for each in ids if _is_text(asked.get(each)) and asked[each].required), "")
        if argument and not operation.result.startswith("list[") and (id_ := _first(ids, result)):
            return Generic(verb="get", resource=resource, argument=argument, id=id_)
        if operation.result.startswith("list[") and (id_ := _first(ids, result)):
            return Generic(verb="list", resource=resource, id=id_)
        lists = [each for each, field in result.items() if field.container == "list"]
        if len(lists) == 1 and (id_ := _first(ids, self._fields(result[lists[0]].inner))):
            return Generic(verb="list", resource=resource, id=id_, entries=lists[0])
        return (
            f"neither have its request and its result one of {' or '.join(ids)} as a text that is required, "
            "nor is its result a list of shapes that have it"
        )

    def _recognise_delete(self, operation: Operation, resource: str) -> Generic | str:
        ids = self._ids(resource)
        asked, result = self._fields(operation.request), self._fields(operation.result)
        for each in (*ids, *(f"{each}s" for each in ids)):
            if each in asked and asked[each].required and asked[each].type in ("str", "list[str]"):
                return Generic(verb="delete", resource=resource, argument=each, id=_first(ids, result))
        return f"its request has none of {' or '.join(ids)} as a text, or a list of texts, that is required"

    def _ids(self, resource: str) -> list[str]:
        """Return what the id of a resource may be called, the likeliest first."""
        creates = [each for name, each in self._api.operations.items() if _split(name) == ("Create", resource)]
        return list(dict.fromkeys([*(each.result_id for each in creates if each.result_id), f"{resource}_id", "id"]))

    def _fields(self, type_: str) -> dict[str, Field]:
        """Return the fields of a shape, or of the entries of a list of it; none for other types."""
        name = type_.removeprefix("list[").removesuffix("]")
        return self._api.shapes[name].fields if name in self._api.shapes else {}

    def _shapes_of(self, name: str) -> set[str]:
        """Return all shapes that an operation's request and result are made of."""
        operation = self._api.operations[name]
        return {*self._below(operation.request), *self._below(operation.result)}

    def _below(self, type_: str) -> Iterator[str]:
        name = type_.removeprefix("list[").removesuffix("]")
        if name in self._api.shapes:
            yield name
            for field in self._api.shapes[name].fields.values():
                yield from self._below(field.inner)

    def _is_unusual(self, shape: str) -> bool:
        found = self._api.shapes[shape]
        return bool(found.hoisted) or any(each.only or each.repeat or each.in_parent for each in found.fields.values())


_KINDS = {"Create": "create", "Get": "read", "Describe": "read", "List": "read", "Delete": "idempotent"}
"""By the first word of an operation's name, its `kind`, if it does what the word says."""


def _split(name: str) -> tuple[str, str]:
    """Return the verb of an operation's name, and its resource: `List` and `node_pool` of ListNodePools."""
    match = re.fullmatch(rf"({'|'.join(_KINDS)})([A-Z]\w*)", name)
    if match is None:
        return "", ""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", match[2]).lower()
    if words.endswith("ies"):
        words = f"{words[:-3]}y"
    elif words.endswith("s") and not words.endswith(("ss", "us")):
        words = words[:-1]
    return match[1], words


def _is_text(field: Field | None) -> bool:
    return field is not None and field.type == "str"


def _first(names: list[str], fields: dict[str, Field]) -> str:
    return next((each for each in names if _is_text(fields.get(each))), "")
