"""How a method is called, and what must then be on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NASTY = "a b  &=#%+~*/?;:@!$',()[]{}\\\"<>^`|é中文😀\u200b end "
"""What must come through a query and a body unharmed."""


@dataclass(frozen=True)
class Use:
    """A way to call a method, and what it must send: the query's arguments (all text) or the JSON body.

    `newer` is what it must send in revision 2025-10-11 where that is something else, or the field for which it must be
    refused there.
    """

    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    sends: dict[str, Any] = field(default_factory=dict)
    newer: dict[str, Any] | str | None = None


@dataclass(frozen=True)
class Example:
    """How a method is called, by hand: from the contract page and from what was seen.

    `call` is its group and name, `answer` what its answer holds. `least` sets nothing optional, `most` everything;
    `others` sets it to what is easily lost.
    """

    call: str
    answer: str
    least: Use
    most: Use
    others: tuple[Use, ...] = ()
    needed: str | None = None
    """The wire name of the id without which the answer to a create is of no use."""
