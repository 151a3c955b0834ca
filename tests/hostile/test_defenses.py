"""The parts that keep hostile answers and inputs off, each by itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_eks import Limits, RetryPolicy, Timeouts, errors, models
from cds_eks.codec.error_mapping import failure_of, is_expired
from cds_eks.redaction import LONGEST_LOOK, presentable, redact
from cds_eks.resources.clusters import CREATE_CLUSTER, DELETE_CLUSTER, GET_CLUSTER
from cds_eks.wire import Operation, RawResponse, Request


def request_for(operation: Operation[Any]) -> Request:
    return Request(operation=operation, url="https://h.test", params={})


def answer(status: int, **members: Any) -> RawResponse:
    return RawResponse(status=status, headers={}, content=json.dumps(members).encode())


MADE = {"ClusterId": "c-1"}
ZERO = {"ClusterId": "", "TaskId": ""}


@pytest.mark.parametrize(
    ("status", "members", "is_clear"),
    [
        (200, {"Code": "Teapot"}, False),
        (200, {"Code": "Teapot", "Data": {}}, False),
        (200, {"Code": "BadArgs", "Data": {}}, True),
        (200, {"Code": "BadArgs", "Data": ZERO}, True),
        (200, {"Code": "Throttling", "Data": ZERO}, True),
        (200, {"Code": "Teapot", "Data": MADE}, False),
        (200, {"Code": "Throttling", "Data": MADE}, False),
        (200, {"Code": "Throttling"}, True),
        (200, {"Code": "BadArgs", "Data": MADE}, False),
        (409, {"Code": "Teapot", "Data": MADE}, False),
        (409, {"Code": "Teapot", "Data": ZERO}, True),
        (429, {"Code": "Throttling", "Data": MADE}, False),
        (400, {"Code": 400}, True),
        (404, {"Code": "Success", "Data": MADE}, False),
        (302, {"Code": "Success"}, False),
        (302, {"Code": "Teapot"}, True),
        (200, {"Code": 400}, False),
        (200, {"Code": True}, False),
        (200, {"Code": ""}, False),
        (200, {"Code": " SUCCESS "}, False),
        (200, {"Code": " 200 "}, False),
        (500, {"Code": "Teapot"}, False),
    ],
)
def test_an_error_response_to_a_create_is_refused_only_beyond_doubt(
    status: int, members: dict[str, Any], is_clear: bool
) -> None:
    failure = failure_of(request_for(CREATE_CLUSTER), answer(status, **members))
    assert failure is not None
    assert failure.outcome == ("refused" if is_clear else "unknown")
    read = failure_of(request_for(GET_CLUSTER), answer(status, **members))
    assert read is not None
    assert read.outcome == "refused"


GOOD: dict[str, Any] = {"status": 200, "headers": {}, "content": b'{"Code": "RequestExpired"}'}


@pytest.mark.parametrize(
    "response",
    [
        None,
        {"Code": "RequestExpired"},
        RawResponse(**{**GOOD, "status": "200"}),
        RawResponse(**{**GOOD, "headers": None}),
        RawResponse(**{**GOOD, "content": "text"}),
    ],
)
@pytest.mark.parametrize("operation", [GET_CLUSTER, DELETE_CLUSTER, CREATE_CLUSTER])
def test_what_is_no_raw_response_is_a_configuration_error(response: Any, operation: Operation[Any]) -> None:
    assert not is_expired(response)
    error = failure_of(request_for(operation), response)
    assert isinstance(error, errors.ConfigurationError)
    assert (error.action, error.outcome) == (operation.name, "unknown")
    assert "must return a RawResponse" in str(error)
    assert is_expired(RawResponse(**GOOD))


@pytest.mark.parametrize("secret", ['it\'s-a-"key"', "key'with", 'key"with', "clé\\n\x00", "plain-key/=", "a\ud800bc"])
@pytest.mark.parametrize("around", ["{}", "'{}", '"{}', "'\"{}"])
def test_a_secret_in_a_repr_is_redacted(secret: str, around: str) -> None:
    text = around.format(secret)
    for shown in (
        repr(text),
        ascii(text),
        repr(text.encode(errors="replace")),
        repr(bytearray(text.encode(errors="replace"))),
    ):
        assert "***" in redact(shown, [secret]), shown


def test_only_the_beginning_of_a_long_text_is_searched() -> None:
    secret = "Marked-passw0rd"
    text = "x" * (LONGEST_LOOK - 5) + secret
    assert presentable(text, [secret], 10**6) == "x" * (LONGEST_LOOK - 5) + "***"
    assert presentable(f"a\n{secret}", [secret], 4) == "a **…"


@pytest.mark.parametrize("value", [10**18, -(10**18), 10**400, 10**5000], ids=["18", "minus 18", "400", "5000"])
def test_a_setting_with_too_many_digits_is_refused(value: int) -> None:
    for make in (
        lambda: Timeouts(total=value),
        lambda: RetryPolicy(quota=value),
        lambda: Limits(max_connections=value),
    ):
        with pytest.raises(errors.ConfigurationError, match="not a longer number"):
            make()
    assert Limits(max_connections=10**18 - 1).max_connections == 10**18 - 1


def test_a_field_name_with_control_characters_is_shown_on_one_line() -> None:
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.SubnetInfo.from_dict({"SubnetId": "s-1", "a\r\nb": 1})
    assert caught.value.field == "'a\\r\\nb'"
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.CreateClusterRequest.from_dict({"Cni": {"a\0": 1}})
    assert caught.value.field == "cni.'a\\x00'"
