"""Checks plain data by the rules of a model, and finds all faults where the model itself stops at the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from cds_eks.errors import InvalidRequestError
from cds_eks.redaction import is_secret_name
from cds_eks.schema.shape import Nested, Shape, fields_of
from cds_eks.schema.text_rules import MUST_BE_TEXT
from cds_eks.schema.validation import did_you_mean
from cds_eks.schema.validators import (
    ExtraFields,
    ListOf,
    MapOfText,
    Rule,
    Text,
    ValidationFailure,
    kind_of,
    printable_name,
)

Path = tuple[str | int, ...]
"""Where a value stands: keys, and the indexes of entries of lists."""

Tell = Callable[[Path, str], None]
Meet = Callable[[Path, Any, Rule], None]


def path_text(path: Path) -> str:
    """Spell a path: `clusters[0].node_pools[1].name`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{printable_name(step)}" if text else printable_name(step)
    return text


_members: dict[Any, Mapping[str, attrs.Attribute[Any]]] = {}


def members_of(shape: type[Shape]) -> Mapping[str, attrs.Attribute[Any]]:
    """Return the fields of a model by name."""
    if (known := _members.get(shape)) is None:
        known = _members[shape] = {member.name: member for member in fields_of(shape)}
    return known


def wire_names(shape: type[Shape]) -> Mapping[str, str]:
    """Return the Python name for each name that the wire has, in any revision, in lower case."""
    found = {}
    for member in fields_of(shape):
        revised = [there.wire for there in member.metadata.get("revised", {}).values()]
        for name in (member.metadata.get("wire"), *revised):
            if name:
                found[name.lower()] = member.name
    return found


