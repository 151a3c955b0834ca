"""What an answer says went wrong: a pure function of the request and the answer."""

from __future__ import annotations

import email.utils
import re
from datetime import UTC, datetime

from cds_eks import errors
from cds_eks.envelope import is_success, member, parse, request_id_of, texts_of
from cds_eks.errors import EksError, ServiceError, UnreadableResponse
from cds_eks.redaction import blot, printable
from cds_eks.wire import Kind, RawResponse, Request

SHOWN_BODY = 2048
SHOWN_TEXT = 1000

# The codes of this cloud [O], and what they mean here. The list is open: an unknown one is judged by the HTTP status.
BY_CODE: dict[str, type[ServiceError]] = {
    "argmissing": errors.BadArgument,
    "invalidparameter": errors.BadArgument,
    "badargs": errors.BadArgument,
    "unsupportedoperation": errors.BadArgument,
    "invalidhttprequest": errors.BadArgument,
    "malformedjson": errors.BadArgument,
    "invalidversion": errors.BadArgument,
    "notenoughbalance": errors.QuotaExceeded,
    "requestexpired": errors.AuthenticationError,
    "invalidaccesskeyid": errors.AuthenticationError,
    "signaturedoesnotmatch": errors.AuthenticationError,
    "accessdenied": errors.PermissionDenied,
    "optinrequired": errors.PermissionDenied,
    "resourcenotfound": errors.NotFound,
    "resourceinuse": errors.Conflict,
    "preconditionfailed": errors.Conflict,
    "internalerror": errors.ServerFault,
    "createorderexcept": errors.ServerFault,
}
BY_STATUS: dict[int, type[ServiceError]] = {
    401: errors.AuthenticationError,
    402: errors.QuotaExceeded,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    409: errors.Conflict,
    412: errors.Conflict,
    429: errors.Throttled,
}
# No throttling code of this cloud is known [I]: these are the words that other clouds use.
_THROTTLING = re.compile(r"throttl|toomanyrequests|requestlimit|ratelimit|rateexceeded|flowcontrol", re.IGNORECASE)
_QUOTA = re.compile(r"quota|limitexceeded|balance", re.IGNORECASE)


def failure_of(request: Request, response: RawResponse) -> EksError | None:
    """Return what went wrong, or None if all is well.

    The envelope's `Code` decides: the service also says no with HTTP 200 [D][O]. An answer that is not the envelope is
    unreadable whatever its status, but for 429, which says enough by itself.
    """
    envelope = parse(response)
    if envelope is None:
        if response.status != 429:
            return unreadable("the answer is not the service's envelope", request, response)
        throttled = errors.Throttled("too many requests", http_status=429, retry_after=retry_after(response))
        return addressed(throttled, request, response)
    if is_success(envelope) and response.status < 300:
        return None
    code = str(member(envelope, "Code"))
    kind = _kind_of(code, response.status)
    texts = texts_of(envelope)
    desc = member(envelope, "Desc")
    # A create that the service failed on may have been carried out all the same.
    is_open = request.operation.kind is Kind.CREATE and (response.status >= 500 or kind is errors.ServerFault)
    error = kind(
        shown(texts[0] if texts else "the service gave no reason", request),
        code=shown(code, request),
        http_status=response.status,
        desc=shown(desc, request) if isinstance(desc, str) and desc else None,
        retry_after=retry_after(response),
        outcome="unknown" if is_open else "refused",
    )
    return addressed(error, request, response)


def _kind_of(code: str, status: int) -> type[ServiceError]:
    if known := BY_CODE.get(code.lower()):
        return known
    if _THROTTLING.search(code):
        return errors.Throttled
    if _QUOTA.search(code):
        return errors.QuotaExceeded
    if status >= 500:
        return errors.ServerFault
    return BY_STATUS.get(status, errors.BadArgument if status >= 400 else ServiceError)


def unreadable(reason: str, request: Request, response: RawResponse) -> UnreadableResponse:
    """Return the error for an answer that can't be read."""
    body = response.content[:SHOWN_BODY].decode("utf-8", "replace").rstrip("\ufffd")  # a character cut in two
    error = UnreadableResponse(reason, http_status=response.status, body=blot(body, request.secrets, is_cut=True))
    addressed(error, request, response)
    return error


def addressed(error: EksError, request: Request, response: RawResponse) -> EksError:
    """Return the error with the operation and the service's id of the request in it."""
    error.action = request.operation.name
    error.request_id = request_id_of(response, request.secrets)
    return error


def shown(text: str, request: Request) -> str:
    """Return a text of the service as an error may show it: one line, bounded, without the request's secrets."""
    return printable(blot(text, request.secrets), SHOWN_TEXT)


def retry_after(response: RawResponse) -> float | None:
    """Return the service's wish for a pause in seconds (`Retry-After`, RFC 9110), or None if none makes sense."""
    value = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    try:
        when, now = (_moment(text) for text in (value, response.headers.get("date", "")))
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, (when - now).total_seconds())


def _moment(text: str) -> datetime:
    moment = email.utils.parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
