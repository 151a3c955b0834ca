"""The kinds of faults: what each may be told, and which actions it is for."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from cds_eks.emulator.protocol.api import ANSWERS, OPERATIONS, REVISIONS

__all__ = [
    "CLASSES",
    "CREATES",
    "EVERY",
    "KINDS",
    "PARAMETERS",
    "REQUIRED",
    "FaultError",
    "actions_of",
    "check",
    "matches",
    "shown",
]


class FaultError(ValueError):
    """A fault makes no sense.

    Attributes:
        field: What of it is wrong: `kind`, `action` or the name of a parameter; empty for several together.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field

    @property
    def rule(self) -> str:
        """What is wrong, for where the field is told already."""
        return str(self).removeprefix(f"{self.field} ")


KINDS: dict[str, tuple[str, ...]] = {
    "refuse_connection": (),
    "refuse": (),
    "reset_before_commit": (),
    "reset_after_commit": (),
    "hang_before_commit": ("seconds",),
    "hang_after_commit": ("seconds",),
    "truncate": ("bytes", "after"),
    "status": ("status", "when", "body", "code", "message", "retry_after"),
    "throttle": ("status", "when", "body", "code", "message", "retry_after"),
    "drip": ("bytes", "seconds"),
    "duplicate": ("seconds", "bypass_nonce", "answer"),
    "late": ("seconds",),
    "stale": ("seconds",),
    "lag": ("seconds",),
    "skew": ("seconds",),
    "replay": (),
    "task_fails": ("steps", "seconds", "message"),
    "task_never_ends": ("steps", "seconds"),
    "page_shifts": (),
    "page_repeats": (),
}
"""What each kind may be told, besides what every kind may be."""

EVERY = ("count", "skip", "probability")
"""What every kind may be told."""

REQUIRED = {"late": "seconds", "stale": "seconds", "lag": "seconds", "skew": "seconds"}
"""What a kind must be told."""

MOST = 2**63
"""No whole number is larger: there are files and bodies with numbers of a thousand digits."""

CREATES = tuple(action for action, each in OPERATIONS.items() if each.creates)
"""The actions that make something new each time they are carried out."""

_PROGRESS = {"TaskId", "EventId"}
_TASKS = tuple(
    action
    for action, each in OPERATIONS.items()
    if each.method == "POST" and _PROGRESS & {field.wire for field in ANSWERS[REVISIONS[0]].get(each.result, ())}
)


def _generic(verb: str) -> tuple[str, ...]:
    """Return the actions that are answered by the description alone."""
    return tuple(action for action, each in OPERATIONS.items() if each.generic and each.generic.verb == verb)


_ONLY: dict[str, Collection[str]] = {
    "refuse_connection": (),
    "stale": ("CreateCluster", "CreateNodePool", *_generic("create")),
    "lag": ("ListClusters", "ListNodes", "ListNodePool", *_generic("list")),
    "task_fails": _TASKS,
    "task_never_ends": _TASKS,
    "page_shifts": ("ListNodes",),
    "page_repeats": ("ListNodes",),
}
"""The actions that a kind is for, where it is not for all."""

CLASSES: dict[str, Callable[[str, str], bool]] = {
    "*": lambda _action, _method: True,
    "create": lambda action, _method: action in CREATES,
    "read": lambda _action, method: method == "GET",
    "write": lambda _action, method: method == "POST",
}


def matches(kind: str, of: str, action: str, method: str) -> bool:
    """Whether a fault of a kind, for an action or class of actions, is one for a request."""
    if kind in _ONLY and action not in _ONLY[kind]:
        return False
    if of in CLASSES:
        return CLASSES[of](action, method)
    return of == action or (action in OPERATIONS and of == OPERATIONS[action].name)


def actions_of(kind: str) -> tuple[str, ...]:
    """Return what the action of a fault of a kind may be: classes, and documented names."""
    if kind == "refuse_connection":
        return ("*",)
    named = {each.name: (wire, each.method) for wire, each in OPERATIONS.items()}
    classes = [of for of in CLASSES if any(matches(kind, of, *each) for each in named.values())]
    return (*classes, *(name for name, each in named.items() if matches(kind, name, *each)))


