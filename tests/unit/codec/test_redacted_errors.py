"""Errors of answers hold no secret, bounded texts, and `Retry-After` as it makes sense."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks import errors
from cds_eks.codec.error_mapping import failure_of, retry_after
from cds_eks.wire import Operation
from unit.codec.mapped_errors import CREATE, READ, WRITE, answer, request_for, service_error, unreadable

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
