"""What the generated description is made of: plain data, by wire names."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """A field of a request shape.

    Attributes:
        wire: Its name on the wire.
        type: `str`, `int`, `bool`, `flag` (0 or 1), `flag_text` (text), `list[…]`, `map[str]`, or the name of a shape.
        required: Whether it must be there.
        secret: Whether its value must never be shown.
        gone: Values that the revision does not take any more.
    """

    wire: str
    type: str
    required: bool = False
    secret: bool = False
    gone: tuple[str, ...] = ()


class Operation(NamedTuple):
    """An operation: documented name, HTTP method, shape of its arguments, and its revisions (empty: all)."""

    name: str
    method: str
    request: str
    revisions: tuple[str, ...] = ()
