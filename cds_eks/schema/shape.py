"""What the generated models have in common: plain data and back, copies, pickles, and what they show of themselves.

A model of a request is checked when it is made. Answers are made by their readers, without any check.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any, ClassVar, Self, cast

import attrs

from cds_eks._runtime.frames import clear_frames
from cds_eks.errors import InvalidRequestError
from cds_eks.redaction import secrets_in
from cds_eks.schema.dumping import dump, python_name, wire_name
from cds_eks.schema.revisions import HoistedField
from cds_eks.schema.validation import did_you_mean
from cds_eks.schema.validators import (
    ExcludedWhen,
    ListOf,
    Ordered,
    RequiredWhen,
    Rule,
    Text,
    ValidationFailure,
    kind_of,
    printable_name,
)


class Shape:
    """The base of all models."""

    __slots__ = ()

    EXCLUDED_WHEN: ClassVar[tuple[ExcludedWhen, ...]] = ()
    REQUIRED_WHEN: ClassVar[tuple[RequiredWhen, ...]] = ()
    ORDERED: ClassVar[tuple[Ordered, ...]] = ()
    ZERO_IS_NONE: ClassVar[bool] = False
    HOISTED_FIELDS: ClassVar[tuple[HoistedField, ...]] = ()

    __match_args__ = ()

    def __eq__(self, other: object) -> bool:
        return state_of(self) == state_of(other) if type(other) is type(self) else NotImplemented

    def __repr__(self) -> str:
        shown = [f"{each.name}={_shown(each, getattr(self, each.name))}" for each in fields_of(type(self)) if each.repr]
        return f"{type(self).__qualname__.rpartition('>.')[2]}({', '.join(shown)})"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make the model from plain data, such as JSON, YAML or TOML gives.

        Args:
            data: Its fields, by Python names or wire names (those of revision 2025-09-08, the document's), nested ones
                as mappings and lists. None means unset; for a list that is required, as the vendor's Go client
                writes one that its caller left out, it is the empty one.

        Raises:
            InvalidRequestError: A field is missing, unknown, given twice, or breaks its rule; its path is named. All
                such fields are in `faults`.
        """
        try:
            return cast("Self", _load(cls, data, ""))
        except InvalidRequestError as error:
            from cds_eks.schema.all_faults import with_all_faults  # only those who are refused need it

            told = with_all_faults(error, cls, data)
            del data
            raise clear_frames(told)  # noqa: B904 - it is the same

    def to_dict(self, *, wire_names: bool = False, secrets: bool | None = None) -> dict[str, Any]:
        """Return the model as plain data: dicts, lists, texts, numbers and booleans, ready for JSON.

        Args:
            wire_names: Whether to use the wire's names (those of revision 2025-09-08) instead of Python's.
            secrets: Whether to include what is secret. By default a request includes it, since it could not be sent
                without, and an answer leaves it out, so that it can be passed on.
        """
        is_whole = not is_answer(type(self)) if secrets is None else secrets
        return dump(self, wire_name if wire_names else python_name, secrets=is_whole)

    def replace(self, /, **changes: Any) -> Self:
        """Return a copy in which some fields are others; they are checked as in a new model.

        `attrs.evolve` does the same, and so does `copy.replace` of Python 3.13.

        Args:
            changes: The fields by Python name. None unsets one that is optional.

        Raises:
            InvalidRequestError: One is not a field of the model, breaks its rule, or is required and None.
        """
        return type(self)(**{**state_of(self), **changes})

    __replace__ = replace

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        state = {name: copy.deepcopy(value, memo) for name, value in state_of(self).items()}
        return cast("Self", restore(type(self), state))

    def __getstate__(self) -> dict[str, Any]:
        return _without_secrets(self) if is_answer(type(self)) else _state_unless_secret(self)

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


def _shown(member: attrs.Attribute[Any], value: Any) -> str:
    show = member.repr
    return show(value) if callable(show) else repr(value)


def fields_of(shape: type[Shape]) -> Any:
    """Return the fields of a model: a tuple of `attrs.Attribute`, also by name."""
    return attrs.fields(cast("type[attrs.AttrsInstance]", shape))


def wire_names(member: attrs.Attribute[Any]) -> tuple[str, ...]:
    """Return the names that a field has on the wire, of all revisions."""
    revised = [there.wire for there in member.metadata["revised"].values() if there.wire is not None]
    return tuple(dict.fromkeys([member.metadata["wire"], *revised]))


def state_of(shape: Shape) -> dict[str, Any]:
    """Return the values of all fields by name."""
    return {member.name: getattr(shape, member.name) for member in fields_of(type(shape))}


