"""The hostile answers: each with its name, what comes, what the SDK does, and what must come of a call."""

from __future__ import annotations

import base64
import gzip
import html
import json
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import attrs

from cds_eks import errors
from hostile.client_driver import ATTEMPTS, KEY, KEY_ID, PASSWORD, Result
from support.socket_service import (
    CHUNKED,
    DATA,
    Answer,
    Link,
    Seen,
    chunked,
    envelope,
    good,
    http,
    says,
    says_and_ends,
    streams,
)

ANY: Any = object()


@attrs.frozen
class Expect:
    """What must come of a call.

    Attributes:
        kind: The error; None for a right answer.
        outcome: The error's outcome. Of writes that can be repeated it matters little, and is left open.
        attempts: How many there are.
        request_id: What is known of it.
    """

    kind: type[errors.EksError] | None = None
    outcome: str | None = None
    attempts: int = 1
    request_id: str | None = ANY


@attrs.frozen
class Scenario:
    """One hostile answer.

    Attributes:
        comes: What comes.
        does: What the SDK does.
        answer: How the service answers.
        expect: What must come of a read, a write and a create; one for all, or by name.
        check: Looks closer at the results, by name.
        at_once: What the service does before it reads a request.
        peak: The most memory in MB that may be taken meanwhile, or None.
        total: Seconds for a call.
        location: A status and where it leads; the test answers so then.
    """

    comes: str
    does: str
    answer: Answer
    expect: dict[str, Expect]
    check: Callable[[dict[str, Result]], None] | None = None
    at_once: Callable[[Link], None] | None = None
    peak: float | None = None
    total: float | None = None
    location: tuple[int, str] | None = None


def same(expect: Expect, *names: str) -> dict[str, Expect]:
    return dict.fromkeys(names or ("read", "write", "create"), expect)


def differs(repeated: Expect, create: Expect) -> dict[str, Expect]:
    return {"read": repeated, "write": repeated, "create": create}


def unreadable(attempts: int = ATTEMPTS, request_id: Any = None) -> dict[str, Expect]:
    """No envelope: the read and the write are tried again, the create is not."""
    kind = errors.UnreadableResponse
    return differs(Expect(kind, "unknown", attempts, request_id), Expect(kind, "unknown", 1, request_id))


def refused(kind: type[errors.EksError], attempts: int = 1, request_id: Any = "req-1") -> dict[str, Expect]:
    """An error response that is beyond doubt, for creates too."""
    return same(Expect(kind, "refused", attempts, request_id))


def unclear(kind: type[errors.EksError], attempts: int = 1, request_id: Any = "req-1") -> dict[str, Expect]:
    """An error response to a write that may have been carried out: a create is ambiguous."""
    return {
        "read": Expect(kind, "refused", attempts, request_id),
        "write": Expect(kind, ANY, attempts, request_id),
        "create": Expect(kind, "unknown", 1, request_id),
    }


OK = same(Expect(request_id="req-1"))
LOST = differs(
    Expect(errors.ConnectionLost, "unknown", ATTEMPTS, None), Expect(errors.ConnectionLost, "unknown", 1, None)
)
THROTTLED = refused(errors.Throttled, ATTEMPTS)

ON_NATIVE = {"lengths-that-agree": LOST, "retry-after-injected": LOST}
"""Where the native backend's parser is stricter than the default one's: it takes no length twice, no folded header."""

UNREADABLE = "`UnreadableResponse`; a create is `AmbiguousCreate`, sent once"
UNREADABLE_ONCE = f"{UNREADABLE}; nothing is tried again"
IS_LOST = "`ConnectionLost`; reads and idempotent writes are tried again, a create is `AmbiguousCreate`, sent once"
IS_READ = "reads it"

SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, comes: str, does: str, answer: Answer | bytes, expect: dict[str, Expect], **more: Any) -> None:
    assert name not in SCENARIOS
    SCENARIOS[name] = Scenario(comes, does, says(answer) if isinstance(answer, bytes) else answer, expect, **more)


# --- bodies that are not the envelope ------------------------------------------------------------------------------

PAGE = b"<html><body><h1>Bad Gateway</h1></body></html>"
ENVELOPE = envelope()

