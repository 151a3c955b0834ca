"""No text that is shown holds a secret, however a service or a proxy spells it when it repeats what it was sent."""

from __future__ import annotations

import base64
import json
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_eks.redaction import LONGEST_LOOK, Secrets, presentable, redact
from cds_eks.redaction.echoes import Echoes
from cds_eks.redaction.folding import folded
from cds_eks.redaction.marks import has_escapes
from unit.redaction.spellings import ENCODED, ESCAPED, SPELLINGS, all_in_json, all_in_url, shown_of

SECRET = "Pä<s&w0rd\"'/+ %41\\u0042"


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "secret", ["Secret-12345", "0123456789abcdef", "Passw0rd", SECRET, "密码密码密码", "pass word+1"]
)
def test_a_secret_is_redacted_in_every_spelling(spelling: str, secret: str) -> None:
    spelt = SPELLINGS[spelling](secret)
    shown = redact(f"bad key ({spelt}), says the proxy", {secret, "another-one"})
    assert spelt not in shown
    assert "***" in shown
    assert shown.startswith("bad key (")
    assert shown.endswith("), says the proxy")
    if spelling in ESCAPED and "longer" not in spelling:
        assert shown == "bad key (***), says the proxy"


@pytest.mark.parametrize(
    "text",
    [
        "%FF%e5%af%86%E7%A0%81%31%32%33%34%FF",  # bytes that are no UTF-8 beside it
        "\\xff\\xe5\\xaf\\x86\\xe7\\xa0\\x81\\x31\\x32\\x33\\x34\\xff",
        "&AmP;#23494;&aMP;#x7801;&Amp;#49;&AMP;#50;&amp;#51;4",  # in HTML twice, then in any case
    ],
)
def test_a_secret_is_found_beside_what_is_no_text(text: str) -> None:
    shown = redact(text, {"密码1234"})
    assert "***" in shown
    assert not re.search("31|x7801|e5|23494", shown, re.IGNORECASE)


@pytest.mark.parametrize("text", ["%5Cu0070ass+w%26%23111%3Brd+1", "pass+w%6Frd%201", "%26%2370%3Bass+word+1"])
def test_blanks_are_pluses_in_a_query_whatever_else_is_escaped_there(text: str) -> None:
    secret = "Fass word 1" if "70" in text and "0070" not in text else "pass word 1"
    assert redact(f"q={text}&x", {secret}) == "q=***&x"


characters = st.characters(exclude_categories=["Cs", "Cc"])
some_secrets = st.text("abcXYZ019+/=-_.~ %&<>\"'\\äß密😀", min_size=8, max_size=40) | st.text(
    characters, min_size=8, max_size=40
)
around = st.text('abX01 .,:;?=&%<>"\\u/+-集', max_size=12)


def as_read(secret: str, spelling: str) -> str:
    """What a spelling is made of: those of a case have no other."""
    return secret.upper() if "upper case" in spelling and "hex" not in spelling else secret


@settings(max_examples=400, deadline=None, derandomize=True)
@given(secret=some_secrets, before=around, after=around, spelling=st.sampled_from(sorted(SPELLINGS)))
@example(secret="%41%42%43%44", before="", after="", spelling="in JSON, all of it")
@example(secret="ΣΑΣ-ΣΑΣ-ΣΑΣ", before="", after=" ", spelling="in lower case")
@example(secret="\\u0041\\u0042", before="\\", after="", spelling="in a URL")
def test_nothing_that_is_shown_holds_a_secret(secret: str, before: str, after: str, spelling: str) -> None:
    if as_read(secret, spelling).lower() != secret.lower() and "case" in spelling:
        return  # another text, as ß in upper case is SS
    spelt = SPELLINGS[spelling](secret)
    text = f"{before} {spelt} {after}"
    shown = presentable(text, Secrets([secret]), 1000)
    assert "***" in shown
    if spelling in ESCAPED:
        assert not any(secret.lower() in reading.lower() for reading in shown_of(shown))
    hidden = Secrets([secret])
    assert hidden.may_be_in(text)
    assert redact(text, hidden) != text


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    secret=st.text("abcXYZ019+/-", min_size=8, max_size=24),
    before=st.binary(max_size=8),
    after=st.binary(max_size=8),
    spelling=st.sampled_from(sorted(ENCODED)),
)
def test_of_base64_all_characters_that_tell_of_the_secret_alone_are_redacted(
    secret: str, before: bytes, after: bytes, spelling: str
) -> None:
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    first, _, rest = redact(encoded, [secret]).partition("***")
    assert len(first) <= len(before) * 4 / 3 + 2
    assert len(rest.rstrip("=")) <= len(after) * 4 / 3 + 2
    assert ENCODED[spelling](secret) not in redact(ENCODED[spelling](secret), [secret])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(secrets=st.sets(st.text(min_size=1, max_size=12), max_size=4), text=st.text(max_size=80))
