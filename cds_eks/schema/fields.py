"""How the generated models are declared: as attrs classes to type checkers and to attrs, at the cost of plain classes.

attrs writes code for each class that it makes, and compiles it; an import of all models would take most of its time for
that. A model brings its `__init__` along, so all that is left to do is to freeze the class and to give it slots. What
attrs knows of it (`attrs.fields`, and with that `attrs.evolve`, `attrs.asdict` and cattrs) is asked of attrs itself
when it is first looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

from cds_eks.schema.revisions import RevisionDifference
from cds_eks.schema.validation import raising_own_errors
from cds_eks.schema.validators import ExtraFields, Rule

ABSENT: Any = attrs.NOTHING
"""The default of an argument whose value is made anew for each model."""


def masked(value: Any) -> str:
    """Show that a secret is set, and no more."""
    return "'***'" if value else repr(value)


def on_wire(
    name: str,
    rule: Rule | None = None,
    *,
    secret: bool = False,
    revised: Mapping[str, RevisionDifference] | None = None,
) -> dict[str, Any]:
    """Return the metadata of a field.

    Args:
        name: Its name on the wire, in the first revision that has it.
        rule: What it accepts; None in answers, which are not checked.
        secret: Whether its value must never be shown.
        revised: What it is in the revisions in which it is something else.
    """
    checked = rule is not None
    return {"wire": name, "rule": rule or Rule(), "checked": checked, "secret": secret, "revised": revised or {}}


EXTRA_FIELDS = ExtraFields()

UNDOCUMENTED: Mapping[str, Any] = {"rule": EXTRA_FIELDS, "checked": True}
"""The metadata of the field with undocumented wire fields to send along."""

UNDOCUMENTED_ANSWER: Mapping[str, Any] = {"rule": EXTRA_FIELDS, "checked": False}
"""The metadata of the field with what the service sent beyond the documented fields."""


if TYPE_CHECKING:
    from attrs import frozen as frozen
else:

    def frozen(**options: Any) -> Callable[[type], type]:
        """Make a frozen class with slots of a declaration: `attrs.frozen`, as far as a model needs it.

        Args:
            options: Those of `attrs.frozen`.
        """

        def freeze(declared: type) -> type:
            hints = declared.__annotations__.items()  # as texts: the models are of modules that ask for that
            members = {name: declared.__dict__[name] for name, hint in hints if not hint.startswith("ClassVar[")}
            body = {name: value for name, value in vars(declared).items() if name not in members}
            for name in ("__dict__", "__weakref__"):
                body.pop(name, None)
            body["__slots__"] = tuple(members)
            body["__init__"] = raising_own_errors(declared.__dict__["__init__"])
            body["__setattr__"] = body["__delattr__"] = _refuse_change
            body["__attrs_attrs__"] = _Fields(declared, members, options)
            return type(declared)(declared.__name__, declared.__bases__, body)

        return freeze


def _refuse_change(*_: object) -> NoReturn:
    raise attrs.exceptions.FrozenInstanceError


class _Fields:
    """The fields of a model as attrs has them: made when they are first read, and then put in place of this one."""

    def __init__(self, declared: type, members: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        self._declared = declared
        self._members = members
        self._options = options
        self._made: dict[str, Any] = {}

    def __get__(self, _: object, owner: type) -> Any:
        # `these` leaves the declaration as it is, and `setdefault` is one step: two threads find the same.
        known = attrs.define(
            self._declared, these=dict(self._members), slots=False, repr=False, eq=False, **self._options
        )
        made = self._made.setdefault("", attrs.fields(known))
        owner.__attrs_attrs__ = made  # type: ignore[attr-defined]  # each model has it
        return made
