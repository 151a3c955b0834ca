"""What an answer says went wrong: each code, each status, and answers that are no answers."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks import errors
from cds_eks.codec import failure_of as codecs
from cds_eks.codec.error_codes import BY_CODE
from cds_eks.codec.error_mapping import failure_of, retry_after
from cds_eks.redaction import Secrets
from cds_eks.resources import clusters
from cds_eks.wire import Operation, RawResponse, Request
from support.contract_files import contract_page

READ, WRITE, CREATE = clusters.GET_CLUSTER, clusters.DELETE_CLUSTER, clusters.CREATE_CLUSTER


def request_for(operation: Operation[Any] = READ, *secrets: str) -> Request:
    return Request(operation=operation, url="http://x/eks/v1", params={}, secrets=Secrets(secrets))


def answer(content: bytes | dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> RawResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return RawResponse(status=status, headers=headers or {}, content=body)


def service_error(content: dict[str, Any], status: int = 400, request: Request | None = None) -> errors.ServiceError:
    failure = failure_of(request or request_for(), answer(content, status))
    assert isinstance(failure, errors.ServiceError)
    return failure


def unreadable(content: bytes, status: int = 200, request: Request | None = None) -> errors.UnreadableResponse:
    failure = failure_of(request or request_for(), answer(content, status))
    assert type(failure) is errors.UnreadableResponse
    return failure


def test_the_codec_hands_out_the_same_function() -> None:
    assert codecs is failure_of


@pytest.mark.parametrize("code", ["Success", "success", "SUCCESS"])
@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_success_is_no_failure(code: str, status: int) -> None:
    assert failure_of(request_for(), answer({"Code": code}, status)) is None


ROWS = json.loads((Path(__file__).parent / "error_codes.json").read_text(encoding="utf-8"))["rows"]
CLASSES = {row["code"]: row["class"] for row in ROWS}
"""By code, the name of its class: written by hand, beside `cds_eks/codec/error_codes.py`."""

ADD_ROWS = "add a row for each to tests/unit/codec/error_codes.json"


def codes_of_the_contract() -> dict[str, int]:
    """Each code of the page, with its HTTP status."""
    words = re.search(r"Codes seen on this cloud \[O\]:(.*?)The list is open", contract_page(), re.DOTALL)
    assert words is not None
    found: dict[str, int] = {}
    for part in words[1].split(";"):
        status, names = part.strip().split(" ", 1)
        found |= dict.fromkeys(re.findall(r"`(\w+)`", names), int(status))
    return found


def test_all_codes_of_the_contract_are_here() -> None:
    assert len(codes_of_the_contract()) >= 18
    missing = sorted(codes_of_the_contract().keys() - CLASSES.keys())
    assert not missing, f"codes of the page: {ADD_ROWS}"
    statuses = {row["code"]: row["http_status"] for row in ROWS}
    assert codes_of_the_contract().items() <= statuses.items()


def test_all_codes_that_the_codec_knows_are_here() -> None:
    missing = sorted(BY_CODE.keys() - {code.lower() for code in CLASSES})
    assert not missing, f"codes of error_codes.py: {ADD_ROWS}"
    assert len(CLASSES) == len(ROWS)


@pytest.mark.parametrize(("code", "status"), codes_of_the_contract().items())
def test_each_code_has_its_class_at_its_status_and_inside_a_200(code: str, status: int) -> None:
    for shown_status in (status, 200):
        for spelling in (code, code.lower(), code.upper()):
            failure = service_error({"Code": spelling, "Msg": "no"}, shown_status)
            assert type(failure).__name__ == CLASSES[code]
            assert (failure.code, failure.http_status, failure.message) == (spelling, shown_status, "no")
            assert failure.outcome == "refused"
            assert failure.action == "GetCluster"


ZERO = {"ClusterId": "", "TaskId": ""}
"""What a Go service sends along with a refusal."""


@pytest.mark.parametrize("data", [{"Data": ZERO}, {"Data": None}, {}], ids=["zero struct", "null", "missing"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_the_services_facts_about_its_codes_are_known(row: dict[str, Any], data: dict[str, Any]) -> None:
    for status in (row["http_status"], 200):
        failure = service_error({"Code": row["code"], **data}, status, request_for(CREATE))
        assert type(failure).__name__ == row["class"]
        assert (failure.outcome, failure.ids) == (row["create_outcome"], {})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("MaxEcsCountExceed", errors.QuotaExceeded),
        ("InappropriateJSON", errors.BadArgument),
        ("InvalidURI", errors.BadArgument),
        ("UnsupportedHTTPMethod", errors.BadArgument),
        ("InvalidHTTPAuthHeader", errors.AuthenticationError),
        ("InvalidOperation", errors.Conflict),
        ("InvalidOperation.AzMismatch", errors.Conflict),
        ("InvalidOperation.InstanceStatusUnsupported", errors.Conflict),
        ("InvalidVpc.NotFound", errors.NotFound),
        ("InvalidAny.Thing.NotFound", errors.NotFound),
        ("InvalidParameter.Some.Thing", errors.BadArgument),
        ("ResourceInUse.Cluster", errors.Conflict),
        (" authfailure ", errors.AuthenticationError),
    ],
)
def test_codes_of_the_service_and_its_siblings_have_their_class_inside_a_200_too(
    code: str, kind: type[errors.ServiceError]
) -> None:
    for status in (400, 200):
        failure = service_error({"Code": code, "Data": ZERO}, status, request_for(CREATE))
        assert (type(failure), failure.outcome) == (kind, "refused")


def test_a_dotted_code_with_an_unknown_head_is_an_unknown_code() -> None:
    failure = service_error({"Code": "Foo.InvalidParameter", "Data": ZERO}, 200, request_for(CREATE))
    assert (type(failure), failure.outcome) == (errors.ServiceError, "unknown")


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


SECRET = "Marked&passw0rd"


def test_secrets_are_redacted_in_every_field_of_an_error() -> None:
    content = {"Code": f"Bad.{SECRET}", "Desc": f"bad {SECRET}!", "RequestId": f"r-{SECRET}"}
    failure = service_error(content, 400, request_for(CREATE, SECRET, "other"))
    assert (failure.code, failure.message, failure.desc, failure.request_id) == (
        "Bad.***",
        "bad ***!",
        "bad ***!",
        "r-***",
    )
    assert "arked" not in f"{failure} {failure!r} {failure.__dict__}"


@pytest.mark.parametrize("spelling", [SECRET, "Marked\\u0026passw0rd", "Marked&amp;passw0rd", "Marked%26passw0rd"])
def test_secrets_are_redacted_in_an_unreadable_body(spelling: str) -> None:
    failure = unreadable(f"<p>{spelling}</p>".encode(), 502, request_for(CREATE, SECRET))
    assert failure.body == "<p>***</p>"


@pytest.mark.parametrize("cut", range(4, len(SECRET)))
def test_a_truncated_secret_is_redacted_wherever_it_is_cut(cut: int) -> None:
    request = request_for(CREATE, SECRET)
    truncated = f'{{"Code": "Bad", "Msg": "{SECRET[:cut]}'
    assert unreadable(truncated.encode(), 200, request).body == '{"Code": "Bad", "Msg": "***'
    long = "x" * (2048 - cut) + SECRET
    assert unreadable(long.encode(), 502, request).body == "x" * (2048 - cut) + "***"


def test_a_secret_truncated_inside_a_character_is_redacted() -> None:
    request = request_for(CREATE, "Märked-passwörd")
    content = ("x" * 2034).encode() + "Märked-passwörd".encode()
    assert content[2047:2049] == "ö".encode()
    assert unreadable(content, 502, request).body == "x" * 2034 + "***"


URL = "/eks/v1?Action=X&SignatureMethod=HMAC-SHA1&SignatureNonce=n&Timestamp=t&Signature="


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (f"<p>{URL}aB%2Fc%3D</p>", f"<p>{URL}***</p>"),
        (f"<p>{URL}aB/c=&amp;x=y</p>", f"<p>{URL}***&amp;x=y</p>"),
        ("?to=%26Signature%3DaB%252Fc%253D&x=y", "?to=%26Signature%3D***&x=y"),
        ('{"url": "?a=b\\u0026Signature\\u003daBc"}', '{"url": "?a=b\\u0026Signature\\u003d***"}'),
    ],
)
def test_a_signature_is_redacted_wherever_a_url_is_repeated(page: str, shown: str) -> None:
    assert unreadable(page.encode(), 502).body == shown
    assert service_error({"Code": "InvalidHTTPRequest", "Msg": page}, 400, request_for(READ)).message == shown


@pytest.mark.parametrize(("words", "outcome"), [(f"bad URL {URL}x", "refused"), ("SignatureNonceUsed", "unknown")])
def test_a_repeated_url_is_not_taken_for_a_replay_error(words: str, outcome: str) -> None:
    assert service_error({"Code": "InvalidHTTPRequest", "Msg": words}, 400, request_for(CREATE)).outcome == outcome


def test_messages_have_no_newlines_and_bounded_length() -> None:
    failure = service_error({"Code": "B\nad" * 1000, "Msg": "a\r\n\x1b" + "b" * 5_000_000, "RequestId": "r\r\nX: 1"})
    assert failure.message == "a   " + "b" * 996 + "…"
    assert len(failure.code) == 1001
    assert "\n" not in str(failure)
    assert failure.request_id == "r  X: 1"


# --- Retry-After

NOW = datetime(2025, 9, 8, 12, 0, 0, tzinfo=UTC)
DATE = format_datetime(NOW, usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("999999999", 999999999.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(days=400), usegmt=True), 0.0),
        ("Mon, 08 Sep 2025 12:00:30 -0000", 30.0),
        ("Mon, 08 Sep 2025 20:00:30 +0800", 30.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW).total_seconds()),
        ("", None),
        ("-1", None),
        ("soon", None),
        ("NaN", None),
        ("inf", None),
        ("1e9", None),
        ("9" * 10, None),
        ("9" * 5000, None),
        ("٣", None),
        ("7, 8", None),
        ("Mon, 08 Sep 20255 12:00:30 GMT", None),
        ("Mon, 99 Sep 2025 12:00:30 GMT", None),
        ("Mon, 08 Sep 2025 12:00:30 +99999999", None),
        (",", None),
        (" , ", None),
        ("\0", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_if_it_makes_sense(value: str, seconds: float | None) -> None:
    headers = {"retry-after": value, "date": DATE}
    assert retry_after(answer({"Code": "Throttling"}, 429, headers)) == seconds
    failure = failure_of(request_for(), answer({"Code": "Throttling"}, 429, headers))
    assert isinstance(failure, errors.Throttled)
    assert failure.retry_after == seconds


def test_a_date_says_nothing_without_the_services_own_date() -> None:
    later = format_datetime(NOW + timedelta(seconds=30), usegmt=True)
    for headers in ({"retry-after": later}, {"retry-after": later, "date": "yesterday"}, {}):
        assert retry_after(answer(b"", 503, headers)) is None


header_texts = st.text(max_size=30) | st.from_regex(
    r"(Mon, )?[0-9]{0,3} ?(Sep|Foo)? ?[0-9]{0,6} [0-9:.]{0,10} ?[+-]?[0-9A-Z]{0,6}", fullmatch=True
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(value=header_texts, date=st.just(DATE) | header_texts)
def test_no_header_breaks_the_reading_of_a_failure(value: str, date: str) -> None:
    seconds = retry_after(answer(b"", 503, {"retry-after": value, "date": date}))
    assert seconds is None or seconds >= 0


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
members = st.sampled_from(["Code", "code", "Msg", "Desc", "RequestId", "Data"])
envelopes: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    members, scalars | st.just("Success") | st.just([]), max_size=5
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    content=st.binary(max_size=60) | envelopes.map(lambda envelope: json.dumps(envelope).encode()),
    status=st.sampled_from([200, 204, 301, 400, 429, 500]),
    operation=st.sampled_from([READ, WRITE, CREATE]),
)
def test_any_answer_is_success_or_an_error_of_ours(content: bytes, status: int, operation: Operation[Any]) -> None:
    failure = failure_of(request_for(operation), answer(content, status))
    assert failure is None or isinstance(failure, errors.EksError)
    is_named = operation is not CREATE  # no answer here has the id that a create must bring
    assert (failure is None) == (is_named and status < 300 and _code(content) == "success")


def _code(content: bytes) -> str:
    try:
        envelope = json.loads(content)
        return str(envelope.get("Code", envelope.get("code"))).lower()
    except (ValueError, AttributeError):
        return ""