for _name, _comes, _body in (
    ("empty-body", "a 200 with an empty body", b""),
    ("body-is-null", "`null`", b"null"),
    ("body-is-a-list", "`[]`", b"[]"),
    ("body-is-a-list-of-envelopes", "the envelope in a list", b"[" + ENVELOPE + b"]"),
    ("body-is-a-text", 'the text `"Success"`', b'"Success"'),
    ("body-is-a-number", "a number", b"200"),
    ("body-is-html", "a proxy's HTML page with a 200", PAGE),
    ("two-boms", "two byte order marks before the JSON", b"\xef\xbb\xbf" * 2 + ENVELOPE),
    ("gbk", "JSON in GBK", '{"Code": "Success", "Msg": "集群创建成功"}'.encode("gbk")),
    ("utf-16", "JSON in UTF-16", ENVELOPE.decode().encode("utf-16")),
    ("bad-utf-8", "bytes that are no UTF-8 in the JSON", ENVELOPE.replace(b"one", b"\xff\xfe\xc0\x80")),
    ("surrogates-in-utf-8", "lone surrogates as raw bytes (CESU)", ENVELOPE.replace(b"one", b"\xed\xa0\x80")),
    ("two-envelopes", "two envelopes in one body", ENVELOPE * 2),
    ("comment-after-json", "text after the JSON", ENVELOPE + b"<!-- served by edge-7 -->"),
    ("nesting-100000", "100,000 lists in each other", envelope().replace(b'"one"', b"[" * 100_000 + b"]" * 100_000)),
    ("nesting-never-closed", "200,000 objects in each other, never closed", b'{"a":' * 200_000),
    ("number-of-5000-digits", "a number of 5,000 digits in the data", ENVELOPE.replace(b'"one"', b"9" * 5000)),
    (
        "total-of-5000-digits",
        "a `TotalCount` of 5,000 digits",
        ENVELOPE.replace(b"{", b'{"TotalCount":' + b"9" * 5000 + b",", 1),
    ),
    ("code-of-5000-digits", "a `Code` of 5,000 digits", b'{"Code": ' + b"9" * 5000 + b"}"),
):
    scenario(_name, _comes, UNREADABLE, http(_body), unreadable())

for _name, _comes, _code in (
    ("code-is-missing", "an envelope without `Code`", None),
    ("code-is-null", "a `Code` that is null", ...),
    ("code-is-a-list", '`"Code": ["Success"]`', ["Success"]),
    ("code-is-an-object", "a `Code` that is an object", {"Success": True}),
    ("code-is-a-float", '`"Code": 0.0`', 0.0),
):
    scenario(_name, _comes, UNREADABLE, good(Code=_code), unreadable())

# --- bodies that can be read all the same --------------------------------------------------------------------------


def check_name(name: str) -> Callable[[dict[str, Result]], None]:
    def check(results: dict[str, Result]) -> None:
        assert results["read"].data.cluster_name == name

    return check


