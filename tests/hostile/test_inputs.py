"""Hostile inputs, to both clients: exact on the wire, or our own error and nothing sent."""

from __future__ import annotations

import enum
import json
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trustme

from cds_eks import Credentials, Limits, RetryPolicy, Timeouts, errors
from cds_eks.wire import RawResponse
from hostile.client_driver import ATTEMPTS, CALLS, CLIENT_KINDS, Call, ClientKind, Result, create_request, drive, judge
from support.backend_under_test import trusting_backend
from support.socket_service import Service, envelope, good, says, secured, serving


@attrs.frozen
class Bench:
    """What a scenario works with."""

    client_kind: ClientKind
    service: Service
    monkeypatch: pytest.MonkeyPatch
    folder: Path

    def drive(self, *calls: Call, **settings: Any) -> list[Result]:
        results = drive(self.client_kind, self.service, calls, **settings)
        for result in results:
            judge(result)
        return results

    def refused(self, field: str, *calls: Call, **settings: Any) -> None:
        """Each call is refused for a field, whose name begins so, and nothing is sent; the client lives on."""
        *results, after = self.drive(*calls, CALLS["read"], **settings)
        assert results
        for result in results:
            error = result.refusal
            assert error.field.startswith(field), error.field
            assert (error.outcome, error.attempts, result.requests) == ("not_sent", 0, 0)
        assert after.data.cluster_name == "one"

    def exact(self, value: str) -> None:
        """A text comes to the service as it is: as an id and a keyword in the query, and in the body."""
        results = self.drive(
            lambda eks: eks.clusters.get(value),
            lambda eks: eks.clusters.list(keyword=value),
            lambda eks: eks.clusters.delete(value),
            lambda eks: eks.nodes.delete("c-1", [value, "n-2"]),
            lambda eks: eks.clusters.get("c-1", extra={"Note": value}),
            lambda eks: eks.call("X", params={"Note": value}),
        )
        assert [result.requests for result in results] == [1] * 6
        assert all(result.error is None for result in results)
        get, listed, delete, nodes, extra, call = self.service.ledger
        assert get.query["ClusterId"] == listed.query["Keyword"] == value
        assert json.loads(delete.body)["ClusterId"] == value
        assert json.loads(nodes.body)["NodeIds"] == [value, "n-2"]
        assert extra.query["Note"] == call.query["Note"] == value
        assert all(set(seen.query) <= COMMON | {"ClusterId", "Keyword", "Note"} for seen in self.service.ledger)

    def misconfigured(self, make: Callable[[], dict[str, Any]]) -> errors.ConfigurationError:
        """The settings are refused, when they are made, when the client is, or at the first call; nothing is sent."""
        before = len(self.service.ledger)
        try:
            settings = make()
        except errors.ConfigurationError as error:
            refused: Exception | None = error
        else:
            refused = self.drive(CALLS["read"], **settings)[0].error
        assert isinstance(refused, errors.ConfigurationError), repr(refused)
        judge(Result(None, refused, 0.0))
        assert (refused.outcome, len(self.service.ledger) - before) == ("not_sent", 0)
        return refused


COMMON = {
    "Action",
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureVersion",
    "Timestamp",
    "Version",
}

Run = Callable[[Bench], None]


@attrs.frozen
class Scenario:
    comes: str
    does: str
    run: Run


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, comes: str, does: str) -> Callable[[Run], Run]:
    def keep(run: Run) -> Run:
        assert name not in SCENARIOS
        SCENARIOS[name] = Scenario(comes, does, run)
        return run

    return keep


# --- texts ---------------------------------------------------------------------------------------------------------

