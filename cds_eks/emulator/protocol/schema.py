"""What the generated description is made of: plain data, by wire names."""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """A field of a request or an answer.

    Attributes:
        wire: Its name on the wire.
        type: `str`, `int`, `bool`, `flag` (0 or 1), `flag_text` (text), `list[…]`, `map[str]`, or the name of a shape.
        required: Whether it must be there.
        secret: Whether its value must never be shown.
        removed_values: Values that the revision does not take any more.
        least: The smallest number that it takes; None for any.
        most: The greatest number that it takes; None for any.
        choices: The only numbers that it takes; empty for any.
        is_name: Whether it must follow the service's rule for names.
        key: Its name whatever the revision; only for what is answered by `handlers.generic`.
    """

    wire: str
    type: str
    required: bool = False
    secret: bool = False
    removed_values: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    choices: tuple[int, ...] = ()
    is_name: bool = False
    key: str = ""


class Generic(NamedTuple):
    """How an operation without a handler of its own is answered; fields are named by their `key`.

    Attributes:
        verb: `create`, `get`, `list` or `delete`.
        resource: What the resource is called, in the ledger too: `node_pool` of CreateNodePool.
        argument: The field of the request that has the id, or a list of ids; empty for none.
        id: The field of the result, or of its entries, that has the id; empty for none.
        name: The field of the request of a create that has the name; empty for none.
        entries: The field of the result that has the list; empty if the result is the list.
    """

    verb: str
    resource: str
    argument: str = ""
    id: str = ""
    name: str = ""
    entries: str = ""


class Operation(NamedTuple):
    """An operation.

    Attributes:
        name: Its documented name.
        method: Its HTTP method.
        request: The shape of its arguments.
        revisions: The revisions that have it under this action; empty for all.
        result: The type of what it answers; `none` for nothing.
        creates: Whether it makes something new each time it is carried out.
        paged: Whether it answers a page of a list.
        generic: How it is answered if it has no handler of its own; None if it needs one.
    """

    name: str
    method: str
    request: str
    revisions: tuple[str, ...] = ()
    result: str = "none"
    creates: bool = False
    paged: bool = False
    generic: Generic | None = None
