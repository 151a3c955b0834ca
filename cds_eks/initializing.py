"""The `__init__` of models: it checks what it is given, and words its complaints.

It is compiled, as attrs compiles its own, but when a model of the class is first made: most classes of a program never
are.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast

import attrs

from cds_eks.errors import InvalidRequestError
from cds_eks.frames import cleared
from cds_eks.rules import Broken, Forbidden, Needed, Ordered, Rule, joined, spelt, value_at

# Names of its own begin with an underscore, which no field's does.
_INITIALIZER = """
def _initialize(_self, /, *, ARGUMENTS, **_unknown):
    try:
        if _unknown:
            _refuse(_shape, _unknown)
        STEPS
    except _Invalid as _error:
        NAMES = _unknown = None  # what is refused may be a secret, and this frame stands in the traceback
        raise _cleared(_error)
"""


def initializer(shape: Any) -> Callable[..., None]:
    """Return the `__init__` of a model.

    Args:
        shape: Its class, of attrs, with `FORBIDDEN`, `NEEDED` and `ORDERED`; its fields' metadata have the `rule`, and
            whether it is `checked`.
    """
    known: dict[str, Any] = {
        "__name__": __name__,
        "_Invalid": InvalidRequestError,
        "_absent": attrs.NOTHING,
        "_cleared": cleared,
        "_shape": shape,
        "_checked": _checked,
        "_refuse": _refuse,
        "_lacks": _lacks,
        "_check_forbidden": _check_forbidden,
        "_check_needed": _check_needed,
        "_check_order": _check_order,
        "_check_extra": _check_extra,
    }
    arguments, missing, steps = [], [], []
    for member in attrs.fields(shape):
        name, default = member.name, member.default
        known[f"_field_{name}"] = member
        known[f"_put_{name}"] = getattr(shape, name).__set__  # the slot's own, since the class is frozen
        value = f"_checked(_field_{name}, {name})" if member.metadata["checked"] else name
        argument = f"{name}=_absent"
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # it is a class, whatever mypy is told
            known[f"_new_{name}"] = default.factory
            value = f"_new_{name}() if {name} is _absent else {value}"
        elif default is attrs.NOTHING:
            missing.append(f"if {name} is _absent: _lacks({name!r})")
        else:
            known[f"_default_{name}"] = default
            value = f"{name} if {name} is _default_{name} else {value}"
            argument = f"{name}=_default_{name}"
        arguments.append(argument)
        steps.append(f"_put_{name}(_self, {value})")
    for index, ban in enumerate(shape.FORBIDDEN):
        known[f"_ban_{index}"] = ban
        steps.append(f"_check_forbidden(_self, _ban_{index})")
    for index, need in enumerate(shape.NEEDED):
        known[f"_need_{index}"] = need
        steps.append(f"_check_needed(_self, _need_{index})")
    for index, order in enumerate(shape.ORDERED):
        known[f"_order_{index}"] = order
        steps.append(f"_check_order(_self, _order_{index})")
    steps.append("if extra is not _absent and extra: _check_extra(_self)")
    source = _INITIALIZER.replace("ARGUMENTS", ", ".join(arguments)).replace(
        "STEPS", "\n        ".join(missing + steps)
    )
    source = source.replace("NAMES", " = ".join(member.name for member in attrs.fields(shape)))
    exec(compile(source, f"<initializer of {shape.__name__}>", "exec"), known)
    return cast("Callable[..., None]", known["_initialize"])


def _refuse(shape: Any, unknown: Mapping[str, Any]) -> NoReturn:
    name, names = next(iter(unknown)), {member.name for member in attrs.fields(shape)}
    raise InvalidRequestError(name, f"is not a field of {shape.__name__}{did_you_mean(name, names)}")


def _lacks(name: str) -> NoReturn:
    raise InvalidRequestError(name, "is required")


def _check_forbidden(shape: Any, ban: Forbidden) -> None:
    if getattr(shape, ban.when) == ban.equals:
        for path in ban.fields:
            if value_at(shape, path):
                raise InvalidRequestError(path, f"must be left out when {ban.when} is {ban.equals!r}: {ban.because}")


def _check_needed(shape: Any, need: Needed) -> None:
    if complaint := need.complaint(getattr(shape, need.field), getattr(shape, need.when)):
        raise InvalidRequestError(need.field, complaint)


def _check_order(shape: Any, order: Ordered) -> None:
    least, most = getattr(shape, order.least), getattr(shape, order.most)
    if least is not None and most is not None and least > most:
        raise InvalidRequestError(order.most, f"must be at least {order.least}, which is {least}; got {most}")


def _check_extra(shape: Any) -> None:
    """Undocumented fields stand beside the documented ones on the wire, so they can't replace one that is set."""
    taken = {
        member.metadata["wire"].lower(): member.name
        for member in attrs.fields(type(shape))
        if "wire" in member.metadata and getattr(shape, member.name) is not None
    }
    for name in shape.extra:
        if name.lower() in taken:
            raise InvalidRequestError(f"extra.{spelt(name)}", f"is set by {taken[name.lower()]} and can't be replaced")


def did_you_mean(name: str, names: set[str]) -> str:
    """Return the end of a complaint about a name: which one may have been meant, if any is close."""
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _checked(field: attrs.Attribute[Any], value: Any) -> Any:
    rule: Rule = field.metadata["rule"]
    try:
        return rule.check(value)
    except Broken as broken:
        raise InvalidRequestError(joined(field.name, broken.path), broken.rule) from None
