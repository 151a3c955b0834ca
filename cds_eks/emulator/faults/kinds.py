"""The kinds of faults: what each may be told, and which actions it is for."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from cds_eks.emulator.protocol.api import ANSWERS, OPERATIONS, REVISIONS

__all__ = ["CREATES", "KINDS", "check", "matches"]

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

_EVERY = ("count", "skip", "probability")
_REQUIRED = {"late": "seconds", "stale": "seconds", "lag": "seconds", "skew": "seconds"}

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

_CLASSES: dict[str, Callable[[str, str], bool]] = {
    "*": lambda _action, _method: True,
    "create": lambda action, _method: action in CREATES,
    "read": lambda _action, method: method == "GET",
    "write": lambda _action, method: method == "POST",
}


def matches(kind: str, of: str, action: str, method: str) -> bool:
    """Whether a fault of a kind, for an action or class of actions, is one for a request."""
    if kind in _ONLY and action not in _ONLY[kind]:
        return False
    if of in _CLASSES:
        return _CLASSES[of](action, method)
    return of == action or (action in OPERATIONS and of == OPERATIONS[action].name)


def check(kind: str, action: str, given: Mapping[str, Any]) -> None:
    """Check a fault, but for what it leaves at its defaults.

    Raises:
        ValueError: Naming what makes no sense.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}{_similar(kind, KINDS)}")
    actions = [*_CLASSES, *OPERATIONS, *(each.name for each in OPERATIONS.values())]
    if action not in actions:
        raise ValueError(f"there is no action {action!r}{_similar(action, actions)}")
    if kind == "refuse_connection":
        if action != "*":
            raise ValueError("refuse_connection is for connections, before any action is known: its action must be *")
    elif not any(matches(kind, action, wire, each.method) for wire, each in OPERATIONS.items()):
        raise ValueError(f"{kind} is not for {action}, but for {', '.join(_ONLY[kind])}")
    for name, value in given.items():
        if name not in KINDS[kind] + _EVERY:
            raise ValueError(f"{kind} takes no {name}")
        rule, fits = _RULES[name]
        if name == "seconds" and kind == "skew":
            rule, fits = "a finite number", _is_number
        if not fits(value):
            raise ValueError(f"{name} must be {rule}")
    if kind in _REQUIRED and _REQUIRED[kind] not in given:
        raise ValueError(f"{kind} needs {_REQUIRED[kind]}")
    _check_together(kind, given)


def _check_together(kind: str, given: Mapping[str, Any]) -> None:
    if "steps" in given and "seconds" in given:
        raise ValueError("give steps or seconds, not both")
    if given.get("answer") == "second" and "seconds" in given:
        raise ValueError("the second answer can't be given later: leave out seconds or answer=second")
    if kind == "drip" and given.get("bytes") == 0:
        raise ValueError("bytes must be a whole number from 1")


def _similar(text: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(text, known, n=1)
    return f": did you mean {close[0]!r}?" if close else f"; there are {', '.join(dict.fromkeys(known))}"


def _is_whole(value: Any, least: int = 0) -> bool:
    return type(value) is int and value >= least


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


_HEADER = re.compile(r"([\x21-\x7e\xa1-\xff]([\x20-\x7e\xa1-\xff]*[\x21-\x7e\xa1-\xff])?)?")

_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
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
