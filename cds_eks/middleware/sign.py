"""Signing, last before the backend: every attempt has a nonce and a time of its own."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from cds_eks.errors import ConfigurationError
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
        query = self._signer.sign(request.operation.method, request.params)
        if isinstance(query, str):
            if self._secrets is not None:
                self._remember_secrets(request)
            request.record.begin_send()
            return send(request.signed(query))
        return self._send_later(query, request, send)

    async def _send_later(self, query: object, request: Request, send: Send) -> RawResponse:
        """Send the request when the signer has its query."""
        query = await query if inspect.isawaitable(query) else query
        if not isinstance(query, str):
            raise ConfigurationError(f"a signer must return the query as text, not {type(query).__name__}")
        if self._secrets is not None:
            self._remember_secrets(request)
        request.record.begin_send()
        return await send(request.signed(query))

    def _remember_secrets(self, request: Request) -> None:
        """Put the secrets of the key that was signed with just now on the record."""
        assert self._secrets is not None
        if not (current := self._secrets()) <= request.secrets:  # the key is a new one
            request.record.secrets |= current