scenario("bom", "a byte order mark before the JSON", IS_READ, http(b"\xef\xbb\xbf" + ENVELOPE), OK)
scenario(
    "lone-surrogates",
    "lone surrogates, escaped, in texts and ids",
    "reads them; what is shown (request id, message) is fit to be encoded",
    good(Data={**DATA, "ClusterName": "\ud800x"}, RequestId="r\udfff1", Msg="\ud800", Extra="\udc80"),
    same(Expect(request_id="r 1")),
    check=check_name("\ud800x"),
)
scenario(
    "lone-surrogates-in-a-refusal",
    "the same in a refusal",
    "`BadArgument`, fit to be shown",
    good(Code="BadArgs", Msg="no \ud800\udfff!", Desc="\udfff", RequestId="\ud800", Data=...),
    refused(errors.BadArgument, request_id=" "),
)
scenario(
    "nan-and-infinity",
    "`NaN` and `Infinity` where nobody needs them, and as page numbers",
    "reads the rest; the page numbers are None",
    http(ENVELOPE.replace(b"{", b'{"X": NaN, "TotalCount": NaN, "PageIndex": -Infinity, "PageSize": Infinity,', 1)),
    OK,
    check=lambda results: _equal(
        [(result.value.total_count, result.value.page_index, result.value.page_size) for result in results.values()],
        [(None, None, None)] * 3,
    ),
)
scenario(
    "nan-as-a-count",
    "`NaN` for a whole number",
    "`UnreadableResponse` that names the field",
    http(ENVELOPE.replace(b'"ClusterName"', b'"NodeSum": NaN, "ClusterName"')),
    same(Expect(errors.UnreadableResponse, "unknown", 1, "req-1"), "read"),
    check=lambda results: _holds(results["read"], "Data.NodeSum should be a whole number"),
)
scenario(
    "duplicate-keys",
    "each key twice",
    "takes the last, as JSON readers do",
    http(b'{"Code": "BadArgs", "RequestId": "req-0", "Data": null,' + ENVELOPE[1:]),
    OK,
)
scenario(
    "duplicate-code-in-two-cases",
    "`Code` and `code`, which contradict each other",
    "takes the name that is spelt exactly",
    http(b'{"code": "BadArgs",' + ENVELOPE[1:]),
    OK,
)
scenario("lower-case-names", "all names in lower case", IS_READ, http(ENVELOPE.lower()), OK)
scenario("upper-case-code", "`SUCCESS`", IS_READ, good(Code="SUCCESS"), OK)
scenario(
    "nesting-500",
    "500 lists in each other in an unknown field",
    "reads the rest",
    http(ENVELOPE.replace(b'"ClusterName"', b'"Deep": ' + b"[" * 500 + b"]" * 500 + b', "ClusterName"')),
    OK,
)
scenario(
    "code-of-4000-digits",
    "a `Code` of 4,000 digits",
    "`ServiceError`, cut; a create is `AmbiguousCreate`",
    http(b'{"RequestId": "req-1", "Code": ' + b"9" * 4000 + b"}"),
    unclear(errors.ServiceError),
)
scenario(
    "absurd-totals-as-text",
    "page numbers as text, negative, and of 5,000 digits in a text",
    "None, where they make no sense",
    good(TotalCount="9" * 5000, PageIndex=-7, PageSize="many"),
    OK,
    check=lambda results: _equal(
        [(result.value.total_count, result.value.page_index, result.value.page_size) for result in results.values()],
        [(None, None, None)] * 3,
    ),
)


def _equal(got: Any, expected: Any) -> None:
    assert got == expected


def _holds(result: Result, text: str) -> None:
    assert text in str(result.error)


# --- success or error ----------------------------------------------------------------------------------------------

UNCLEAR = "`ServiceError`; a create, which may have been carried out, is `AmbiguousCreate`"
for _name, _comes, _odd in (
    ("code-is-zero", '`"Code": 0` beside the ids of what was made', 0),
    ("code-is-200", '`"Code": 200` beside the ids of what was made', 200),
    ("code-is-true", '`"Code": true` beside the ids of what was made', True),
    ("code-is-empty", '`"Code": ""` beside the ids of what was made', ""),
    ("code-has-spaces", '`"Code": " Success "` beside the ids of what was made', " Success "),
    ("code-is-another-yes", '`"Code": "OK"` beside the ids of what was made', "OK"),
    ("code-is-a-number-in-a-text", '`"Code": "200"` beside the ids of what was made', "200"),
):
    scenario(_name, _comes, UNCLEAR, good(Code=_odd), unclear(errors.ServiceError))
scenario(
    "throttled-with-ids",
    "a throttling code in a 200 beside the ids of what was made",
    "`Throttled`, tried again; but a create is `AmbiguousCreate`, sent once",
    good(Code="Throttling"),
    unclear(errors.Throttled, ATTEMPTS),
)
scenario(
    "throttled-in-a-200",
    "a throttling code in a 200",
    "`Throttled`; a create, too, is tried again",
    good(Code="Throttling.User", Data=...),
    THROTTLED,
)
scenario(
    "status-500-success",
    "a 500 with `Success`",
    "`ServerFault`, tried again; a create is `AmbiguousCreate`",
    good(status="500 X"),
    unclear(errors.ServerFault, ATTEMPTS),
)
scenario(
    "status-404-success",
    "a 404 with `Success`",
    "`NotFound`; a create is `AmbiguousCreate`",
    good(status="404 X"),
    unclear(errors.NotFound),
)
scenario("status-302-success", "a 302 with `Success`", UNCLEAR, good(status="302 X"), unclear(errors.ServiceError))
scenario(
    "status-200-internal-error",
    "a 200 with `InternalError`",
    "`ServerFault`, tried again; a create is `AmbiguousCreate`",
    good(Code="InternalError", Data=...),
    unclear(errors.ServerFault, ATTEMPTS),
)
scenario(
    "status-200-access-denied",
    "a 200 with `AccessDenied`",
    "`PermissionDenied`",
    good(Code="AccessDenied", Data=...),
    refused(errors.PermissionDenied),
)
scenario(
    "status-409-with-data",
    "a 409 that names what is there already",
    "`Conflict`; a create is `AmbiguousCreate` with the ids, sent once",
    good(Code="ResourceInUse", status="409 X"),
    {**unclear(errors.Conflict), "create": Expect(errors.AmbiguousCreate, "unknown", 1, "req-1")},
)

