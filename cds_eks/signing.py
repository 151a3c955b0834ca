"""Credentials and the signature of a request: pure functions, and a signer that is quick about them.

The rule [D][O]: percent-encode each name and value as RFC 3986 does, sort by name, join as ``name=value`` with ``&``;
then ``StringToSign = METHOD + "&%2F&" + percent-encode(that)`` and
``Signature = base64(HMAC-SHA1(key, StringToSign))``. The body is not signed.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
import time
from base64 import b64encode
from binascii import b2a_base64
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self
from urllib.parse import quote

import attrs

from cds_eks._runtime import clocks
from cds_eks._runtime.nonces import Nonces
from cds_eks.redaction import NO_SECRETS, Secrets

__all__ = [
    "COMMON_PARAMETERS",
    "Credentials",
    "HmacSha1Signer",
    "Signer",
    "canonical_query",
    "signature",
    "string_to_sign",
]

API_VERSION = "2019-08-08"

EARLIEST, LATEST = 1_577_836_800.0, 4_102_444_800.0
"""A service whose clock shows a year before 2020 or after 2099 is not believed."""

COMMON_PARAMETERS = frozenset(
    {
        "AccessKeyId",
        "Action",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureVersion",
        "Timestamp",
        "Version",
    }
)
"""The query parameters that belong to the scheme and that no caller may set."""


def _masked(_: Any) -> str:
    return "'***'"


@attrs.frozen
class Credentials:
    """The access key of an account [D].

    Args:
        access_key_id: Id of the key (`CDS_SECRET_ID`).
        secret_access_key: The key itself (`CDS_SECRET_KEY`).

    Neither is ever shown by `repr`, and credentials are not pickled.
    """

    access_key_id: str = attrs.field(repr=_masked)
    secret_access_key: str = attrs.field(repr=_masked)

    @functools.cached_property
    def texts(self) -> Secrets:
        """Both, as what must never be shown."""
        return Secrets({self.access_key_id, self.secret_access_key})

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled: hand them over by the environment or a secret store")

    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Credentials:
        return self


_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")


def percent_encode(text: str) -> str:
    """Encode a text as RFC 3986 does: only ``A-Z a-z 0-9 - _ . ~`` stay."""
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def canonical_query(params: Mapping[str, str]) -> str:
    """Return the encoded parameters, sorted by name, as they are signed and sent."""
    encoded = [(percent_encode(name), percent_encode(value)) for name, value in params.items()]
    return "&".join([f"{name}={value}" for name, value in sorted(encoded)])


def string_to_sign(method: str, params: Mapping[str, str]) -> str:
    """Return the text that the signature is made of.

    Args:
        method: `GET` or `POST`.
        params: All query parameters but `Signature`, not encoded.
    """
    return f"{method}&%2F&{_again(canonical_query(params))}"


def signature(secret_access_key: str, method: str, params: Mapping[str, str]) -> str:
    """Return the signature of a request, in base64.

    Args:
        secret_access_key: The secret key.
        method: `GET` or `POST`.
        params: All query parameters but `Signature`, not encoded.
    """
    text = string_to_sign(method, params)
    return b64encode(hmac.digest(secret_access_key.encode(), text.encode(), "sha1")).decode()


class Signer(Protocol):
    """What signs each attempt. Hand your own to a client as `signer=`."""

    def sign(self, method: str, params: Mapping[str, str]) -> str | Awaitable[str]:
        """Return the whole encoded query string of one attempt, or an awaitable of it.

        Args:
            method: `GET` or `POST`.
            params: The action and its query arguments, not encoded. The common parameters are the signer's to add.
        """
        ...  # pragma: no cover - a protocol has no body


class HmacSha1Signer:
    """The service's own scheme, with the work that attempts have in common done once.

    Args:
        credentials: The credentials, or a callable that returns the ones to use now (for rotation).
        clock: Seconds since the epoch; the time of this machine.
        nonce: Returns a text that was never returned before.
    """

    def __init__(
        self,
        credentials: Credentials | Callable[[], Credentials],
        *,
        clock: Callable[[], float] = clocks.wall,
        nonce: Callable[[], str] | None = None,
    ) -> None:
        self._provide: Callable[[], Credentials] = credentials if callable(credentials) else lambda: credentials
        self._clock = clock
        # Ours have nothing to encode.
        self._nonce: Callable[[], str] = Nonces().next if nonce is None else lambda: percent_encode(nonce())
        self._key: _Key | None = None
        self._offset = 0.0
        self._time = (-1, "", "")

    def __repr__(self) -> str:
        return "HmacSha1Signer(***)"

    def sign(self, method: str, params: Mapping[str, str]) -> str:
        """Return the encoded query string with the common parameters and the signature."""
        known = self._time
        if (second := int(self._clock() + self._offset)) != known[0]:
            self._time = known = _timestamp(second)  # made once a second
        return self._signed(method, params, known)

    def sign_at(self, method: str, params: Mapping[str, str], at: float) -> str:
        """Return the same with another time than now: seconds since the epoch, by this machine's clock."""
        return self._signed(method, params, _timestamp(int(at + self._offset)))

    def _signed(self, method: str, params: Mapping[str, str], time_of_it: tuple[int, str, str]) -> str:
        credentials = self._provide()
        key = self._key  # one value, as is the time below: threads may share a signer while its keys are rotated
        if key is None or (key.credentials is not credentials and key.credentials != credentials):
            key = self._key = _Key.of(credentials)
        asked = (method, *params.items())
        form = key.forms.get(asked) or key.form_of(asked)
        nonce, (_, timestamp, timestamp_again) = self._nonce(), time_of_it
        inner, outer = form.inner.copy(), key.outer.copy()
        inner.update(f"{nonce.replace('%', '%25')}{form.signed_between}{timestamp_again}{form.signed_after}".encode())
        outer.update(inner.digest())
        made = b2a_base64(outer.digest(), newline=False).decode()
        made = made.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        return f"{form.before}{nonce}{form.between}{timestamp}{form.after}&Signature={made}"

    def secrets(self) -> Secrets:
        """Return what must never be shown of the key that was signed with last."""
        return NO_SECRETS if self._key is None else self._key.credentials.texts

    def set_clock(self, service_time: float) -> None:
        """Sign by the service's time from now on, however this machine's clock is off.

        Args:
            service_time: The service's time, in seconds since the epoch. One that makes no sense changes nothing.
        """
        if EARLIEST <= service_time <= LATEST:
            self._offset = service_time - self._clock()


