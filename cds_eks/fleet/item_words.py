"""Items in words, for people: in events, reports and progress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cds_eks.redaction import printable

MOST_OF_A_TEXT = 300
"""How many characters of a text of others stand in a line."""


class Named(Protocol):
    """What is a cluster or a node pool: an item of a journal, or one of a report."""

    @property
    def kind(self) -> str:
        """`cluster` or `node_pool`."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def name(self) -> str:
        """Its name."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def cluster_name(self) -> str:
        """The name of its cluster."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def state(self) -> str:
        """How far it is."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def error(self) -> Mapping[str, Any] | None:
        """What went wrong, or None."""
        ...  # pragma: no cover - a protocol has no body


def clean(text: str) -> str:
    """Return a text of others in one line of bounded length."""
    return printable(text, MOST_OF_A_TEXT)


def in_words(item: Named) -> str:
    """Return what an item is: `node pool gpu-001/workers`, since pools of many clusters have one name."""
    name = item.name if item.kind == "cluster" else f"{item.cluster_name}/{item.name}"
    return f"{item.kind.replace('_', ' ')} {clean(name)}"


def in_one_line(item: Named) -> str:
    """Return what an item is, how far it is, and why."""
    error = item.error or {}
    said = [str(error[name]) for name in ("code", "message") if error.get(name)] or [str(error.get("class") or "")]
    return f"{in_words(item)}: {item.state}" + (f" ({clean(': '.join(said))})" if any(said) else "")
