"""Texts that must never be shown, and all the ways in which they may be spelt in a text that is."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NoReturn
from urllib.parse import quote, quote_plus

SHORTEST_SECRET = 4
"""Shorter texts are not looked for: they would be found everywhere."""

_PLAIN = re.compile(r"[A-Za-z0-9]+")
_LONG_PLAIN = re.compile(r"[A-Za-z0-9]{4,}")


class Secrets:
    """Texts that must never be shown. Neither `repr` nor a walk through it shows them: it is no collection.

    How they may be spelt is found out once, when they are first looked for, and kept here: so it goes with them, and no
    cache of the module remembers a secret whose owner is gone.

    Args:
        texts: The texts.
    """

    __slots__ = ("__weakref__", "_marks", "_spellings", "_texts")

    def __init__(self, texts: Iterable[str] | Secrets = ()) -> None:
        self._texts: frozenset[str] = _texts_of(texts)
        self._marks: list[str] | None = None
        self._spellings: tuple[str, ...] | None = None

    @staticmethod
    def of(texts: Iterable[str] | Secrets) -> Secrets:
        """Return some texts as secrets."""
        return texts if isinstance(texts, Secrets) else Secrets(texts)

    @property
    def spellings(self) -> tuple[str, ...]:
        """All spellings of all secrets that are long enough to be looked for, the longest secret first."""
        if self._spellings is None:
            long_enough = sorted(secret for secret in self._texts if len(secret) >= SHORTEST_SECRET)
            ordered = sorted(long_enough, key=len, reverse=True)
            self._spellings = tuple(spelling for secret in ordered for spelling in spellings_of(secret))
        return self._spellings

    def may_be_in(self, text: str) -> bool:
        """Whether a text may hold one of them, in whatever spelling; false means that it does not.

        It asks for a run of letters and digits of each secret, which all spellings leave as it is. To find out how a
        secret may be spelt takes many times as long.
        """
        if self._marks is None:
            self._marks = [_mark_of(secret) for secret in self._texts if len(secret) >= SHORTEST_SECRET]
        for mark in self._marks:  # noqa: SIM110 - a third quicker than `any`, and each call comes by
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


def _mark_of(secret: str) -> str:
    """Return the first run of four letters or digits, or the longest there is."""
    found = _LONG_PLAIN.search(secret)
    return found[0] if found else max(_PLAIN.findall(secret), key=len, default="")


def spellings_of(secret: str) -> tuple[str, ...]:
    """All the ways in which an answer may spell a secret, the longest first: one spelling may lie within another."""
    once = _respelt(secret)
    twice = {again for spelling in once for again in _respelt(spelling)}
    return tuple(sorted(twice | _in_python(secret), key=len, reverse=True))


def _respelt(secret: str) -> set[str]:
    """How a text is spelt in plain, in JSON (Go's JSON too), in a URL and in HTML."""
    if secret.isascii() and secret.isalnum():
        return {secret}
    in_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    from_go = [text.translate({ord(char): f"\\u{ord(char):04x}" for char in "<>&"}) for text in in_json]
    in_url = (*(quote(secret, safe=safe, errors="replace") for safe in ("", "/")), quote_plus(secret, errors="replace"))
    return {secret, *in_json, *from_go, *in_url, html.escape(secret), html.escape(secret, quote=False)}


def _in_python(secret: str) -> set[str]:
    """How errors of Python libraries show a text or bytes that they do not like."""
    quoted = f"{secret}\"'"  # which makes Python escape the one kind of quotes
    shown = {repr(quoted)[1:-4], ascii(quoted)[1:-4], repr(quoted.encode(errors="replace"))[2:-4]}
    return shown | {text.replace("\\'", "'") for text in shown}
