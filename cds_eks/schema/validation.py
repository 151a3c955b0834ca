"""What the `__init__` of a model calls: it checks the arguments, and raises errors of ours."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable
from typing import Any

import attrs

from cds_eks._runtime.frames import clear_frames
from cds_eks.errors import InvalidRequestError
from cds_eks.schema.extra_fields import check_no_collision
from cds_eks.schema.validators import Rule, ValidationFailure, joined, value_at

put: Callable[[object, str, Any], None] = object.__setattr__
"""Sets a field of a model that is being made: models are frozen."""


def check(name: str, rule: Rule, value: object) -> Any:
    """Return the value to store.

    Args:
        name: The field.
        rule: What it accepts.
        value: The argument.

    Raises:
        InvalidRequestError: The rule is broken.
    """
    try:
        return rule.check(value)
    except ValidationFailure as failure:
        raise InvalidRequestError(joined(name, failure.path), failure.rule) from None


def check_together(shape: Any) -> None:
    """Check what a model's `EXCLUDED_WHEN`, `REQUIRED_WHEN` and `ORDERED` say of several of its fields."""
    for ban in shape.EXCLUDED_WHEN:
        if getattr(shape, ban.when) == ban.equals:
            for path in ban.fields:
                if value_at(shape, path):
                    rule = f"must be left out when {ban.when} is {ban.equals!r}: {ban.because}"
                    raise InvalidRequestError(path, rule)
    for need in shape.REQUIRED_WHEN:
        if complaint := need.complaint(getattr(shape, need.field), getattr(shape, need.when)):
            raise InvalidRequestError(need.field, complaint)
    for order in shape.ORDERED:
        least, most = getattr(shape, order.least), getattr(shape, order.most)
        if least is not None and most is not None and least > most:
            raise InvalidRequestError(order.most, f"must be at least {order.least}, which is {least}; got {most}")


def check_extra(shape: Any) -> None:
    """Check that a model's undocumented fields replace none that is set.

    Raises:
        InvalidRequestError: One does.
    """
    set_by = {
        member.metadata["wire"]: member.name
        for member in attrs.fields(type(shape))
        if "wire" in member.metadata and getattr(shape, member.name) is not None
    }
    try:
        check_no_collision(shape.extra, set_by)
    except ValidationFailure as failure:
        raise InvalidRequestError(failure.path, failure.rule) from None


def raising_own_errors(init: Callable[..., None]) -> Callable[..., None]:
    """Return the `__init__` of a model that raises errors of ours for wrong and missing arguments, without secrets."""

    @functools.wraps(init)
    def __init__(self: Any, /, **given: Any) -> None:  # noqa: N807 - it becomes one
        try:
            init(self, **given)
        except TypeError:
            if (failure := _wrong_arguments(type(self), given)) is None:
                raise
        except InvalidRequestError as error:
            given.clear()  # what is refused may be a secret, and this frame is in the traceback
            raise clear_frames(error)  # noqa: B904 - it is the same
        else:
            return
        given.clear()
        raise failure

    return __init__


def _wrong_arguments(shape: Any, given: dict[str, Any]) -> InvalidRequestError | None:
    """Return the error for an unknown or missing argument, if there is one."""
    members = attrs.fields(shape)
    names = {member.name for member in members}
    for name in given:
        if name not in names:
            return InvalidRequestError(name, f"is not a field of {shape.__name__}{did_you_mean(name, names)}")
    for member in members:
        if member.default is attrs.NOTHING and member.name not in given:
            return InvalidRequestError(member.name, "is required")
    return None


def did_you_mean(name: str, names: set[str]) -> str:
    """Return the end of an error about a name: the most similar one, if any is close."""
    close = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