# --- statuses ------------------------------------------------------------------------------------------------------

for _status in ("204 No Content", "205 Reset", "206 Partial"):
    scenario(
        f"status-{_status[:3]}",
        f"a {_status[:3]} without a body",
        UNREADABLE,
        http(status=_status, length=_status[:3] != "204"),
        unreadable(),
    )
scenario("status-304", "a 304", UNREADABLE_ONCE, http(status="304 Not Modified", length=False), unreadable(1))
scenario("status-206-with-envelope", "a 206 with the whole envelope", IS_READ, good(status="206 Partial"), OK)
scenario("status-404-html", "a 404 with an HTML page", UNREADABLE_ONCE, http(PAGE, status="404 X"), unreadable(1))
scenario("status-502-html", "a 502 with an HTML page", UNREADABLE, http(PAGE, status="502 X"), unreadable())
scenario(
    "status-429-html",
    "a 429 with an HTML page",
    "`Throttled`; a create, too, is tried again",
    http(PAGE, status="429 X"),
    refused(errors.Throttled, ATTEMPTS, None),
)
scenario("status-299", "a status that nobody knows", IS_READ, good(status="299 Whatever"), OK)
scenario(
    "status-999",
    "a 999",
    "`ServerFault`; a create is `AmbiguousCreate`",
    good(Code="Strange", Data=..., status="999 X"),
    unclear(errors.ServerFault, ATTEMPTS),
)
scenario("continue-first", "a 100 before the response", IS_READ, b"HTTP/1.1 100 Continue\r\n\r\n" + good(), OK)
scenario(
    "storm-of-102",
    "2,000 times 102, then the response",
    IS_READ,
    b"HTTP/1.1 102 Processing\r\n\r\n" * 2000 + good(),
    OK,
)


def _endless_102() -> Iterator[bytes]:
    while True:
        yield b"HTTP/1.1 102 Processing\r\nX-Wait: more\r\n\r\n" * 50


