"""A report as plain data, for JSON, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.report.data import Moment, ReportItem

SCHEMA_VERSION = 1


def item_to_dict(item: ReportItem) -> dict[str, Any]:
    """Return an item as plain data, its keys in the order of its attributes."""
    return {
        "kind": item.kind,
        "name": item.name,
        "cluster_name": item.cluster_name,
        "vpc_id": item.vpc_id,
        "state": item.state,
        "ids": dict(item.ids),
        "origin": item.origin,
        "request_id": item.request_id,
        "error": None if item.error is None else plain(item.error),
        "history": [{"at": moment.at, "state": moment.state} for moment in item.history],
        "differences": plain(item.differences),
        "replicas": item.replicas,
        "unseen": list(item.unseen),
        "cluster_status": item.cluster_status,
    }


def item_from_dict(data: Mapping[str, Any]) -> ReportItem:
    """Return an item of what `item_to_dict` has made; what it does not know is left out."""
    return ReportItem(
        kind=data["kind"],
        name=data["name"],
        cluster_name=data["cluster_name"],
        vpc_id=data["vpc_id"],
        state=data["state"],
        ids=dict(data["ids"]),
        origin=data["origin"],
        request_id=data["request_id"],
        error=None if data["error"] is None else dict(data["error"]),
        history=tuple(Moment(at=moment["at"], state=moment["state"]) for moment in data["history"]),
        differences=dict(data["differences"]),
        replicas=data["replicas"],
        unseen=tuple(data.get("unseen", ())),
        cluster_status=data.get("cluster_status"),
    )


def check_version(data: Mapping[str, Any]) -> None:
    """Refuse what is no report, or one of a later schema."""
    version = data.get("schema_version")
    if type(version) is not int or version < 1:
        raise ConfigurationError("this is no report of a fleet: it has no schema_version")
    if version > SCHEMA_VERSION:
        raise ConfigurationError(
            f"the report has schema version {version}; this version of cds-eks reads up to {SCHEMA_VERSION}"
        )


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: mappings as dicts, sequences as lists, anything else by its text."""
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return str(value)
