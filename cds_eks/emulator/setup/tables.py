"""Checking the tables of a world's file by their keys, noting all that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_eks.documents.reading import Path as Place
from cds_eks.documents.reading import Read
from cds_eks.emulator.protocol.plain_values import similar
from cds_eks.emulator.setup.keys import Key
from cds_eks.emulator.setup.problems import Problem, spelled

__all__ = ["Tables"]


class Tables:
    """The tables of one file, and what is wrong with them.

    Args:
        file: The file's name.
        read: What it says, with the line of each value.
    """

    def __init__(self, file: str, read: Read) -> None:
        self._file = file
        self._read = read
        self.problems: list[Problem] = []
        for place, _ in read.twice:
            self.tell(place, "is there twice")

    @property
    def data(self) -> Mapping[str, Any]:
        """What the file says."""
        data: Mapping[str, Any] = self._read.data
        return data

    def tell(self, place: Place, message: str) -> None:
        """Note what is wrong with a key, by its line or that of the nearest one around it."""
        inner = place
        while inner and inner not in self._read.lines:
            inner = inner[:-1]
        key = "".join(char if char.isprintable() else "?" for char in spelled(place))
        self.problems.append(Problem(file=self._file, line=self._read.lines.get(inner), key=key[:200], message=message))

    def known(self, place: Place, table: Mapping[str, Any], names: set[str]) -> None:
        """Note each key of a table that there is not."""
        for name in table:
            if name not in names:
                self.tell((*place, name), f"is not known{similar(name, names)}")

    def entries(self, place: Place, table: Mapping[str, Any]) -> list[tuple[Place, Mapping[str, Any]]]:
        """Return the tables of an array, each with its place."""
        found = table.get(str(place[-1]), [])
        if not isinstance(found, list):
            header = ".".join(str(step) for step in place if isinstance(step, str))
            self.tell(place, f"must be an array of tables: write [[{header}]]")
            return []
        tables: list[tuple[Place, Mapping[str, Any]]] = []
        for at, entry in enumerate(found):
            if isinstance(entry, dict):
                tables.append(((*place, at), entry))
            else:
                self.tell((*place, at), "must be a table")
        return tables

    def values(
        self, place: Place, table: Mapping[str, Any], keys: Mapping[str, Key], others: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return the values of a table that are as they must be, and note what is wrong with the others.

        Args:
            place: Where the table is.
            table: The table.
            keys: What it may hold.
            others: What it may hold besides, which is checked elsewhere.
        """
        self.known(place, table, {*keys, *others})
        for name, key in keys.items():
            if key.is_required and name not in table:
                self.tell((*place, name), f"is missing: {key.rule.words}")
        values = {}
        for name, key in keys.items():
            if name not in table:
                continue
            if key.rule.fits(table[name]):
                values[name] = table[name]
            else:
                self.tell((*place, name), f"must be {key.rule.words}")
        return values
