"""Routes of operations: what a test has the service respond, and the calls that came."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from urllib.parse import parse_qsl

import attrs

from cds_eks.codec import error_codes
from cds_eks.codec.converter import converter
from cds_eks.errors import (
    AuthenticationError,
    Conflict,
    ConnectFailed,
    ConnectionLost,
    EksError,
    NotFound,
    PermissionDenied,
    ServerFault,
    Throttled,
)
from cds_eks.wire import Operation, RawResponse

__all__ = ["Route", "RouteCall"]

T = TypeVar("T")

_COMMON = frozenset(
    {
        "Action",
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureVersion",
        "Timestamp",
        "Version",
    }
)
"""The query arguments that every request has."""

_STATUS = {
    AuthenticationError: 403, PermissionDenied: 403, NotFound: 404, Conflict: 409, Throttled: 429, ServerFault: 500,
}  # fmt: skip
"""The HTTP status of an error response, by the error that its code is; 400 for the others."""


@attrs.frozen(kw_only=True)
class RouteCall:
    """One request that came to a route: an attempt of a call.

    Attributes:
        operation: The documented name.
        params: Its query arguments by their names on the wire, without those of signing.
        body: Its body by its names on the wire; None if it had none. It may hold secrets, so it is not shown.
    """

    operation: str
    params: Mapping[str, str]
    body: Mapping[str, Any] | None = attrs.field(default=None, repr=False)


class Route(Generic[T]):
    """What the service responds to one operation: each time the next of those that were set, the last one for ever.

    So `route.error("Throttling").respond(data)` is refused once, and succeeds from then on.

    Args:
        operation: The operation.
    """

    def __init__(self, operation: Operation[T]) -> None:
        self._operation = operation
        self._outcomes: list[RawResponse | EksError] = []
        self._calls: list[RouteCall] = []

    def __repr__(self) -> str:
        return f"<Route {self._operation.name}: {len(self._outcomes)} outcomes, {len(self._calls)} calls>"

    def respond(
        self, data: T | Mapping[str, Any] | None = None, *, total_count: int | None = None, **fields: Any
    ) -> Self:
        """Respond with success.

        Args:
            data: The response's data: a model, or plain data by the names of the wire.
            total_count: How many entries there are in all, for a list.
            fields: In place of `data`: the fields of its model by their Python names.

        Raises:
            TypeError: Both were given, or fields of what has none, such as a list.
            InvalidRequestError: The data has no such field.
        """
        if fields:
            if data is not None or not isinstance(self._operation.result, type):
                raise TypeError(f"{self._operation.name}: give data or fields, not both; a list is given as data")
            data = self._operation.result(**fields)
        envelope: dict[str, Any] = {"Code": "Success", "Msg": "", "Data": converter().unstructure(data)}
        if total_count is not None:
            envelope["TotalCount"] = total_count
        return self._add(_response(200, envelope))

    def error(self, code: str, message: str = "made up by a test", *, status: int | None = None) -> Self:
        """Respond with an error response.

        Args:
            code: The service's `Code`, such as `ResourceNotFound`, `NotEnoughBalance` or `Throttling`.
            message: The service's text.
            status: The HTTP status; None for the usual one of the code.
        """
        if status is None:
            kind = error_codes.by_code(code) or error_codes.by_code_pattern(code)
            status = 400 if kind is None else _STATUS.get(kind, 400)
        return self._add(_response(status, {"Code": code, "Msg": message, "Data": None}))

    def lose(self) -> Self:
        """Lose the response: `ConnectionLost`, or, of a create, `AmbiguousCreate`."""
        return self._add(ConnectionLost("the response was lost, for a test"))

    def refuse_connection(self) -> Self:
        """Make no connection: `ConnectFailed`, nothing was sent."""
        return self._add(ConnectFailed("no connection was made, for a test"))

    @property
    def actions(self) -> frozenset[str]:
        """The names of its operation on the wire, in all revisions of the API."""
        operation = self._operation
        return frozenset({operation.action, *(each for each in operation.revised.values() if each is not None)})

    @property
    def calls(self) -> tuple[RouteCall, ...]:
        """The requests that came, each attempt of a call."""
        return tuple(self._calls)

    @property
    def called(self) -> bool:
        """Whether any came."""
        return bool(self._calls)

    @property
    def call_count(self) -> int:
        """How many came."""
        return len(self._calls)

    @property
    def has_outcome(self) -> bool:
        """Whether a response is set."""
        return bool(self._outcomes)

    def take(self, query: str, content: bytes | None) -> RawResponse:
        """Note a request, and return what it is answered with.

        Raises:
            ConnectFailed: The test has it make no connection.
            ConnectionLost: The test has it lose the response.
        """
        params = {name: value for name, value in parse_qsl(query, keep_blank_values=True) if name not in _COMMON}
        body = json.loads(content) if content else None
        outcome = self._outcomes[min(len(self._calls), len(self._outcomes) - 1)]
        self._calls.append(RouteCall(operation=self._operation.name, params=params, body=body))
        if isinstance(outcome, EksError):
            raise type(outcome)(outcome.message)
        return attrs.evolve(outcome)

    def _add(self, outcome: RawResponse | EksError) -> Self:
        self._outcomes.append(outcome)
        return self


class KnownNames:
    """Attributes of which one that does not exist is told with the one that may be meant."""

    if not TYPE_CHECKING:  # a type checker tells it by itself

        def __getattr__(self, name: str) -> Any:
            __tracebackhide__ = True
            close = difflib.get_close_matches(name, [each for each in vars(self) if not each.startswith("_")], n=1)
            hint = f"; did you mean {close[0]!r}?" if close and not name.startswith("_") else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")


def _response(status: int, envelope: Mapping[str, Any]) -> RawResponse:
    content = json.dumps({**envelope, "RequestId": "request-of-a-test"}).encode()
    return RawResponse(status=status, headers={"content-type": "application/json"}, content=content)


def no_route(name: str, route: Route[Any] | None, of: str) -> AssertionError:
    """Return the error for a request that no route answers."""
    attribute = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    told = "is no operation that is known" if route is None else f"has no response: {of}.{attribute}.respond(…)"
    return AssertionError(f"{name} {told}")
