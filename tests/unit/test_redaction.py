"""What must never be shown, and foreign text made fit to be shown."""

from __future__ import annotations

import asyncio
import base64
import copy
import gc
import html
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks import AsyncEksClient, Credentials, EksClient, RetryPolicy, errors
from cds_eks.redaction import (
    Secrets,
    is_secret_name,
    presentable,
    printable,
    redact,
    redacted_url,
    secrets_in,
    secrets_of_proxy,
)
from support.raw_server import unused_port


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
        assert redact(cut, [secret]) == cut
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


# --- secrets by name


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


# --- proxies


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


# --- URLs

SIGNED = (
    "https://eks.test/eks/v1?AccessKeyId=AKID&Action=Get&ClusterId=c-1&Signature=a%2Fb%3D&SignatureMethod=HMAC-SHA1"
)
SHOWN = "https://eks.test/eks/v1?AccessKeyId=***&Action=Get&ClusterId=c-1&Signature=***&SignatureMethod=HMAC-SHA1"


class Url:
    def __str__(self) -> str:
        return SIGNED


@pytest.mark.parametrize("url", [SIGNED, SIGNED.encode(), Url()])
def test_a_url_is_redacted_and_else_left_as_it_is(url: object) -> None:
    assert redacted_url(url) == SHOWN


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "http://h/?SignatureNonce=n&signature=s&accesskeyid=",
            "http://h/?SignatureNonce=***&signature=***&accesskeyid=",
        ),
        ("http://h/?Pass%77ord=x&Keyword=a+b&Api-Key=k", "http://h/?Pass%77ord=***&Keyword=a+b&Api-Key=***"),
        ("http://u:p@h:80/a@b?x#Signature=s", "http://***@h:80/a@b?x#Signature=s"),
        ("/eks/v1?Signature=a=b&&c", "/eks/v1?Signature=***&&c"),
        ("http://h/path", "http://h/path"),
        ("", ""),
    ],
)
def test_what_is_secret_in_a_url_is_redacted_by_name(url: str, shown: str) -> None:
    assert redacted_url(url) == shown


# --- the value that holds them


def test_secrets_are_no_collection_and_show_nothing() -> None:
    secrets = Secrets({"marked-1", "marked-2"})
    assert repr(secrets) == str(secrets) == "Secrets(***)"
    with pytest.raises(TypeError):
        iter(secrets)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secrets)
    assert copy.copy(secrets) is copy.deepcopy(secrets) is secrets
    assert not hasattr(secrets, "__dict__")


def test_secrets_are_joined_and_compared_as_sets_are() -> None:
    one, two = Secrets({"a"}), Secrets({"b"})
    assert one | two == {"a", "b"} == {"a"} | two
    assert (one | {"a"}) is one
    assert one <= one | two
    assert one | two >= one
    assert not one <= two
    assert Secrets.of(one) is one
    assert Secrets(one) == Secrets.of(["a"]) == one
    assert hash(Secrets(one)) == hash(one)
    assert one != "a"
    assert bool(one)
    assert not Secrets()


SPELL: list[Callable[[str], str]] = [
    str,
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: quote(text, safe="", errors="replace"),
    lambda text: quote_plus(text, errors="replace"),
    html.escape,
    lambda text: repr(text)[1:-1],
    lambda text: repr(text.encode(errors="replace"))[2:-1],
]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    secret=st.text("abAB12&<\"'%/+ é\\\ud800", min_size=4, max_size=12),
    spell=st.sampled_from(SPELL),
    again=st.sampled_from(SPELL),
)
def test_no_spelling_of_a_secret_is_missed_by_the_quick_look(
    secret: str, spell: Callable[[str], str], again: Callable[[str], str]
) -> None:
    assert Secrets({secret}).may_be_in(f"({again(spell(secret))})")


def test_a_text_without_secrets_is_shown_as_it_is() -> None:
    text = "6f2e9c1e-5a5f-4b7b"
    assert presentable(text, Secrets({"key/secret+1", "AKID0001"}), 200) is text
    assert presentable("a key of a kind", Secrets({"key/secret+1", "***"}), 200) == "a key of a kind"
    assert presentable("密钥 here", Secrets({"密钥密钥"}), 200) == "密钥 here"


def search(mark: str) -> list[str]:
    """Return what holds a text with a mark, of all that the garbage collector knows."""

    def held_by(holder: object) -> Iterator[object]:
        for held in gc.get_referents(holder):
            yield held
            if type(held) is tuple and not gc.is_tracked(held):  # as the key of a cache is, if it has texts only
                yield from held_by(held)

    gc.collect()
    return [
        f"{type(holder).__name__} holds {type(held).__name__}"
        for holder in gc.get_objects()
        for held in held_by(holder)
        if isinstance(held, (str, bytes)) and (mark if isinstance(held, str) else mark.encode()) in held  # type: ignore[operator]
        if held is not mark
    ]


@pytest.mark.parametrize("is_sync", [False, True])
def test_no_cache_holds_a_secret_once_its_client_is_gone(is_sync: bool) -> None:
    mark = "".join(("m4rk", "&", "gone"))

    def use() -> None:
        def page(request: httpx.Request) -> httpx.Response:
            return httpx.Response(502, content=f"<p>{request.url} {request.content.decode()}".encode())

        body = {"Password": f"pw-{mark}", "Deep": {"Tokens": [f"tk-{mark}"]}, "Name": "n"}
        made: dict[str, Any] = {
            "credentials": Credentials(f"id-{mark}", f"key-{mark}"),
            "endpoint": "http://eks.test",
            "backend": httpx.MockTransport(page),
            "retry": RetryPolicy.none(),
        }
        if is_sync:
            with EksClient(**made) as blocking, pytest.raises(errors.AmbiguousCreate):
                blocking.call("Make", method="POST", body=body, params={"Token": f"pt-{mark}"})
            return

        async def run() -> None:
            async with AsyncEksClient(**made) as eks:
                with pytest.raises(errors.AmbiguousCreate):
                    await eks.call("Make", method="POST", body=body, params={"Token": f"pt-{mark}"})

        asyncio.run(run())

    held = [f"x-{mark}"]
    assert search(mark) != []  # it finds what there is
    held.clear()
    use()
    assert search(mark) == []


@pytest.mark.parametrize("is_sync", [False, True])
def test_no_cache_holds_a_proxys_password_once_its_client_is_gone(
    monkeypatch: pytest.MonkeyPatch, is_sync: bool
) -> None:
    mark = "".join(("m4rk", "proxy", "gone"))
    made: dict[str, Any] = {"endpoint": "http://eks.test", "retry": RetryPolicy.none()}

    def use() -> None:
        if is_sync:
            with EksClient(Credentials("id", "key"), **made) as blocking, pytest.raises(errors.ConnectFailed):
                blocking.clusters.list()
            return

        async def run() -> None:
            async with AsyncEksClient(Credentials("id", "key"), **made) as eks:
                with pytest.raises(errors.ConnectFailed):
                    await eks.clusters.list()

        asyncio.run(run())

    with monkeypatch.context() as patch:
        patch.setenv("HTTP_PROXY", f"http://user:{mark}@127.0.0.1:{unused_port()}")
        use()
    assert search(mark) == []
