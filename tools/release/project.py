"""What pyproject.toml and the version file say: pure functions on their texts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from packaging.version import InvalidVersion, Version

from tools.lowest import LEFT_OUT, expanded

__all__ = ["Project", "status_of", "version_faults"]

VERSION_FILE = "cds_eks/_version.py"
TOGETHER = "every extra"
"""The name of the installation that has all extras at once."""

_PYTHON = "Programming Language :: Python :: "
_STATUS = "Development Status :: "


@attrs.frozen(kw_only=True)
class Project:
    """What is to be released.

    Attributes:
        name: The distribution's name.
        version: Its version.
        requires_python: The Pythons that it may be installed on.
        classifiers: Those of pyproject.toml.
        urls: The addresses that the index shows, by label.
        dependencies: What it needs without any extra.
        extras: The requirements of each extra, those of tools included.
    """

    name: str
    version: str
    requires_python: str
    classifiers: Sequence[str]
    urls: Mapping[str, str]
    dependencies: Sequence[str]
    extras: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, root: Path) -> Project:
        """Read it from a checkout."""
        table = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        source = (root / VERSION_FILE).read_text(encoding="utf-8")
        found = re.search(r'^__version__ = "([^"]+)"$', source, flags=re.MULTILINE)
        if found is None:
            raise ValueError(f'{VERSION_FILE} has no line `__version__ = "…"`')
        return cls(
            name=table["name"],
            version=found[1],
            requires_python=table["requires-python"],
            classifiers=table["classifiers"],
            urls=table.get("urls", {}),
            dependencies=table["dependencies"],
            extras=table["optional-dependencies"],
        )

    @property
    def tag(self) -> str:
        """The name of the release's tag."""
        return f"v{self.version}"

    @property
    def runtime_extras(self) -> list[str]:
        """The extras that are for users."""
        return [name for name in self.extras if name not in (*LEFT_OUT, "dev")]

    @property
    def pythons(self) -> list[str]:
        """The Pythons that are declared, as `3.11`."""
        return [found.removeprefix(_PYTHON) for found in self.classifiers if re.fullmatch(rf"{_PYTHON}3\.\d+", found)]

    @property
    def status(self) -> str:
        """How far the classifiers say that it is, as `3 - Alpha`."""
        return next((each.removeprefix(_STATUS) for each in self.classifiers if each.startswith(_STATUS)), "")

    def members(self, extra: str) -> list[str]:
        """Return the extras that an extra consists of: itself, and those that it refers to; all for `TOGETHER`."""
        if extra == TOGETHER:
            return self.runtime_extras
        wanted = set(expanded([extra], self.extras, self.name))
        parts = [name for name in self.runtime_extras if self.extras[name] and set(self.extras[name]) <= wanted]
        return [extra, *(name for name in parts if name != extra)]


def status_of(version: Version) -> str:
    """Return the classifier's status that fits a version."""
    if version.is_prerelease or version.major == 0:
        return "4 - Beta" if version.pre is not None and version.pre[0] in ("b", "rc") else "3 - Alpha"
    return "5 - Production/Stable"


def version_faults(project: Project) -> list[str]:
    """Return what is wrong with the version, and with what goes by it."""
    try:
        version = Version(project.version)
    except InvalidVersion:
        return [f"{project.version!r} is no version (PEP 440)"]
    faults = []
    if str(version) != project.version:
        faults.append(f"write {version} in place of {project.version}: it is the normal form")
    if version.is_devrelease or version.local:
        faults.append(f"{version} is not to be released: no .dev and no +local part")
    if project.status != status_of(version):
        faults.append(f"the classifier {_STATUS}{project.status} does not fit {version}: {status_of(version)}")
    return faults
