"""What is in a wheel and an sdist, and what must not be: pure functions on names, sizes and metadata."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Collection, Mapping
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from tools.release.project import Project

__all__ = ["metadata_faults", "metadata_of", "sdist_faults", "sdist_names", "wheel_faults", "wheel_sizes"]

LARGEST_WHEEL, LARGEST_SDIST = 1_500_000, 4_000_000
"""Bytes: about twice what they have. What is larger has something in it that does not belong there."""

LARGEST_FILE = 500_000
"""Bytes of one file in the wheel, uncompressed."""

PLUGIN = "_cds_eks_pytest.py"
"""The pytest plugin, which stands beside the package."""

LABELS = ("Changelog", "Documentation", "Issues", "Source")
"""The links that a page of the index is to show, once the repository has an address."""

_LINK = re.compile(r"\]\(([^)#\s][^)\s]*)\)")
_FOREIGN = re.compile(r"(^|/)(tests?|conftest\.py|test_\w+\.py|__pycache__|\.[^/]+)(/|$)|\.(pyc|orig|rej|so|db|log)$")


def wheel_sizes(wheel: Path) -> dict[str, int]:
    """Return the size of each file in a wheel, by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {each.filename: each.file_size for each in archive.infolist() if not each.is_dir()}


def sdist_names(sdist: Path) -> set[str]:
    """Return the files of an sdist, without its own folder."""
    with tarfile.open(sdist) as archive:
        return {each.name.partition("/")[2] for each in archive.getmembers() if each.isfile()}


def metadata_of(wheel: Path) -> Message:
    """Return the metadata of a wheel; its payload is the description."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


def wheel_faults(sizes: Mapping[str, int], total: int, tracked: Collection[str]) -> list[str]:
    """Return what is wrong with the files of a wheel.

    Args:
        sizes: The size of each file.
        total: That of the wheel.
        tracked: All files of the repository.
    """
    info = next((name.partition("/")[0] for name in sizes if ".dist-info/" in name), "")
    package = {name for name in sizes if not name.startswith(f"{info}/")}
    wanted = {name for name in tracked if name == PLUGIN or name.startswith("cds_eks/")}
    faults = [f"{name} is missing" for name in sorted(wanted - package)]
    faults += [f"{name} does not belong there" for name in sorted(package - wanted)]
    faults += [f"{name} is not for users" for name in sorted(package) if _FOREIGN.search(name)]
    faults += [
        f"{name} is missing"
        for name in ("cds_eks/py.typed", f"{info}/licenses/LICENSE", f"{info}/entry_points.txt")
        if name not in sizes
    ]
    faults += [f"{name} has {size:,} bytes" for name, size in sizes.items() if size > LARGEST_FILE]
    if total > LARGEST_WHEEL:
        faults.append(f"the wheel has {total:,} bytes; at most {LARGEST_WHEEL:,}")
    return faults


def sdist_faults(names: Collection[str], total: int, tracked: Collection[str]) -> list[str]:
    """Return what is wrong with the files of an sdist: it has what the repository has, so that its tests run from it.

    Args:
        names: The files in it.
        total: How large it is.
        tracked: All files of the repository.
    """
    faults = [f"{name} is missing" for name in sorted({*tracked, "PKG-INFO"} - set(names))]
    faults += [f"{name} does not belong there" for name in sorted(set(names) - {*tracked, "PKG-INFO"})]
    if total > LARGEST_SDIST:
        faults.append(f"the sdist has {total:,} bytes; at most {LARGEST_SDIST:,}")
    return faults


def metadata_faults(metadata: Message, project: Project) -> list[str]:
    """Return what is wrong with what the index will show."""
    faults = []
    same = {"Name": project.name, "Version": project.version, "Requires-Python": project.requires_python}
    for field, value in same.items():
        if metadata[field] != value:
            faults.append(f"{field} is {metadata[field]}, not {value}")
    if not metadata["Summary"] or len(metadata["Summary"]) > 200:
        faults.append("Summary must be one line of 200 characters at most")
    if metadata["License-Expression"] != "Apache-2.0" or "LICENSE" not in (metadata.get_all("License-File") or []):
        faults.append("License-Expression must be Apache-2.0, with License-File LICENSE")
    if metadata["Description-Content-Type"] != "text/markdown" or len(str(metadata.get_payload())) < 1000:
        faults.append("the description must be the README")
    missing = set(project.classifiers) - set(metadata.get_all("Classifier") or [])
    faults += [f"the classifier {each} is missing" for each in sorted(missing)]
    declared = set(metadata.get_all("Provides-Extra") or [])
    faults += [f"the extra {each} is missing" for each in sorted(set(project.extras) - declared)]
    nowhere = [target for target in _LINK.findall(str(metadata.get_payload())) if "://" not in target]
    faults += [f"the description links to {target}, which is not on the index" for target in nowhere]
    labels = {each.partition(",")[0] for each in metadata.get_all("Project-URL") or []}
    if project.urls and (absent := [label for label in LABELS if label not in labels]):
        faults.append(f"[project.urls] of pyproject.toml has no {', '.join(absent)}")
    return faults
