"""An item of what a journal's row has: a row that no version of this package has written is damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from cds_eks.fleet.items import STATES, Item, Kind, Origin
from cds_eks.fleet.journal.base import JournalGone

_KINDS = frozenset(get_args(Kind))
_STATES = frozenset(STATES)
_ORIGINS = frozenset((None, *get_args(Origin)))


def item_of(values: Mapping[str, Any]) -> Item:
    """Return the item of a row.

    Args:
        values: What the row has, by the names of an item's attributes; `ids` and `error` as JSON, or read already.

    Raises:
        JournalGone: The row is damaged.
    """
    try:
        ids, error = _read(values["ids"]), _read(values["error"])
    except ValueError:
        raise _damaged(values, "is no JSON") from None
    if not isinstance(ids, dict) or not isinstance(error, dict | None):
        raise _damaged(values, "has ids, or an error, of another kind")
    if values["state"] not in _STATES or values["kind"] not in _KINDS or values["origin"] not in _ORIGINS:
        raise _damaged(values, "has a state, a kind or an origin that there is not")
    return Item(**{**values, "ids": ids, "error": error, "protect": bool(values["protect"])})


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value


def _damaged(values: Mapping[str, Any], why: str) -> JournalGone:
    return JournalGone(
        f"the journal is damaged: its row of {str(values['id'])[:200]!r} {why}: do not use it any more, and restore a "
        "backup or begin with a new one; what exists is then found by name, with adopt='matching'"
    )
