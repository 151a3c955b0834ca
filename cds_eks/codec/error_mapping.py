"""Error responses and answers that can't be read, as errors: a pure function of the request and the answer."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

from cds_eks import errors
from cds_eks.codec import error_codes
from cds_eks.codec.answer_ids import ids_in, is_repeated
from cds_eks.codec.envelope import SUCCESS, getter, is_success, is_whole, member, parse, request_id_of, texts_of
from cds_eks.errors import ConfigurationError, EksError, ServiceError, UnreadableResponse
from cds_eks.redaction import presentable, printable, redact
from cds_eks.schema.shape import fields_of, wire_names
from cds_eks.wire import Kind, Operation, RawResponse, Request

SHOWN_BODY = 2048
SHOWN_TEXT = 1000

NO_REASON = "the service gave no reason"
NOT_THE_ENVELOPE = "the answer is not the service's envelope"

_REPLAY = re.compile(r"nonce(?!=|%3D)|replay", re.IGNORECASE)  # but not in a URL of ours, repeated


def failure_of(request: Request, response: RawResponse) -> EksError | None:
    """Return the error of an answer, or None if it is a success response.

    The envelope's `Code` decides: the service also sends error responses with HTTP 200 [D][O]. Where there is no body
    at all the HTTP status decides, as it does for the vendor's client [O], if it is not a gateway's or a proxy's. Any
    other answer is unreadable whatever its status, but for 429, which is clear by itself.
    """
    envelope = parse(response) if isinstance(response, RawResponse) else None
    if envelope is None:
        if not is_whole(response):
            return _not_a_response(request, response)
        is_silent = not response.content.strip() and response.status < 500 and response.status != 407
        if is_silent or response.status == 429:
            return _by_status_alone(request, response)
        return unreadable(_not_the_envelope(request, response), request, response)
    if response.status < 300 and is_success(envelope):
        result_id = request.operation.result_id
        if result_id is None or _names_result(result_id, request.operation, envelope):
            return None
        return unreadable("the answer does not name what was made", request, response)
    code = str(member(envelope, "Code"))
    kind = error_codes.by_code(code) or error_codes.by_code_pattern(code) or error_codes.by_status(response.status)
    texts = texts_of(getter(envelope))
    desc = member(envelope, "Desc")
    # A write that the service failed on may have been carried out all the same. So may one that it refuses as a replay
    # [I]: it was sent once, so something on the way delivered it twice.
    is_open = request.operation.kind is not Kind.READ and (
        response.status >= 500
        or kind is errors.ServerFault
        or not _is_certain_refusal(request.operation, envelope, code, response.status)
        or _REPLAY.search(f"{code} {' '.join(texts)}") is not None
    )
    return _service_error(
        kind,
        shown(texts[0] if texts else NO_REASON, request),
        request,
        response,
        is_open=is_open,
        code=shown(code, request, is_id=True),
        desc=shown(desc, request) if isinstance(desc, str) and desc else None,
    )


def _service_error(
    kind: type[ServiceError],
    message: str,
    request: Request,
    response: RawResponse,
    *,
    is_open: bool,
    code: str = "",
    desc: str | None = None,
) -> ServiceError:
    """Return an error response as an error.

    An answer to a write that names anything new was carried out, as far as anybody knows, whatever else it says.
    """
    ids = ids_in(request, response)
    is_open = is_open or any(not is_repeated(value, request) for value in ids.values())
    error = kind(
        message,
        code=code,
        http_status=response.status,
        desc=desc,
        retry_after=retry_after(response),
        action=request.operation.name,
        request_id=request_id_of(response, request.hidden),
        outcome="unknown" if is_open else "refused",
    )
    error.ids = {**ids}
    return error


def _by_status_alone(request: Request, response: RawResponse) -> EksError | None:
    """Return the error of an answer without an envelope by its HTTP status, or None if the status is a success."""
    status, kind = response.status, request.operation.kind
    if status < 400:
        if 200 <= status < 300 and kind is Kind.IDEMPOTENT and request.operation.result is None:
            return None
        return unreadable(_not_the_envelope(request, response), request, response)
    return _service_error(
        error_codes.by_status(status),
        "too many requests" if status == 429 else NO_REASON,
        request,
        response,
        is_open=kind is not Kind.READ and status not in error_codes.REFUSALS,
    )


def _not_the_envelope(request: Request, response: RawResponse) -> str:
    """Return the reason for an answer that is no envelope; redirections are not followed, so it names their target."""
    location = response.headers.get("location", "")
    if response.status not in (301, 302, 303, 307, 308) or not location:
        return NOT_THE_ENVELOPE
    try:
        here, there = urlsplit(request.url), urlsplit(location.strip())
        site = f"{there.scheme or here.scheme}://{there.netloc.rpartition('@')[2]}".lower()
        is_other = bool(there.hostname) and site != f"{here.scheme}://{here.netloc}".lower()
    except ValueError:
        is_other = False
    if not is_other:
        return "the endpoint redirects to another path of its own"
    site = printable(redact(site, request.hidden, is_id=True), 200)
    return f"the endpoint redirects to {site}: set endpoint={site!r} if that is the service"


def _not_a_response(request: Request, response: object) -> ConfigurationError:
    return ConfigurationError(
        "a backend or a middleware must return a RawResponse (an int, a mapping and bytes), not "
        f"{type(response).__name__ if not isinstance(response, RawResponse) else 'one of other things'}",
        action=request.operation.name,
        outcome="unknown",  # what returned it may have sent the request
    )


def _names_result(result_id: str, operation: Operation[Any], envelope: Mapping[str, Any]) -> bool:
    """Whether a create's success response has the id of what was made: without it, the outcome is unknown."""
    data = member(envelope, "Data")
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    names = wire_names(getattr(fields_of(operation.result), result_id))
    return isinstance(data, Mapping) and any(member(data, name) not in (None, "") for name in names)


