"""The signature: the vectors, a plain reading of the rule, and the quick path that must agree with it."""

from __future__ import annotations

import copy
import functools
import hashlib
import hmac
import os
import pickle
import re
import string
import threading
import time
import warnings
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks._runtime.nonces import Nonces
from cds_eks.signing import (
    COMMON_PARAMETERS,
    Credentials,
    HmacSha1Signer,
    canonical_query,
    signature,
    string_to_sign,
)
from support.contract_files import signing_vectors
from support.eventually import EVENT_TIMEOUT
from support.forked_child import pass_for_child

VECTORS = signing_vectors()

UNRESERVED = string.ascii_letters + string.digits + "-_.~"


def plainly_encoded(text: str) -> str:
    """RFC 3986, byte by byte."""
    return "".join(chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in text.encode("utf-8"))


def plainly_signed(key: str, method: str, params: dict[str, str]) -> tuple[str, str]:
    """The rule of the contract page, word by word: the string to sign and the signature."""
    pairs = {plainly_encoded(name): plainly_encoded(value) for name, value in params.items()}
    query = "&".join(f"{name}={pairs[name]}" for name in sorted(pairs))
    text = method + "&%2F&" + plainly_encoded(query)
    return text, b64encode(hmac.new(key.encode("utf-8"), text.encode("ascii"), hashlib.sha1).digest()).decode("ascii")


def parsed(query: str) -> dict[str, str]:
    """What a server reads: a plus is a plus."""
    pairs = [part.split("=") for part in query.split("&")]
    assert all(len(pair) == 2 for pair in pairs)
    found = {unquote(name, errors="strict"): unquote(value, errors="strict") for name, value in pairs}
    assert len(found) == len(pairs)
    return found


def signer_at(credentials: Credentials | Callable[[], Credentials], clock: Callable[[], float]) -> HmacSha1Signer:
    return HmacSha1Signer(credentials, clock=clock, nonce=lambda: "nonce-1")


