"""Print the lowest versions that pyproject.toml allows, as constraints: `python tools/lowest.py > lowest.txt`.

Of the packages that it names alone, and their markers; what those need comes as new as they take it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
EXTRAS = ("all", "emulator", "native", "speed", "fleet", "fleet-postgres", "dev")


def lowest(requirements: list[str]) -> Iterator[str]:
    """Yield a constraint for each requirement but the package itself.

    Raises:
        ValueError: One has no lower bound.
    """
    for requirement in requirements:
        name, _, marker = (part.strip() for part in requirement.partition(";"))
        if name.startswith("cds-eks["):
            continue
        found = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\w.]+)(?:,.*)?", name)
        if found is None:
            raise ValueError(f"no lower bound: {requirement}")
        yield f"{found[1]}=={found[2]}" + (f" ; {marker}" if marker else "")


def main() -> None:
    """Print the constraints of the package and of what it is tested with."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = [requirement for extra in EXTRAS for requirement in project["optional-dependencies"][extra]]
    sys.stdout.write("".join(f"{line}\n" for line in sorted(lowest([*project["dependencies"], *extras]))))


if __name__ == "__main__":
    main()
