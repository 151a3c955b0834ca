"""Error responses without a known code: empty bodies, redirections, and what is no envelope."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cds_eks import errors
from cds_eks.codec.error_mapping import failure_of
from cds_eks.resources import clusters
from cds_eks.wire import Operation
from unit.codec.mapped_errors import CREATE, READ, WRITE, answer, request_for, service_error, unreadable

REFUSED_BY_STATUS = {
    400: errors.BadArgument,
    401: errors.AuthenticationError,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    405: errors.BadArgument,
    410: errors.NotFound,
    412: errors.Conflict,
    413: errors.BadArgument,
    415: errors.BadArgument,
    422: errors.BadArgument,
    429: errors.Throttled,
}


@pytest.mark.parametrize("body", [b"", b" \r\n"])
@pytest.mark.parametrize("status", REFUSED_BY_STATUS)
@pytest.mark.parametrize("operation", [READ, WRITE, CREATE], ids=lambda operation: operation.name)
def test_an_empty_body_is_judged_by_its_status_if_that_is_beyond_doubt(
    operation: Operation[Any], status: int, body: bytes
) -> None:
    failure = failure_of(request_for(operation), answer(body, status, {"retry-after": "2"}))
    assert type(failure) is REFUSED_BY_STATUS[status]
    assert (failure.outcome, failure.http_status, failure.retry_after, failure.code) == ("refused", status, 2.0, "")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, errors.UnreadableResponse),
        (204, errors.UnreadableResponse),
        (302, errors.UnreadableResponse),
        (406, errors.BadArgument),
        (407, errors.UnreadableResponse),
        (408, errors.ServerFault),
        (409, errors.Conflict),
        (425, errors.BadArgument),
        (499, errors.BadArgument),
        (500, errors.UnreadableResponse),
        (503, errors.UnreadableResponse),
    ],
)
def test_an_empty_body_with_another_status_leaves_a_create_ambiguous(status: int, kind: type[errors.EksError]) -> None:
    failure = failure_of(request_for(CREATE), answer(b"", status))
    assert type(failure) is kind
    assert failure.outcome == "unknown"


def test_an_empty_success_is_one_for_a_write_that_has_no_result_and_for_nothing_else() -> None:
    assert failure_of(request_for(clusters.ADD_CLUSTER_SUBNET), answer(b"", 204)) is None
    assert failure_of(request_for(clusters.ADD_CLUSTER_SUBNET), answer(b"", 302)) is not None
    for operation in (READ, WRITE, CREATE):
        assert isinstance(failure_of(request_for(operation), answer(b"", 200)), errors.UnreadableResponse)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (
            "https://x/eks/v1?Signature=abc&AccessKeyId=id",
            "to https://x: set endpoint='https://x'",
        ),
        ("https://User:Pw@Other.test:8443/a", "to https://other.test:8443: set endpoint='https://other.test:8443'"),
        ("//other.test/a", "to http://other.test: set endpoint='http://other.test'"),
        ("/other/path", "to another path of its own"),
        ("http://x/other", "to another path of its own"),
        ("http://[", "to another path of its own"),
        ("https://marked-secret.test/", "to https://***.test: set endpoint='https://***.test'"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_named_with_its_host_and_no_more(status: int, location: str, message: str) -> None:
    failure = failure_of(request_for(CREATE, "marked-secret"), answer(b"<p>moved", status, {"location": location}))
    assert isinstance(failure, errors.UnreadableResponse)
    assert f"the endpoint redirects {message}" in failure.message
    assert not re.search("Signature|AccessKeyId|Pw", failure.message)
    assert failure.outcome == "unknown"


def test_what_is_no_redirection_leads_nowhere() -> None:
    for status, headers in ((200, {"location": "https://other.test"}), (302, {})):
        failure = failure_of(request_for(), answer(b"<p>", status, headers))
        assert failure is not None
        assert failure.message == "the answer is not the service's envelope"


@pytest.mark.parametrize("status", [200, 408, 502, 503])
@pytest.mark.parametrize("content", [b"<html>", b"{}"])
def test_retry_after_is_read_from_an_unreadable_answer(content: bytes, status: int) -> None:
    failure = failure_of(request_for(), answer(content, status, {"retry-after": "3"}))
    assert isinstance(failure, errors.UnreadableResponse)
    assert failure.retry_after == 3.0


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("Teapot", 200, errors.ServiceError),
        ("Teapot", 399, errors.ServiceError),
        ("Teapot", 400, errors.BadArgument),
        ("Teapot", 401, errors.AuthenticationError),
        ("Teapot", 402, errors.QuotaExceeded),
        ("Teapot", 403, errors.PermissionDenied),
        ("Teapot", 404, errors.NotFound),
        ("Teapot", 409, errors.Conflict),
        ("Teapot", 412, errors.Conflict),
        ("Teapot", 418, errors.BadArgument),
        ("Teapot", 429, errors.Throttled),
        ("Teapot", 500, errors.ServerFault),
        ("Teapot", 599, errors.ServerFault),
        ("Throttling.User", 200, errors.Throttled),
        ("TooManyRequests", 503, errors.Throttled),
        ("RequestLimitExceeded", 400, errors.Throttled),
        ("QuotaExceeded.Vcpu", 400, errors.QuotaExceeded),
        ("InstanceLimitExceeded", 200, errors.QuotaExceeded),
        ("ResourceNotFound", 500, errors.NotFound),
        ("Success", 500, errors.ServerFault),
        ("Success", 404, errors.NotFound),
        ("Success", 304, errors.ServiceError),
        ("Success", 300, errors.ServiceError),
        (0, 200, errors.ServiceError),
        (500, 200, errors.ServiceError),
        (True, 200, errors.ServiceError),
        ("", 200, errors.ServiceError),
    ],
)
def test_an_unknown_code_is_classified_by_its_words_then_by_the_status(
    code: object, status: int, kind: type[errors.ServiceError]
) -> None:
    failure = service_error({"Code": code}, status)
    assert type(failure) is kind
    assert failure.code == str(code)
    assert failure.message == "the service gave no reason"


@pytest.mark.parametrize(
    ("operation", "code", "status", "outcome"),
    [
        (CREATE, "InternalError", 500, "unknown"),
        (CREATE, "InternalError", 200, "unknown"),
        (CREATE, "CreateOrderExcept", 200, "unknown"),
        (CREATE, "Throttling", 503, "unknown"),
        (CREATE, "ArgMissing", 500, "unknown"),
        (CREATE, "ArgMissing", 400, "refused"),
        (CREATE, "Throttling", 429, "refused"),
        (CREATE, "Teapot", 200, "unknown"),
        (WRITE, "Teapot", 200, "refused"),
        (CREATE, "Teapot", 418, "refused"),
        (CREATE, "Teapot", 408, "unknown"),
        (WRITE, "InternalError", 500, "unknown"),
        (WRITE, "ResourceInUse", 409, "refused"),
        (READ, "InternalError", 500, "refused"),
    ],
)
def test_a_write_that_the_service_failed_on_may_have_been_carried_out(
    operation: Operation[Any], code: str, status: int, outcome: str
) -> None:
    assert service_error({"Code": code}, status, request_for(operation)).outcome == outcome


@pytest.mark.parametrize(
    ("texts", "message", "desc"),
    [
        ({"Desc": "d", "Msg": "m", "Message": "n"}, "d", "d"),
        ({"Msg": "m", "Message": "n"}, "m", None),
        ({"Message": "n"}, "n", None),
        ({"desc": "", "msg": "m"}, "m", None),
        ({"Desc": 7, "Msg": "m"}, "7", None),
        ({"Desc": {"a": 1}, "Msg": ["x"], "Message": None}, "the service gave no reason", None),
    ],
)
def test_the_best_of_the_services_words_is_the_message(texts: dict[str, Any], message: str, desc: str | None) -> None:
    failure = service_error({"Code": "BadArgs", **texts})
    assert (failure.message, failure.desc) == (message, desc)


@pytest.mark.parametrize("status", [200, 204, 206, 304, 400, 403, 404, 500, 502, 503, 504])
@pytest.mark.parametrize("content", [b"<html>Bad Gateway</html>", b"null", b"[]", b'{"Msg": "no code"}'])
def test_what_is_not_the_envelope_is_unreadable_at_any_status(content: bytes, status: int) -> None:
    failure = unreadable(content, status)
    assert (failure.http_status, failure.body, failure.outcome) == (status, content.decode(), "unknown")
    assert failure.message == "the answer is not the service's envelope"
    assert failure.action == "GetCluster"
    assert f"http_status={status}" in str(failure)


@pytest.mark.parametrize("content", [b"", b"<html>slow down</html>", b"null"])
def test_a_429_is_throttling_whatever_it_says(content: bytes) -> None:
    failure = failure_of(request_for(CREATE), answer(content, 429, {"retry-after": "3", "cds-request-id": "r-1"}))
    assert type(failure) is errors.Throttled
    assert (failure.http_status, failure.retry_after, failure.outcome) == (429, 3.0, "refused")
    assert (failure.action, failure.request_id) == ("CreateCluster", "r-1")


def test_an_unreadable_body_is_truncated_in_the_error() -> None:
    assert unreadable(b"x" * 10_000_000).body == "x" * 2048
    assert unreadable(b"x" + "测".encode() * 1000).body == "x" + "测" * 682


def test_an_unreadable_body_in_another_encoding_is_decoded_with_replacements() -> None:
    assert unreadable("错误 502".encode("gbk")).body.endswith(" 502")