def test_a_text_that_may_hold_none_has_none_and_stays_as_it_is(secrets: set[str], text: str) -> None:
    if not Secrets(secrets).may_be_in(text):
        assert Echoes(secrets).redacted(text) == text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(secret=some_secrets, spelling=st.sampled_from(sorted(SPELLINGS)), cut=st.integers(8, 200))
def test_what_was_cut_in_the_middle_of_a_spelling_ends_before_it(secret: str, spelling: str, cut: int) -> None:
    spelt = SPELLINGS[spelling](secret)[:cut]
    if "case" in spelling or "longer" in spelling or "+ it +" in spelling or len(spelt) < cut:
        return
    shown = redact(f"page: {spelt}", [secret], is_cut=True)
    beginning = secret[:4].lower()
    assert not any(beginning in reading.removeprefix("page: ").lower() for reading in shown_of(shown)), shown


@pytest.mark.parametrize("word", ["test", "Abc123", "abcdefg"])
def test_a_short_secret_takes_away_no_word_that_only_looks_like_it(word: str) -> None:
    text = f"{word.swapcase()} {word.title() if word.islower() else word.lower()}: no such thing"
    assert redact(text, [word]) == text
    assert redact(f"{text} ({word})", [word]) == f"{text} (***)"


@pytest.mark.parametrize("spelling", [name for name in ESCAPED if "case" not in name])
def test_a_short_secret_is_redacted_where_it_is_itself(spelling: str) -> None:
    assert redact(f"({ESCAPED[spelling]('a1/B')})", ["a1/B"]) in ("(***)", "(78***79)")


@pytest.mark.parametrize("secret", ["", "a", "abc", "%&\\"])
def test_one_of_up_to_three_characters_is_not_looked_for(secret: str) -> None:
    text = "abc %61%62%63 a &amp; YWJj 616263"
    assert redact(text, [secret]) == text
    assert not Secrets([secret]).may_be_in(text)


HARMLESS = [
    "100% done & more",
    "C:\\new\\x",
    "a=1&b=2",
    "&lt;b&gt; \\u0041",
    "集群 gpu-1 不存在",
    "50%2F %zz &#xFFFFFFFF;",
    "\\U00110000",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_with_escapes_and_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text, ["Secret-12345", "t3st"]) == text


def test_only_the_secret_is_taken_out_of_what_is_encoded_as_a_whole() -> None:
    for spell in (all_in_json, all_in_url):
        text = f"{spell('Cluster ä😀 ')}{spell('Secret-12345')}{spell(' is bad')}"
        assert redact(text, ["Secret-12345"]) == f"{spell('Cluster ä😀 ')}***{spell(' is bad')}"


def test_secrets_of_which_one_ends_with_the_beginning_of_another_are_redacted_as_one() -> None:
    assert redact("x abcdefghijkl y", ["abcdefgh", "efghijkl"]) == "x *** y"


def test_lower_case_has_each_character_where_it_was() -> None:
    for text in ("ABC", "İstanbul ΑΣ ß", "ΣΑΣ", "集群"):
        assert len(folded(text)) == len(text)
    assert folded("ΑΣ") == folded("ας") == folded("ΑΣΑ")[:2]


