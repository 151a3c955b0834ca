"""Faults as text, for the command line: one line each."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import Any

from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.kinds import KINDS, shown

__all__ = ["grammar", "parse_fault"]

_EXAMPLES = r"""examples:
  --fault 'CreateCluster:reset_after_commit:count=2'
  --fault '*:status=503:probability=0.1:when=before'
  --fault 'read:throttle:retry_after=Wed, 21 Oct 2026 07\:28\:00 GMT'
  --fault 'create:truncate:after=ClusterId:bytes=41'
"""


def grammar(columns: int) -> str:
    """Return what `--fault` takes, as `--help` shows it.

    Args:
        columns: How many columns its lines have at most.
    """

    def lines(text: str, head: str = "  ", rest: str = "  ") -> str:
        return textwrap.fill(
            text,
            columns,
            initial_indent=head,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )

    under = " " * 10
    always = "with every kind: count=N (how many times), skip=N (how many pass before), probability=0.1"
    return "\n".join(
        [
            lines("faults: ACTION:KIND[:NAME=VALUE]..., the first that matches a request wins", ""),
            lines(
                "an action such as CreateCluster, one of the classes create, read and write, or *", "  ACTION  ", under
            ),
            lines(", ".join(KINDS), "  KIND    ", under),
            lines(always, "  NAME    ", under),
            *(lines(f"with {kind}: {', '.join(names)}", under, under) for kind, names in KINDS.items() if names),
            lines(
                "status=503 may stand alone for the kind status. In a value, write \\: for a colon and \\\\ for a "
                "backslash. What each kind does stands in the documentation of cds_eks.emulator.Fault."
            ),
            _EXAMPLES,
        ]
    )


_PART = re.compile(r"(?:[^:\\]|\\.?)*", re.DOTALL)


def _truth(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("count", "skip", "status", "steps", "bytes"), ("a whole number", int)),
    **dict.fromkeys(("probability", "seconds"), ("a number", float)),
    **dict.fromkeys(("when", "body", "code", "message", "retry_after", "after", "answer"), ("a text", str)),
    "bypass_nonce": ("true or false", _truth),
}
"""How each value is read, and what it must be."""


def parse_fault(text: str) -> Fault:
    """Return the fault that a text tells: `ACTION:KIND[:NAME=VALUE]...`, the reverse of `str(fault)`.

    Args:
        text: For example `CreateCluster:reset_after_commit:count=2`, or `*:status=503:probability=0.1:when=after`.

    Raises:
        ValueError: Naming the part that is wrong.
    """
    action, *parts = [re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in _split(text)]
    kind: str | None = None
    if parts and "=" not in parts[0]:
        kind, *parts = parts
    given: dict[str, Any] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals or name not in _READERS:
            known = ", ".join(sorted(_READERS))
            raise ValueError(f"{shown(part)} is not NAME=VALUE with a name that is known: {known}")
        if name in given:
            raise ValueError(f"{shown(part)} is given twice")
        rule, read = _READERS[name]
        try:
            given[name] = read(value)
        except (KeyError, ValueError):
            raise ValueError(f"{shown(part)}: {name} must be {rule}") from None
    if kind is None and "status" not in given:
        raise ValueError(f"{shown(text)} has no kind: ACTION:KIND[:NAME=VALUE]...")
    return Fault(kind or "status", action, **given)


def _split(text: str) -> list[str]:
    """Split at the colons that have no backslash before them."""
    parts, at = [], 0
    while at <= len(text):
        match = _PART.match(text, at)
        assert match is not None  # it matches the empty text too
        parts.append(match[0])
        at = match.end() + 1
    return parts