EXACT = "comes to the service exactly, in the query and in the body"
TEXTS = {
    "text-with-line-ends": ("CR and LF", "a\r\nX-Evil: 1\r\n\r\nGET / HTTP/1.1"),
    "text-with-nul": ("NUL and other control characters", "a\0b\x1b[31m\x7f"),
    "text-of-query-signs": ("`&=#%+~*?/;:@`", "a&Action=DeleteCluster#%2F+~*?/;:@ b%"),
    "text-of-quotes": ("quotes and backslashes", "a\"b'c\\d`e"),
    "text-of-emoji": ("emoji and Chinese", "集群👩\u200d🚀"),
    "text-of-rtl-marks": ("right-to-left marks", "a\u202eb\u200fc\u2066"),
    "text-of-combining-marks": ("a text that is not normalized", "e\u0301\u1e9b\u0323ﬁ"),
    "text-of-spaces": ("blanks of all kinds", " \t\u00a0\u3000 x "),
    "text-of-20-kb": ("20 KB of text", "x" * 20_000),
}
for _name, (_comes, _text) in TEXTS.items():

    def _exact(bench: Bench, text: str = _text) -> None:
        bench.exact(text)

    scenario(_name, _comes, EXACT)(_exact)


@scenario("text-of-100-kb", "an id of 100 KB", "exact in a body; `InvalidRequestError` where it makes too long a URL")
def _(bench: Bench) -> None:
    long = "é" * 100_000
    in_query, in_body = bench.drive(lambda eks: eks.clusters.get(long), lambda eks: eks.clusters.delete(long))
    assert (in_query.refusal.field, in_query.requests) == ("params", 0)
    assert in_body.error is None
    assert json.loads(bench.service.ledger[0].body)["ClusterId"] == long


@scenario("text-with-lone-surrogate", "a lone surrogate", "`InvalidRequestError` that names the field")
def _(bench: Bench) -> None:
    bench.refused("cluster_id", lambda eks: eks.clusters.get("\ud800"), lambda eks: eks.clusters.delete("a\udfff"))
    bench.refused("keyword", lambda eks: eks.clusters.list(keyword="\ud800"))
    bench.refused("body", lambda eks: eks.clusters.delete("c-1", extra={"Note": ["\ud800"]}))
    bench.refused("'\\ud800'", lambda eks: eks.call("X", params={"\ud800": "x"}))


@scenario("text-that-is-bytes", "bytes for a text", "`InvalidRequestError` that names the field")
def _(bench: Bench) -> None:
    bench.refused("cluster_id", lambda eks: eks.clusters.get(b"c-1"), lambda eks: eks.clusters.delete(bytearray(b"x")))
    bench.refused("Note", lambda eks: eks.call("X", params={"Note": b"x"}))
    bench.refused("body", lambda eks: eks.call("X", method="POST", body={"Note": b"x"}))


@scenario("text-that-is-none", "None where a text is needed", "`InvalidRequestError` that names the field")
def _(bench: Bench) -> None:
    bench.refused("cluster_id", lambda eks: eks.clusters.get(None), lambda eks: eks.clusters.delete(None))
    bench.refused("node_ids", lambda eks: eks.nodes.delete("c-1", None), lambda eks: eks.nodes.delete("c-1", [None]))
    bench.refused("request", lambda eks: eks.clusters.create(None), lambda eks: eks.clusters.create({}))


