"""URLs without their secrets, and the value that holds what must not be shown."""

from __future__ import annotations

import asyncio
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
    presentable,
    redacted_url,
)
from support.raw_server import unused_port

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
