"""Signing, last before the backend: every attempt has a nonce and a time of its own."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from cds_eks._runtime import clocks
from cds_eks.errors import ConfigurationError, DeadlineExceeded
from cds_eks.outcome.intent import Intent
from cds_eks.pipeline import Send
from cds_eks.redaction import Secrets
from cds_eks.signing import Signer
from cds_eks.wire import RawResponse, Request


class Sign:
    """Puts the signed query on each attempt.

    Args:
        signer: Makes the query.
        secrets: Returns the secrets of the key that was signed with last; None if the key is fixed.
    """

    def __init__(self, signer: Signer, *, secrets: Callable[[], Secrets] | None = None) -> None:
        self._signer = signer
        self._secrets = secrets

    def __call__(self, request: Request, send: Send) -> Awaitable[RawResponse]:
        """Send the request, signed. It is no coroutine function: a call in flight has one coroutine less."""
        intent = request.record.intent
        if intent is None:
            query = self._signer.sign(request.operation.method, request.params)
        else:
            query = self._sign_as_intended(request, intent)
        if isinstance(query, str):
            if self._secrets is not None:
                self._remember_secrets(request)
            if intent is not None:
                _check_time(request, intent)
            request.record.begin_send()
            return send(request.signed(query))
        return self._send_later(query, request, send)

    def _sign_as_intended(self, request: Request, intent: Intent) -> str | Awaitable[str]:
        """Sign with the time of the intent. The signers of others have a time of their own."""
        sign_at = getattr(self._signer, "sign_at", None)
        if sign_at is None:
            return self._signer.sign(request.operation.method, request.params)
        query: str | Awaitable[str] = sign_at(request.operation.method, request.params, intent.at)
        return query

    async def _send_later(self, query: object, request: Request, send: Send) -> RawResponse:
        """Send the request when the signer has its query."""
        query = await query if inspect.isawaitable(query) else query
        if not isinstance(query, str):
            raise ConfigurationError(f"a signer must return the query as text, not {type(query).__name__}")
        if self._secrets is not None:
            self._remember_secrets(request)
        if request.record.intent is not None:
            _check_time(request, request.record.intent)
        request.record.begin_send()
        return await send(request.signed(query))

    def _remember_secrets(self, request: Request) -> None:
        """Put the secrets of the key that was signed with just now on the record."""
        assert self._secrets is not None
        if not (current := self._secrets()) <= request.secrets:  # the key is a new one
            request.record.secrets |= current


def _check_time(request: Request, intent: Intent) -> None:
    """See that an attempt may still leave: it is the last step before it does.

    Raises:
        DeadlineExceeded: It may not.
    """
    record = request.record
    if clocks.since_boot() > intent.until:
        raise DeadlineExceeded(
            "the time in which this create may be sent is over",
            action=request.operation.name,
            request_id=record.request_id,
            attempts=record.attempts,
            outcome=record.outcome,
        )