class Sly(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "sly"

    def __format__(self, spec: str) -> str:
        return "sly"

    def encode(self, *_: Any) -> bytes:
        return b"sly"

    def lower(self) -> str:
        return "sly"


class Text(enum.StrEnum):
    ONE = "c-1"


@scenario("text-of-a-subclass", "subclasses of str, one of which lies about itself", "sends the text that they hold")
def _(bench: Bench) -> None:
    bench.exact(Sly("c-1"))
    assert bench.drive(lambda eks: eks.clusters.get(Text.ONE))[0].error is None
    assert bench.service.ledger[-1].query["ClusterId"] == "c-1"


# --- numbers -------------------------------------------------------------------------------------------------------


def scale(value: Any) -> Call:
    return lambda eks: eks.node_pools.scale("c-1", "p-1", value)


@scenario("number-that-is-a-bool", "True for a number", "`InvalidRequestError` that names the field")
def _(bench: Bench) -> None:
    bench.refused("replicas", scale(True), scale(False))
    bench.refused("page_index", lambda eks: eks.nodes.list("c-1", page_index=True))


@scenario("number-out-of-range", "-1, 100, a number of 5,000 digits", "`InvalidRequestError` that names the field")
def _(bench: Bench) -> None:
    bench.refused("replicas", scale(-1), scale(100), scale(10**5000), scale(-(10**5000)))
    bench.refused("page_index", lambda eks: eks.nodes.list("c-1", page_index=0))
    bench.refused("page_size", lambda eks: eks.nodes.list("c-1", page_size=-5))
    bench.refused("Number", lambda eks: eks.call("X", params={"Number": 10**5000}))
    bench.refused("body", lambda eks: eks.call("X", method="POST", body={"Number": 10**5000}))


@scenario(
    "number-that-is-a-float", "floats, NaN and infinity for a number", "`InvalidRequestError` that names the field"
)
def _(bench: Bench) -> None:
    bench.refused("replicas", *(scale(value) for value in (1.0, 1.5, float("nan"), float("inf"), 3 + 0j)))
    bench.refused("Number", lambda eks: eks.call("X", params={"Number": float("nan")}))
    bench.refused("body", lambda eks: eks.call("X", method="POST", body={"Number": float("nan")}))
    bench.refused("body", lambda eks: eks.clusters.delete("c-1", extra={"Number": [float("inf")]}))


@scenario("number-that-is-a-text", "text for a number", "`InvalidRequestError` that names the field")
def _(bench: Bench) -> None:
    bench.refused("replicas", scale("3"), scale(""), scale(b"3"), scale([3]), scale(None))


class Number(enum.IntEnum):
    THREE = 3


@scenario("number-of-a-subclass", "an IntEnum for a number", "sends the number")
def _(bench: Bench) -> None:
    results = bench.drive(scale(Number.THREE), lambda eks: eks.call("X", params={"Number": Number.THREE}))
    assert all(result.error is None for result in results)
    scaled, call = bench.service.ledger
    assert json.loads(scaled.body)["Replicas"] == 3
    assert call.query["Number"] == "3"


# --- lists ---------------------------------------------------------------------------------------------------------


@scenario("list-of-100000-ids", "100,000 ids", "sends them all")
def _(bench: Bench) -> None:
    ids = [f"n-{index}" for index in range(100_000)]
    (result,) = bench.drive(lambda eks: eks.nodes.delete("c-1", ids))
    assert result.error is None
    assert json.loads(bench.service.ledger[0].body)["NodeIds"] == ids


@scenario(
    "list-that-is-none",
    "a text, a generator, a set, a dict or nothing for a list",
    "`InvalidRequestError` that names the field",
)
def _(bench: Bench) -> None:
    values: list[Any] = ["n-1", (name for name in ["n-1"]), {"n-1"}, {"n-1": 1}, b"n-1", 7, []]
    bench.refused("node_ids", *(lambda eks, value=value: eks.nodes.delete("c-1", value) for value in values))


@scenario("list-of-other-things", "wrong entries in a list", "`InvalidRequestError` that names the entry")
def _(bench: Bench) -> None:
    values: list[Any] = [["n-1", 2], ["n-1", None], ["n-1", ["n-2"]], ["n-1", True]]
    bench.refused("node_ids[1]", *(lambda eks, value=value: eks.nodes.delete("c-1", value) for value in values))


# --- what belongs to the signature, and other fields that are not documented ---------------------------------------

SPELT = [
    *sorted(COMMON),
    "action",
    "ACCESSKEYID",
    "aCtIoN",
    " Action",
    "Action ",
    "Action\n",
    "\tSignature",
    "Act\0ion",
    "\uff21\uff43\uff54\uff49\uff4f\uff4e",
    "\u017fignature",
    "Action\u200b",
    "\u00a0Timestamp",
]
BELONGS = "`InvalidRequestError`: it belongs to the signature"


@scenario("override-by-extra", "`Action`, `AccessKeyId`, … through `extra=`, in any spelling", BELONGS)
def _(bench: Bench) -> None:
    bench.refused("extra.", *(lambda eks, name=name: eks.clusters.get("c-1", extra={name: "x"}) for name in SPELT))
    bench.refused("extra.", *(lambda eks, name=name: eks.clusters.delete("c-1", extra={name: "x"}) for name in SPELT))


@scenario("override-by-a-models-extra", "the same through the `extra` of a request", BELONGS)
def _(bench: Bench) -> None:
    made = [create_request(extra={name: "x"}) for name in SPELT]
    bench.refused("extra.", *(lambda eks, one=one: eks.clusters.create(one) for one in made))


@scenario("override-by-params", "the same through `eks.call(params=…)`", BELONGS)
def _(bench: Bench) -> None:
    for method in ("GET", "POST"):
        calls = [lambda eks, name=name: eks.call("X", method=method, params={name: "x"}) for name in SPELT]  # noqa: B023
        *results, after = bench.drive(*calls, CALLS["read"])
        assert [result.refusal.rule for result in results] == ["belongs to the signature and can't be set"] * len(SPELT)
        assert after.error is None
    assert [seen.action for seen in bench.service.ledger] == ["GetCluster"] * 2


@scenario(
    "override-of-an-argument",
    "`ClusterId` once more through `extra=`, in any case",
    "`InvalidRequestError`: it is set already",
)
def _(bench: Bench) -> None:
    names = ["ClusterId", "clusterid", "CLUSTERID"]
    bench.refused("extra.", *(lambda eks, name=name: eks.clusters.get("c-1", extra={name: "x"}) for name in names))
    for name in ("ClusterName", "clustername"):
        with pytest.raises(errors.InvalidRequestError, match="can't be replaced"):
            create_request(extra={name: "x"})


@scenario(
    "keys-that-are-no-names", "empty keys, and keys of other types", "`InvalidRequestError` that names the argument"
)
def _(bench: Bench) -> None:
    keys: list[Any] = ["", 1, None, b"x", ("x",), True]
    bench.refused("extra", *(lambda eks, key=key: eks.clusters.get("c-1", extra={key: "x"}) for key in keys))
    bench.refused("params", *(lambda eks, key=key: eks.call("X", params={key: "x"}) for key in keys))
    bench.refused("body", *(lambda eks, key=key: eks.call("X", method="POST", body={key: "x"}) for key in keys))
    bench.refused("body", lambda eks: eks.clusters.delete("c-1", extra={"A": {("x",): 1}}))


@scenario("extra-that-is-no-mapping", "a list, a text or a generator for `extra`", "`InvalidRequestError`")
def _(bench: Bench) -> None:
    values: list[Any] = [[("A", 1)], "A=1", (pair for pair in [("A", 1)]), 7, b"A"]
    bench.refused("extra", *(lambda eks, value=value: eks.clusters.get("c-1", extra=value) for value in values))
    bench.refused("params", *(lambda eks, value=value: eks.call("X", params=value) for value in values))
    bench.refused("body", *(lambda eks, value=value: eks.call("X", method="POST", body=value) for value in values))


def nested(depth: int) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for _ in range(depth):
        whole = {"A": [whole]}
    return whole


@scenario("extra-that-is-deep", "100,000 objects in each other", "`InvalidRequestError`")
def _(bench: Bench) -> None:
    deep = nested(100_000)
    request = create_request(extra=deep)
    bench.refused("body", lambda eks: eks.clusters.delete("c-1", extra=deep), lambda eks: eks.clusters.create(request))
    bench.refused("A", lambda eks: eks.clusters.get("c-1", extra=deep))
    while deep:  # taken apart one by one: Python's own way goes deep as well
        deep = deep.pop("A").pop()


@scenario("extra-that-holds-itself", "an object that holds itself", "`InvalidRequestError`")
def _(bench: Bench) -> None:
    itself: dict[str, Any] = {}
    itself["A"] = [itself]
    bench.refused("body", lambda eks: eks.clusters.delete("c-1", extra=itself))
    bench.refused("body", lambda eks: eks.call("X", method="POST", body=itself))
    bench.refused("A", lambda eks: eks.clusters.get("c-1", extra=itself))
    bench.refused("body", lambda eks: eks.clusters.create(create_request(extra=itself)))
    itself.clear()


@scenario("action-that-is-none", "no text, an empty text or line ends for an action", "`InvalidRequestError`")
def _(bench: Bench) -> None:
    values: list[Any] = [None, "", "  ", "A\r\nB", "\0", 7, b"X", ["X"], "\ud800"]
    bench.refused("action", *(lambda eks, value=value: eks.call(value) for value in values))
    methods: list[Any] = ["get", "DELETE", "GET\r\n", None, b"GET", ["GET"]]
    bench.refused("method", *(lambda eks, value=value: eks.call("X", method=value) for value in methods))


@scenario("action-of-signs", "an action with `&` and `=` in it", "sends it encoded")
def _(bench: Bench) -> None:
    (result,) = bench.drive(lambda eks: eks.call("X&Action=DeleteCluster#"))
    assert result.error is None
    assert bench.service.ledger[0].action == "X&Action=DeleteCluster#"


# --- endpoints -----------------------------------------------------------------------------------------------------

BAD_ENDPOINTS: dict[str, tuple[str, list[Any]]] = {
    "endpoint-with-user-info": (
        "a user or a password in the endpoint",
        [
            "http://m4rk:m4rk@127.0.0.1",
            "https://m4rk@h.test",
            "http://127.0.0.1:80@evil.test",
            "http://@h.test",
            "http://:@h",
        ],
    ),
    "endpoint-with-query": (
        "a query or a fragment",
        ["http://h.test?a=m4rk", "http://h.test/?", "http://h.test/#m4rk", "http://h#"],
    ),
    "endpoint-without-scheme": (
        "no scheme, or another one",
        [
            "h.test",
            "//h.test",
            "h.test:80",
            "ftp://h.test",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "httpss://h",
            "",
            "http",
            "://h",
        ],
    ),
    "endpoint-without-host": (
        "no host, or none that can be one",
        [
            "http://",
            "https:///p",
            "http://:80",
            "http://a..b",
            f"http://{'a' * 64}.test",
            "http://[::1",
            "http://[x]",
            "http://%65vil",
            "http://-\u0000",
        ],
    ),
    "endpoint-with-strange-port": (
        "a port out of range, or none",
        [
            "http://h:0",
            "http://h:65536",
            "http://h:-1",
            "http://h:many",
            "http://h:\uff18\uff10",
            "http://h:80:80",
            "http://h:1e3",
        ],
    ),
    "endpoint-with-backslashes": (
        "backslashes",
        ["http:\\\\h.test", "http://h.test\\@evil.test", "http://h\\evil.test"],
    ),
    "endpoint-with-blanks": (
        "blanks, line ends, NUL",
        ["http://h.test\r\nX: 1", " http://h.test", "http://h .test", "http://h\0", "http://h\t"],
    ),
    "endpoint-of-another-type": ("no text at all", [7, b"http://h.test", ["http://h.test"], True, object()]),
}
for _name, (_comes, _endpoints) in BAD_ENDPOINTS.items():

    def _bad(bench: Bench, endpoints: list[Any] = _endpoints) -> None:
        for endpoint in endpoints:
            error = bench.misconfigured(lambda: {"endpoint": endpoint})  # noqa: B023
            assert "endpoint" in str(error), endpoint

    scenario(_name, _comes, "`ConfigurationError` that does not repeat it")(_bad)


@scenario(
    "endpoint-with-path",
    "a path, slashes at the end, an upper-case scheme",
    "keeps the path; the rest makes no difference",
)
def _(bench: Bench) -> None:
    port = bench.service.port
    for endpoint in (f"http://127.0.0.1:{port}/a/b/", f"HTTP://127.0.0.1:{port}/a/b", f"Http://LOCALHOST:{port}/a/b//"):
        (result,) = bench.drive(CALLS["read"], endpoint=endpoint)
        assert result.error is None, endpoint
    assert {seen.target.partition("?")[0] for seen in bench.service.ledger} == {"/a/b/eks/v1"}


@scenario(
    "endpoint-that-is-not-there",
    "hosts that can be named but are not there: IPv6, IDNA, a dot at the end",
    "`ConnectFailed`, not sent",
)
def _(bench: Bench) -> None:
    found = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if "invalid" in name:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return found(host, *args, **kwargs)

    bench.monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for endpoint in ("http://[::1]:1", "http://\u4f8b\u3048.invalid", "http://h.invalid.", "http://xn--zckzah.invalid"):
        for result in bench.drive(*CALLS.values(), endpoint=endpoint):
            assert isinstance(result.error, errors.ConnectFailed), endpoint
            assert (result.error.outcome, result.error.attempts) == ("not_sent", ATTEMPTS)


# --- what the environment says ------------------------------------------------------------------------------------


@scenario("netrc", "a `.netrc` with a password for the host, and `NETRC`", "is never read")
def _(bench: Bench) -> None:
    for name in (".netrc", "other"):
        (bench.folder / name).write_text(
            "machine 127.0.0.1 login m4rk password m4rk\ndefault login m4rk password m4rk\n"
        )
    bench.monkeypatch.setenv("HOME", str(bench.folder))
    bench.monkeypatch.setenv("NETRC", str(bench.folder / "other"))
    assert all(result.error is None for result in bench.drive(*CALLS.values()))
    for seen in bench.service.ledger:
        assert "authorization" not in seen.headers
        assert "cookie" not in seen.headers


@scenario(
    "proxy", "`HTTP_PROXY` with a password", "goes through it; the password is for the proxy alone, and not shown"
)
def _(bench: Bench) -> None:
    bench.monkeypatch.setenv("HTTP_PROXY", f"http://m4rk-user:m4rk-word@127.0.0.1:{bench.service.port}")
    bench.monkeypatch.setenv("http_proxy", f"http://m4rk-user:m4rk-word@127.0.0.1:{bench.service.port}")
    results = bench.drive(*CALLS.values(), endpoint="http://eks.invalid")
    assert all(result.error is None for result in results)
    assert [seen.target.partition("?")[0] for seen in bench.service.ledger] == ["http://eks.invalid/eks/v1"] * 3
    assert all(seen.headers["proxy-authorization"].startswith("Basic ") for seen in bench.service.ledger)
    assert all("authorization" not in seen.headers for seen in bench.service.ledger)


@scenario(
    "proxy-that-refuses", "a proxy that says 407, and repeats the password", "`UnreadableResponse`; it is not shown"
)
def _(bench: Bench) -> None:
    bench.monkeypatch.setenv("http_proxy", f"http://user:pass@127.0.0.1:{bench.service.port}")
    bench.service.answer = says(good(Code="Denied", Data=..., status="407 X"))
    (result,) = bench.drive(CALLS["create"], endpoint="http://eks.invalid")
    assert isinstance(result.error, errors.ServiceError)
    assert result.error.outcome == "refused"


@scenario("proxy-that-is-bad", "a proxy that can't be one", "`ConfigurationError` that does not repeat it")
def _(bench: Bench) -> None:
    for proxy in ("http://m4rk:m4rk@[bad", "ftp://m4rk@h", "http://h:99999", "http://a..b", "://", "http://"):
        bench.monkeypatch.setenv("http_proxy", proxy)
        error = bench.misconfigured(dict)
        assert "proxy" in str(error), proxy


@scenario("no-proxy", "`NO_PROXY` for the host", "goes straight")
def _(bench: Bench) -> None:
    with serving() as proxy:
        bench.monkeypatch.setenv("http_proxy", proxy.url)
        bench.monkeypatch.setenv("no_proxy", "example.test,127.0.0.1")
        (result,) = bench.drive(CALLS["read"])
        assert (result.error, proxy.opened, result.requests) == (None, 0, 1)


@scenario(
    "certificates-that-are-not-there",
    "`SSL_CERT_FILE` that does not exist, or is no certificate",
    "`ConfigurationError`",
)
def _(bench: Bench) -> None:
    (bench.folder / "no.pem").write_text("nothing")
    for path in (bench.folder / "none.pem", bench.folder / "no.pem", bench.folder):
        bench.monkeypatch.setenv("SSL_CERT_FILE", str(path))
        error = bench.misconfigured(lambda: {"endpoint": f"https://127.0.0.1:{bench.service.port}"})
        assert "SSL_CERT_FILE" in str(error), path
    assert bench.drive(CALLS["read"])[0].error is None  # plain http needs none


@scenario("no-verification", "`PYTHONHTTPSVERIFY=0` and a certificate that nobody knows", "`ConnectFailed`, not sent")
def _(bench: Bench) -> None:
    authority, trusting = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusting)
    bench.service.at_once = secured(authority)
    bench.monkeypatch.setenv("PYTHONHTTPSVERIFY", "0")
    endpoint = f"https://127.0.0.1:{bench.service.port}"
    for result in bench.drive(*CALLS.values(), endpoint=endpoint):
        assert isinstance(result.error, errors.ConnectFailed)
        assert result.requests == 0
    (known,) = bench.drive(CALLS["read"], endpoint=endpoint, backend=trusting_backend(trusting))
    assert known.error is None


