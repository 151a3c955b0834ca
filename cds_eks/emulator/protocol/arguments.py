"""Validation of arguments by the service's description: names, types, requirements and ranges; in which revision."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cds_eks.emulator.protocol.api import SHAPES
from cds_eks.emulator.protocol.envelope import Refusal
from cds_eks.emulator.protocol.rules import check_together, check_value, has_rule
from cds_eks.emulator.protocol.schema import Field

__all__ = ["UNCHECKED", "match_revision", "validate"]

_DECIMAL = re.compile(r"-?[0-9]{1,19}")

UNCHECKED = frozenset(
    {
        *(("BillingSpec", name) for name in ("Duration", "Period")),  # `rules` looks at them with the billing method
        ("NodePoolBillingSpec", "Period"),
        *(("AutoScaling", name) for name in ("MaxReplicas", "MinReplicas")),  # `rules` looks at them with `Enable`
        ("AutoScaling", "Priority"),
        *(("CniConfig", name) for name in ("NodePodsNum", "CalicoBlockSize")),
        *(("DiskInfo", name) for name in ("DiskSize", "Size")),
        ("Volume", "Size"),
        *((shape, "SubjectId") for shape in ("NodePoolConfig", "NodePoolSpec")),
        ("ClusterSubnet", "UsedIpNum"),  # the handler looks at it with the segment
    }
)
"""Numbers, by shape and wire name, of which the service has not been seen to refuse any [I], whatever is documented."""

_OWN_MOST = {("AddScalingNodeRequest", "AddNum"): 99, ("DiskInfo", "Number"): 99}
"""[I] Not said by the service: so that no request makes the emulator build a million nodes or disks."""

_INT_LEAST, _INT_MOST = -(2**63), 2**63 - 1

_MAY_BE_ZERO = frozenset({("CniConfig", "SubnetList")})
"""Lists that need no entry, so that a zero struct in one says that there is none [I]."""


def match_revision(
    shape: str, value: Mapping[str, Any], revisions: Sequence[str], *, text: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return which of some revisions the arguments speak, and the arguments as `validate` does.

    What fits none of them is judged by the one that knows the most of its names, so that the refusal helps.

    Args:
        shape: The name of the request shape in `SHAPES`.
        value: The arguments as they came.
        revisions: The revisions that will do; not empty.
        text: As for `validate`.

    Raises:
        Refusal: As `validate` does.
    """
    first = _Rules(SHAPES[revisions[0]], text, [])
    with contextlib.suppress(Refusal):
        arguments = _shape(first, shape, value, "")
        if not first.left_out:  # it knows every name: none can know more
            return revisions[0], arguments
    ranked = sorted(revisions, key=lambda revision: _unknown_names(SHAPES[revision], shape, value))
    refusals = []
    for revision in ranked:
        try:
            return revision, validate(shape, value, revision, text=text)
        except Refusal as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _unknown_names(shapes: _Shapes, type_: str, value: Any) -> int:
    """Return how many names a revision does not know."""
    if type_.startswith("list["):
        return sum([_unknown_names(shapes, type_[5:-1], each) for each in value]) if isinstance(value, list) else 0
    if type_ not in shapes or not isinstance(value, Mapping):
        return 0
    unknown, types = 0, _checks_of(shapes, type_).types
    for name, each in value.items():
        field_type = types.get(name.lower())
        if field_type is None:
            unknown += 1
        elif isinstance(each, (dict, list)):
            unknown += _unknown_names(shapes, field_type, each)
    return unknown


def validate(shape: str, value: Mapping[str, Any], revision: str, *, text: bool = False) -> dict[str, Any]:
    """Return the arguments under the contract's spelling of their names, without what was not given.

    Names match whatever their case [O]. Zero values (`""`, 0, `{}`, `[]`) are taken, as the vendor's Go client sends
    them for what its caller left unset [O], but where a name or an id must be. Null is "not given", or of a list the
    empty one: the Go client of either revision sends it for a list that its caller left out [O].

    Args:
        shape: The name of the request shape in `SHAPES`.
        value: The arguments as they came.
        revision: The revision of the API that they must speak.
        text: Whether they came in a query: all text, numbers in decimal, `""` for "not given" where that is allowed.

    Raises:
        Refusal: `ArgMissing` or `InvalidParameter`, naming the field by its path; or a code of `rules`.
    """
    return _shape(_Rules(SHAPES[revision], text, []), shape, value, "")


_Shapes = Mapping[str, Sequence[Field]]


class _Rules(NamedTuple):
    """What a request is judged by: shapes, and whether all is text; and the zero structs that were left out of it."""

    shapes: _Shapes
    text: bool
    left_out: list[Any]