scenario(
    "endless-102",
    "102 for ever",
    "`DeadlineExceeded`; a create is `AmbiguousCreate`",
    streams(b"", _endless_102),
    same(Expect(errors.DeadlineExceeded, "unknown", 1, None), "read", "create"),
    total=0.4,
)
scenario(
    "switching-protocols",
    "a 101 to another protocol",
    IS_LOST,
    says_and_ends(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
    LOST,
)

# --- compression and size ------------------------------------------------------------------------------------------

MB = 1024 * 1024
BOMB = gzip.compress(b'{"Code": "Success", "Data": "' + b"0" * (100 * MB) + b'"}')
LIST_BOMB = gzip.compress(b'{"Code": "Success", "X": [' + b"[]," * (6 * MB) + b"0]}")
ZIP = "Content-Encoding: gzip"


def _hundred_mb() -> Iterator[bytes]:
    for _ in range(100):
        yield b" " * MB


def _hundred_mb_chunked() -> Iterator[bytes]:
    for _ in range(100):
        yield b"%x\r\n" % MB + b" " * MB + b"\r\n"


TOO_MUCH = f"{UNREADABLE}; no more than 16 MB are read"
scenario("gzip", "gzip", IS_READ, http(gzip.compress(ENVELOPE), ZIP), OK)
scenario("gzip-bomb", "100 MB in 100 KB of gzip", TOO_MUCH, http(BOMB, ZIP), unreadable(), peak=60)
scenario("gzip-bomb-of-lists", "18 MB of empty lists in gzip", TOO_MUCH, http(LIST_BOMB, ZIP), unreadable(), peak=60)
scenario(
    "gzip-says-but-is-plain", "plain text that says that it is gzip", UNREADABLE, http(ENVELOPE, ZIP), unreadable()
)
scenario(
    "gzip-broken",
    "gzip with a broken byte",
    UNREADABLE,
    http(gzip.compress(ENVELOPE * 9)[:-20] + b"\0" * 20, ZIP),
    unreadable(),
)
scenario("gzip-cut", "gzip that breaks off", UNREADABLE, http(gzip.compress(ENVELOPE)[:-9], ZIP), unreadable())
scenario("gzip-twice", "gzip of gzip", UNREADABLE, http(gzip.compress(gzip.compress(ENVELOPE)), ZIP), unreadable())
scenario(
    "gzip-twice-said",
    "gzip of gzip, with both said",
    UNREADABLE,
    http(gzip.compress(gzip.compress(ENVELOPE)), "Content-Encoding: gzip, gzip"),
    unreadable(),
)
scenario("gzip-not-said", "gzip that is not said", UNREADABLE, http(gzip.compress(ENVELOPE)), unreadable())
scenario("deflate", "zlib that says `deflate`", IS_READ, http(zlib.compress(ENVELOPE), "Content-Encoding: Deflate"), OK)
for _coding in ("br", "zstd", "x-unheard-of", "identity"):
    scenario(
        f"encoding-{_coding}-but-plain",
        f"plain text that says `{_coding}`",
        IS_READ,
        http(ENVELOPE, f"Content-Encoding: {_coding}"),
        OK,
    )
scenario(
    "encoding-br",
    "brotli, which was not asked for",
    UNREADABLE,
    http(b"\x8b\x03\x80\x01\x02\x03", "Content-Encoding: br"),
    unreadable(),
)
scenario(
    "body-of-100-mb",
    "100 MB with their length",
    TOO_MUCH,
    streams(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (100 * MB), _hundred_mb),
    unreadable(),
    peak=60,
)
scenario(
    "body-of-100-mb-chunked",
    "100 MB in chunks",
    TOO_MUCH,
    streams(f"HTTP/1.1 200 OK\r\n{CHUNKED}\r\n\r\n".encode(), _hundred_mb_chunked),
    unreadable(),
    peak=60,
)
scenario(
    "message-of-5-mb",
    "megabytes of message, code and request id",
    "`ServiceError` that shows the beginning",
    good(Code="x" * MB, Msg="y" * 5 * MB, Desc="z" * MB, RequestId="r" * MB, Data=...),
    unclear(errors.ServiceError, request_id="r" * 200 + "…"),
    peak=200,
)
scenario(
    "tiny-chunks",
    "chunks of one byte",
    IS_READ,
    http(b"", CHUNKED, length=False) + chunked(*(bytes([byte]) for byte in ENVELOPE)),
    OK,
)

# --- control characters and secrets ---------------------------------------------------------------------------------

NASTY = "a\r\nX-Evil: 1\0\x1b[31m\u202eb\u2028c"
SHOWN = "a  X-Evil: 1  [31m b c"
scenario(
    "control-characters",
    "CR, LF, NUL, ANSI escapes and RTL marks in the request id and the message",
    "reads it; they are shown as spaces",
    good(RequestId=NASTY, Msg=NASTY),
    same(Expect(request_id=SHOWN)),
    check=lambda results: _equal(results["read"].value.message, SHOWN),
)
scenario(
    "control-characters-in-a-refusal",
    "the same in a refusal",
    "`ServiceError` in one line",
    good(Code=f"No{NASTY}", RequestId=NASTY, Msg=NASTY, Desc=NASTY, Data=...),
    unclear(errors.ServiceError, request_id=SHOWN),
    check=lambda results: _equal(results["read"].error.desc, SHOWN),
)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": partial(quote, safe=""),
    "url-with-slashes": quote,
    "twice-url": lambda text: quote(quote(text, safe=""), safe=""),
    "html": html.escape,
    "json": lambda text: json.dumps(text)[1:-1],
    "python": lambda text: repr(text.encode())[2:-1],
    "url-all-of-it": lambda text: "".join([f"%{byte:02x}" for byte in text.encode()]),
    "json-all-of-it": lambda text: "".join([f"\\u{ord(char):04X}" for char in text]),
    "html-all-of-it": lambda text: "".join([f"&#{ord(char)};" for char in text]),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64-for-urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "upper-case": str.upper,
}