@scenario(
    "credentials-in-the-environment-that-are-blank",
    "`CDS_SECRET_*` empty, blank, with line ends or odd bytes",
    "`ConfigurationError` that does not repeat them",
)
def _(bench: Bench) -> None:
    for name in ("CDS_ACCESS_KEY_ID", "CDS_ACCESS_KEY_SECRET"):
        bench.monkeypatch.delenv(name, raising=False)
    for value in ("", " ", " m4rk", "m4rk\n", "m4rk\r\nX: 1", "m4rk\udcff", "m4rk\x1b"):
        for names in (("CDS_SECRET_ID",), ("CDS_SECRET_KEY",), ("CDS_SECRET_ID", "CDS_SECRET_KEY")):
            for name in ("CDS_SECRET_ID", "CDS_SECRET_KEY"):
                bench.monkeypatch.setenv(name, value if name in names else "fine")
            assert "redentials" in str(bench.misconfigured(lambda: {"credentials": None}))


@scenario("credentials-of-other-types", "credentials that are none", "`ConfigurationError` that does not repeat them")
def _(bench: Bench) -> None:
    strange: Any = b"m4rk"
    values: list[Any] = ["m4rk", ("m4rk", "m4rk"), {"m4rk": "m4rk"}, 7, Credentials("", "x"), Credentials(strange, "x")]
    for value in [*values, lambda: None, lambda: "m4rk", lambda: Credentials("m4rk", " ")]:
        assert "redentials" in str(bench.misconfigured(lambda: {"credentials": value}))  # noqa: B023