def test_there_are_twenty_vectors() -> None:
    assert len(VECTORS) == 20


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_every_vector_holds(vector: dict[str, Any]) -> None:
    key, method, params = vector["secret_access_key"], vector["method"], vector["params"]
    assert string_to_sign(method, params) == vector["string_to_sign"]
    assert signature(key, method, params) == vector["signature"]
    assert plainly_signed(key, method, params) == (vector["string_to_sign"], vector["signature"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_the_signer_sends_every_vector(vector: dict[str, Any]) -> None:
    params = dict(vector["params"])
    signer = HmacSha1Signer(
        Credentials(params["AccessKeyId"], vector["secret_access_key"]),
        clock=lambda: _epoch(params["Timestamp"]),
        nonce=lambda: str(params["SignatureNonce"]),
    )
    own = {name: value for name, value in params.items() if name == "Action" or name not in COMMON_PARAMETERS}
    assert parsed(signer.sign(vector["method"], own)) == params | {"Signature": vector["signature"]}


def _epoch(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
long_texts = st.builds(lambda text, times: text * times, texts, st.integers(1, 12))
names = texts.filter(lambda name: name not in COMMON_PARAMETERS)
keys = st.one_of(texts, st.text(st.characters(exclude_categories=["Cs"]), min_size=60, max_size=90)).filter(bool)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, derandomize=True)
@given(
    key_id=texts,
    key=keys,
    method=st.sampled_from(["GET", "POST"]),
    params=st.dictionaries(names, st.one_of(texts, long_texts), max_size=6),
    second=st.integers(0, 4_000_000_000),
)
def test_the_fast_path_agrees_with_the_plain_rule(
    key_id: str, key: str, method: str, params: dict[str, str], second: int
) -> None:
    sent = {"Action": "ListClusters", **params}
    signer = signer_at(Credentials(key_id, key), lambda: second)
    query = signer.sign(method, sent)
    assert signer.sign(method, dict(sent)) == query  # now of what was kept of the first
    read = parsed(query)
    made = read.pop("Signature")
    assert read.pop("AccessKeyId") == key_id
    assert {name: read.pop(name) for name in ("SignatureMethod", "SignatureVersion", "Version", "SignatureNonce")} == {
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "Version": "2019-08-08",
        "SignatureNonce": "nonce-1",
    }
    assert _epoch(read.pop("Timestamp")) == second
    assert read == sent
    assert "+" not in query
    everything = {name: value for name, value in parsed(query).items() if name != "Signature"}
    expected = plainly_signed(key, method, everything)
    assert (string_to_sign(method, everything), made) == expected
    assert signature(key, method, everything) == made
    assert query == f"{canonical_query(everything)}&Signature={plainly_encoded(made)}"


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_keys_of_any_length_are_signed_with(length: int) -> None:
    query = signer_at(Credentials("id", "k" * length), lambda: 0).sign("GET", {"Action": "A"})
    read = parsed(query)
    made = read.pop("Signature")
    assert made == plainly_signed("k" * length, "GET", read)[1]


def test_long_values_are_encoded_like_short_ones() -> None:
    query = signer_at(Credentials("id", "key"), lambda: 0).sign("GET", {"Action": "A", "x": "é /" * 40})
    assert f"&x={'%C3%A9%20%2F' * 40}&" in query


MORE: list[dict[str, str]] = [{}, {"a": "b"}, {"a": "b", "c": "d"}, {"a": "bc", "d": ""}, {"ab": ""}]


def test_cached_encodings_are_never_used_for_another_request() -> None:
    signer = signer_at(Credentials("id", "key"), lambda: 0)
    asked = [(method, {"Action": action, **more}) for method in ("GET", "POST") for action in "AB" for more in MORE]
    queries = [signer.sign(method, params) for method, params in asked * 2]
    assert queries[: len(asked)] == queries[len(asked) :]
    for (method, params), query in zip(asked, queries, strict=False):
        read = parsed(query)
        assert read.pop("Signature") == plainly_signed("key", method, read)[1]
        assert params.items() <= read.items()
    assert len(set(queries)) == len(asked)


def test_the_cache_of_encodings_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_eks.signing.MOST_KEPT", 3)
    signer = signer_at(Credentials("id", "key"), lambda: 0)
    for number in range(7):
        signer.sign("GET", {"Action": "A", "Number": str(number)})
        assert 1 <= len(kept_by(signer)) <= 3
    before = dict(kept_by(signer))
    signer.sign("GET", {"Action": "A", "Keyword": "x" * 2000})
    assert kept_by(signer) == before


def kept_by(signer: HmacSha1Signer) -> dict[Any, Any]:
    assert signer._key is not None
    return signer._key.forms


def test_a_nonce_of_a_callers_own_may_be_any_text() -> None:
    signer = HmacSha1Signer(Credentials("id", "key"), clock=lambda: 0.0, nonce=lambda: "é /%\0+=&")
    for _ in range(2):
        read = parsed(signer.sign("GET", {"Action": "A"}))
        made = read.pop("Signature")
        assert read["SignatureNonce"] == "é /%\0+=&"
        assert made == plainly_signed("key", "GET", read)[1]


def test_the_time_is_made_anew_each_second() -> None:
    now = [1_700_000_000.9]
    signer = signer_at(Credentials("id", "key"), lambda: now[0])

    def stamp() -> str:
        return parsed(signer.sign("GET", {"Action": "A"}))["Timestamp"]

    assert stamp() == "2023-11-14T22:13:20Z"
    now[0] += 0.09
    assert stamp() == "2023-11-14T22:13:20Z"
    now[0] += 0.02
    assert stamp() == "2023-11-14T22:13:21Z"
    now[0] -= 3600
    assert stamp() == "2023-11-14T21:13:21Z"


def test_each_signature_has_a_nonce_of_its_own() -> None:
    signer = HmacSha1Signer(Credentials("id", "key"), clock=lambda: 0.0)
    read = [parsed(signer.sign("GET", {"Action": "A"})) for _ in range(100)]
    assert len({query["SignatureNonce"] for query in read}) == 100
    assert len({query["Signature"] for query in read}) == 100


def test_without_a_clock_the_time_is_this_machines() -> None:
    before = int(time.time())
    stamp = parsed(HmacSha1Signer(Credentials("id", "key")).sign("GET", {"Action": "A"}))["Timestamp"]
    assert before <= _epoch(stamp) <= time.time()


def test_rotated_credentials_sign_from_the_next_attempt_on() -> None:
    current = [Credentials("id-1", "key-1")]
    signer = signer_at(lambda: current[0], lambda: 0)
    for index in ("1", "2", "1"):
        current[0] = Credentials(f"id-{index}", f"key-{index}")
        for _ in range(2):
            read = parsed(signer.sign("POST", {"Action": "A"}))
            made = read.pop("Signature")
            assert read["AccessKeyId"] == f"id-{index}"
            assert made == plainly_signed(f"key-{index}", "POST", read)[1]


def test_credentials_are_asked_for_once_an_attempt() -> None:
    asked = []

    def provide() -> Credentials:
        asked.append(1)
        return Credentials("id", "key")

    signer = signer_at(provide, lambda: 0)
    signer.sign("GET", {"Action": "A"})
    first = signer._key
    signer.sign("GET", {"Action": "A"})
    assert len(asked) == 2
    assert signer._key is first, "the same credentials, made anew"


def test_a_signer_shared_by_threads_never_mixes_two_keys() -> None:
    """Another thread signs with another key while one is in the middle of its own."""
    current = [Credentials("id-1", "key-1")]
    others: list[str] = []

    def nonce() -> str:
        if not others:
            others.append("")
            current[0] = Credentials("id-2", "key-2")
            others[0] = signer.sign("GET", {"Action": "A"})
        return "nonce-1"

    signer = HmacSha1Signer(lambda: current[0], clock=lambda: 0.0, nonce=nonce)
    for query, key_id, key in ((signer.sign("GET", {"Action": "A"}), "id-1", "key-1"), (others[0], "id-2", "key-2")):
        read = parsed(query)
        made = read.pop("Signature")
        assert read["AccessKeyId"] == key_id
        assert made == signature(key, "GET", read)


def _in_threads(tasks: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=EVENT_TIMEOUT)
    assert not any(thread.is_alive() for thread in threads)


def test_nonces_are_unique_across_threads_and_makers() -> None:
    shared = Nonces()
    made: list[list[str]] = [[] for _ in range(4)]

    def make(own: list[str]) -> None:
        own.extend(shared.next() for _ in range(500))

    _in_threads([functools.partial(make, own) for own in made])
    other = Nonces()
    everything = [nonce for own in made for nonce in own] + [other.next() for _ in range(500)]
    assert len(set(everything)) == len(everything) == 2500
    assert all(re.fullmatch(r"[0-9a-f]{24}-[0-9a-f]{8}", nonce) for nonce in everything)


def test_a_forked_process_makes_other_nonces() -> None:
    nonces = Nonces()
    first = nonces.next()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have left threads behind
        child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.write(writing, f"{nonces.next()} {nonces.next()}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        theirs = pipe.read().split()
    assert os.waitpid(child, 0)[1] == 0
    mine = [nonces.next(), nonces.next()]
    assert len({first, *theirs, *mine}) == 5
    prefix = first.split("-")[0]
    assert all(nonce.startswith(f"{prefix}-") for nonce in mine)
    assert len({nonce.split("-")[0] for nonce in theirs} | {prefix}) == 2


def test_a_changed_process_id_starts_another_series(monkeypatch: pytest.MonkeyPatch) -> None:
    nonces = Nonces()
    before = nonces.next()
    pass_for_child(monkeypatch)
    after = [nonces.next(), nonces.next()]
    assert before.split("-")[0] != after[0].split("-")[0]
    assert [nonce.split("-")[1] for nonce in after] == ["00000000", "00000001"]


def test_threads_of_a_forked_process_never_go_on_with_the_parents_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that comes in while another one renews must not see half of it."""
    nonces = Nonces()
    parents = {nonces.next()}
    pass_for_child(monkeypatch)
    real = Nonces._new_series
    meanwhile: list[str] = []

    def interrupted() -> Any:
        if not meanwhile:
            meanwhile.append("")
            meanwhile[0] = nonces.next()
        return real()

    monkeypatch.setattr(nonces, "_new_series", interrupted)
    mine = [nonces.next(), nonces.next()]
    assert len({*parents, *meanwhile, *mine}) == 4
    prefix = next(iter(parents)).split("-")[0]
    assert not any(nonce.startswith(prefix) for nonce in [*meanwhile, *mine])


def test_neither_credentials_nor_signers_show_the_keys() -> None:
    credentials = Credentials("marked-id", "marked-key")
    signer = HmacSha1Signer(credentials)
    signer.sign("GET", {"Action": "A"})
    shown = f"{credentials!r} {credentials} {signer!r} {signer} {signer._key!r}"
    assert "marked" not in shown
    assert "***" in repr(credentials)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_credentials_are_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="not pickled") as caught:
        pickle.dumps(Credentials("marked-id", "marked-key"), protocol)
    assert "marked" not in str(caught.value)


def test_credentials_are_copied_and_compared() -> None:
    credentials = Credentials("id", "key")
    assert copy.copy(credentials) == copy.deepcopy([credentials])[0] == credentials
    assert credentials != Credentials("id", "other")
    assert credentials.texts == {"id", "key"}


def test_credentials_are_frozen() -> None:
    credentials = Credentials("id", "key")
    with pytest.raises(AttributeError):
        credentials.secret_access_key = "other"  # type: ignore[misc]
