"""Answers to typed data: pure functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from cds_eks.codec.deserialize import Unreadable, read_int
from cds_eks.codec.envelope import getter, parse, request_id_of, texts_of
from cds_eks.codec.error_mapping import SHOWN_TEXT, unreadable
from cds_eks.codec.hooks import reader_of
from cds_eks.outcome.conclusion import with_attempts
from cds_eks.redaction import presentable
from cds_eks.schema.shape import Shape, fields_of
from cds_eks.wire import Kind, Operation, RawResponse, Request, Response, make_response

T = TypeVar("T")


def decode(operation: Operation[T], request: Request, response: RawResponse, *, elapsed: float) -> Response[T]:
    """Turn a success response into typed data.

    Args:
        operation: What was asked for.
        request: The request as it was sent.
        response: The answer, for which `failure_of` returns None.
        elapsed: How long the call took, in seconds.

    Raises:
        UnreadableResponse: The data has another shape than the operation's, or is missing.
    """
    envelope = parse(response) or {}
    get = getter(envelope)
    data = get("Data")
    read, needs_object = _reader_for(operation)
    if needs_object and not (any(data) if isinstance(data, list) else data):
        raise with_attempts(unreadable("the answer has no data", request, response), request.record)
    try:
        typed = read(data, operation.result)
    except Unreadable as error:
        failure = unreadable(f"the answer can't be read: Data{error}", request, response)
        raise with_attempts(failure, request.record) from None
    texts, hidden = texts_of(get), request.hidden
    return make_response(
        data=typed,
        request_id=request_id_of(response, hidden),
        code=str(get("Code")) if envelope else "",
        message=presentable(texts[0], hidden, SHOWN_TEXT) if texts else "",
        total_count=None if (count := get("TotalCount")) is None else _page_number(count),
        page_index=None if (index := get("PageIndex")) is None else _page_number(index),
        page_size=None if (size := get("PageSize")) is None else _page_number(size),
        attempts=request.record.attempts,
        elapsed=elapsed,
        raw=envelope,
    )


@functools.lru_cache(maxsize=256)
def _reader_for(operation: Operation[Any]) -> tuple[Callable[[Any, Any], Any], bool]:
    """Return the reader of an operation's result, and whether there must be one: a read's object that has an id."""
    result = operation.result
    if result is None:
        return _nothing, False
    is_object = isinstance(result, type) and issubclass(result, Shape)
    has_id = is_object and any(field.default == "" for field in fields_of(result))
    return reader_of(result), has_id and operation.kind is Kind.READ


def _nothing(_: Any, __: Any) -> None:
    """Read the result of an operation that has none."""


def _page_number(value: Any) -> int | None:
    if value is None or (type(value) is int and value >= 0):
        return value
    try:
        number = read_int(value, int)
    except Unreadable:
        return None
    return number if number is not None and number >= 0 else None
