"""What of a plan a revision of the API can't carry: found without sending anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from cds_eks.codec.serialize import to_wire
from cds_eks.documents.reading import Path
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import InvalidRequestError, SecretUnavailable
from cds_eks.fleet.plan.document import Document
from cds_eks.fleet.plan.faults import PlanFault
from cds_eks.fleet.plan.merging import Origins
from cds_eks.fleet.plan.requests import Resolve, stood_in
from cds_eks.fleet.plan.specs import ClusterSpec
from cds_eks.schema.shape import Shape
from cds_eks.schema.walk import path_text

S = TypeVar("S", bound=Shape)

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def revision_faults(clusters: tuple[ClusterSpec, ...], document: Document, revision: str) -> Iterator[PlanFault]:
    """Yield the first field of each request of a plan that a revision can't carry.

    Args:
        clusters: Its clusters; those of one entry of the plan are alike, so that the first stands for all.
        document: What it was read from.
        revision: The revision.
    """
    told: set[tuple[Path, str]] = set()
    for at, cluster in enumerate([each for each in clusters if each.index == 1]):
        for path, rule in _of_cluster(cluster, document.data, at, revision):
            if (path, rule) not in told:  # a default counts once
                told.add((path, rule))
                line = document.line_of(path)
                yield PlanFault(message=rule, field=path_text(path), file=document.source, line=line)


def _of_cluster(cluster: ClusterSpec, data: Mapping[str, Any], at: int, revision: str) -> Iterator[tuple[Path, str]]:
    defaults: Mapping[str, Any] = data.get("defaults", {})
    entry, base = data["clusters"][at], ("clusters", at)

    def in_pool(place: int, path: Path) -> Path:
        own = ((*base, "node_pools", place), entry["node_pools"][place])
        return Origins([own, (("defaults", "node_pool"), defaults.get("node_pool", {}))]).of(path)

    found = fault_of(lambda resolve: cluster.create_request(resolve=resolve), revision)
    if found is not None and found[0][:1] == ("node_pool_config",):
        yield in_pool(0, found[0][1:]), found[1]
    elif found is not None:
        origins = Origins([(base, entry), (("defaults", "cluster"), defaults.get("cluster", {}))])
        yield origins.of(found[0]), found[1]
    for place, pool in enumerate(cluster.pools[1:], start=1):
        found = fault_of(lambda resolve, pool=pool: pool.create_request("any", resolve=resolve), revision)  # type: ignore[misc]
        if found is not None:
            yield in_pool(place, pool.origin_of(found[0][1:])), found[1]  # behind `config`


def fault_of(make: Callable[[Resolve], S], revision: str) -> tuple[Path, str] | None:
    """Return the path of the first field that a revision can't carry, and why; None if there is none.

    Args:
        make: Makes the request, with what gives its secrets. They are looked up, for a revision may want two of them to
            be the same; if one can't be had without running a command, one text stands for all.
        revision: The revision.
    """
    try:
        request = make(_looked_up)
    except (SecretUnavailable, InvalidRequestError):  # which a check tells by itself
        request = make(stood_in)
    try:
        to_wire(request, revision)
    except InvalidRequestError as error:
        steps = _STEP.findall(error.field)
        return tuple([int(index) if index else name for index, name in steps]), error.rule
    return None


def _looked_up(secret: SecretRef) -> str:
    """Return a secret that can be had without running a command.

    Raises:
        SecretUnavailable: It can't.
    """
    text = secret.look()
    if text is None:
        raise SecretUnavailable(secret.reference, "is not looked up here")
    return text
