"""The requests of one client: each operation's arguments with the URL, the headers and the secrets of the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cds_eks import codec
from cds_eks._runtime.nonces import CallIds
from cds_eks.client.user_agent import user_agent as full_user_agent
from cds_eks.config import Timeouts, check_timeout
from cds_eks.errors import InvalidRequestError
from cds_eks.outcome.tracker import CALL_ID
from cds_eks.redaction import Secrets
from cds_eks.wire import Kind, Operation, Request


class Encoder:
    """Turns arguments into requests for the pipeline.

    Args:
        url: Where they go.
        revision: The revision of the API to write them in.
        user_agent: What the application calls itself in the header `User-Agent`, or None.
        timeouts: How long connecting and silence may take.
        secrets: Returns the texts that must never be shown, besides those of the request.
    """

    def __init__(
        self, *, url: str, revision: str, user_agent: str | None, timeouts: Timeouts, secrets: Callable[[], Secrets]
    ) -> None:
        self.url: str = url
        self.revision: str = revision
        self._user_agent = full_user_agent(user_agent)
        self._timeouts = timeouts
        self.secrets: Callable[[], Secrets] = secrets
        self._call_id = CallIds().next

    def encode(
        self, operation: Operation[Any], request: Any, extra: Mapping[str, Any] | None, timeout: float | None
    ) -> Request:
        """Encode a documented operation.

        Raises:
            InvalidRequestError: An argument can't be sent.
        """
        call = codec.encode(
            operation,
            request,
            extra,
            url=self.url,
            headers={"User-Agent": self._user_agent, CALL_ID: self._call_id()},
            secrets=self.secrets(),
            revision=self.revision,
            timeouts=self._timeouts,
        )
        if timeout is not None:
            _set_timeout(call, timeout)
        return call

    def encode_call(
        self,
        action: str,
        method: str,
        params: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        timeout: float | None,
    ) -> Request:
        """Encode an undocumented action.

        Raises:
            InvalidRequestError: An argument can't be sent.
        """
        call = codec.encode_call(
            operation_of(action, method),
            params,
            body,
            url=self.url,
            headers={"User-Agent": self._user_agent, CALL_ID: self._call_id()},
            secrets=self.secrets(),
            timeouts=self._timeouts,
        )
        if timeout is not None:
            _set_timeout(call, timeout)
        return call


def operation_of(action: str, method: str) -> Operation[None]:
    """Return an undocumented action as an operation: one with `POST` is taken for a create.

    Raises:
        InvalidRequestError: There is no such action or method.
    """
    if not isinstance(action, str) or not action.isprintable() or not action.strip():
        raise InvalidRequestError("action", "must be the name of an action")
    if method not in ("GET", "POST"):
        raise InvalidRequestError("method", "must be GET or POST")
    kind = Kind.READ if method == "GET" else Kind.CREATE
    return Operation(name=action, action=action, method=method, kind=kind, request=None, result=None)


def _set_timeout(call: Request, timeout: float) -> None:
    """Set the timeout of a call, in place of the client's.

    Args:
        call: The request.
        timeout: How long it may take with all its attempts, in seconds.

    Raises:
        InvalidRequestError: It is no time.
    """
    try:
        call.record.total = check_timeout(timeout)
    except InvalidRequestError as error:
        error.action = call.operation.name
        raise