def restore(cls: type[Any], state: Mapping[str, Any]) -> Any:
    """Make a model of values that need no check."""
    shape: Any = object.__new__(cls)
    for name, value in state.items():
        object.__setattr__(shape, name, value)
    return shape


def is_answer(cls: type[Shape]) -> bool:
    """Whether a model is only ever made from an answer."""
    return not fields_of(cls).extra.metadata["checked"]


def _state_unless_secret(shape: Shape) -> dict[str, Any]:
    """What the pickle of a request holds. Without its secrets it would be no request."""
    state = state_of(shape)
    secret = [member.name for member in fields_of(type(shape)) if member.metadata.get("secret") and state[member.name]]
    if secret or secrets_in(state["extra"]):
        raise TypeError(
            f"{type(shape).__name__} holds a secret ({', '.join(secret) or 'extra'}) and is not pickled: "
            "use to_dict(), and keep the result where secrets belong"
        )
    return state


def _without_secrets(shape: Shape) -> dict[str, Any]:
    """What the pickle of an answer holds: no secrets, and nothing unnamed, which may be anything."""
    state = {name: _strip_secrets(value) for name, value in state_of(shape).items()}
    for member in fields_of(type(shape)):
        if member.metadata.get("secret"):
            state[member.name] = "" if member.default is attrs.NOTHING else None
    return state | {"extra": {}}


def _strip_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_strip_secrets(entry) for entry in value]
    return restore(type(value), _without_secrets(value)) if isinstance(value, Shape) else value


@attrs.frozen
class Nested(Rule):
    """Another model.

    Attributes:
        shape: Its class.
        needs: Its fields that are optional there but needed here.
        narrowed: Closer rules for its fields.
    """

    shape: type[Shape]
    needs: tuple[str, ...] = ()
    narrowed: Mapping[str, Rule] = attrs.field(factory=dict)

    def check(self, value: Any) -> Any:
        if not isinstance(value, self.shape):
            raise ValidationFailure(f"must be a {self.shape.__name__}, not {kind_of(value)}")
        for name in self.needs:
            if not getattr(value, name):
                raise ValidationFailure("is required here", name)
        for name, rule in self.narrowed.items():
            if (member := getattr(value, name)) is not None:
                try:
                    rule.check(member)
                except ValidationFailure as failure:
                    raise ValidationFailure(failure.rule, name) from None
        return value

    def load(self, value: Any, path: str) -> Any:
        return _load(self.shape, value, path) if isinstance(value, Mapping) else value

    def expanded(self, value: Any) -> Any:
        """The same: a text is the short form of a model that requires nothing else, such as a subnet by its id."""
        name = _only_text(self.shape) if isinstance(value, str) else None
        return value if name is None else {name: value}


def _only_text(shape: type[Shape]) -> str | None:
    """Return the name of the one field that a model requires, if it is a text."""
    required = [member for member in fields_of(shape) if member.default is attrs.NOTHING]
    is_text = len(required) == 1 and isinstance(required[0].metadata["rule"], Text)
    return str(required[0].name) if is_text else None


@functools.cache
def loaders_of(cls: Any) -> dict[str, attrs.Attribute[Any]]:
    """Each name that plain data may use for a field: Python's, and the wire's in any case."""
    members = fields_of(cls)
    by_wire = {member.metadata["wire"].lower(): member for member in members if "wire" in member.metadata}
    return by_wire | {member.name: member for member in members}


def _names(cls: type[Shape]) -> set[str]:
    """All names of all fields, as they are spelt."""
    return {name for member in fields_of(cls) for name in (member.name, member.metadata.get("wire", member.name))}


def _load(cls: type[Shape], data: Any, path: str) -> Any:
    if not isinstance(data, Mapping):
        raise InvalidRequestError(path or cls.__name__, f"must be a mapping, not {kind_of(data)}")
    loaders = loaders_of(cls)  # type: ignore[arg-type]  # classes are hashable
    given: dict[str, Any] = {}
    for key, value in data.items():
        member = loaders.get(key) or loaders.get(str(key).lower())
        where = f"{path}.{printable_name(str(key))}" if path else printable_name(str(key))
        if member is None:
            raise InvalidRequestError(where, f"is not a field of {cls.__name__}{did_you_mean(str(key), _names(cls))}")
        if member.name in given:
            raise InvalidRequestError(where, f"is given twice, under two names for {member.name}")
        where = f"{path}.{member.name}" if path else member.name
        rule = member.metadata["rule"]
        if value is None and member.default is attrs.NOTHING and isinstance(rule, ListOf):
            value = []  # null, which a Go client writes for an empty list [O]
        given[member.name] = rule.load(value, where)
        rule.check_plain(value, where)
    try:
        return cls(**{name: value for name, value in given.items() if value is not None})
    except InvalidRequestError as error:
        raise error.under(path) from None
