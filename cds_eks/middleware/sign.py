"""Signing, last before the backend: every attempt has a nonce and a time of its own."""

from __future__ import annotations

import inspect

from cds_eks.errors import ConfigurationError
from cds_eks.failures import is_expired, moment
from cds_eks.pipeline import Send
from cds_eks.signing import Signer
from cds_eks.wire import RawResponse, Request


class Sign:
    """Puts the signed query on each attempt.

    When the service refuses a request for its time, it tells its own in the `Date` header. A signer that has
    `set_clock` is told, and signs by that from then on, for all calls of the client.

    Args:
        signer: Makes the query.
    """

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._set_clock = getattr(signer, "set_clock", None)

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request, signed."""
        query = self._signer.sign(request.operation.method, request.params)
        if not isinstance(query, str):
            query = await query if inspect.isawaitable(query) else query
            if not isinstance(query, str):
                raise ConfigurationError(f"a signer must return the query as text, not {type(query).__name__}")
        response = await send(request.signed(query))
        if self._set_clock is not None and is_expired(response):
            service_time = moment(response.headers.get("date", ""))
            # It may be that another call has set the clock since this one was signed: this one gets its second chance
            # then as well, so nothing is asked of what `set_clock` returns.
            if service_time is not None:
                self._set_clock(service_time)
                request.record.clock_was_wrong = True
        return response