def _is_certain_refusal(operation: Operation[Any], envelope: Mapping[str, Any], code: str, status: int) -> bool:
    """Whether an answer to a write is a refusal beyond doubt, as far as its code and its status go.

    It is not if it may be a misspelt success (`Success` with another HTTP status; a code that is no word, such as 0,
    200 or true), nor if its code is unknown and a create was answered with HTTP 200: a needless look-up is better than
    a second resource.
    """
    if is_success(envelope):
        return False
    if error_codes.by_code(code) is not None or (400 <= status < 500 and status not in (408, 499)):
        return True
    is_word = isinstance(member(envelope, "Code"), str) and code.strip().lower() not in ("", SUCCESS)
    if not is_word or code.strip().isdigit() or not _is_empty(member(envelope, "Data")):
        return False
    return operation.kind is not Kind.CREATE or status >= 300 or error_codes.by_code_pattern(code) is not None


def _is_empty(data: object) -> bool:
    """Whether an answer has no data: a Go service sends the operation's zero struct for none [O]."""
    return not (any(data.values()) if isinstance(data, Mapping) else data)


def is_expired(response: RawResponse) -> bool:
    """Whether the service refused a request for its time."""
    envelope = parse(response) if isinstance(response, RawResponse) else None
    return (
        envelope is not None and not is_success(envelope) and str(member(envelope, "Code")).lower() == "requestexpired"
    )


def unreadable(reason: str, request: Request, response: RawResponse) -> UnreadableResponse:
    """Return the error for an answer that can't be read."""
    body = response.content[:SHOWN_BODY].decode("utf-8", "replace").rstrip("\ufffd")  # a character cut in two
    error = UnreadableResponse(
        reason,
        http_status=response.status,
        body=redact(body, request.hidden, is_cut=True),
        retry_after=retry_after(response),
        action=request.operation.name,
        request_id=request_id_of(response, request.hidden),
    )
    error.ids = {**ids_in(request, response)}
    return error


def shown(text: str, request: Request, *, is_id: bool = False) -> str:
    """Return a text of the service fit for an error: one line, of bounded length, without the request's secrets."""
    return presentable(text, request.hidden, SHOWN_TEXT, is_id=is_id)


def retry_after(response: RawResponse) -> float | None:
    """Return the pause that an answer asks for, in seconds (`Retry-After`, RFC 9110), or None if it is not valid."""
    value = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    when, now = parse_http_date(value), parse_http_date(response.headers.get("date", ""))
    return None if when is None or now is None else max(0.0, when - now)


def parse_http_date(text: str) -> float | None:
    """Return the seconds since the epoch of an HTTP date (RFC 9110), or None if it is none."""
    try:
        parsed = email.utils.parsedate_to_datetime(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
