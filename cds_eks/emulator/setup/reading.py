"""Reading a world's file: all that is wrong with it is found at once, with its line and key."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cds_eks.documents.reading import Path as Place
from cds_eks.documents.reading import Unreadable, not_utf8
from cds_eks.documents.toml_text import read_toml
from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.kinds import FaultError
from cds_eks.emulator.faults.table import fault_of
from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.emulator.protocol.plain_values import MOST_TEXT, Text, similar
from cds_eks.emulator.setup.keys import CLUSTER, CLUSTER_TABLES, INDEX, MOST_CLUSTERS, SERVER, TABLES
from cds_eks.emulator.setup.problems import Problem, WorldFileError
from cds_eks.emulator.setup.tables import Tables
from cds_eks.emulator.setup.templates import NUMBERED, fault_of_template, filled
from cds_eks.emulator.setup.world_file import ClusterSeed, WorldFile

__all__ = ["read_world_file"]

LONGEST = 16 * 1024 * 1024
FIRST_POOL = "node-pool-1"


def read_world_file(path: str | os.PathLike[str]) -> WorldFile:
    """Read a file.

    Raises:
        WorldFileError: It can't be read, or something is wrong with what it says.
    """
    file = os.fspath(path)
    try:
        text = _text(Path(path))
        read = read_toml(text.removeprefix("\ufeff"))
    except Unreadable as error:
        raise WorldFileError([Problem(file=file, line=error.line, message=error.message)]) from None
    reading = _Reading(Tables(file, read))
    world = reading.world()
    if reading.tables.problems:
        raise WorldFileError(reading.tables.problems)
    return world


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Unreadable(f"can't be read: {reason}", None) from None
    if len(content) > LONGEST:
        raise Unreadable("is longer than 16 MiB", None)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(not_utf8(content), content.count(b"\n", 0, error.start) + 1) from None


class _Reading:
    """Reads what one file says; ids are noted by what may share none."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._ids: dict[str, set[str]] = {}
        self._taken: set[Place] = set()

    def world(self) -> WorldFile:
        data = self.tables.data
        self.tables.known((), data, {"$schema", "server", "faults", *TABLES})
        server, faults = self._server(data.get("server", {})), tuple(self._faults(data.get("faults", [])))
        clusters = tuple(self._clusters())
        others = {name: tuple(self._others(name)) for name in TABLES if name != "clusters"}
        self._check_attachments()
        return WorldFile(server=server, faults=faults, clusters=clusters, others=others)

    def _server(self, table: object) -> dict[str, Any]:
        if not isinstance(table, dict):
            self.tables.tell(("server",), "must be a table: write [server]")
            return {}
        values = self.tables.values(("server",), table, SERVER)
        if values.get("subnets_as_objects") and values.get("api_revision", REVISIONS[0]) != REVISIONS[0]:
            self.tables.tell(("server", "subnets_as_objects"), f"is a form of {REVISIONS[0]}: leave out api_revision")
        return values

    def _faults(self, told: object) -> Iterable[Fault]:
        if not isinstance(told, list):
            self.tables.tell(("faults",), "must be a list of texts, or an array of tables: write [[faults]]")
            return
        for at, each in enumerate(told):
            try:
                yield fault_of(each)
            except FaultError as error:
                place: Place = ("faults", at, error.field) if error.field else ("faults", at)
                self.tables.tell(place, error.rule)

    def _clusters(self) -> Iterable[ClusterSeed]:
        left = MOST_CLUSTERS
        for place, table in self.tables.entries(("clusters",), self.tables.data):
            values = self.tables.values(place, table, CLUSTER, tuple(CLUSTER_TABLES))
            count = values.pop("count", 1)
            self._check_templates(place, values, count)
            inner = {name: list(self._inner(place, table, name, count)) for name in CLUSTER_TABLES}
            pools = self._pools(inner["node_pools"])
            for name in ("nodes", "scaling_groups"):
                for at, each in inner[name]:
                    if (pool := each.get("node_pool", FIRST_POOL)) not in pools:
                        self.tables.tell((*at, "node_pool"), f"is no pool of this cluster{similar(pool, pools)}")
            left -= count
            if left < 0:
                self.tables.tell((*place, "count"), f"makes more than {MOST_CLUSTERS} clusters")
                return
            for number in range(1, count + 1):
                yield self._numbered(place, values, inner, number)

    def _check_templates(self, place: Place, values: dict[str, Any], count: int) -> None:
        """Check texts that have a place for a number, and take away those that can't be filled in."""
        for name in set(NUMBERED).intersection(values):
            text: str = values[name]
            fault = fault_of_template(text)
            if fault is None and not Text().fits(filled(text, count)):
                fault = f"makes a text of more than {MOST_TEXT} characters"
            if fault is not None:
                self.tables.tell((*place, name), fault)
                del values[name]

    def _inner(
        self, place: Place, table: Mapping[str, Any], name: str, count: int
    ) -> Iterable[tuple[Place, dict[str, Any]]]:
        keys, _ = CLUSTER_TABLES[name]
        for at, entry in self.tables.entries((*place, name), table):
            values = self.tables.values(at, entry, keys)
            self._check_templates(at, values, count)
            if name == "scaling_groups":
                self._check_bounds(at, values)
            yield at, values

    def _pools(self, pools: list[tuple[Place, dict[str, Any]]]) -> list[str]:
        return [FIRST_POOL, *dict.fromkeys(pool["name"] for _, pool in pools if "name" in pool)]

    def _numbered(
        self,
        place: Place,
        values: Mapping[str, Any],
        inner: Mapping[str, list[tuple[Place, dict[str, Any]]]],
        number: int,
    ) -> ClusterSeed:
        """Return a cluster of an entry, its number filled in where there is a place for it."""
        numbered = _numbered(values, number)
        self._take("clusters", place, numbered)
        kinds = {"node_pools": "node_pools", "nodes": "machines", "scaling_groups": "scaling_groups"}
        made: dict[str, list[dict[str, Any]]] = {name: [] for name in kinds}
        for name, entries in inner.items():
            for at, each in entries:
                made[name].append(_numbered(each, number))
                self._take(kinds[name], at, made[name][-1])
        self._check_pool_names(made["node_pools"], inner["node_pools"])
        return ClusterSeed(
            values=numbered,
            node_pools=tuple(made["node_pools"]),
            nodes=tuple(made["nodes"]),
            scaling_groups=tuple(made["scaling_groups"]),
        )

    def _check_pool_names(self, made: list[dict[str, Any]], told: list[tuple[Place, dict[str, Any]]]) -> None:
        """Check the names of the pools of one cluster, its number filled in."""
        names = {FIRST_POOL}
        for (place, _), pool in zip(told, made, strict=True):
            where: Place = (*place, "name")
            if pool.get("name") in names and where not in self._taken:
                self._taken.add(where)
                self.tables.tell(where, "is the name of another pool of this cluster")
            names.add(pool.get("name", ""))

    def _others(self, name: str) -> Iterable[dict[str, Any]]:
        keys, _ = TABLES[name]
        for place, table in self.tables.entries((name,), self.tables.data):
            values = self.tables.values(place, table, keys)
            if name == "scaling_groups":
                self._check_bounds(place, values)
            self._take(name, place, values)
            yield values

    def _check_bounds(self, place: Place, values: Mapping[str, Any]) -> None:
        if values.get("min_size", 1) > values.get("max_size", 10):
            key = "min_size" if "min_size" in values else "max_size"
            self.tables.tell((*place, key), "leaves no size: min_size (1) must not be above max_size (10)")

    def _check_attachments(self) -> None:
        machines = self._ids.get("machines", set())
        for place, table in self.tables.entries(("network_interfaces",), self.tables.data):
            ecs_id = table.get("ecs_id")
            if isinstance(ecs_id, str) and ecs_id not in machines:
                self.tables.tell((*place, "ecs_id"), "is the id of no machine and no node of this file")

    def _take(self, kind: str, place: Place, values: Mapping[str, Any]) -> None:
        """Note the id that something has, and that it is taken."""
        if (taken := values.get("id")) is None:
            return
        ids = self._ids.setdefault(kind, set())
        where: Place = (*place, "id")
        if taken in ids and where not in self._taken:
            self._taken.add(where)
            hint = f"; with `count`, let it hold {INDEX}" if place[0] == "clusters" else ""
            self.tables.tell(where, f"is taken by another one of this file{hint}")
        ids.add(taken)


def _numbered(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    return {name: filled(value, number) if name in NUMBERED else value for name, value in values.items()}
