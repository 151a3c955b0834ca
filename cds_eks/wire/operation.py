"""The operations of the service, as plain values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import attrs

from cds_eks.schema.validators import value_at

T = TypeVar("T")


class Kind(enum.Enum):
    """What repeating an operation does; the retry decision rests on it."""

    READ = "read"
    IDEMPOTENT = "idempotent write"
    CREATE = "create"


@attrs.frozen(kw_only=True, eq=False)
class Operation(Generic[T]):
    """One operation of the service: a constant.

    Attributes:
        name: The documented name.
        action: The `Action` on the wire.
        method: `GET` (arguments in the query) or `POST` (arguments in a JSON body).
        kind: What repeating it does.
        request: The model of its arguments; None for an operation that has none (`eks.call`).
        result: The type of the answer's data; None if it has none.
        result_id: The field of the result that names what was made, for creates.
        natural_key: The fields of the request by which what it may have made can be found (dotted paths).
        revised: The revisions of the API in which it has another action; None where it does not exist.
    """

    name: str
    action: str
    method: str
    kind: Kind
    request: Any
    result: Any
    result_id: str | None = None
    natural_key: tuple[str, ...] = ()
    revised: Mapping[str, str | None] = attrs.field(factory=dict)

    def natural_key_of(self, request: Any) -> dict[str, Any]:
        """Return the fields of a request by which what it may have made can be found; without the unset ones."""
        found = {path: value_at(request, path) for path in self.natural_key}
        return {path: value for path, value in found.items() if value is not None}
