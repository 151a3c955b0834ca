"""Signing, last before the backend: every attempt has a nonce and a time of its own."""

from __future__ import annotations

import attrs

from cds_eks.pipeline import Send
from cds_eks.signing import Signer
from cds_eks.wire import RawResponse, Request


class Sign:
    """Puts the signed query on each attempt.

    Args:
        signer: Makes the query.
    """

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        """Send the request, signed."""
        query = self._signer.sign(request.operation.method, request.params)
        if not isinstance(query, str):
            query = await query
        return await send(attrs.evolve(request, query=query))
