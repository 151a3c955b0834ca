"""What must never be shown, and foreign text made fit to be shown."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks.redaction import (
    is_secret_name,
    printable,
    redact,
    secrets_in,
    secrets_of_proxy,
)
from cds_eks.redaction.marks import least_of


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("", 10, ""),
        ("集群 gpu-1", 10, "集群 gpu-1"),
        ("a\r\nb\tc\0d\x7f\x85\u2028\u202e", 20, "a  b c d    "),
        ("\ud800x", 10, " x"),
        ("1234567890", 10, "1234567890"),
        ("12345678901", 10, "1234567890…"),
        ("\n" * 5_000_000, 10, " " * 10 + "…"),
    ],
)
def test_a_foreign_text_is_shown_on_one_line_of_bounded_length(text: str, most: int, shown: str) -> None:
    assert printable(text, most) == shown


SECRET = "Pä<s&w0rd\"'/+ %"


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("<", "\\u003c").replace("&", "\\u0026"),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
    ],
)
def test_a_secret_is_redacted_in_every_encoding(spelling: str) -> None:
    assert redact(f"bad password {spelling}!", {SECRET, "other-secret"}) == "bad password ***!"
    assert redact(f"{spelling}{spelling}", [SECRET]) == "******"


def test_of_secrets_within_each_other_the_longer_goes_first() -> None:
    assert redact("abcdefgh abcd", ["abcd", "abcdefgh"]) == "*** ***"


def test_secrets_that_are_too_short_are_not_redacted() -> None:
    assert redact("a abc abcd", ["", "a", "abc", "abcd"]) == "a abc ***"


@pytest.mark.parametrize("secret", ["Secret123", SECRET])
def test_the_beginning_of_a_secret_at_a_cut_goes_as_well(secret: str) -> None:
    for length in range(4, len(secret)):
        cut = f"Msg: {secret[:length]}"
        assert redact(cut, [secret], is_cut=True) == "Msg: ***"
        assert redact(secret[:length], [secret], is_cut=True) == "***"
        assert redact(cut, [secret]) == (cut if length < least_of(secret) else "Msg: ***")
    assert redact(f"Msg: {secret[:3]}", [secret], is_cut=True) == f"Msg: {secret[:3]}"
    assert redact(f"{secret[:4]} more", [secret], is_cut=True) == f"{secret[:4]} more"


def test_a_cut_is_looked_for_wherever_the_secret_may_begin() -> None:
    assert redact("xababababab", ["ababababc"], is_cut=True) == "xab***"
    assert redact("abcdZabcd", ["abcdefghi"], is_cut=True) == "abcdZ***"
    assert redact("abcd" * 3, ["abcdefghi"], is_cut=True) == "abcdabcd***"


letters = st.text('abAB12&<"%/+ é\\', max_size=9)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(secret=letters.filter(lambda text: len(text) >= 4), before=letters, after=letters)
def test_what_is_shown_never_holds_a_secret(secret: str, before: str, after: str) -> None:
    for spelling in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), html.escape(secret)):
        shown = redact(f"{before}{spelling}{after}", [secret])
        assert spelling not in shown
        assert secret not in shown
        assert "***" in shown


@pytest.mark.parametrize(
    "name",
    [
        "Ak",
        "SK",
        "Password",
        "NewPassword",
        "SecretKey",
        "AccessKeyId",
        "SecretAccessKey",
        "X-Token",
        "Passwd",
        "Passwords",
        "Pwd",
        "root_pwd",
        "Pass",
        "PrivateKey",
        "private-key",
        "ApiKey",
        "API_KEY",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "access_key_id",
        "PassPhrase",
        "\nPassword\n",
    ],
)
def test_some_names_say_that_their_values_are_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["ClusterName", "VpcId", "Task", "Skip", "Break", "Key", "Passage", "", 7, None])
def test_other_names_do_not(name: object) -> None:
    assert not is_secret_name(name)


def test_secrets_are_found_by_name_at_any_depth() -> None:
    plain = {
        "Ak": "ak-1",
        "Name": "open",
        "List": [{"password": "pw-1"}, ({"SK": "sk-1"},)],
        "Password": {"Sk": "sk-2", "Other": "below"},
        "Token": 7,
        1: "open",
    }
    assert secrets_in(plain) == {"ak-1", "pw-1", "sk-1", "sk-2", "below", "7"}
    assert secrets_in([None, "text", 7, {"Name": ["open"]}]) == set()


@pytest.mark.parametrize(
    ("plain", "found"),
    [
        ({"Passwords": ["pw-1", ["pw-2", None], {"Any": "pw-3"}]}, {"pw-1", "pw-2", "pw-3"}),
        ({"Secret": {"Value": "s-1", "Deeper": [{"Name": "s-2"}]}}, {"s-1", "s-2"}),
        ({"Secret": ("s-1", {"s-2"}, frozenset({"s-3"}))}, {"s-1", "s-2", "s-3"}),
        ({"Password": 12345678, "Pin": 1, "Token": 1.5, "HasSecret": True, "Sk": ""}, {"12345678", "1.5"}),
        ({"Token": 10**5000}, set()),
        ({"Name": {"Sk": "s-1"}, "Secret": {"Name": "s-2"}}, {"s-1", "s-2"}),
    ],
)
def test_all_that_lies_below_the_name_of_a_secret_is_one(plain: object, found: set[str]) -> None:
    assert secrets_in(plain) == found


def test_the_same_object_may_be_public_under_one_name_and_secret_under_another() -> None:
    shared = ["text"]
    assert secrets_in({"Names": shared, "Secrets": shared}) == {"text"}
    assert secrets_in({"Secrets": shared, "Names": shared}) == {"text"}


def test_plain_data_of_any_depth_or_that_holds_itself_is_searched() -> None:
    deep: Any = {"Sk": "sk-1"}
    for _ in range(50_000):
        deep = [deep]
    assert secrets_in(deep) == {"sk-1"}
    loop: dict[str, Any] = {"Sk": "sk-2"}
    loop["Loop"] = [loop]
    assert secrets_in(loop) == {"sk-2"}


def basic(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://u:pass-word@proxy:3128", ["pass-word", basic("u:pass-word")]),
        ("http://u:p%40ss%2Fw%C3%B6rd@proxy", ["p%40ss%2Fw%C3%B6rd", "p@ss/wörd", basic("u:p@ss/wörd")]),
        ("u:pass-word@proxy:3128", ["pass-word", basic("u:pass-word")]),
        ("http://u:pa/ss@proxy:3128/x", ["pa/ss", "pa%2Fss", basic("u:pa/ss")]),
        ("http://d%5Cu:pass-word@proxy", [basic("d\\u:pass-word"), basic("d\\u:pass-word").rstrip("=")]),
        ("socks5://a-token@proxy/path@home", ["a-token", basic("a-token:")]),
    ],
)
def test_the_password_of_a_proxy_is_known_in_all_its_forms(url: str, shown: list[str]) -> None:
    found = secrets_of_proxy(url)
    assert set(shown) <= found
    for text in shown:
        assert redact(f"<p>{text}</p>", found).startswith("<p>***")


@pytest.mark.parametrize("url", ["http://proxy:3128", "proxy", "", "http://@proxy", "http://proxy/u:p@ath"[:13]])
def test_a_proxy_without_a_password_has_no_secret(url: str) -> None:
    assert secrets_of_proxy(url) == frozenset()
