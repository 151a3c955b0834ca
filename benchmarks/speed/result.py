"""The result of a run, as it is kept: where and when, and every sample."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import attrs

from benchmarks.speed.stats import Sample, Spread, spread

__all__ = ["Result", "versions"]

PACKAGES = ("httpx", "httpx2", "aiohttp", "aiobotocore", "requests", "tencentcloud-sdk-python-tke", "uvloop", "orjson")


@attrs.frozen(kw_only=True)
class Result:
    """What was measured.

    Attributes:
        date: The day, as `YYYY-MM-DD`.
        machine: The kind of machine.
        rounds: How many rounds there were.
        seconds: How long each point was measured in each.
        versions: The packages' versions.
        notes: What was skipped or went wrong, and why.
        samples: What the rounds gave, by point and quantity.
    """

    date: str
    machine: str
    rounds: int
    seconds: float
    versions: Mapping[str, str]
    notes: Sequence[str]
    samples: Mapping[str, Mapping[str, Sequence[Sample]]]

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read one from a file."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def save(self, file: Path) -> None:
        """Write it to a file; each quantity's samples on a line, so that two results can be compared by eye."""
        head = json.dumps({**attrs.asdict(self), "samples": {}}, ensure_ascii=False, indent=1)
        lines = [
            f"  {json.dumps(key)}: {{\n"
            + ",\n".join(f"   {json.dumps(name)}: {json.dumps(_rounded(values))}" for name, values in each.items())
            + "\n  }"
            for key, each in self.samples.items()
        ]
        body = "{\n" + ",\n".join(lines) + "\n }" if lines else "{}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(head.removesuffix("{}\n}") + body + "\n}\n", encoding="utf-8")

    def of(self, key: str, quantity: str) -> Sequence[Sample]:
        """Return the samples of a point; none if there are none.

        Args:
            key: The point.
            quantity: What was measured of it.
        """
        return self.samples.get(key, {}).get(quantity, ())

    def spread(self, key: str, quantity: str) -> Spread | None:
        """Return where the samples of a point lie."""
        return spread(self.of(key, quantity))


def _rounded(values: Sequence[Any]) -> list[Any]:
    return [None if value is None else float(f"{value:.6g}") for value in values]


def versions() -> dict[str, str]:
    """Return the versions of the packages that are there."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
