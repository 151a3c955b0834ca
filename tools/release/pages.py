"""What the documentation says of versions: pure functions on texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tools.release.project import Project

__all__ = ["page_faults", "python_faults"]

_NOT_YET = re.compile(
    r"until the first release|before the first release|首个版本发布(?:之)?前|首次发布(?:之)?前", flags=re.IGNORECASE
)
_PINNED = re.compile(r"cds[-_]eks(?:\[[\w,-]+\])?(?:==|-python/|-)(\d+\.\d+[\w.]*\w)")


def page_faults(pages: Mapping[str, str], version: str) -> list[str]:
    """Return where pages name another version, or say that there is none to install.

    Args:
        pages: The text of each page, by its path.
        version: The version that is to be released.
    """
    faults = []
    for name, text in pages.items():
        for number, line in enumerate(text.splitlines(), 1):
            if _NOT_YET.search(line):
                faults.append(f"{name}:{number} says that nothing is released yet: {line.strip()[:80]}")
            faults += [
                f"{name}:{number} names {found}, not {version}" for found in _PINNED.findall(line) if found != version
            ]
    return faults


def python_faults(project: Project, security: str, contributing: str, ci_pythons: str, nox: str) -> list[str]:
    """Return where the tables of supported versions, CI and pyproject.toml differ.

    Args:
        project: What pyproject.toml says.
        security: SECURITY.md, which has the table of supported versions.
        contributing: CONTRIBUTING.md, which has the table of what is tested.
        ci_pythons: `.ci/pythons`, which runs the tests on them.
        nox: noxfile.py, which may know more of them than CI can have.
    """
    declared = set(project.pythons)
    faults = []
    oldest = min(declared, key=lambda text: int(text.partition(".")[2]))
    if project.requires_python != f">={oldest}":
        faults.append(f"requires-python is {project.requires_python}, but the oldest classifier is {oldest}")
    told = set(re.findall(r"^\| (3\.\d+)\b", contributing, flags=re.MULTILINE))
    found = re.search(r"^oldest=(\S+) others=\(([^)]*)\)", ci_pythons, flags=re.MULTILINE)
    run = {found[1], *found[2].split()} if found else set()
    known = set(re.findall(r'"(3\.\d+)"', next((line for line in nox.splitlines() if "PYTHONS = [" in line), "")))
    row = re.search(r"^\| (\d+\.\d+) \| ([\d., ]+) \| yes \|$", security, flags=re.MULTILINE)
    minor = ".".join(project.version.split(".")[:2])
    if row is None or row[1] != minor:
        faults.append(f"the table of SECURITY.md does not begin with {minor}, which gets fixes")
    supported = set(re.split(r", *", row[2])) if row else set()
    for where, pythons in (
        ("the table of SECURITY.md", supported),
        ("the table of CONTRIBUTING.md", told),
        (".ci/pythons", run),
    ):
        if pythons != declared:
            faults.append(f"{where} has {_listed(pythons)}; the classifiers are {_listed(declared)}")
    if not declared <= known:
        faults.append(f"noxfile.py lacks {_listed(declared - known)}")
    return faults


def _listed(pythons: set[str]) -> str:
    return ", ".join(sorted(pythons, key=lambda text: int(text.partition(".")[2]))) or "none"