@pytest.mark.parametrize("unit", ["%25", "\\\\", "&amp;", "%41\\u0041&#65;", "Secr", "%53ecr", "a"])
def test_a_hostile_text_takes_little_time(unit: str) -> None:
    text = (unit * LONGEST_LOOK)[:LONGEST_LOOK]
    hidden = Secrets(["Secret-12345", "SecrSecrSecrSecrx", "a" * 40 + "b"])
    began = time.process_time()
    redact(text, hidden, is_cut=True)
    assert time.process_time() - began < 5
    assert has_escapes(text) == (unit not in ("Secr", "a"))


@pytest.mark.parametrize(
    "text",
    [
        "%u0050ass%u5BC6w%uD83D%uDE001",  # JavaScript's `escape`
        "\\120ass\\345\\257\\206w\\360\\237\\230\\2001",  # protobuf's text format, and C
        "\\u{50}ass\\u{5bc6}w\\u{1F600}1",
        "&#0000000000080;ass&#x0000000005BC6;w&#128512;1",
    ],
)
def test_rarer_escapes_are_undone(text: str) -> None:
    assert redact(f"({text})", ["Pass密w😀1"]) == "(***)"
    for cut in range(len(text) - 8, len(text)):
        assert redact(f"({text[:cut]}", ["Pass密w😀1"], is_cut=True) == "(***"


@pytest.mark.parametrize("secret", ['pass"word-1', "pass\\\\word-1", "passwörd-1", "line one\\nline two"])
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("before", range(3))
def test_a_secret_is_found_in_base64_of_a_whole_body(secret: str, is_ascii: bool, before: int) -> None:
    body = json.dumps({"n" * (before + 1): "x", "Password": secret}, ensure_ascii=is_ascii)
    encoded = base64.b64encode(body.encode()).decode()
    first, stars, rest = redact(f"body {encoded}", [secret]).partition("***")
    assert stars
    assert len(rest) <= 6
    assert secret[:3] not in base64.b64decode(f"{first.removeprefix('body ')}===").decode(errors="replace")


SIGNED = "aB3/eFgH+jKlMnOpQrStUvWxYz0="


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Signature={SIGNED}&Version=1", "Signature=***&Version=1"),
        (f"signature={SIGNED}&Version=1", "signature=***&Version=1"),
        (f"SIGNATURE={SIGNED}", "SIGNATURE=***"),
        ("Signature%3daB3%2f%26Version%3d1", "Signature%3d***%26Version%3d1"),
        ("Signature%25253DaB3%25252F", "Signature%25253D***"),
        ("Signature&#x3D;aB3&#x2F;e&#43;j&amp;Version", "Signature&#x3D;***&amp;Version"),
        ("Signature\\u003DaB3\\/e\\u002bj\\u003d&Version", "Signature\\u003D***&Version"),
        (f"Signature={SIGNED.replace('+', ' ')}&Version", "Signature=***&Version"),
        ("".join(f"&#{ord(char)};" for char in "Signature=") + SIGNED, None),
        (f'{{"Signature": "{SIGNED}", "Version": "1"}}', '{"Signature": "***", "Version": "1"}'),
        (f"Signature: {SIGNED} is wrong", "Signature: *** is wrong"),
    ],
)
def test_a_signature_is_redacted_however_its_query_is_repeated(text: str, shown: str | None) -> None:
    for redacted in (redact(text, ["Secret-12345"]), presentable(text, ["Secret-12345"], 1000)):
        assert "***" in redacted
        assert not any("aB3" in reading for reading in shown_of(redacted))
        assert shown in (None, redacted)
    if shown is not None:
        assert redact(text, []) == shown


@pytest.mark.parametrize(
    "text", ["SignatureMethod=HMAC-SHA1", "Signature: does not match", "the signature 'is' wrong", "signature="]
)
def test_what_is_said_about_a_signature_is_shown(text: str) -> None:
    assert redact(text, ["Secret-12345"]) == text


def test_secrets_can_be_asked_for_by_length() -> None:
    hidden = Secrets(["abcd", "abcdefgh"])
    assert hidden.of_length(8) == Secrets(["abcdefgh"])
    assert hidden.of_length(9) == Secrets()
    assert hidden.of_length(1) == hidden
