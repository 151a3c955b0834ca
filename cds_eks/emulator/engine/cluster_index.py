"""Clusters by a part of their name, by id and by VPC, in the order they came: a list does not look at each of them."""

from __future__ import annotations

from collections.abc import Iterable

from cds_eks.emulator.engine.state import Cluster

__all__ = ["ClusterIndex"]

_LENGTH = 3
"""Names are found by each run of so many letters in them."""


class ClusterIndex:
    """Finds clusters. Names, ids and VPCs do not change while a cluster is in it."""

    def __init__(self) -> None:
        self._all: dict[str, Cluster] = {}
        self._by_part: dict[str, dict[str, Cluster]] = {}
        self._by_lower_id: dict[str, dict[str, Cluster]] = {}
        self._by_vpc: dict[str, dict[str, Cluster]] = {}

    def add(self, cluster: Cluster) -> None:
        """Have one more cluster, behind the others."""
        self._all[cluster.id] = cluster
        for table, key in self._entries(cluster):
            table.setdefault(key, {})[cluster.id] = cluster

    def remove(self, cluster: Cluster) -> None:
        """Forget a cluster."""
        del self._all[cluster.id]
        for table, key in self._entries(cluster):
            del table[key][cluster.id]
            if not table[key]:
                del table[key]

    def _entries(self, cluster: Cluster) -> Iterable[tuple[dict[str, dict[str, Cluster]], str]]:
        yield from [(self._by_part, part) for part in _parts(cluster.name.lower())]
        yield self._by_lower_id, cluster.id.lower()
        yield self._by_vpc, cluster.vpc_id

    def find(self, keyword: str, vpc_id: str) -> list[Cluster]:
        """Return the clusters whose name has a keyword in it or whose id is the keyword, in the order they came.

        Args:
            keyword: In lower case; empty for any.
            vpc_id: Their VPC; empty for any.
        """
        candidates = self._by_vpc.get(vpc_id, {}) if vpc_id else self._all
        for part in _parts(keyword):
            having = self._by_part.get(part, {})
            if len(having) < len(candidates):
                candidates = having
        found = [each for each in candidates.values() if keyword in each.name.lower() and vpc_id in ("", each.vpc_id)]
        of_id = self._by_lower_id.get(keyword, {}).values()
        others = [each for each in of_id if keyword not in each.name.lower() and vpc_id in ("", each.vpc_id)]
        if not found or not others:
            return found or others
        ids = {each.id for each in (*found, *others)}
        return [each for each in self._all.values() if each.id in ids]


def _parts(text: str) -> set[str]:
    return {text[at : at + _LENGTH] for at in range(len(text) - _LENGTH + 1)}