@scenario(
    "endpoint-in-the-environment-that-is-strange",
    "`CDS_EKS_ENDPOINT`, `CDS_API_HOST` and `CDS_API_SCHEMA` that are blank or strange",
    "`ConfigurationError`",
)
def _(bench: Bench) -> None:
    for name in ("CDS_EKS_ENDPOINT", "CDS_API_HOST", "CDS_API_SCHEMA", "EKS_API_HOST"):
        bench.monkeypatch.delenv(name, raising=False)
    for settings in (
        {"CDS_EKS_ENDPOINT": " "},
        {"CDS_EKS_ENDPOINT": "h.test"},
        {"CDS_EKS_ENDPOINT": "http://m4rk:m4rk@h.test"},
        {"CDS_API_HOST": " "},
        {"CDS_API_HOST": "h.test?x=1"},
        {"CDS_API_HOST": "m4rk@h.test"},
        {"CDS_API_HOST": "h.test", "CDS_API_SCHEMA": " "},
        {"CDS_API_HOST": "h.test", "CDS_API_SCHEMA": "ftp"},
        {"CDS_API_HOST": "ftp://h.test"},
        {"EKS_API_HOST": "h test"},
    ):
        with bench.monkeypatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            assert "endpoint" in str(bench.misconfigured(lambda: {"endpoint": None})), settings


