"""Reading the description: YAML into typed values, with the line of everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
import cattrs
import yaml

from codegen import handlers, name_faults, reference_faults, revision_faults
from codegen.description import Api
from codegen.faults import DescriptionError, Fault, Place

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
PATH = Path(__file__).with_name("api.yaml")

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C takes a quarter of the time; not every build of PyYAML has it."""

ENTRIES = ("groups", "operations", "values", "shapes")
"""The parts that hold entries by name: one that is wrong does not keep the others from being read."""


def load(path: Path = PATH) -> Api:
    """Read and check the description.

    Raises:
        DescriptionError: It is not what it should be; each fault is told with its line.
    """
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    try:
        api, faults, is_whole = read(path)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        raise DescriptionError(name, [Fault((), f"this is no YAML: {error.problem}")], {(): line}) from None
    faults += name_faults.faults(api)
    if is_whole:  # what leads from one entry to another can be judged only when all have been read
        faults += reference_faults.faults(api)
        faults += revision_faults.faults(api)
    if not faults:
        faults += handlers.missing_handlers(api)
    if faults:
        raise DescriptionError(name, faults, api.lines)
    return api


def read(path: Path = PATH) -> tuple[Api, list[Fault], bool]:
    """Read the description without a check of what its entries say of each other.

    Returns:
        What could be read, what could not, and whether nothing is missing.
    """
    data, lines, faults = _parsed(path.read_text(encoding="utf-8"))
    reader = _Reader()
    api = reader.api(data if isinstance(data, dict) else {}, lines)
    return api, faults + reader.faults, reader.is_whole


def _parsed(text: str) -> tuple[Any, dict[Place, int], list[Fault]]:
    """The data of a YAML text, the line of each place in it, and what stands in it twice."""
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}, {(): 1}, []
        lines: dict[Place, int] = {(): 1}
        faults: list[Fault] = []
        for place, line in _places(node, ()):
            if place in lines:
                faults.append(Fault(place, f"stands here twice, in line {lines[place]} and in line {line}"))
            lines.setdefault(place, line)
        return loader.construct_document(node), lines, faults
    finally:
        loader.dispose()


def _places(node: Any, above: Place) -> Iterator[tuple[Place, int]]:
    """Each place below a node, with its line; what is merged from elsewhere (`<<`) has its line there."""
    if isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield (*above, index), entry.start_mark.line + 1
            yield from _places(entry, (*above, index))
    elif isinstance(node, yaml.MappingNode):
        own = {key.value for key, _ in node.value}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                merged = _places(value, above)
                yield from ((place, line) for place, line in merged if place[len(above)] not in own)
            else:
                yield (*above, key.value), key.start_mark.line + 1
                yield from _places(value, (*above, key.value))


class _Reader:
    """Makes typed values of plain data, and notes what can't be made one."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.is_whole = True
        self._strict = _converter(forbid_extra_keys=True)
        self._lenient = _converter(forbid_extra_keys=False)

    def api(self, data: Mapping[str, Any], lines: dict[Place, int]) -> Api:
        """The description, without the entries that are wrong."""
        hints = get_type_hints(Api)
        made: dict[str, Any] = {"lines": lines}
        for name in attrs.fields_dict(Api).keys() - {"lines"}:
            if name not in data:
                self.is_whole = False
                self.faults.append(Fault((name,), "is missing"))
                made[name] = "" if hints[name] is str else {}
            elif name in ENTRIES and isinstance(data[name], dict):
                kind = get_args(hints[name])[1]
                entries = {key: self._made(entry, kind, (name, key)) for key, entry in data[name].items()}
                made[name] = {key: entry for key, entry in entries.items() if entry is not None}
            else:
                made[name] = self._made(data[name], hints[name], (name,)) or (get_origin(hints[name]) or str)()
        self.faults += [Fault((name,), "there is no such key") for name in data.keys() - made.keys()]
        return Api(**made)

    def _made(self, data: Any, kind: type[T], place: Place) -> T | None:
        """What the data give; where they have only a key too many, that is noted and they are read without it."""
        try:
            return self._strict.structure(data, kind)
        except cattrs.BaseValidationError as error:
            self.faults += _faults_in(error, kind, place, _defined(Api, str(place[0])))
        except (TypeError, ValueError, AttributeError):
            self.faults.append(Fault(place, f"{data!r} is no {getattr(kind, '__name__', kind)}"))
        try:
            return self._lenient.structure(data, kind)
        except (cattrs.BaseValidationError, TypeError, ValueError, AttributeError):
            self.is_whole = False
            return None


def _converter(*, forbid_extra_keys: bool) -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=forbid_extra_keys)
    wires = (str | dict[str, str], str | dict[str, str] | None)
    converter.register_structure_hook_func(lambda hint: hint in wires, _structure_wire)
    return converter


def _structure_wire(value: Any, _: Any) -> Any:
    if isinstance(value, (str, Mapping)):
        return value
    raise ValueError(f"a name, or a mapping from revision to name, not {value!r}")


def _faults_in(error: Exception, kind: Any, place: Place, defined: str) -> Iterator[Fault]:
    """What cattrs found, with the place of each; `defined` is where its type stands."""
    if isinstance(error, cattrs.ClassValidationError):
        inside, others = error.group_exceptions()
        for inner, note in inside:
            if isinstance(inner, KeyError):
                yield Fault(place, f"`{note.name}` is missing")
            else:
                yield from _faults_in(inner, note.type, (*place, note.name), _defined(kind, note.name))
        for other in others:
            yield from _faults_in(other, kind, place, defined)
    elif isinstance(error, cattrs.IterableValidationError):
        inside_too, others = error.group_exceptions()
        for inner, entry in inside_too:
            yield from _faults_in(inner, entry.type, (*place, entry.index), defined)
        for other in others:
            yield from _faults_in(other, kind, place, defined)
    elif isinstance(error, cattrs.errors.ForbiddenExtraKeysError):
        for name in sorted(error.extra_fields):
            yield Fault((*place, name), "there is no such key")
    elif isinstance(error, KeyError):
        yield Fault(place, f"`{error.args[0]}` is missing")
    elif allowed := _allowed(kind):
        value, _, _ = str(error).partition(" not in literal")
        words = ", ".join(map(repr, allowed))
        yield Fault(place, f"{value!r} is not one of {words}, which are defined in codegen/description.py, {defined}")
    else:
        yield Fault(place, str(error))


def _defined(kind: Any, name: str) -> str:
    """Where the type of an attribute stands: the attribute of its class in codegen/description.py."""
    return f"{kind.__name__}.{name}"


def _allowed(kind: Any) -> tuple[Any, ...]:
    """The values of a type that takes only a few; those of an alternative to None as well."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        return next((found for each in get_args(kind) if (found := _allowed(each))), ())
    return ()
