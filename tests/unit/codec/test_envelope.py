"""The envelope that every answer comes in."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_eks.codec import envelope
from cds_eks.codec.envelope import getter, is_success, member, parse, request_id_of, texts_of
from cds_eks.wire import RawResponse


def answer(content: bytes | dict[str, Any], status: int = 200, **headers: str) -> RawResponse:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return RawResponse(
        status=status, headers={name.replace("_", "-"): text for name, text in headers.items()}, content=body
    )


# --- reading


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b'"Success"',
        b"7",
        b"true",
        b"NaN",
        b"<html><body>502 Bad Gateway</body></html>",
        b'{"Code": "Success"',
        b'{"Code": "Success"}}',
        b'{"Code": "Success"}{"Code": "Success"}',
        b'{"Msg": "no code"}',
        b'{"Code": null}',
        b'{"Code": []}',
        b'{"Code": {"Code": "Success"}}',
        b'{"Code": 1.5}',
        b'{"Code": "Success", "Msg": "\xff"}',
        '{"Code": "Success", "Msg": "集群"}'.encode("gbk"),
        '{"Code": "Success"}'.encode("utf-16"),
        b'{"Code": ' + b"9" * 5000 + b"}",
        b'{"Code": "Success", "Data": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"Code": "Success", "Data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000,
        b'{"Code": "Success"}\0',
        b"\x1f\x8b\x08\x00",
    ],
)  # fmt: skip
def test_a_body_that_is_not_the_envelope_is_a_decode_error(content: bytes) -> None:
    assert parse(answer(content)) is None


@pytest.mark.parametrize(
    "content",
    [
        b'{"Code": "Success"}',
        b'\xef\xbb\xbf{"Code": "Success"}',
        b' \r\n{"Code": "Success"}\n',
        b'{"code": "Success"}',
        b'{"CODE": ""}',
        b'{"Code": 0}',
        b'{"Code": true}',
        b'{"Code": "Success", "Data": NaN}',
        b'{"Code": "\\ud800"}',
        b'{"Code": "Failed", "Code": "Success"}',
    ],
)
def test_an_object_with_a_code_is_the_envelope(content: bytes) -> None:
    assert isinstance(parse(answer(content)), dict)


def test_an_answer_is_parsed_once() -> None:
    response = answer({"Code": "Success"})
    first = parse(response)
    assert parse(response) is first  # another parse makes another object
    known_as_unreadable = answer({"Code": "Success"})
    known_as_unreadable.parsed.append(None)
    assert parse(known_as_unreadable) is None


def test_members_are_found_in_any_case_the_exact_one_first() -> None:
    assert member({"msg": 1, "MSG": 2, "Msg": 3}, "Msg") == 3
    assert member({"MSG": 2}, "Msg") == 2
    assert member({"Msg": None, "msg": 1}, "Msg") is None
    assert member({}, "Msg") is None


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("Success", True),
        ("success", True),
        ("SUCCESS", True),
        ("", False),
        ("Succes", False),
        ("Success ", False),
        (0, False),
        (200, False),
        (True, False),
    ],
)
def test_only_the_code_says_that_all_is_well(code: object, good: bool) -> None:
    assert is_success({"Code": code}) is good


@pytest.mark.parametrize(
    ("envelope", "texts"),
    [
        ({"Desc": "d", "Msg": "m", "Message": "n"}, ["d", "m", "n"]),
        ({"Message": "n", "Msg": "m"}, ["m", "n"]),
        ({"Desc": "", "Msg": None, "Message": "n"}, ["n"]),
        ({"Desc": [], "Msg": {"a": 1}, "Message": 7}, ["7"]),
        ({"desc": "d", "MSG": 1.5}, ["d", "1.5"]),
        ({}, []),
    ],
)
def test_the_services_words_are_desc_then_msg_then_message(envelope: dict[str, Any], texts: list[str]) -> None:
    assert texts_of(getter(envelope)) == texts


@pytest.mark.parametrize(
    ("content", "header", "request_id"),
    [
        ({"Code": "x", "RequestId": "r-1"}, "r-2", "r-1"),
        ({"Code": "x", "requestid": 17}, "", "17"),
        ({"Code": "x", "RequestId": ""}, "r-2", "r-2"),
        ({"Code": "x", "RequestId": None}, "", None),
        ({"Code": "x", "RequestId": ["r"]}, "r-2", "r-2"),
        ({"Code": "x", "RequestId": 1.5}, "", None),
        ({"Code": "x", "RequestId": "a\r\nX-Evil: 1\0\x1b[31m\u202e"}, "", "a  X-Evil: 1  [31m "),
        ({"Code": "x", "RequestId": "r" * 500}, "", "r" * 200 + "…"),
        (b"<html>", "r-2", "r-2"),
        (b"", "", None),
    ],
)
def test_the_request_id_is_the_envelopes_or_the_headers_and_fit_to_be_shown(
    content: bytes | dict[str, Any], header: str, request_id: str | None
) -> None:
    assert request_id_of(answer(content, cds_request_id=header)) == request_id


def test_a_request_id_that_echoes_a_secret_is_redacted_before_it_is_cut() -> None:
    secret = "Marked-passw0rd"
    response = answer({"Code": "x", "RequestId": "r" * 195 + secret})
    assert request_id_of(response, [secret]) == "r" * 195 + "***"


# --- with orjson and without

JSON_TEXTS = [
    b'{"Code": "Success", "Data": {"Cpu": 18446744073709551616}}',
    b'{"Code": "Success", "Data": [-9223372036854775809, 18446744073709551615, 123456789012345678]}',
    b'{"Code": "Success", "Data": [1e2, 1.0, -0.0, 0.1, 1e400, 123456789012345678901.5]}',
    b'{"Code": "Success", "Data": [NaN, Infinity]}',
    b'{"Code": "\\ud800"}',
    b'{"Code": "Success", "Id": "1234567890123456789012345"}',
    b'\xef\xbb\xbf{"Code": "Success"}',
    b'{"Code": "Failed", "Code": "Success"}',
    b'{"Code": "Success", "Data": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"Code": "Success", "Data": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    b'{"Code": 1.5}',
    b'{"Code": 01}',
    b'{"Code": "a\tb"}',
    '{"Code": "Success", "Msg": "成功"}'.encode(),
    b'{"Code": "Success", "Msg": "\xff"}',
]


def both(content: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    with_it = parse(answer(content))
    with monkeypatch.context() as patch:
        patch.setattr(envelope, "orjson", None)
        return with_it, parse(answer(content))


@pytest.mark.parametrize("content", JSON_TEXTS)
def test_orjson_changes_nothing(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it, without = both(content, monkeypatch)
    assert repr(with_it) == repr(without)  # so that 1 is not 1.0, and NaN is NaN


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.integers(-(10**25), 10**25),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=json_values, is_ascii=st.booleans())
def test_orjson_changes_nothing_whatever_the_answer(data: Any, is_ascii: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"Code": "Success", "Data": data}, ensure_ascii=is_ascii)
    with_it, without = both(text.encode("utf-8", "surrogatepass"), monkeypatch)
    assert repr(with_it) == repr(without)


def test_without_orjson_nothing_is_missed() -> None:
    script = "import sys; sys.modules['orjson'] = None; from cds_eks.codec import envelope; print(envelope.orjson)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "None\n"
