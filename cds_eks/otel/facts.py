"""What spans and metrics say of a call and of its attempts: pure functions, and an allow-list.

No URL's query, header, body or argument is here, and no text of the service's beside its code and its ids, which are
checked. What an exception says may hold anything, so that only its class is told.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cds_eks.codec.answer_ids import ids_known
from cds_eks.codec.error_codes import BY_CODE
from cds_eks.errors import AmbiguousCreate, EksError, ServiceError
from cds_eks.otel import names
from cds_eks.outcome.tracker import CALL_ID
from cds_eks.redaction import NO_SECRETS, Secrets, is_secret_name, presentable, redact
from cds_eks.wire import Operation, Request

Value = str | int | float
Attributes = dict[str, Value]

LONGEST = 200
"""Longer texts are cut."""

_CODE = re.compile(r"[A-Za-z]+([._][A-Za-z]+)*")
"""What a code of the service looks like. A key, a token or a sentence does not."""

_ID_NAME = re.compile(r"[a-z][a-z_]*_id")
"""What documented ids are called."""


@functools.lru_cache(maxsize=128)
def server_of(url: str) -> Mapping[str, Value]:
    """Return the attributes of the server at a URL."""
    parts = _split(url)
    try:
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:  # 99999, say
        return {names.SERVER_ADDRESS: parts.hostname or ""}
    return {names.SERVER_ADDRESS: parts.hostname or "", names.SERVER_PORT: port}


@functools.lru_cache(maxsize=128)
def url_without_secrets(url: str) -> str:
    """Return a URL without query, fragment and user: a signed query holds the key's id and the signature."""
    parts = _split(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _split(url: str) -> SplitResult:
    """Return the parts of a URL; empty ones of what is none, which a middleware may have set."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def method_of(operation: Operation[Any]) -> str:
    """Return the name of an operation as `rpc.method` has it; an undocumented action is another's matter."""
    return f"{names.RPC_SERVICE}/{operation.name}" if operation.request is not None else names.OTHER


def span_name_of(method: str) -> str:
    """Return the name of the span of a call."""
    return names.RPC_SYSTEM if method == names.OTHER else method


def call_begins(request: Request) -> Attributes:
    """Return the attributes of a call's span when it begins; samplers see them."""
    method = method_of(request.operation)
    attributes: Attributes = {names.RPC_SYSTEM_NAME: names.RPC_SYSTEM, names.RPC_METHOD: method}
    if method == names.OTHER:
        attributes[names.RPC_METHOD_ORIGINAL] = presentable(request.operation.name, request.hidden, LONGEST, is_id=True)
    return {**attributes, **server_of(request.url)}


def call_ends(request: Request, code: str | None, error: BaseException | None) -> Attributes:
    """Return the attributes of a call's span when it ends.

    Args:
        request: The request, with all that is known on its record.
        code: The service's code in the answer, if there was one.
        error: What the call raised.
    """
    record = request.record
    ours = error if isinstance(error, EksError) else None
    attributes: Attributes = {
        names.CDS_OUTCOME: record.outcome if ours is None else ours.outcome,
        names.CDS_ATTEMPTS: record.attempts_made if ours is None else ours.attempts,
    }
    if call_id := request.headers.get(CALL_ID):
        attributes[names.CDS_CALL_ID] = call_id
    if request_id := (None if ours is None else ours.request_id) or record.request_id:
        attributes[names.CDS_REQUEST_ID] = presentable(request_id, request.hidden, LONGEST, is_id=True)
    if record.queued:
        attributes[names.CDS_QUEUE_TIME] = record.queued
    if code is not None:
        attributes[names.RPC_RESPONSE_STATUS_CODE] = shown_code(code, request)
    if error is not None:
        attributes[names.ERROR_TYPE] = error_type(error, attributes.get(names.RPC_RESPONSE_STATUS_CODE))
        attributes[names.CDS_ERROR] = type(error).__name__
    attributes |= ids_shown(ids_known(request) if ours is None else ours.ids, request.hidden)
    return attributes


def ids_shown(ids: Mapping[str, Any], hidden: Secrets = NO_SECRETS) -> Attributes:
    """Return ids as attributes: those that are called as documented ones are.

    Args:
        ids: The ids by name.
        hidden: Texts that must never be shown.
    """
    return {
        f"{names.CDS_ID_PREFIX}{name}": presentable(value, hidden, LONGEST, is_id=True)
        for name, value in ids.items()
        if isinstance(value, str) and _ID_NAME.fullmatch(name) and not is_secret_name(name)
    }


def words_of(error: BaseException, request: Request) -> str:
    """Return a span's description of an error: its class and the outcome, and nothing that it says itself."""
    outcome = error.outcome if isinstance(error, EksError) else request.record.outcome
    return f"{type(error).__name__}, outcome {outcome}"


def code_of(error: BaseException) -> str | None:
    """Return the code of the answer that an error tells of, or None."""
    code = error.code if isinstance(error, ServiceError) else None
    return code or None


def shown_code(code: str, request: Request) -> str:
    """Return a code of the service as a span shows it: one that does not look like a code may be anything."""
    code = code.strip()
    is_code = len(code) <= LONGEST and _CODE.fullmatch(code) is not None
    return names.OTHER if not is_code or redact(code, request.hidden, is_id=True) != code else code


def counted_code(code: str) -> str:
    """Return a code of the service as metrics count it: the unknown ones together, as there may be any number."""
    lowered = code.strip().lower()
    return code.strip() if lowered == "success" or lowered in BY_CODE else names.OTHER


def error_type(error: BaseException, code: Value | None = None) -> str:
    """Return `error.type`: the service's code where it refused, else the full name of the class.

    A create of which nobody knows what became is no refusal, whatever the answer's code was.
    """
    if isinstance(error, AmbiguousCreate):
        return class_of(error, AmbiguousCreate)
    if isinstance(error, ServiceError) and code is not None and code != names.OTHER:
        return str(code)
    return class_of(error)


def class_of(error: BaseException, kind: type[BaseException] | None = None) -> str:
    """Return the full name of an error's class, or of a base of it: ours by their public one."""
    kind = kind or type(error)
    module = kind.__module__
    if issubclass(kind, EksError) and module.startswith("cds_eks."):
        module = "cds_eks.errors"
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def attempt_begins(request: Request, resend_count: int, version: str | None) -> Attributes:
    """Return the attributes of an attempt's span when it begins.

    Args:
        request: The request.
        resend_count: How often the call was sent before.
        version: The version of HTTP, if it is known.
    """
    attributes: Attributes = {
        names.HTTP_REQUEST_METHOD: request.operation.method,
        names.URL_FULL: url_without_secrets(request.url),
        **server_of(request.url),
    }
    if resend_count:
        attributes[names.HTTP_REQUEST_RESEND_COUNT] = resend_count
    if version is not None:
        attributes[names.NETWORK_PROTOCOL_VERSION] = version
    return attributes


def attempt_ends(status: int | None, error: BaseException | None) -> Attributes:
    """Return the attributes of an attempt when it ends, of its span as of its metrics."""
    if status is None:
        status = getattr(error, "http_status", None)
    attributes: Attributes = {}
    if isinstance(status, int):
        attributes[names.HTTP_RESPONSE_STATUS_CODE] = status
    if error is not None:
        attributes[names.ERROR_TYPE] = class_of(error)
    elif status is not None and status >= 400:
        attributes[names.ERROR_TYPE] = str(status)
    return attributes
