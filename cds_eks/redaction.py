"""What must never be shown, and foreign text made fit to be shown."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from cds_eks.spellings import SHORTEST_SECRET, Secrets

LONGEST_LOOK = 65536
"""How far secrets are looked for in a text of which much less is shown."""


def printable(text: str, most: int) -> str:
    """Return a foreign text in one line of bounded length, without control characters and lone surrogates."""
    if len(text) <= most and text.isprintable():
        return text
    line = "".join([char if char.isprintable() else " " for char in text[: most + 1]])
    return line if len(line) <= most else f"{line[:most]}…"


def presentable(text: str, secrets: Iterable[str] | Secrets, most: int) -> str:
    """Return a foreign text fit to be shown: one line of bounded length, without secrets. Megabytes are cut first."""
    hidden = Secrets.of(secrets)
    if len(text) <= most and text.isprintable() and "ignature" not in text and not hidden.may_be_in(text):
        return text  # as nearly all are
    return printable(blot(text[:LONGEST_LOOK], hidden, is_cut=len(text) > LONGEST_LOOK), most)


def blot(text: str, secrets: Iterable[str] | Secrets, *, is_cut: bool = False) -> str:
    """Return a text with every secret of four characters or more replaced, however it is spelt, and each signature.

    Args:
        text: The text.
        secrets: The secrets.
        is_cut: Whether the text may break off in the middle of a secret; what there is of it goes as well then.
    """
    for spelling in Secrets.of(secrets).spellings:
        if spelling in text:
            text = text.replace(spelling, "***")
        if is_cut:
            text = _without_begun(text, spelling)
    return _SIGNATURE.sub(r"\1***", text) if "ignature" in text else text


# A URL of ours, as a proxy's page or the service may repeat it. Who has it could send the request, if it never arrived.
_SIGNATURE = re.compile(r"(Signature(?:=|%3D|%253D|\\u003d|&#61;))[A-Za-z0-9+/%=_.~-]+")


def _without_begun(text: str, spelling: str) -> str:
    """Return a text without the beginning of a secret at its end."""
    start = text.find(spelling[:SHORTEST_SECRET], max(0, len(text) - len(spelling)))
    while start >= 0 and not spelling.startswith(text[start:]):
        start = text.find(spelling[:SHORTEST_SECRET], start + 1)
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
            found.add(_spelt_out(value))
    found.discard("")
    return found


def _spelt_out(number: float) -> str:
    try:
        return str(number)
    except ValueError:  # Python does not spell the longest ones, so nobody shows them
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
    password in front of the host. All else stays as it is, and in its place.

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
