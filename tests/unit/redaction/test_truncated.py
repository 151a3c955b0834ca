"""No text that is shown holds more of a secret than a few characters, if a service cuts what it repeats of it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_eks.cli.redacting import redacted
from cds_eks.codec.error_mapping import failure_of
from cds_eks.errors import ServiceError
from cds_eks.fleet.hidden import Hidden
from cds_eks.redaction import LONGEST_LOOK, LONGEST_TEXT, Secrets, presentable, redact
from cds_eks.redaction.marks import MOST_COUNTED, base64_core, least_of
from cds_eks.resources.clusters import CREATE_CLUSTER
from cds_eks.waiting.verdicts import Verdict, without_secrets
from cds_eks.waiting.verdicts import shown as words_shown
from cds_eks.wire import RawResponse, Request
from unit.redaction.spellings import ESCAPED, in_json, in_whole_url

SECRET = "SuperSecret-9/x"

ENDS = (
    "",
    "…",
    "...",
    " ...",
    "[truncated]",
    "(…)",
    "****",
    "*",
    '"',
    "'",
    "\n",
    ".",
    ")",
    "!\n",
    "</p>",
    '", "Code": 1}',
    "。",
    "”，请重试",
    "」",
    "（…）",
)

some_secrets = st.text("abcXYZ019+/=-_.~ %&<>\"'\\äß密😀", min_size=5, max_size=40) | st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=5, max_size=40
)
words_before = st.text('abX01 .,:;?=(-集"', max_size=12)
spellings_cut = [name for name in ESCAPED if "case" not in name and "longer" not in name]


@pytest.mark.parametrize("text", ["密码无效：SuperSecr", "pass：SuperSecr", "错误「SuperSecr」"])
def test_a_chinese_message_without_blanks_is_no_id(text: str) -> None:
    assert "SuperSecr" not in redact(text, [SECRET], is_id=True)
    assert redact("pool-SuperSecr", [SECRET], is_id=True) == "pool-SuperSecr"


@pytest.mark.parametrize("sign", ["!", "=", "*", "。"])
def test_a_run_of_signs_is_gone_through_once(sign: str) -> None:
    assert redact(f"x{sign * 100_000} y", [sign * 4 + "2024"]).endswith("y")
    assert redact(f"SuperSecr{sign * 16}", [SECRET]) == f"***{sign * 16}"


@pytest.mark.parametrize(
    ("length", "least"), [(4, 4), (5, 4), (12, 4), (13, 5), (24, 8), (36, 12), (37, 12), (3000, MOST_COUNTED)]
)
def test_a_third_of_a_secret_counts_but_no_more_than_some_characters(length: int, least: int) -> None:
    assert least_of("x" * length) == least


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("length", range(5, len(SECRET)))
def test_the_beginning_of_a_secret_is_redacted_where_a_text_ends(end: str, length: int) -> None:
    assert redact(f"invalid password: {SECRET[:length]}{end}", [SECRET]) == f"invalid password: ***{end}"


@pytest.mark.parametrize("end", ENDS)
def test_fewer_characters_are_no_part_of_a_secret(end: str) -> None:
    text = f"invalid password: {SECRET[:4]}{end}"
    assert redact(text, [SECRET]) == text


@pytest.mark.parametrize("text", [f"{SECRET[:8]} is bad", f"{SECRET[:8]}x", f"a {SECRET[:8]}, b", f"{SECRET[:8]}.b"])
def test_what_a_secret_begins_with_is_shown_where_nothing_was_cut(text: str) -> None:
    assert redact(text, [SECRET]) == text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    secret=some_secrets,
    cut=st.integers(4, 40),
    before=words_before,
    end=st.sampled_from(ENDS),
    spelling=st.sampled_from(spellings_cut),
)
@example(secret='abcd"efgh', cut=6, before="", end='"', spelling="as it is")
@example(secret="密码密码密码", cut=5, before="x: ", end="…", spelling="in a URL twice, all of it")
def test_of_a_secret_that_was_cut_less_is_shown_than_counts(
    secret: str, cut: int, before: str, end: str, spelling: str
) -> None:
    least = least_of(secret)
    if not least <= cut < len(secret):
        return
    spell = ESCAPED[spelling]
    for hidden in (Secrets([secret]), Secrets(["another-one", secret])):
        text = f"{before}{spell(secret[:cut])}{end}"
        assert hidden.may_be_in(text)
        shown = redact(text, hidden)
        assert "***" in shown.removesuffix(end)
        assert spell(secret[:least]) not in shown[len(before) :]
        assert spell(secret[:least]) not in presentable(text, hidden, 1000)[len(before) :]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(secret=some_secrets, cut=st.integers(4, 400), end=st.sampled_from(ENDS), spelling=st.sampled_from(spellings_cut))
@example(secret="äßäßéé密😀", cut=14, end="…", spelling="in a URL, all of it")
@example(secret="a密😀😀b密", cut=20, end='"', spelling="in JSON, all of it")
def test_a_spelling_that_was_cut_in_the_middle_of_an_escape_is_redacted(
    secret: str, cut: int, end: str, spelling: str
) -> None:
    whole, least = ESCAPED[spelling](secret), ESCAPED[spelling](secret[: least_of(secret)])
    if not len(least) <= cut < len(whole) or not whole.startswith(least):
        return
    shown = redact(f"bad: {whole[:cut]}{end}", [secret])
    assert shown.startswith("bad: ***")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    secret=st.text('abcXYZ019+/-é"\\', min_size=6, max_size=40),
    cut=st.integers(4, 60),
    before=st.sampled_from([b"", b"k", b"k:", b"id:"]),
    end=st.sampled_from(["", "…", '"', "\n"]),
    is_url=st.booleans(),
)
def test_base64_that_was_cut_is_redacted(secret: str, cut: int, before: bytes, end: str, is_url: bool) -> None:
    encode = base64.urlsafe_b64encode if is_url else base64.b64encode
    encoded = encode(before + secret.encode()).decode()
    least = secret[: least_of(secret)].encode()
    core = base64_core(least, len(before) % 3)
    skipped = len(encode(before).decode().rstrip("="))
    if len(least) >= len(secret.encode()) or not skipped + len(core) <= cut < len(encoded):
        return
    shown = redact(f"body {encoded[:cut]}{end}", [secret])
    assert "***" in shown
    assert len(shown.partition("***")[0]) <= len("body ") + skipped + 1


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    secret=st.text("abcXYZ019-_", min_size=6, max_size=40),
    head=st.integers(0, 20),
    tail=st.integers(1, 20),
    dots=st.sampled_from(["…", "...", "*****", "[…]", "(...)"]),
    spell=st.sampled_from([str, in_json, in_whole_url]),
)
def test_a_secret_without_its_middle_is_redacted(
    secret: str, head: int, tail: int, dots: str, spell: Callable[[str], str]
) -> None:
    if head + tail >= len(secret) or head + tail < least_of(secret):
        return
    shown = redact(f"password is {spell(secret[:head] + dots + secret[-tail:])}!", [secret])
    assert shown == "password is ***!"


def test_the_beginning_is_found_in_any_case_if_it_is_long() -> None:
    assert redact(f"x: {SECRET[:8].upper()}", [SECRET]) == "x: ***"
    assert redact(f"x: {SECRET[:7].upper()}", [SECRET]) == f"x: {SECRET[:7].upper()}"
    assert redact(f"x: {SECRET[:8].upper()}…{SECRET[-1:]}", [SECRET]) == "x: ***"
    assert redact(f"x: SU…{SECRET[-3:]}", [SECRET]) == f"x: SU…{SECRET[-3:]}"


@pytest.mark.parametrize("word", ["password", "cluster", "token", "failed"])
def test_common_words_that_a_secret_begins_with_do_not_make_messages_unreadable(word: str) -> None:
    secrets = [f"{word}-2024x"]
    for text in (f"this is an invalid {word}", f"no such {word}.", f"either user, {word}", f"{word} is {word}"):
        assert redact(text, secrets) == text
    for text in (f"{word}-", f"{word}-2", f"{word.title()}-2024"):
        assert redact(f"invalid {text}", secrets) == "invalid ***"
    for before in ("key=", "key: ", '"', "("):
        assert redact(f"{before}{word}", secrets) == f"{before}***"


def test_secrets_that_all_count_are_found_only_as_a_whole() -> None:
    assert redact("tes", ["test"]) == "tes"
    assert redact("xtest…", ["test"]) == "x***…"


@pytest.mark.parametrize(
    "text", ["S\0u\0p\0e\0r\0S\0e\0c\0r\0e\0t\0-\x009\0/\0x\0", "S\0u\0p\0e\0r\0S\0", "\\u0000".join(SECRET)]
)
def test_a_secret_in_utf_16_is_redacted(text: str) -> None:
    shown = redact(f"bad {text}", [SECRET])
    assert shown.rstrip("\0") == "bad ***"


# An id that is damaged is lost, and with it what was made: it may end as a secret begins.
def test_an_id_that_ends_as_a_secret_begins_stays() -> None:
    secrets = Secrets(["beef2024-password"])
    for text in ("0d2f1c9e-beef2024", "gpu-beef2024-pass", "beef2024"):
        assert presentable(text, secrets, 200, is_id=True) == text
        assert redact(text, secrets, is_id=True) == text
        assert not Hidden(["beef2024-password"]).is_in(text)
        assert redacted({"ClusterName": [text]}, secrets) == {"ClusterName": [text]}
    for text in ("x-beef2024-pass…", "bad beef2024-pass", "beef2024-password", "beef20…word"):
        assert "beef20" not in presentable(text, secrets, 200, is_id=True)
        assert Hidden(["beef2024-password"]).is_in(text)


def request_with(secret: str) -> Request:
    return Request(
        operation=CREATE_CLUSTER, url="https://eks.test/eks/v1", params={}, content=b"{}", secrets=Secrets([secret])
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    secret=st.text('abcXYZ019+/=-_. %&<"\\ä密', min_size=8, max_size=40),
    cut=st.integers(4, 40),
    end=st.sampled_from(ENDS),
)
def test_no_error_and_no_span_shows_more_of_a_secret_that_was_cut(secret: str, cut: int, end: str) -> None:
    facts = pytest.importorskip("cds_eks.otel.facts")
    least = least_of(secret)
    if not least <= cut < len(secret):
        return
    text = f"it was: {secret[:cut]}{end}"
    body: dict[str, Any] = {"Code": "Bad", "Msg": text, "Desc": text, "RequestId": text, "Data": {"TaskId": text}}
    request = request_with(secret)
    answers = [
        RawResponse(status=400, headers={}, content=json.dumps(body).encode()),
        RawResponse(status=400, headers={}, content=json.dumps(body, ensure_ascii=False).encode()),
        RawResponse(status=502, headers={"cds-request-id": text}, content=f"<p>{text}</p>".encode()),
    ]
    for answer in answers:
        error = failure_of(request, answer)
        assert error is not None
        spans = facts.call_ends(request, facts.code_of(error), error)
        for shown in (str(error), repr(error), *map(str, vars(error).values()), *map(str, spans.values())):
            assert secret[:least] not in shown.replace("it was: ", "")


def test_a_code_that_ends_as_a_secret_begins_stays_and_spans_have_it() -> None:
    facts = pytest.importorskip("cds_eks.otel.facts")
    request = request_with("Exceeded-2024")
    content = json.dumps({"Code": "QuotaExceeded", "Msg": "no"}).encode()
    error = failure_of(request, RawResponse(status=400, headers={}, content=content))
    assert isinstance(error, ServiceError)
    assert error.code == "QuotaExceeded"
    assert facts.shown_code("QuotaExceeded", request) == "QuotaExceeded"
    assert facts.shown_code("Exceeded-2024", request) != "Exceeded-2024"


def test_words_of_waits_show_no_part_of_a_secret() -> None:
    verdict = Verdict(
        failure=f"bad password {SECRET[:9]}", status="super", detail=f"is '{SECRET[:9]}…'", unknown="super"
    )
    shown = without_secrets(verdict, Secrets([SECRET, "super-2024"]))
    assert (shown.failure, shown.detail) == ("bad password ***", "is '***…'")
    assert (shown.status, shown.unknown) == ("super", "super")
    cut_here = Verdict(failure=f"it ended with {words_shown('x' * 76 + SECRET)}", detail=f"{'x' * 50} {SECRET[:4]}…")
    shown = without_secrets(cut_here, Secrets([SECRET]))
    assert shown.failure == f"it ended with '{'x' * 76}***…'"
    assert shown.detail == f"{'x' * 50} ***…"


def test_of_a_text_of_megabytes_that_may_hold_a_secret_only_the_beginning_is_shown() -> None:
    for text in (f"%41{'x' * LONGEST_TEXT}", f"{'x' * (LONGEST_LOOK - 5)}{SECRET}{'x' * LONGEST_TEXT}"):
        shown = redact(text, [SECRET])
        assert len(shown) <= LONGEST_LOOK + 1
        assert shown.endswith("x…" if text.startswith("%") else "***…")
    harmless = "x" * (LONGEST_TEXT + 1)
    assert redact(harmless, [SECRET]) == harmless


@pytest.mark.parametrize("unit", ["Secr", "a", "a…", "…", "Supe…x", "Super", '"', "Super)", "Super&x", "SuperS%4"])
def test_a_hostile_text_of_beginnings_takes_little_time(unit: str) -> None:
    text = (unit * 16384)[:16384]
    hidden = Secrets([SECRET, "SecrSecrSecrSecrx", "a" * 40 + "b", "…" * 40 + "b"])
    began = time.process_time()
    redact(text, hidden)
    assert time.process_time() - began < 2


def test_the_message_of_each_success_is_shown() -> None:
    assert presentable("Success", Secrets(["Success-2024", "success"]), 1000) == "Success"
    assert presentable("no Succes", Secrets(["Success-2024"]), 1000) == "no ***"


def test_of_secrets_that_begin_alike_the_longest_part_is_redacted() -> None:
    for secrets in (["Super.Secret.1", "Super.Sesame.2"], ["Super.Sesame.2", "Super.Secret.1"]):
        for part in ("Super.Sesa", "Super.Secr", "Super.Se", "Super."):
            assert redact(f"x: {part}…", secrets) == "x: ***…"
