"""The service's error responses."""

from __future__ import annotations

from typing import Any

from cds_eks.errors.base import EksError, Outcome

_OR = "or the credentials that the client was given"
_BOTH = f"see CDS_SECRET_ID and CDS_SECRET_KEY, {_OR}"
_HINTS = {
    "invalidaccesskeyid": f"see CDS_SECRET_ID, {_OR}",
    "signaturedoesnotmatch": f"see CDS_SECRET_KEY, {_OR}",
    "requestexpired": "see this machine's clock",
}


class ServiceError(EksError):
    """An error response of the service. The outcome is `refused`, but for a write answered with a 5xx: `unknown`.

    Attributes:
        code: The service's `Code`. The list is open: match on the class of the error first.
        message: The service's text: its `Desc`, `Msg` or `Message`.
        desc: The service's `Desc` alone, or None.
        http_status: The HTTP status of the answer; the service also sends error responses with 200.
        retry_after: The pause that the service asks for, in seconds, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        http_status: int = 200,
        desc: str | None = None,
        retry_after: float | None = None,
        action: str | None = None,
        request_id: str | None = None,
        outcome: Outcome = "refused",
    ) -> None:
        super().__init__(message, action=action, request_id=request_id, outcome=outcome)
        self.code = code
        self.http_status = http_status
        self.desc = desc
        self.retry_after = retry_after

    def _facts(self) -> dict[str, Any]:
        return {"code": self.code or None, "http_status": self.http_status, **super()._facts()}


class AuthenticationError(ServiceError):
    """The access key, the signature or its time is wrong.

    The codes are `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `RequestExpired`, `AuthFailure` and
    `InvalidHTTPAuthHeader`.
    """

    @property
    def hint(self) -> str:
        """Where to look."""
        return _HINTS.get(self.code.strip().lower(), _BOTH)

    def __str__(self) -> str:
        return f"{super().__str__()}; {self.hint}"


class PermissionDenied(ServiceError):
    """The account may not do this (`AccessDenied`, `OptInRequired`)."""


class NotFound(ServiceError):
    """What the request names does not exist (`ResourceNotFound`, `InvalidEcs.NotFound` and the like)."""


class Conflict(ServiceError):
    """What the request names is busy or in another state (`ResourceInUse`, `InvalidOperation…`, …)."""


class BadArgument(ServiceError):
    """The service does not accept an argument (`ArgMissing`, `InvalidParameter…`, `ParamError`, …)."""


class QuotaExceeded(ServiceError):
    """The account's quota or balance does not allow it (`QuotaExceeded`, `InsufficientBalance`, …)."""


class Throttled(ServiceError):
    """The service asks for fewer requests (HTTP 429 or a throttling code)."""


class ServerFault(ServiceError):
    """The service failed (HTTP 5xx or 408, `InternalError`, `CreateOrderExcept`)."""