class _Check(NamedTuple):
    """What is looked at in a field.

    Attributes:
        field: The field.
        lower: Its name in lower case.
        is_list: Whether it is a list.
        may_be_zero: Whether entries that are a zero struct are left out.
        has_rule: Whether a name or an id is to be checked.
        is_number: Whether it must be in a range.
    """

    field: Field
    lower: str
    is_list: bool
    may_be_zero: bool
    has_rule: bool
    is_number: bool


class _Checks(NamedTuple):
    """The checks of a shape, and the types of its fields by their names in lower case; made once for each shape."""

    fields: Sequence[Field]
    checks: tuple[_Check, ...]
    types: Mapping[str, str]


_made: dict[tuple[int, str], _Checks] = {}


def _checks_of(shapes: _Shapes, shape: str) -> _Checks:
    fields, key = shapes[shape], (id(shapes), shape)
    known = _made.get(key)
    if known is None or known.fields is not fields:
        checks = tuple(
            _Check(
                field=field,
                lower=field.wire.lower(),
                is_list=field.type.startswith("list["),
                may_be_zero=(shape, field.wire) in _MAY_BE_ZERO,
                has_rule=has_rule(shape, field),
                is_number=field.type == "int" and (shape, field.wire) not in UNCHECKED,
            )
            for field in fields
        )
        types = {field.wire.lower(): field.type for field in fields}
        known = _made[key] = _Checks(fields=fields, checks=checks, types=types)
    return known


def _shape(rules: _Rules, shape: str, value: Mapping[str, Any], path: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, each in value.items():
        if (lower := name.lower()) in given:
            raise _invalid(path + name, "is given twice")
        given[lower] = each
    arguments: dict[str, Any] = {}
    for field, lower, is_list, may_be_zero, has_rule_, is_number in _checks_of(rules.shapes, shape).checks:
        if lower not in given:
            if field.required:
                raise Refusal("ArgMissing", f"{path}{field.wire} is missing")
            continue
        where, each = path + field.wire, given.pop(lower)
        if each is None and is_list:
            each = []
        if each is None or (rules.text and each == "" and not field.required):
            if field.required:
                raise Refusal("ArgMissing", f"{where} is missing")
            continue
        if may_be_zero and isinstance(each, list):
            rules.left_out.extend(zeros := [entry for entry in each if _is_zero(entry)])
            each = [entry for entry in each if not _is_zero(entry)] if zeros else each
        arguments[field.wire] = each = _value(rules, field.type, each, where)
        if has_rule_:
            check_value(shape, field, each, where)
        if field.removed_values and each in field.removed_values:
            raise _invalid(where, f"must not be {each}, which is gone")
        if is_number:
            _check_number(shape, field, each, where)
    if given:
        unknown = next(name for name in value if name.lower() in given)
        raise _invalid(path + unknown, "is not known")
    check_together(shape, arguments, path)
    return arguments


def _check_number(shape: str, field: Field, value: int, path: str) -> None:
    """Refuse a number that is out of range; 0 in an optional field is what the Go client sends for "unset" [O]."""
    if value == 0 and not field.required:
        return
    if field.choices and value not in field.choices:
        raise _invalid(path, f"must be one of {', '.join(map(str, field.choices))}")
    least = _INT_LEAST if field.least is None else field.least if field.required else min(field.least, 0)
    most = _OWN_MOST.get((shape, field.wire), _INT_MOST if field.most is None else field.most)
    if not least <= value <= most:
        raise _invalid(path, f"must be from {least} to {most}")


def _is_zero(entry: Any) -> bool:
    """Whether an object is a Go client's zero struct."""
    return isinstance(entry, dict) and bool(entry) and not any(entry.values())


def _value(rules: _Rules, type_: str, value: Any, path: str) -> Any:
    """Return a value that is of a type of the description, a number out of a query as the number."""
    if type_ == "str" and isinstance(value, str):  # most of them
        return value
    if type_.startswith("list["):
        if not isinstance(value, list):
            raise _invalid(path, "must be a list")
        return [_value(rules, type_[5:-1], each, f"{path}[{at}]") for at, each in enumerate(value)]
    if type_ in rules.shapes:
        if not isinstance(value, dict):
            raise _invalid(path, "must be an object")
        return _shape(rules, type_, value, f"{path}.")
    if rules.text and type_ == "int" and isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = int(value)
    rule, fits = _SCALARS[type_]
    if not fits(value):
        raise _invalid(path, f"must be {rule}")
    return value


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and _INT_LEAST <= value <= _INT_MOST


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


_SCALARS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("text", lambda value: isinstance(value, str)),
    "int": ("a whole number", _is_int),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "flag": ("0 or 1", lambda value: _is_int(value) and value in (0, 1)),
    "flag_text": ('"0" or "1"', lambda value: isinstance(value, str) and value in ("", "0", "1")),
    "map[str]": ("an object of texts", _is_text_map),
}
"""Each type without parts: the rule in words, and whether a value fits."""


def _invalid(path: str, rule: str) -> Refusal:
    return Refusal("InvalidParameter", f"{path[:200]} {rule}")