def echoes(answer: Callable[[list[str]], bytes]) -> Answer:
    """Repeat the secrets that the request holds."""

    def echo(link: Link, seen: Seen) -> None:
        link.send(answer([KEY_ID, KEY, *([PASSWORD] if b"Password" in seen.body else [])]))

    return echo


def _refusal(spell: Callable[[str], str], told: list[str]) -> bytes:
    echo = " ".join(map(spell, told))
    return good(Code=echo, Msg=echo, Desc=echo, RequestId=echo, Data=...)


def _page(told: list[str]) -> bytes:
    return http(f"<p>{html.escape(' '.join(told))} {' '.join(map(quote, told))}</p>".encode(), status="502 X")


for _name, _spell in SPELLINGS.items():
    scenario(
        f"echo-{_name}",
        f"the keys and the password, spelt as in {_name}, in code, message and request id",
        "shows `***` in their place",
        echoes(partial(_refusal, _spell)),
        unclear(errors.ServiceError, request_id=ANY),
        check=lambda results: _equal(results["create"].error.request_id, "*** *** ***"),
    )
scenario(
    "echo-in-a-page",
    "an HTML page that repeats the request",
    "`UnreadableResponse` with `***` in their place",
    echoes(_page),
    unreadable(),
)
scenario(
    "echo-in-a-status-line",
    "a broken status line that repeats the keys",
    IS_LOST,
    says_and_ends(b"HTTP/1.1 bad " + f"{KEY_ID} {KEY} {quote(KEY, safe='')}".encode() + b"\r\n\r\n"),
    LOST,
)
scenario(
    "echo-in-a-header",
    "a header that can't be one, and repeats the keys",
    IS_LOST,
    says_and_ends(b"HTTP/1.1 200 OK\r\n" + f"{KEY_ID}\x00{KEY}".encode() + b"\r\n\r\n"),
    LOST,
)

# --- headers -------------------------------------------------------------------------------------------------------

ABSURD_PAUSES = {
    "negative": "-1",
    "float": "0.001",
    "huge": "99999999999999999999",
    "exponent": "1e30",
    "nan": "NaN",
    "infinity": "inf",
    "text": "soon",
    "units": "10 seconds",
    "empty": "",
    "hex": "0x10",
    "list": "1, 2",
    "year-9999": "Fri, 31 Dec 9999 23:59:59 GMT",
    "year-0": "Sat, 01 Jan 0000 00:00:00 GMT",
    "past": "Thu, 01 Jan 1970 00:00:00 GMT",
    "odd-zone": "Fri, 31 Dec 9999 23:59:59 -9959",
    "no-month": "Fri, 31 Foo 2024 23:59:59 GMT",
    "a-million-nines": "9" * 50_000,
}
for _name, _pause in ABSURD_PAUSES.items():
    scenario(
        f"retry-after-{_name}",
        f"a 429 with `Retry-After: {_pause[:40]}`",
        "`Throttled`; waits no longer than its own policy says",
        good(f"Retry-After: {_pause}", "Date: Mon, 01 Jan 2024 00:00:00 GMT", status="429 X", Code="Slow", Data=...),
        THROTTLED,
    )
for _name, _date in {
    "text": "today",
    "year-9999": "Fri, 31 Dec 9999 23:59:59 GMT",
    "year-1": "Mon, 01 Jan 0001 00:00:00 +2359",
    "empty": "",
    "number": "1e400",
}.items():
    scenario(
        f"date-{_name}",
        f"`RequestExpired` and a 429 with `Date: {_date}`",
        "`Throttled`; the date does no harm",
        good("Retry-After: Mon, 01 Jan 2024 00:00:00 GMT", f"Date: {_date}", status="429 X", Code="Slow", Data=...),
        THROTTLED,
    )
