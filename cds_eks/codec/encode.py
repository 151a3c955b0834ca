"""Requests to the wire: pure functions."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from cds_eks._runtime.frames import Masked
from cds_eks.codec.serialize import to_wire
from cds_eks.config import Timeouts
from cds_eks.errors import InvalidRequestError
from cds_eks.redaction import NO_SECRETS, Secrets, is_secret_name, secrets_in
from cds_eks.schema.extra_fields import check_no_collision
from cds_eks.schema.revisions import API_REVISIONS
from cds_eks.schema.shape import Nested, fields_of
from cds_eks.schema.text_rules import MUST_BE_UTF8, is_utf8
from cds_eks.schema.validators import MUST_BE_BY_WIRE_NAME, ListOf, ValidationFailure, is_by_wire_name, printable_name
from cds_eks.signing import COMMON_PARAMETERS
from cds_eks.wire import Operation, Request, make_request

T = TypeVar("T")

JSON_TYPE = "application/json;charset=utf-8"

NO_TIMEOUTS = Timeouts(connect=None, read=None, total=None)

BELONGS_TO_SIGNATURE = "belongs to the signature and can't be set"

_NOTHING: Mapping[str, Any] = {}

_RESERVED = frozenset(name.lower() for name in COMMON_PARAMETERS)


def encode(
    operation: Operation[Any],
    request: Any,
    extra: Mapping[str, Any] | None,
    *,
    url: str,
    headers: Mapping[str, str],
    secrets: Secrets = NO_SECRETS,
    revision: str = API_REVISIONS[0],
    timeouts: Timeouts = NO_TIMEOUTS,
) -> Request:
    """Turn a request model into a request for the pipeline; what is unset is not sent.

    Args:
        operation: What is asked for.
        request: The model of its arguments.
        extra: Undocumented wire fields to send along.
        url: Where it goes.
        headers: Headers of every request.
        secrets: Texts that must never be shown; those of the request are added.
        revision: The revision of the API to write it in.
        timeouts: How long connecting and silence may take.

    Raises:
        InvalidRequestError: The request is not the operation's, or it or `extra` can't be sent, or not in the revision.
    """
    try:
        revised, has_secrets = _plan(operation, type(request), revision)  # type: ignore[arg-type]  # classes are hashable
        arguments = to_wire(request, revision)
        if extra is not None or request.extra:
            arguments = _with_extra(arguments, request, extra)
            secrets |= secrets_in(extra)
        if has_secrets or request.extra:
            secrets |= _secrets_of(request)
        params, body = (arguments, None) if operation.method == "GET" else (_NOTHING, arguments)
        return _request(revised, params, body, url, headers, secrets, timeouts)
    except InvalidRequestError as error:
        failure = error if not isinstance(request, Masked) else _wrong_request(operation, type(request.value))
        failure.action = operation.name
        raise failure from None


def encode_call(
    operation: Operation[Any],
    params: Mapping[str, Any] | None,
    body: Mapping[str, Any] | None,
    *,
    url: str,
    headers: Mapping[str, str],
    secrets: Secrets = NO_SECRETS,
    timeouts: Timeouts = NO_TIMEOUTS,
) -> Request:
    """Turn the plain arguments of an undocumented action into a request for the pipeline.

    Raises:
        InvalidRequestError: An argument can't be sent.
    """
    try:
        for field, value in (("params", params), ("body", body)):
            if value is not None and not is_by_wire_name(value):
                raise InvalidRequestError(field, MUST_BE_BY_WIRE_NAME)
        if operation.method == "GET" and body is not None:
            raise InvalidRequestError("body", "can't be sent with GET")
        for name in params or {}:
            _check_not_reserved(name, printable_name(name))
        to_send = None if operation.method == "GET" else body or {}
        secrets |= secrets_in([params, body])
        return _request(operation, params or {}, to_send, url, headers, secrets, timeouts)
    except InvalidRequestError as error:
        error.action = operation.name
        raise


def _request(
    operation: Operation[Any],
    params: Mapping[str, Any],
    body: Mapping[str, Any] | None,
    url: str,
    headers: Mapping[str, str],
    secrets: Secrets,
    timeouts: Timeouts,
) -> Request:
    query = {"Action": operation.action}
    for name, value in params.items():
        query[name] = _query_value(name, value)
    content = None if body is None else _json(body)
    return make_request(
        operation=operation,
        url=url,
        params=query,
        content=content,
        headers=headers if content is None else {**headers, **_body_headers(content)},
        connect_timeout=timeouts.connect,
        read_timeout=timeouts.read,
        secrets=secrets,
    )


def _check_not_reserved(name: str, path: str) -> None:
    """Refuse an argument that has a name of the signature's."""
    if _is_reserved(name):
        raise InvalidRequestError(path, BELONGS_TO_SIGNATURE)


