"""Who sent a request, and is it fresh: the signature, the timestamp's window, and the nonce."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from heapq import heappop, heappush

from cds_eks.emulator.protocol.envelope import Refusal
from cds_eks.signing import API_VERSION, COMMON_PARAMETERS, Credentials, signature

__all__ = ["CREDENTIALS", "REPLAY", "Verifier"]

CREDENTIALS = Credentials("emulator-access-key-id", "emulator-secret-access-key")
"""The key that the emulator knows if it is not given another: good for nothing else."""

REPLAY = ("AccessDenied", "SignatureNonce was used before")
"""Code and message for a nonce that was used before [I]: no code is known, this one fits best."""

_COMMON_PARAMETERS = sorted(COMMON_PARAMETERS)
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Verifier:
    """Checks the common parameters of each request [D][O].

    Args:
        credentials: The one key that is known.
        window: How many seconds a timestamp may lie behind or ahead.
        wall_clock: The time that timestamps are judged by, in seconds since the epoch.
    """

    def __init__(self, credentials: Credentials, *, window: float, wall_clock: Callable[[], float]) -> None:
        self._credentials = credentials
        self._window = window
        self._wall_clock = wall_clock
        self._nonces: set[str] = set()
        self._forgotten_at: list[tuple[float, str]] = []

    def verify(self, method: str, query: Mapping[str, str], *, skew: float = 0.0, replayed: bool = False) -> None:
        """Let a request through, and remember its nonce.

        Args:
            method: The HTTP method.
            query: All query parameters, decoded.
            skew: How many seconds the wall clock is to be ahead.
            replayed: Whether a nonce that was used before is to be let through.

        Raises:
            Refusal: With the code of the first check that fails.
        """
        for name in _COMMON_PARAMETERS:
            if not query.get(name):
                raise Refusal("ArgMissing", f"{name} is missing")
        if query["Version"] != API_VERSION:
            raise Refusal("InvalidVersion", f"Version must be {API_VERSION}")
        for name, only in (("SignatureMethod", "HMAC-SHA1"), ("SignatureVersion", "1.0")):
            if query[name] != only:
                raise Refusal("InvalidParameter", f"{name} must be {only}")
        if not _same(query["AccessKeyId"], self._credentials.access_key_id):
            raise Refusal("InvalidAccessKeyId", "the AccessKeyId is not known")
        signed = {name: value for name, value in query.items() if name != "Signature"}
        if not _same(query["Signature"], signature(self._credentials.secret_access_key, method, signed)):
            raise Refusal("SignatureDoesNotMatch", "the Signature is not that of this request and key")
        self._check_fresh(_seconds(query["Timestamp"]), query["SignatureNonce"], skew, replayed)

    def is_part_of_key(self, text: str) -> bool:
        """Whether a text holds the key's id or secret."""
        return self._credentials.access_key_id in text or self._credentials.secret_access_key in text

    def _check_fresh(self, signed_at: float, nonce: str, skew: float, replayed: bool) -> None:
        """Check the time and the nonce of a request whose signature is right: only such a nonce is remembered."""
        now = self._wall_clock()
        if abs(now + skew - signed_at) > self._window:
            raise Refusal("RequestExpired", f"Timestamp is more than {self._window:g} seconds off")
        while self._forgotten_at and self._forgotten_at[0][0] < now:
            self._nonces.discard(heappop(self._forgotten_at)[1])
        if nonce in self._nonces and not replayed:
            raise Refusal(*REPLAY)
        self._nonces.add(nonce)
        # A timestamp ahead of time stays good for longer than one window: its nonce is stored for as long.
        heappush(self._forgotten_at, (max(now, now + skew, signed_at) + self._window, nonce))


def _same(one: str, other: str) -> bool:
    """Compare in a time that doesn't tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


@lru_cache(maxsize=256)  # requests of the same second
def _seconds(timestamp: str) -> float:
    """Return a timestamp in seconds since the epoch."""
    try:
        if _TIMESTAMP.fullmatch(timestamp):
            return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:  # a month 13
        pass
    raise Refusal("InvalidParameter", "Timestamp must be YYYY-MM-DDTHH:MM:SSZ")
