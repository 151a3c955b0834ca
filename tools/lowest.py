"""Print the lowest versions that pyproject.toml allows, as constraints: `python tools/lowest.py > lowest.txt`.

`python tools/lowest.py cli emulator` prints those of the package with these extras alone; without arguments they are
those of all extras but the ones in `LEFT_OUT`. They are of the packages that pyproject.toml names alone, with their
markers; what those need comes as new as they take it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"

LEFT_OUT = ("bench", "docs", "release", "types")
"""What is measured beside this package, and tools, of which only today's versions are used. Not `dev`: tests run with
the lowest versions."""

_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[([\w, -]+)\])?(?:>=([\w.]+)(?:,.*)?)?")


def expanded(names: Iterable[str], extras: Mapping[str, Sequence[str]], project: str) -> list[str]:
    """Return the requirements of extras, with those of the extras that they refer to in place of the references.

    Args:
        names: The extras.
        extras: All extras of the package.
        project: The package's name, with which an extra refers to others.
    """
    left, seen, found = list(names), set[str](), list[str]()
    while left:
        if (extra := left.pop()) in seen:
            continue
        seen.add(extra)
        for requirement in extras[extra]:
            parts = _REQUIREMENT.fullmatch(requirement.partition(";")[0].strip())
            if parts is not None and parts[1] == project:
                left += re.split(r",\s*", parts[2])
            else:
                found.append(requirement)
    return found


def lowest(requirements: Iterable[str]) -> Iterator[str]:
    """Yield a constraint for each package: the highest of its lower bounds, where it is required more than once.

    Raises:
        ValueError: One has no lower bound.
    """
    bounds: dict[tuple[str, str], str] = {}
    for requirement in requirements:
        text, _, marker = (part.strip() for part in requirement.partition(";"))
        found = _REQUIREMENT.fullmatch(text)
        if found is None or found[3] is None:
            raise ValueError(f"no lower bound: {requirement}")
        key = (found[1].lower(), marker)
        bounds[key] = max(bounds.get(key, "0"), found[3], key=_numbers)
    for (name, marker), version in sorted(bounds.items()):
        yield f"{name}=={version}" + (f" ; {marker}" if marker else "")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def main(arguments: Sequence[str]) -> None:
    """Print the constraints of the package and of extras."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = arguments or [name for name in extras if name not in LEFT_OUT]
    constraints = lowest([*project["dependencies"], *expanded(wanted, extras, project["name"])])
    sys.stdout.write("".join(f"{line}\n" for line in constraints))


if __name__ == "__main__":
    main(sys.argv[1:])