# --- settings ------------------------------------------------------------------------------------------------------

STRANGE: list[Any] = ["1", b"1", float("nan"), float("inf"), -1, True, [1], {}, 1j, 10**400, -(10**400), 10**5000]


@scenario(
    "settings-that-are-strange",
    "text, NaN, infinity, negative and huge numbers among the settings",
    "`ConfigurationError` that names the setting",
)
def _(bench: Bench) -> None:
    for kind in (Timeouts, RetryPolicy, Limits):
        for member in attrs.fields(kind):
            for value in STRANGE:
                error = bench.misconfigured(lambda: {"x": kind(**{member.name: value})})  # noqa: B023
                assert member.name in str(error)


@scenario("settings-of-other-types", "dicts, classes and numbers in place of the settings", "`ConfigurationError`")
def _(bench: Bench) -> None:
    strange: dict[str, list[Any]] = {
        "timeouts": [None, 5, {}, Timeouts],
        "retry": [None, 3, False, RetryPolicy],
        "limits": [None, 100, Limits],
        "backend": [None, "aiohttp", 7, object()],
        "api_revision": ["2019", None, 7],
        "user_agent": ["", " ", "a\r\nX: 1", "集群", 7, b"x"],
        "per_call": [[None], ["x"]],
        "per_attempt": [[7]],
    }
    for name, values in strange.items():
        for value in values:
            bench.misconfigured(lambda: {name: value})  # noqa: B023