scenario(
    "retry-after-injected",
    "a `Retry-After` with a line end and a header behind it",
    "`Throttled`; just headers",
    good("Retry-After: 0\r\nX-Evil: 1\r\n\tfolded", status="429 X", Code="Slow", Data=...),
    THROTTLED,
)
scenario(
    "retry-after-twice",
    "two `Retry-After` that differ",
    "`Throttled`; none counts",
    good("Retry-After: 1", "Retry-After: 99999", status="429 X", Code="Slow", Data=...),
    THROTTLED,
)
scenario(
    "set-cookie",
    "a cookie",
    "reads the response; never sends the cookie back",
    good("Set-Cookie: session=evil; Path=/"),
    OK,
)
scenario(
    "connection-close",
    "`Connection: close`",
    "reads it; the next call has a new connection",
    says_and_ends(good("Connection: close")),
    OK,
)
scenario(
    "header-in-latin-1",
    "bytes beyond ASCII in headers",
    IS_READ,
    good("X-Who: 集群".encode(), b"X-Bytes: \xff\xfe\x80"),
    OK,
)
scenario(
    "request-id-header",
    "no envelope, but a request id of bytes beyond ASCII in the header",
    f"{UNREADABLE}; with the request id, fit to be shown",
    http(b"", b"cds-request-id: r-\xc3\xa9\xe9"),
    unreadable(request_id=ANY),
)
scenario("headers-1000", "1,000 headers", IS_READ, good(*(f"X-{index}: {index}" for index in range(1000))), OK)
scenario(
    "headers-endless",
    "headers for ever",
    IS_LOST,
    streams(b"HTTP/1.1 200 OK\r\n", lambda: iter(lambda: b"X-More: and more\r\n" * 500, b"")),
    LOST,
    peak=20,
)
scenario(
    "header-of-1-mb",
    "a header of 1 MB",
    IS_LOST,
    streams(b"HTTP/1.1 200 OK\r\nX-Big: ", lambda: [b"x" * 65536] * 16),
    LOST,
    peak=20,
)

# --- framing -------------------------------------------------------------------------------------------------------

