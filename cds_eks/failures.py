"""What an answer says went wrong: a pure function of the request and the answer."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from cds_eks import errors
from cds_eks.envelope import SUCCESS, getter, is_success, is_whole, member, parse, request_id_of, texts_of
from cds_eks.errors import ConfigurationError, EksError, ServiceError, UnreadableResponse
from cds_eks.modeling import fields_of
from cds_eks.redaction import blot, presentable
from cds_eks.wire import Kind, Operation, RawResponse, Request

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
_REPLAY = re.compile(r"nonce(?!=|%3D)|replay", re.IGNORECASE)  # but not in a URL of ours, repeated
_QUOTA = re.compile(r"quota|limitexceeded|balance", re.IGNORECASE)


def failure_of(request: Request, response: RawResponse) -> EksError | None:
    """Return what went wrong, or None if all is well.

    The envelope's `Code` decides: the service also says no with HTTP 200 [D][O]. An answer that is not the envelope is
    unreadable whatever its status, but for 429, which says enough by itself.
    """
    envelope = parse(response) if isinstance(response, RawResponse) else None
    if envelope is None:
        if not is_whole(response):
            return _unfit(request, response)
        if response.status != 429:
            return unreadable("the answer is not the service's envelope", request, response)
        throttled = errors.Throttled("too many requests", http_status=429, retry_after=retry_after(response))
        return addressed(throttled, request, response)
    if response.status < 300 and is_success(envelope):
        result_id = request.operation.result_id
        if result_id is None or _names(result_id, request.operation, envelope):
            return None
        return unreadable("the answer does not name what was made", request, response)
    code = str(member(envelope, "Code"))
    kind = _kind_of(code, response.status)
    texts = texts_of(getter(envelope))
    desc = member(envelope, "Desc")
    # A write that the service failed on may have been carried out all the same; and so may one that it refuses as a
    # replay [I]: it was sent once, so something on the way delivered it twice.
    is_open = request.operation.kind is not Kind.READ and (
        response.status >= 500
        or kind is errors.ServerFault
        or not _is_clear(envelope, code, response.status)
        or _REPLAY.search(f"{code} {' '.join(texts)}") is not None
    )
    error = kind(
        shown(texts[0] if texts else "the service gave no reason", request),
        code=shown(code, request),
        http_status=response.status,
        desc=shown(desc, request) if isinstance(desc, str) and desc else None,
        retry_after=retry_after(response),
        outcome="unknown" if is_open else "refused",
    )
    return addressed(error, request, response)


def _unfit(request: Request, response: object) -> ConfigurationError:
    error = ConfigurationError(
        "a backend or a middleware must return a RawResponse (an int, a mapping and bytes), not "
        f"{type(response).__name__ if not isinstance(response, RawResponse) else 'one of other things'}"
    )
    error.action = request.operation.name
    error.outcome = "unknown"  # what returned it may have sent the request
    return error


def _names(result_id: str, operation: Operation[Any], envelope: Mapping[str, Any]) -> bool:
    """Whether a create's yes has the id of what was made: without it, nobody knows whether anything was."""
    data = member(envelope, "Data")
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    wire = getattr(fields_of(operation.result), result_id).metadata["wire"]
    return isinstance(data, Mapping) and member(data, wire) not in (None, "")


def _is_clear(envelope: Mapping[str, Any], code: str, status: int) -> bool:
    """Whether an answer to a write is a no beyond doubt: one that could be a misspelt yes is not.

    A yes with an HTTP status that says no is none, nor is a code that is no word (0, 200, true), or one that is not the
    service's own (a proxy's throttling too) beside data, which may be what was made.
    """
    if is_success(envelope):
        return False
    if 400 <= status < 500 or code.lower() in BY_CODE:
        return True
    is_word = isinstance(member(envelope, "Code"), str) and code.strip().lower() not in ("", SUCCESS)
    return is_word and not code.strip().isdigit() and not member(envelope, "Data")


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


def is_expired(response: RawResponse) -> bool:
    """Whether the service refused a request for its time."""
    envelope = parse(response) if isinstance(response, RawResponse) else None
    return (
        envelope is not None and not is_success(envelope) and str(member(envelope, "Code")).lower() == "requestexpired"
    )


def unreadable(reason: str, request: Request, response: RawResponse) -> UnreadableResponse:
    """Return the error for an answer that can't be read."""
    body = response.content[:SHOWN_BODY].decode("utf-8", "replace").rstrip("\ufffd")  # a character cut in two
    error = UnreadableResponse(reason, http_status=response.status, body=blot(body, request.hidden, is_cut=True))
    addressed(error, request, response)
    return error


def addressed(error: EksError, request: Request, response: RawResponse) -> EksError:
    """Return the error with the operation and the service's id of the request in it."""
    error.action = request.operation.name
    error.request_id = request_id_of(response, request.hidden)
    return error


def shown(text: str, request: Request) -> str:
    """Return a text of the service as an error may show it: one line, bounded, without the request's secrets."""
    return presentable(text, request.hidden, SHOWN_TEXT)


def retry_after(response: RawResponse) -> float | None:
    """Return the service's wish for a pause in seconds (`Retry-After`, RFC 9110), or None if none makes sense."""
    value = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    when, now = moment(value), moment(response.headers.get("date", ""))
    return None if when is None or now is None else max(0.0, when - now)


def moment(text: str) -> float | None:
    """Return the seconds since the epoch of a date as HTTP spells it (RFC 9110), or None if it is none."""
    try:
        parsed = email.utils.parsedate_to_datetime(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