def _is_reserved(name: str) -> bool:
    """Whether a name is one of the signature's, or would be taken for one: in any case, width or with blanks."""
    if name.isascii() and name.isalnum():
        return name.lower() in _RESERVED
    plain = unicodedata.normalize("NFKC", name)
    return "".join([char for char in plain if char.isprintable() and not char.isspace()]).casefold() in _RESERVED


def _query_value(name: str, value: object) -> str:
    """Return an argument of a query as text: numbers in decimal, flags as 1 and 0."""
    if type(value) is str and value.isascii() and name.isascii():
        return value
    if not isinstance(value, (str, int)):
        raise InvalidRequestError(
            printable_name(name), f"must be a text, a whole number or a flag, not {type(value).__name__}"
        )
    try:
        text = str.__str__(value) if isinstance(value, str) else str(int(value))
    except ValueError:
        raise InvalidRequestError(printable_name(name), "must be a number that can be spelt in decimal") from None
    if not is_utf8(f"{name}{text}"):
        raise InvalidRequestError(ascii(name), MUST_BE_UTF8)
    return text


def _json(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        reason = type(error).__name__
    # Raised out here, because what Python raises may hold the text that can't be sent, and that may be a secret.
    raise InvalidRequestError("body", f"can't be sent as JSON ({reason})")


def _body_headers(content: bytes) -> dict[str, str]:
    """The headers that go with a body [O]."""
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return {"Content-Type": JSON_TYPE, "Content-MD5": base64.b64encode(digest).decode()}


@functools.lru_cache(maxsize=256)
def _plan(operation: Operation[T], shape: Any, revision: str) -> tuple[Operation[T], bool]:
    """Return an operation under the name that a revision has for it, and whether its request may hold secrets.

    Raises:
        InvalidRequestError: The shape of the request is not the operation's, or the revision does not have it.
    """
    if not issubclass(shape, operation.request):
        raise _wrong_request(operation, shape)
    action = operation.revised.get(revision, operation.action)
    if action is None:
        raise InvalidRequestError("api_revision", f"{operation.name} does not exist in revision {revision}")
    revised = operation if action == operation.action else attrs.evolve(operation, action=action)
    return revised, any(_secret_fields(shape))


def _wrong_request(operation: Operation[Any], kind: type) -> InvalidRequestError:
    name = operation.request.__name__
    hint = f"; {name}.from_dict reads plain data" if issubclass(kind, Mapping) else ""
    return InvalidRequestError("request", f"must be a {name}, not {kind.__name__}{hint}")


def _with_extra(documented: dict[str, Any], request: Any, extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the arguments by wire name with the undocumented ones of the call; those of the model are among them."""
    if extra is None:
        extra = {}
    elif not is_by_wire_name(extra):
        raise InvalidRequestError("extra", MUST_BE_BY_WIRE_NAME)
    for name in (*request.extra, *extra):
        _check_not_reserved(name, f"extra.{printable_name(name)}")
    try:
        check_no_collision(extra, dict.fromkeys(documented, "the call itself"))
    except ValidationFailure as failure:
        raise InvalidRequestError(failure.path, failure.rule) from None
    return {**documented, **extra}


def _secrets_of(request: Any) -> set[str]:
    """The texts of a model that must never be shown."""
    found: set[str] = secrets_in(request.extra) if request.extra else set()
    secret, below = _secret_fields(type(request))  # type: ignore[arg-type]  # classes are hashable
    found.update([value for name in secret if (value := getattr(request, name))])
    for name in below:
        value = getattr(request, name)
        if value is not None:
            found = found.union(*map(_secrets_of, value if isinstance(value, list) else (value,)))
    return found


@functools.cache
def _secret_fields(shape: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of a shape that are secret, and those that hold other shapes."""
    fields = [field for field in fields_of(shape) if "wire" in field.metadata]
    rules = {field.name: field.metadata["rule"] for field in fields}
    inner = {name: rule.entry if isinstance(rule, ListOf) else rule for name, rule in rules.items()}
    return (
        tuple(field.name for field in fields if field.metadata["secret"]),
        tuple(name for name, rule in inner.items() if isinstance(rule, Nested)),
    )


def natural_key(operation: Operation[Any], arguments: Any) -> dict[str, Any]:
    """Return the arguments by which to look for what a create may have made; without the unset ones.

    Args:
        operation: The create.
        arguments: Its request, whose fields go by Python name; or the body of an undocumented action, of which names
            and ids count, by wire name.
    """
    if operation.request is None:
        return {
            name: value
            for name, value in (arguments or {}).items()
            if name.endswith(("Name", "Id")) and isinstance(value, str) and not is_secret_name(name)
        }
    return operation.natural_key_of(arguments)
