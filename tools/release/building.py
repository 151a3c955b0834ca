"""Build the sdist and the wheel twice, under different circumstances."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from tools.release.commands import output_of

__all__ = ["DIFFERENT", "Built", "Circumstances", "build", "difference"]


@attrs.frozen(kw_only=True)
class Circumstances:
    """What must not show in what is built.

    Attributes:
        folder: The name of the folder that is built in.
        umask: What files may be made with.
        variables: Locale, time zone and the seed of hashes.
        is_reversed: Whether files are copied in the reverse order, so that folders list them in another one.
    """

    folder: str
    umask: int
    variables: Mapping[str, str]
    is_reversed: bool = False


DIFFERENT = (
    Circumstances(folder="a", umask=0o022, variables={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0"}),
    Circumstances(
        folder="another folder/with a longer name",
        umask=0o077,
        variables={"LC_ALL": "C", "LANGUAGE": "de", "TZ": "Asia/Shanghai", "PYTHONHASHSEED": "4711"},
        is_reversed=True,
    ),
)


@attrs.frozen(kw_only=True)
class Built:
    """What came of a build.

    Attributes:
        sdist: The source distribution.
        wheel: The wheel, built from the sdist.
    """

    sdist: Path
    wheel: Path


def build(root: Path, files: Sequence[str], scratch: Path, how: Circumstances, epoch: str) -> Built:
    """Build from a copy of the tracked files, with the versions of tools/dev.txt.

    Args:
        root: The checkout.
        files: Those that are tracked.
        scratch: Where the copy and the results go.
        how: The circumstances.
        epoch: The time of all files, in seconds since 1970.

    Raises:
        Broken: It can't be built.
    """
    tree, target = scratch / how.folder / "tree", scratch / how.folder / "dist"
    former = os.umask(how.umask)
    try:
        _copied(root, sorted(files, reverse=how.is_reversed), tree)
        output_of(
            [sys.executable, "-m", "build", "--outdir", target, tree],
            folder=tree,
            variables={**how.variables, "SOURCE_DATE_EPOCH": epoch, "PIP_CONSTRAINT": str(root / "tools/dev.txt")},
        )
    finally:
        os.umask(former)
    return Built(sdist=next(target.glob("*.tar.gz")), wheel=next(target.glob("*.whl")))


def _copied(root: Path, files: Sequence[str], tree: Path) -> None:
    for name in files:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, tree / name)  # with the mode that the umask leaves
        if os.access(root / name, os.X_OK):
            (tree / name).chmod((tree / name).stat().st_mode | 0o100)


def difference(one: Path, other: Path) -> str | None:
    """Return how two files differ, or None if they are the same, name and bytes."""
    if one.name != other.name:
        return f"{one.name} and {other.name}"
    left, right = one.read_bytes(), other.read_bytes()
    if left == right:
        return None
    at = next((index for index, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), -1)
    return f"{one.name} differs between two builds: {len(left):,} and {len(right):,} bytes, first at {at:,}"
