"""Signing a request of the `requests` library as it goes out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from cds_eks.signing import Credentials, signature

if TYPE_CHECKING:
    from requests import PreparedRequest

__all__ = ["Signed"]


class Signed:
    """What `requests` takes as `auth`: it drops the fragment, and signs the query as it is on the wire.

    Args:
        credentials: The key.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, prepared: PreparedRequest) -> PreparedRequest:
        """Return the request, signed."""
        parts = urlsplit(str(prepared.url))
        added = {
            "AccessKeyId": self._credentials.access_key_id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": uuid.uuid4().hex,
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        query = dict(parse_qsl(parts.query, keep_blank_values=True)) | added
        added["Signature"] = signature(self._credentials.secret_access_key, str(prepared.method), query)
        pairs = [parts.query, *(f"{name}={quote(value, safe='')}" for name, value in added.items())]
        prepared.url = urlunsplit(parts._replace(query="&".join(filter(None, pairs)), fragment=""))
        return prepared
