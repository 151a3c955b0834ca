"""Parts of the ledger: the requests that came, and what was created, by which request, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs

from cds_eks.emulator.control.slices import Row, slice_of
from cds_eks.emulator.engine.ledger import Ledger, RequestEntry, ResourceEntry

__all__ = ["TABLES", "part"]

TABLES = ("resources", "requests")

_OF_A_CLUSTER = ("node", "node_pool", "scaling_group")
"""Kinds of which each cluster may have one of the same name."""


def part(ledger: Ledger, asked: Mapping[str, Any]) -> Row:
    """Return a part of one of its tables, with how many rows each has, and how many names were created twice."""
    requests, resources = ledger.both()
    often = Counter(_identity(each) for each in resources if each.kind not in _OF_A_CLUSTER)
    twice = sum(count > 1 for count in often.values())
    if asked["table"] == "requests":
        found = slice_of(requests, _request, _texts_of_request, asked)
    else:
        made_by = {each.request_id: each for each in requests if each.committed and each.method == "POST"}
        sent = Counter(each.call_id for each in requests if each.call_id)

        def row(entry: ResourceEntry) -> Row:
            return _resource(entry, made_by.get(entry.request_id), sent) | {"times": often.get(_identity(entry), 1)}

        found = slice_of(resources, row, lambda each: (each.kind, each.id, each.name, each.request_id), asked)
    counts = {"resources": len(resources), "requests": len(requests), "twice": twice}
    return found | {"counts": counts}


def _identity(entry: ResourceEntry) -> tuple[str, str]:
    return entry.kind, entry.name


def _request(entry: RequestEntry) -> Row:
    plain = attrs.asdict(entry, filter=lambda field, _value: field.name not in ("params", "body", "key"))
    return plain | {"lost": entry.lost}


def _texts_of_request(entry: RequestEntry) -> tuple[object, ...]:
    return entry.action, entry.code, entry.fault or "", entry.request_id, entry.call_id, *entry.created


def _resource(entry: ResourceEntry, request: RequestEntry | None, sent: Counter[str]) -> Row:
    """Return a resource, with the request that it comes from as far as that is still stored.

    `sent` is how many requests of that call there are: its attempts, and what the network repeated.
    """
    if request is None:
        return attrs.asdict(entry) | {"request": None}
    known = {name: getattr(request, name) for name in ("index", "action", "fault", "lost", "repeated")}
    return attrs.asdict(entry) | {"request": {**known, "sent": sent[request.call_id] if request.call_id else 1}}
