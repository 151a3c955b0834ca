"""Texts that never repeat: nonces, and the ids of calls."""

from __future__ import annotations

import itertools
import secrets
import uuid
from collections.abc import Iterator

from cds_eks._runtime import forks


class Nonces:
    """Texts that never repeat: a random prefix and a counter. A forked process makes a prefix of its own."""

    _form = "%08x"

    def __init__(self) -> None:
        self._series = self._new_series()

    @classmethod
    def _new_series(cls) -> tuple[int, str, Iterator[int]]:
        return forks.process(), cls._prefix(), itertools.count()

    @staticmethod
    def _prefix() -> str:
        return f"{secrets.token_hex(12)}-"

    def next(self) -> str:
        """Return the next one: 24 hex digits, a dash, and 8 or more hex digits."""
        process, prefix, counter = self._series  # one value, so that threads never see half of a new one
        if process != forks.process():
            self._series = _, prefix, counter = self._new_series()
        return prefix + (self._form % next(counter))


class CallIds(Nonces):
    """The ids of calls: each a UUID whose last group counts, which costs a fifth of one that is all random."""

    _form = "%012x"

    @staticmethod
    def _prefix() -> str:
        return str(uuid.uuid4())[:24]