@scenario("settings-that-are-large", "the largest numbers that are taken", "work")
def _(bench: Bench) -> None:
    (result,) = bench.drive(
        CALLS["read"],
        timeouts=Timeouts(connect=1e300, read=1e300, total=1e300),
        retry=RetryPolicy(max_attempts=10**17, base_delay=1e300, quota=10**17),
        limits=Limits(max_connections=10**17, max_in_flight=10**17, requests_per_second=1e300, keepalive_expiry=1e300),
    )
    assert result.error is None


# --- code of the user's -------------------------------------------------------------------------------------------


class Odd(Exception):
    pass


def returns(value: Any) -> Any:
    async def middleware(request: Any, send: Any) -> Any:
        await send(request)
        return value

    return middleware


GARBAGE: list[Any] = [
    None,
    {"Code": "Success"},
    envelope(),
    RawResponse(status="200", headers={}, content=envelope()),  # type: ignore[arg-type]
    RawResponse(status=200, headers=None, content=envelope()),  # type: ignore[arg-type]
    RawResponse(status=200, headers={}, content=envelope().decode()),  # type: ignore[arg-type]
]


def check_garbage(bench: Bench, **settings: Any) -> None:
    read, create, *_ = bench.drive(CALLS["read"], CALLS["create"], **settings)
    assert isinstance(read.error, errors.ConfigurationError)
    assert "must return a RawResponse" in str(read.error)
    assert isinstance(create.error, errors.AmbiguousCreate)
    assert (create.error.outcome, create.error.name) == ("unknown", "one")