def check(kind: str, action: str, given: Mapping[str, Any]) -> None:
    """Check a fault, but for what it leaves at its defaults.

    Raises:
        FaultError: Naming what makes no sense.
    """
    if kind not in KINDS:
        raise FaultError(f"there is no kind {shown(kind)}{_similar(kind, KINDS)}", "kind")
    actions = [*CLASSES, *OPERATIONS, *(each.name for each in OPERATIONS.values())]
    if action not in actions:
        raise FaultError(f"there is no action {shown(action)}{_similar(action, actions)}", "action")
    if kind == "refuse_connection":
        if action != "*":
            message = "refuse_connection is for connections, before any action is known: its action must be *"
            raise FaultError(message, "action")
    elif not any(matches(kind, action, wire, each.method) for wire, each in OPERATIONS.items()):
        raise FaultError(f"{kind} is not for {action}, but for {', '.join(_ONLY[kind])}", "action")
    for name, value in given.items():
        if name not in KINDS[kind] + EVERY:
            raise FaultError(f"{kind} takes no {name}", name)
        rule, fits = PARAMETERS[name]
        if name == "seconds" and kind == "skew":
            rule, fits = "a finite number", _is_number
        if not fits(value):
            raise FaultError(f"{name} must be {rule}", name)
    if kind in REQUIRED and REQUIRED[kind] not in given:
        raise FaultError(f"{kind} needs {REQUIRED[kind]}", REQUIRED[kind])
    _check_together(kind, given)


def _check_together(kind: str, given: Mapping[str, Any]) -> None:
    if "steps" in given and "seconds" in given:
        raise FaultError("give steps or seconds, not both")
    if given.get("answer") == "second" and "seconds" in given:
        raise FaultError("the second answer can't be given later: leave out seconds or answer=second")
    if kind == "drip" and given.get("bytes") == 0:
        raise FaultError("bytes must be a whole number from 1", "bytes")


def shown(text: str) -> str:
    """Return a text that somebody has written as an error shows it: in quotes, and not longer than a line."""
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _similar(text: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(text[:60], known, n=1)
    return f": did you mean {close[0]!r}?" if close else f"; there are {', '.join(dict.fromkeys(known))}"


def _is_whole(value: Any, least: int = 0) -> bool:
    return type(value) is int and least <= value <= MOST


def _is_number(value: Any) -> bool:
    is_whole = type(value) is int and abs(value) <= MOST
    return is_whole or (type(value) is float and math.isfinite(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


_HEADER = re.compile(r"([\x21-\x7e\xa1-\xff]([\x20-\x7e\xa1-\xff]*[\x21-\x7e\xa1-\xff])?)?")

PARAMETERS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "count": ("a whole number from 1", lambda value: _is_whole(value, 1)),
    "skip": ("a whole number from 0", _is_whole),
    "probability": ("a number from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1),
    "status": ("200, or from 400 to 599", lambda value: _is_whole(value) and (value == 200 or 400 <= value <= 599)),
    "when": ("before or after", lambda value: value in ("before", "after")),
    "body": ("json, html or empty", lambda value: value in ("json", "html", "empty")),
    "code": ("a text", _is_text),
    "message": ("a text", _is_text),
    "retry_after": ("what a header can hold", lambda value: isinstance(value, str) and bool(_HEADER.fullmatch(value))),
    "seconds": ("a number from 0", lambda value: _is_number(value) and value >= 0),
    "steps": ("a whole number from 0", _is_whole),
    "bytes": ("a whole number from 0", _is_whole),
    "after": ("a text", _is_text),
    "bypass_nonce": ("true or false", lambda value: isinstance(value, bool)),
    "answer": ("first or second", lambda value: value in ("first", "second")),
}
"""What each parameter may be: the rule in words, and whether a value fits."""