@attrs.frozen
class Walk:
    """A walk through the data of a request, or of a part of one.

    Attributes:
        tell: Told of each fault: where, and what.
        meet: Told of each reference to a secret: where, which, and the rule that the secret has to keep.
        reference: The type of these references; None if the data have the secrets themselves.
        is_whole: Whether what is required must be there.
        is_final: Whether nothing is merged into it any more, so that fields must fit each other.
        known: What was walked through before, by shape and identity: it is not walked through again. The data are kept,
            so that an identity stays one's own.
    """

    tell: Tell
    meet: Meet | None = None
    reference: type[Any] | None = None
    is_whole: bool = True
    is_final: bool = True
    known: dict[tuple[int, int], Any] = attrs.field(factory=dict)

    def shape(self, shape: type[Shape], data: Any, path: Path, besides: frozenset[str] = frozenset()) -> None:
        """Check a model.

        Args:
            shape: The model.
            data: Its fields by Python name.
            path: Where it stands.
            besides: Fields that are not looked at.
        """
        if not isinstance(data, Mapping):
            self.tell(path, f"must be a table (a mapping), not {kind_of(data)}")
            return
        if (mark := (id(shape), id(data))) in self.known:
            return
        self.known[mark] = data
        members = members_of(shape)
        for name, value in data.items():
            if name in besides:
                continue
            if name not in members:
                self.tell((*path, str(name)), f"is not a field of {shape.__name__}{self._meant(shape, str(name))}")
            elif value is not None:
                self._field(members[name], value, (*path, name))
        if self.is_whole:
            for name, member in members.items():
                if name not in besides and member.default is attrs.NOTHING and data.get(name) is None:
                    self.tell((*path, name), "is required")
        self._replaced(members, data, path, besides)
        if self.is_final:
            self._together(shape, data, path)

    @staticmethod
    def _meant(shape: type[Shape], name: str) -> str:
        python = wire_names(shape).get(name.lower())
        return f"; did you mean {python!r}?" if python else did_you_mean(name, set(members_of(shape)))

    def _field(self, member: attrs.Attribute[Any], value: Any, path: Path) -> None:
        rule = member.metadata["rule"]
        if self._is_met(path, value, rule):
            return
        if member.metadata.get("secret") and not isinstance(value, str):
            self.tell(path, f"{MUST_BE_TEXT}, not {kind_of(value)}")  # whatever it is, it is not shown
        else:
            self.value(rule, value, path)

    def _is_met(self, path: Path, value: Any, rule: Rule) -> bool:
        """Whether a value is a reference; it is told of then."""
        if self.reference is None or self.meet is None or not isinstance(value, self.reference):
            return False
        self.meet(path, value, rule)
        return True

    def value(self, rule: Rule, value: Any, path: Path) -> None:
        """Check a value by its rule."""
        if isinstance(rule, Nested):
            self._nested(rule, value, path)
        elif isinstance(rule, ListOf):
            self._list(rule, value, path)
        elif isinstance(rule, ExtraFields):
            self._extra(value, path)
        else:
            self._leaf(rule, value, path)

    def _leaf(self, rule: Rule, value: Any, path: Path) -> None:
        if isinstance(rule, MapOfText) and isinstance(value, Mapping):
            for key, entry in value.items():
                if not isinstance(key, str):
                    break  # the rule says so
                if not isinstance(entry, str):
                    self.tell((*path, key), f"must be a text (str), not {kind_of(entry)}")
                    return
        try:
            rule.check_plain(value, str(path[-1]) if isinstance(path[-1], str) else "[0]")
            rule.check(value)
        except InvalidRequestError as error:
            self.tell(path, error.rule)
        except ValidationFailure as broken:
            self.tell(path, broken.rule)

    def _nested(self, rule: Nested, value: Any, path: Path) -> None:
        self.shape(rule.shape, value, path)
        if not isinstance(value, Mapping):
            return
        for name in rule.needs:
            if not value.get(name):
                self.tell((*path, name), "is required here")
        for name, closer in rule.narrowed.items():
            if value.get(name) is not None:
                self._leaf(closer, value[name], (*path, name))

    def _list(self, rule: ListOf, value: Any, path: Path) -> None:
        try:
            ListOf(Rule(), rule.min_items, rule.max_items).check(value)
        except ValidationFailure as broken:
            self.tell(path, broken.rule)
        if isinstance(value, (list, tuple)):
            for index, entry in enumerate(value):
                self.value(rule.entry, rule.entry.expanded(entry), (*path, index))

    def _extra(self, value: Any, path: Path) -> None:
        try:
            ExtraFields().check(value)
        except ValidationFailure as broken:
            self.tell(path, broken.rule)
            return
        if self.reference is not None:  # else it may be anything until it is sent, as the model has it
            self._open(value, path)

    def _open(self, value: Any, path: Path) -> None:
        """Check what is not described: it must be what JSON has, and what is called a secret must be one."""
        if self._is_met(path, value, Text()):
            return
        if isinstance(value, Mapping):
            for name, entry in value.items():
                if not isinstance(name, str):
                    self.tell((*path, str(name)), "must be a text (str), as keys of JSON are")
                elif is_secret_name(name) and not isinstance(entry, (str, self.reference or str)):
                    self.tell((*path, name), f"must be a text (str), as it is a secret; not {kind_of(entry)}")
                else:
                    self._open(entry, (*path, name))
        elif isinstance(value, (list, tuple)):
            for index, entry in enumerate(value):
                self._open(entry, (*path, index))
        elif not (value is None or isinstance(value, (str, bool, int)) or _is_finite(value)):
            self.tell(path, f"must be what JSON has (text, number, true, false, list, table), not {kind_of(value)}")

    def _replaced(
        self, members: Mapping[str, attrs.Attribute[Any]], data: Mapping[str, Any], path: Path, besides: frozenset[str]
    ) -> None:
        """Tell of undocumented fields that have the name of a documented one that is set."""
        extra = data.get("extra")
        taken = {
            member.metadata["wire"].lower(): name
            for name, member in (members.items() if isinstance(extra, Mapping) and extra else ())
            if "wire" in member.metadata and (name in besides or data.get(name) is not None)
        }
        for name in extra if taken and isinstance(extra, Mapping) else ():
            if isinstance(name, str) and name.lower() in taken:
                self.tell((*path, "extra", name), f"is set by {taken[name.lower()]} and can't be replaced")

    def _together(self, shape: type[Shape], data: Mapping[str, Any], path: Path) -> None:
        for ban in shape.EXCLUDED_WHEN:
            if data.get(ban.when) == ban.equals:
                for field in ban.fields:
                    steps = tuple(field.split("."))
                    if _at(data, steps):
                        self.tell((*path, *steps), f"must be left out when {ban.when} is {ban.equals!r}: {ban.because}")
        for need in shape.REQUIRED_WHEN:
            value = data.get(need.field)
            if (value is None or type(value) is int) and (complaint := need.complaint(value, data.get(need.when))):
                self.tell((*path, need.field), complaint)
        for order in shape.ORDERED:
            least, most = data.get(order.least), data.get(order.most)
            if isinstance(least, int) and isinstance(most, int) and least > most:
                self.tell((*path, order.most), f"must be at least {order.least}, which is {least}; got {most}")


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and value - value == 0


def _at(data: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        data = data.get(step) if isinstance(data, Mapping) else None
    return data