@scenario(
    "middleware-that-returns-nothing",
    "a middleware that returns None or something else",
    "`ConfigurationError`; a create that was sent is `AmbiguousCreate`",
)
def _(bench: Bench) -> None:
    for value in GARBAGE:
        check_garbage(bench, per_call=[returns(value)])
        check_garbage(bench, per_attempt=[returns(value)])
    assert len(bench.service.ledger) == 4 * len(GARBAGE)


@scenario("middleware-that-is-not-async", "a middleware that is no coroutine function", "the same")
def _(bench: Bench) -> None:
    for value in GARBAGE:

        def plain(request: Any, send: Any, value: Any = value) -> Any:
            return value

        for where in ("per_call", "per_attempt"):
            read, create, *_ = bench.drive(CALLS["read"], CALLS["create"], **{where: [plain]})
            assert isinstance(read.error, errors.ConfigurationError)
            assert f"must be async, or return an awaitable, not {type(value).__name__}" in str(read.error)
            assert isinstance(create.error, errors.AmbiguousCreate)
    assert bench.service.ledger == []


@scenario("backend-that-returns-nothing", "a backend that returns None or something else", "the same")
def _(bench: Bench) -> None:
    class Backend:
        def __init__(self, value: Any) -> None:
            self.value = value

        async def send(self, request: Any) -> Any:
            return self.value

        async def aclose(self) -> None:
            pass

    for value in GARBAGE:
        check_garbage(bench, backend=Backend(value))


@scenario("middleware-that-raises", "a middleware that raises its own error", "the error comes to the caller as it is")
def _(bench: Bench) -> None:
    odd = Odd("mine")

    async def middleware(request: Any, send: Any) -> Any:
        raise odd

    for where in ("per_call", "per_attempt"):
        results = drive(bench.client_kind, bench.service, list(CALLS.values()), **{where: [middleware]})
        assert [result.error for result in results] == [odd] * 3
    assert bench.service.ledger == []


@scenario("signer-that-returns-line-ends", "a signer that returns line ends and NUL", "`InvalidRequestError`, not sent")
def _(bench: Bench) -> None:
    class Signer:
        def sign(self, method: str, params: Any) -> str:
            return "Action=X\r\nX-Evil: 1\0"

    for result in bench.drive(*CALLS.values(), signer=Signer()):
        assert result.refusal.outcome == "not_sent"
        assert result.requests == 0


@pytest.mark.parametrize("client_kind", CLIENT_KINDS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_input(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client_kind: ClientKind, name: str
) -> None:
    SCENARIOS[name].run(Bench(client_kind, service, monkeypatch, tmp_path))
