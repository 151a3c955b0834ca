"""Redaction: secrets, the encodings in which a text may hold them, and foreign text made fit to show."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NoReturn
from urllib.parse import quote, quote_plus, unquote, unquote_plus

SHORTEST_SECRET = 4
"""Shorter texts are not looked for: they would be found everywhere."""

LONGEST_LOOK = 65536
"""How far secrets are looked for in a text of which much less is shown."""

_PLAIN = re.compile(r"[A-Za-z0-9]+")
_LONG_PLAIN = re.compile(r"[A-Za-z0-9]{4,}")


class Secrets:
    """Texts that must never be shown. Neither `repr` nor a walk through it shows them: it is no collection.

    Their encodings are computed once, when they are first looked for, and stored here, not in a cache of the module: so
    they live no longer than the client that has them.

    Args:
        texts: The texts.
    """

    __slots__ = ("__weakref__", "_encodings", "_marks", "_texts")

    def __init__(self, texts: Iterable[str] | Secrets = ()) -> None:
        self._texts: frozenset[str] = _texts_of(texts)
        self._marks: list[str] | None = None
        self._encodings: tuple[str, ...] | None = None

    @staticmethod
    def of(texts: Iterable[str] | Secrets) -> Secrets:
        """Return some texts as secrets."""
        return texts if isinstance(texts, Secrets) else Secrets(texts)

    @property
    def encodings(self) -> tuple[str, ...]:
        """All encodings of all secrets that are long enough to be looked for, the longest secret first."""
        if self._encodings is None:
            long_enough = sorted(secret for secret in self._texts if len(secret) >= SHORTEST_SECRET)
            ordered = sorted(long_enough, key=len, reverse=True)
            self._encodings = tuple(encoding for secret in ordered for encoding in encodings_of(secret))
        return self._encodings

    def may_be_in(self, text: str) -> bool:
        """Whether a text may hold one of them, in any encoding; false means that it does not.

        It looks for a run of letters and digits of each secret, which all encodings leave as it is: that is many times
        quicker than to compute the encodings.
        """
        if self._marks is None:
            self._marks = [_quick_mark(secret) for secret in self._texts if len(secret) >= SHORTEST_SECRET]
        for mark in self._marks:  # noqa: SIM110 - a third quicker than `any`, and on the path of each call
            if mark in text:
                return True
        return False

    def __or__(self, other: Iterable[str] | Secrets) -> Secrets:
        both = self._texts | _texts_of(other)
        return self if len(both) == len(self._texts) else Secrets(both)

    __ror__ = __or__

    def __le__(self, other: Secrets) -> bool:
        return self._texts <= _texts_of(other)

    def __ge__(self, other: Secrets) -> bool:
        return self._texts >= _texts_of(other)

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __eq__(self, other: object) -> bool:
        return self._texts == _texts_of(other) if isinstance(other, (Secrets, AbstractSet)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._texts)

    def __repr__(self) -> str:
        return "Secrets(***)"

    def __copy__(self) -> Secrets:
        return self

    def __deepcopy__(self, memo: object) -> Secrets:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not pickled")


def _texts_of(texts: Iterable[str] | Secrets) -> frozenset[str]:
    return texts._texts if isinstance(texts, Secrets) else frozenset(texts)  # noqa: SLF001 - our own


NO_SECRETS = Secrets()


def _quick_mark(secret: str) -> str:
    """Return the first run of four letters or digits, or the longest there is."""
    found = _LONG_PLAIN.search(secret)
    return found[0] if found else max(_PLAIN.findall(secret), key=len, default="")


def encodings_of(secret: str) -> tuple[str, ...]:
    """Return all encodings in which an answer may hold a secret, the longest first: one may contain another."""
    once = _encoded_once(secret)
    twice = {again for encoding in once for again in _encoded_once(encoding)}
    return tuple(sorted(twice | _in_python(secret), key=len, reverse=True))


def _encoded_once(secret: str) -> set[str]:
    """Return a text in plain, in JSON (Go's JSON too), in a URL and in HTML."""
    if secret.isascii() and secret.isalnum():
        return {secret}
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    from_go = [text.translate({ord(char): f"\\u{ord(char):04x}" for char in "<>&"}) for text in in_json]
    in_url = (*(quote(secret, safe=safe, errors="replace") for safe in ("", "/")), quote_plus(secret, errors="replace"))
    return {secret, *in_json, *from_go, *in_url, html.escape(secret), html.escape(secret, quote=False)}


def _in_python(secret: str) -> set[str]:
    """Return a text as errors of Python libraries show texts or bytes."""
    quoted = f"{secret}\"'"  # which makes Python escape the one kind of quotes
    shown = {repr(quoted)[1:-4], ascii(quoted)[1:-4], repr(quoted.encode(errors="replace"))[2:-4]}
    return shown | {text.replace("\\'", "'") for text in shown}


def printable(text: str, most: int) -> str:
    """Return a foreign text in one line of bounded length, without control characters and lone surrogates."""
    if len(text) <= most and text.isprintable():
        return text
    line = "".join([char if char.isprintable() else " " for char in text[: most + 1]])
    return line if len(line) <= most else f"{line[:most]}…"


def presentable(text: str, secrets: Iterable[str] | Secrets, most: int) -> str:
    """Return a foreign text fit to be shown: one line of bounded length, without secrets. Megabytes are cut first."""
    hidden = secrets if isinstance(secrets, Secrets) else Secrets(secrets)
    if len(text) <= most and text.isprintable() and "ignature" not in text and not hidden.may_be_in(text):
        return text  # as nearly all are
    return printable(redact(text[:LONGEST_LOOK], hidden, is_cut=len(text) > LONGEST_LOOK), most)


def redact(text: str, secrets: Iterable[str] | Secrets, *, is_cut: bool = False) -> str:
    """Return a text with each secret of four characters or more, in any encoding, and each signature replaced.

    Args:
        text: The text.
        secrets: The secrets.
        is_cut: Whether the text may end in the middle of a secret; its beginning is replaced as well then.
    """
    for encoding in Secrets.of(secrets).encodings:
        if encoding in text:
            text = text.replace(encoding, "***")
        if is_cut:
            text = _without_partial(text, encoding)
    return _SIGNATURE.sub(r"\1***", text) if "ignature" in text else text


# A URL of ours, as a proxy's page or the service may repeat it: with it the request could be sent, if it never arrived.
_SIGNATURE = re.compile(r"(Signature(?:=|%3D|%253D|\\u003d|&#61;))[A-Za-z0-9+/%=_.~-]+")


def _without_partial(text: str, encoding: str) -> str:
    """Return a text without the beginning of a secret at its end."""
    start = text.find(encoding[:SHORTEST_SECRET], max(0, len(text) - len(encoding)))
    while start >= 0 and not encoding.startswith(text[start:]):
        start = text.find(encoding[:SHORTEST_SECRET], start + 1)
    return text if start < 0 else f"{text[:start]}***"


_SECRET_NAMES = re.compile(
    r"ak|sk|pass|.*(passw|passphrase|pwd|secret|accesskey|apikey|privatekey|signingkey|token|credential|"
    r"authorization|cookie|kubeconfig).*",
    re.IGNORECASE | re.DOTALL,
)
_BETWEEN_WORDS = re.compile(r"[-_.\s]+")


def is_secret_name(name: object) -> bool:
    """Whether what has this name on the wire must never be shown, and nothing that lies below it."""
    return isinstance(name, str) and _SECRET_NAMES.fullmatch(_BETWEEN_WORDS.sub("", name)) is not None


def secrets_in(plain: Any) -> set[str]:
    """Return the texts and numbers of plain data that lie below a name which says that they must never be shown."""
    found: set[str] = set()
    seen: set[tuple[int, bool]] = set()  # it is a caller's, and may be of any depth, or hold itself
    rest: list[tuple[Any, bool]] = [(plain, False)]
    while rest:
        value, is_secret = rest.pop()
        if isinstance(value, Mapping):
            if (id(value), is_secret) not in seen:
                seen.add((id(value), is_secret))
                rest += [(entry, is_secret or is_secret_name(name)) for name, entry in value.items()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            if (id(value), is_secret) not in seen:
                seen.add((id(value), is_secret))
                rest += [(entry, is_secret) for entry in value]
        elif is_secret and isinstance(value, str):
            found.add(value)
        elif is_secret and isinstance(value, (int, float)) and not isinstance(value, bool):
            found.add(_number_text(value))
    found.discard("")
    return found


def _number_text(number: float) -> str:
    try:
        return str(number)
    except ValueError:  # Python converts no very long ones, so none is shown
        return ""


def secrets_of_proxy(url: str) -> frozenset[str]:
    """Return what must never be shown of a proxy's URL: its password, and what is made of that for the proxy.

    A proxy may repeat a request's head in its page, and some do: it has `user:password` in Base64 there.

    Args:
        url: The URL, such as `http://user:password@proxy:3128`, as the environment has it.
    """
    rest = url.partition("://")[2] or url
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    userinfo = (authority if "@" in authority else rest).rpartition("@")[0]
    if not userinfo:
        return frozenset()
    user, _, password = userinfo.partition(":")
    found = {password or user, unquote(password or user), quote(unquote(password or user), safe="")}
    for pair in (f"{user}:{password}", f"{unquote(user)}:{unquote(password)}"):
        encoded = base64.b64encode(pair.encode(errors="replace")).decode()
        found |= {encoded, encoded.rstrip("=")}
    return frozenset(found)


_OF_THE_SIGNATURE = frozenset({"signature", "signaturenonce"})


def redacted_url(url: object) -> str:
    """Return a URL fit to be logged or traced: what is secret in its query has the value `***`.

    That is the signature, its nonce and the id of the key, whatever else has a name that says so, and a user with a
    password in front of the host. All else stays as it is.

    Args:
        url: The URL as a text, as bytes, or as an object whose `str` it is (`httpx.URL`).
    """
    text = url.decode("utf-8", "replace") if isinstance(url, (bytes, bytearray)) else str(url)
    rest, mark, fragment = text.partition("#")
    head, question, query = rest.partition("?")
    head = re.sub(r"(?<=//)[^/]*@", "***@", head)
    return f"{head}{question}{'&'.join(map(_redacted, query.split('&')))}{mark}{fragment}"


def _redacted(pair: str) -> str:
    name, equals, value = pair.partition("=")
    plain = unquote_plus(name)
    is_secret = plain.strip().lower() in _OF_THE_SIGNATURE or is_secret_name(plain)
    return f"{name}{equals}***" if value and is_secret else pair