EVIL = good(Data={**DATA, "ClusterId": "c-evil", "ClusterName": "evil"}, RequestId="req-evil")
for _name, _comes, _bytes in (
    ("status-line-without-number", "`HTTP/1.1 OK`", b"HTTP/1.1 OK\r\n\r\n"),
    ("status-line-of-text", "`HTTP/1.1 abc`", b"HTTP/1.1 abc Nope\r\n\r\n"),
    ("status-line-of-four-digits", "a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n"),
    ("status-line-000", "status 000", b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"),
    ("http-0.9", "HTTP/0.9: the body at once", ENVELOPE + b"\r\n\r\n"),
    (
        "http-2-preface",
        "the preface and the settings of HTTP/2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0",
    ),
    ("tls-alert", "a TLS alert on a plain connection", b"\x15\x03\x01\x00\x02\x02\x28"),
    ("icy", "`ICY 200 OK`", b"ICY 200 OK\r\n\r\n"),
    ("length-negative", "`Content-Length: -1`", http(ENVELOPE, "Content-Length: -1", length=False)),
    ("length-is-text", "`Content-Length: many`", http(ENVELOPE, "Content-Length: many", length=False)),
    ("length-signed", "`Content-Length: +5`", http(ENVELOPE, "Content-Length: +5", length=False)),
    ("lengths-that-differ", "two lengths that differ", http(ENVELOPE, "Content-Length: 7")),
    (
        "length-too-long",
        "a length longer than the body",
        http(ENVELOPE, f"Content-Length: {len(ENVELOPE) + 9}", length=False),
    ),
    ("length-of-25-digits", "a length of 25 digits", http(ENVELOPE, f"Content-Length: {'9' * 25}", length=False)),
    ("chunk-size-is-text", "a chunk size that is no number", http(b"zz\r\nabc\r\n", CHUNKED, length=False)),
    ("chunk-size-negative", "a negative chunk size", http(b"-5\r\nabc\r\n", CHUNKED, length=False)),
    ("chunk-size-huge", "a chunk size of 20 hex digits", http(b"F" * 20 + b"\r\nabc\r\n", CHUNKED, length=False)),
    ("chunk-too-long", "a chunk longer than its size", http(b"3\r\nabcdef\r\n0\r\n\r\n", CHUNKED, length=False)),
    ("chunks-without-end", "chunks without the last one", http(chunked(ENVELOPE, end=b""), CHUNKED, length=False)),
    (
        "chunks-of-gzip",
        "`Transfer-Encoding: gzip, chunked`",
        http(chunked(ENVELOPE), f"{CHUNKED[:18]} gzip, chunked", length=False),
    ),
    ("header-without-colon", "a header without a colon", http(ENVELOPE, "Nonsense")),
    ("header-with-nul", "NUL in a header", http(ENVELOPE, "X-Nul: a\0b")),
    ("space-before-colon", "a space before a header's colon", http(ENVELOPE, "X-Space : a")),
):
    scenario(_name, _comes, IS_LOST, says_and_ends(_bytes), LOST)
scenario("lengths-that-agree", "the length twice, the same", IS_READ, good(f"Content-Length: {len(ENVELOPE)}"), OK)
scenario(
    "length-and-chunks",
    "a length beside chunks",
    "reads the chunks, as RFC 9112 says",
    http(b"", "Content-Length: 3", CHUNKED, length=False) + chunked(ENVELOPE),
    OK,
)
scenario(
    "http-1.0-until-closed",
    "HTTP/1.0 without a length",
    IS_READ,
    says_and_ends(http(ENVELOPE, length=False, version="1.0")),
    OK,
)
scenario(
    "trailers",
    "trailers after the chunks that look like headers",
    "reads it; they count for nothing",
    http(b"", CHUNKED, length=False) + chunked(ENVELOPE, end=b"0\r\nContent-Length: 7\r\nSet-Cookie: a=b\r\n\r\n"),
    OK,
)
for _name, _comes, _extra in (
    ("answer-twice", "a second response behind the first (a proxy that delivers twice)", EVIL),
    ("bytes-after-the-body", "bytes behind the body", b"\r\n\0garbage"),
    ("continue-after-the-body", "a 100 behind the response", b"HTTP/1.1 100 Continue\r\n\r\n"),
):
    _does = "reads the first; the next call has a new connection, and never reads what is left"
    scenario(_name, _comes, _does, good() + _extra, OK)
    scenario(
        f"{_name}-chunked",
        f"{_comes}, in chunks",
        _does,
        http(b"", CHUNKED, length=False) + chunked(ENVELOPE) + _extra,
        OK,
    )
scenario(
    "body-with-a-204",
    "a 204 with a whole response for a body",
    f"{UNREADABLE}; the body is never read as a response",
    http(status="204 No Content", length=False) + EVIL,
    unreadable(),
)

# --- broken off ----------------------------------------------------------------------------------------------------

WHOLE = good()


def _end_at_once(link: Link) -> None:
    link.end()


def _reset(link: Link, seen: Seen) -> None:
    link.reset()


def _half_then_reset(link: Link, seen: Seen) -> None:
    link.send(WHOLE[:-10])
    link.reset()


for _name, _comes, _bytes in (
    ("closed-after-the-request", "the request is read, the connection closed", b""),
    ("closed-in-the-status-line", "it closes in the status line", WHOLE[:7]),
    ("closed-in-the-headers", "it closes in the headers", WHOLE[:30]),
    ("closed-before-the-body", "it closes between headers and body", WHOLE[: -len(ENVELOPE)]),
    ("closed-in-the-body", "it closes behind the ids in the body", WHOLE[:-3]),
    ("closed-in-a-chunk", "it closes in a chunk", http(b"", CHUNKED, length=False) + chunked(ENVELOPE)[:40]),
):
    scenario(_name, _comes, IS_LOST, says_and_ends(_bytes), LOST)
scenario("reset-after-the-request", "the request is read, the connection reset", IS_LOST, _reset, LOST)
scenario("reset-in-the-body", "it is reset in the body", IS_LOST, _half_then_reset, LOST)

# --- redirects -----------------------------------------------------------------------------------------------------

REDIRECTS = {
    "to-another-host": "{other}/eks/v1",
    "to-plain-http": "http://127.0.0.1:{port}/eks/v1",
    "to-https": "https://127.0.0.1:{port}/eks/v1",
    "to-a-file": "file:///etc/passwd",
    "to-a-name": "//127.0.0.1:{port}/eks/v1",
    "with-user-info": "http://user:pw@127.0.0.1:{port}/",
    "to-nonsense": "http://[::bad/",
}
for _moved, (_name, _location) in zip((301, 302, 307, 308, 303, 302, 307), REDIRECTS.items(), strict=True):
    SCENARIOS[f"redirect-{_name}"] = Scenario(
        comes=f"a {_moved} to `{_location}`",
        does=f"{UNREADABLE_ONCE}; nothing is sent there",
        answer=says(),
        location=(_moved, _location),
        expect=unreadable(1),
    )
scenario(
    "redirect-429",
    "a 429 that names another place",
    "`Throttled`; nothing is sent there",
    good(status="429 X", Code="Slow", Data=...),
    THROTTLED,
    location=(429, "{other}/eks/v1"),
)
