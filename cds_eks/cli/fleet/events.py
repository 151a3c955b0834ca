"""The events of a run as plain data, for `-o jsonl`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from cds_eks.cli.fleet.wording import in_options

if TYPE_CHECKING:
    from cds_eks.fleet.items import Item
    from cds_eks.fleet.run.events import Event

SHOWN = ("id", "kind", "name", "cluster_name", "vpc_id", "state", "ids", "origin", "request_id", "error")
"""What is told of an item."""


def as_data(event: Event) -> dict[str, Any]:
    """Return an event: `event` is its class's name in small letters; of what an item was before, only the state."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    fields = {field.name: _plain(getattr(event, field.name)) for field in attrs.fields(type(event))}
    if isinstance(before := fields.get("before"), dict):
        fields["before"] = before["state"]
    return {"event": name, **fields}


def _plain(value: Any) -> Any:
    from cds_eks.fleet.items import Item

    if isinstance(value, Item):
        return _item(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value


def _item(item: Item) -> dict[str, Any]:
    from cds_eks.fleet.items import ids_of_service

    told = {name: getattr(item, name) for name in SHOWN}
    error = None if item.error is None else {**item.error}
    if error is not None and error.get("message"):
        error["message"] = in_options(str(error["message"]))
    return told | {"ids": ids_of_service(item), "error": error}
