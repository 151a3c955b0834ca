"""The natural key of a create: the fields of its request by which what it may have made can be found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WithNaturalKey:
    """What carries the natural key of a create. Which fields it has is said by the API description."""

    __slots__ = ()

    natural_key: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        """The name that was asked for, or None if the operation has none."""
        return next((value for path, value in self.natural_key.items() if _is_name(path)), None)

    @property
    def vpc_id(self) -> str | None:
        """The VPC that was asked for, or None if the operation has none."""
        return self.natural_key.get("vpc_id")


def _is_name(path: str) -> bool:
    """Whether a field is a name, by its path: `cluster_name`, `config.name`."""
    field = path.rpartition(".")[2]
    return field == "name" or field.endswith("_name")


def natural_key_text(natural_key: Mapping[str, Any]) -> str:
    """Return a natural key in words, for errors and notes; empty if there is none."""
    return " ".join(f"{path}={value!r}" for path, value in natural_key.items())
