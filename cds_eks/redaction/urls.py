"""URLs: what of them must never be shown."""

from __future__ import annotations

import re
from binascii import b2a_base64
from urllib.parse import quote, unquote, unquote_plus

from cds_eks.redaction.names import is_secret_name


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
        encoded = b2a_base64(pair.encode(errors="replace"), newline=False).decode()
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
