"""What of a plan must never be shown: its secrets, and texts and ids of the service without them.

A service may repeat what it was sent: in an error, in a status, in place of an id. So all that a run writes, tells or
reports goes through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

from cds_eks.fleet.items import Change
from cds_eks.redaction.echoes import STARS, Echoes

CUT_AT = 500
"""Texts of so many characters may have been cut in the middle of a secret."""

OWN_IDS = frozenset({"cluster_id", "node_pool_id"})


class Hidden:
    """Secrets, in all the encodings in which a text may hold them. Neither `repr` nor pickles show them."""

    __slots__ = ("_echoes", "_texts")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: set[str] = set()
        self._echoes = Echoes()
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Hide a text from now on."""
        if text and text not in self._texts:
            self._texts.add(text)
            self._echoes.add(text)

    def update(self, other: Hidden) -> None:
        """Hide all that another one hides."""
        for text in other._texts - self._texts:
            self.add(text)

    def text(self, text: str) -> str:
        """Return a text without the secrets; of one that may have been cut, without the beginning of one at its end."""
        return self._echoes.redacted(text, is_cut=len(text) >= CUT_AT, is_id=True)

    def is_in(self, text: str) -> bool:
        """Whether a text is one of the secrets, or holds one."""
        return text in self._texts or self.text(text) != text

    def plain(self, value: Any) -> Any:
        """Return plain data in whose texts and names no secret is."""
        if isinstance(value, str):
            return STARS if value in self._texts else self.text(value)
        if isinstance(value, Mapping):
            return {self.plain(name): self.plain(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)([self.plain(each) for each in value])
        return value

    def change(self, change: Change) -> Change:
        """Return a change as it may be written. What holds a secret is no id of anything.

        An accepted create that names no other id is unknown: what it has made is looked for by its name.
        """
        if not self._texts:
            return change
        ids = {name: value for name, value in change.ids.items() if not self.is_in(value)}
        error = change.error and {name: self.plain(value) for name, value in change.error.items()}
        is_of_create = change.state == "accepted" and change.origin == "created"
        is_open = is_of_create and not OWN_IDS.isdisjoint(change.ids) and OWN_IDS.isdisjoint(ids)
        return attrs.evolve(
            change,
            state="unknown" if is_open else change.state,
            ids=ids,
            error=error,
            request_id=self._optional(change.request_id),
            call_id=self._optional(change.call_id),
        )

    def _optional(self, text: str | None) -> str | None:
        return None if text is None else str(self.plain(text))

    def __repr__(self) -> str:
        return "Hidden(***)"

    def __reduce__(self) -> Any:
        raise TypeError("secrets are not pickled")


hidden_now: ContextVar[Hidden | None] = ContextVar("hidden_now", default=None)
"""Learns each secret that is asked for meanwhile, above all those that only a command gives."""


def hidden_of(plan: object) -> Hidden:
    """Return what hides the secrets of a plan, as far as they can be had without running a command."""
    known = getattr(plan, "known_secrets", None)
    return Hidden(() if known is None else known())


@contextmanager
def hiding(plan: object, hidden: Hidden | None = None) -> Iterator[Hidden]:
    """Hide the secrets of a plan: those that can be had without running a command, and all that are asked for within.

    Args:
        plan: The plan.
        hidden: What hides them; None for a new one.
    """
    known = hidden_of(plan)
    hidden = known if hidden is None else hidden
    hidden.update(known)
    token = hidden_now.set(hidden)
    try:
        yield hidden
    finally:
        hidden_now.reset(token)