def _timestamp(second: int) -> tuple[int, str, str]:
    """Return a second, and its timestamp encoded once and twice."""
    timestamp = percent_encode(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second)))
    return second, timestamp, _again(timestamp)


def _again(encoded: str) -> str:
    """Encode what is encoded already: nothing else is left in it that changes."""
    return encoded.replace("%", "%25").replace("=", "%3D").replace("&", "%26")


if TYPE_CHECKING:

    class _Hash(Protocol):
        """What `hashlib` makes: the type has no public name."""

        def copy(self) -> Self: ...
        def update(self, data: bytes, /) -> None: ...
        def digest(self) -> bytes: ...


@attrs.frozen
class _Form:
    """All of a query but its nonce and its time: as it is sent, and encoded again, as it is signed.

    Attributes:
        inner: Has seen what is signed before the nonce.
    """

    before: str = attrs.field(repr=False)
    between: str = attrs.field(repr=False)
    after: str = attrs.field(repr=False)
    inner: _Hash = attrs.field(repr=False)
    signed_between: str = attrs.field(repr=False)
    signed_after: str = attrs.field(repr=False)


_GAP = "\0"
"""Stands for the nonce and for the time. Nothing that is encoded has it."""


@attrs.frozen
class _Key:
    """What all signatures with a key have in common: the two halves of HMAC (RFC 2104), only to be copied.

    Attributes:
        forms: Those of requests that were signed before, by method and parameters.
    """

    credentials: Credentials
    inner: _Hash = attrs.field(repr=False)
    outer: _Hash = attrs.field(repr=False)
    forms: dict[tuple[Any, ...], _Form] = attrs.field(factory=dict, repr=False)

    @classmethod
    def of(cls, credentials: Credentials) -> _Key:
        key = credentials.secret_access_key.encode()
        block = (hashlib.sha1(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        inner, outer = (hashlib.sha1(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
        return cls(credentials, inner, outer)

    def form_of(self, asked: tuple[Any, ...]) -> _Form:
        """Make a form, and keep it if it is short: polls ask for the same again and again."""
        method, *params = asked
        encoded = [(percent_encode(name), percent_encode(value)) for name, value in params]
        common = (
            ("AccessKeyId", percent_encode(self.credentials.access_key_id)),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", _GAP),
            ("SignatureVersion", "1.0"),
            ("Timestamp", _GAP),
            ("Version", API_VERSION),
        )
        query = "&".join([f"{name}={value}" for name, value in sorted([*common, *encoded])])
        before, between, after = query.split(_GAP)
        signed_before, signed_between, signed_after = _again(query).split(_GAP)
        inner = self.inner.copy()
        inner.update(f"{method}&%2F&{signed_before}".encode())
        form = _Form(before, between, after, inner, signed_between, signed_after)
        if len(query) <= LONGEST_KEPT:
            if len(self.forms) >= MOST_KEPT:
                self.forms.clear()
            self.forms[asked] = form
        return form


LONGEST_KEPT = 1024
"""Forms of so many characters are kept."""

MOST_KEPT = 1024
"""How many of them are kept."""
