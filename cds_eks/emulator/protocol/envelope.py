"""What the service answers: the envelope around every answer, and the refusals with their codes."""

from __future__ import annotations

import json
from typing import Any

import attrs

__all__ = ["STATUSES", "Answer", "Encoded", "IncompleteEmulatorError", "Page", "Refusal"]

STATUSES = {
    "ArgMissing": 400,
    "InvalidParameter": 400,
    "UnsupportedOperation": 400,
    "InvalidHTTPRequest": 400,
    "MalformedJSON": 400,
    "InvalidVersion": 400,
    "RequestExpired": 400,
    "AccessDenied": 403,
    "InvalidAccessKeyId": 403,
    "SignatureDoesNotMatch": 403,
    "InvalidOperation.AzMismatch": 403,
    "InvalidOperation.VpcMismatch": 403,
    "ResourceNotFound": 404,
    "ResourceInUse": 409,
    "PreconditionFailed": 412,
}
"""The HTTP status of each code that the emulator answers with [O]."""


class Refusal(Exception):
    """An error response: the service refused the request, and nothing was changed.

    Args:
        code: The `Code` of the answer, one of `STATUSES`.
        message: Its `Msg`. It names fields and ids, never a value that may be secret.
        status: The HTTP status, where it is not the code's own.
        allow: With status 405, the methods that there are, as in the header `Allow`.
    """

    def __init__(self, code: str, message: str, *, status: int | None = None, allow: str = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status: int = status or STATUSES[code]
        self.allow = allow


class IncompleteEmulatorError(Exception):
    """The emulator lacks something that one of its handlers needs.

    The answer shows the words, so they name tables and actions, never what a request holds.
    """


_json = json.JSONEncoder(ensure_ascii=False).encode


@attrs.frozen
class Encoded:
    """An entry of a list in an answer that is JSON already."""

    text: str = attrs.field(repr=False)

    @classmethod
    def of(cls, value: Any) -> Encoded:
        """Return a value as JSON."""
        return cls(_json(value))


@attrs.frozen(kw_only=True)
class Page:
    """Where in a list an answer is: how many entries there are in all, which page this is, and how long pages are."""

    total: int
    index: int
    size: int


@attrs.frozen(kw_only=True)
class Answer:
    """An answer on its way out: what the envelope holds [D][O], and the HTTP status.

    `data` is plain, or a list in which each entry is `Encoded`.
    """

    request_id: str
    status: int = 200
    code: str = "Success"
    message: str = "success"
    data: Any = attrs.field(default=None, repr=False)
    page: Page | None = None
    allow: str = ""

    def to_bytes(self) -> bytes:
        """Return the envelope as JSON in UTF-8."""
        if isinstance(self.data, list) and self.data and isinstance(self.data[0], Encoded):
            data = f"[{', '.join([each.text for each in self.data])}]"
        else:
            data = _json(self.data)
        text = f'{{"RequestId": {_json(self.request_id)}, "Code": {_json(self.code)}, "Msg": {_json(self.message)}, '
        text += f'"Data": {data}'
        if (page := self.page) is not None:
            text += f', "TotalCount": {page.total}, "PageIndex": {page.index}, "PageSize": {page.size}'
        # A lone surrogate, which JSON can carry and UTF-8 can't, goes back as the escape it came in.
        return f"{text}}}".encode("utf-8", "backslashreplace")
