"""Steps on the sdist and the wheel themselves."""

from __future__ import annotations

import sys

from tools.release.building import difference
from tools.release.commands import Command
from tools.release.contents import metadata_faults, metadata_of, sdist_faults, sdist_names, wheel_faults, wheel_sizes
from tools.release.work import Work

__all__ = ["build", "check_wheel_contents", "contents", "metadata", "twine"]


def build(work: Work) -> list[str]:
    """Two builds, in different folders, umasks, locales and time zones, are the same byte by byte."""
    one, other = work.builds
    pairs = ((one.sdist, other.sdist), (one.wheel, other.wheel))
    return [found for pair in pairs if (found := difference(*pair)) is not None]


def contents(work: Work) -> list[str]:
    """The wheel has the package, its licence and no tests; the sdist has the whole repository; both are small."""
    sizes = wheel_sizes(work.wheel)
    faults = wheel_faults(sizes, work.wheel.stat().st_size, work.tracked)
    return faults + sdist_faults(sdist_names(work.sdist), work.sdist.stat().st_size, work.tracked)


def metadata(work: Work) -> list[str]:
    """What the index will show is whole: description, classifiers, extras, addresses."""
    return metadata_faults(metadata_of(work.wheel), work.project)


def twine(work: Work) -> list[str]:
    """The index takes the description of both (`twine check --strict`)."""
    command: Command = [sys.executable, "-m", "twine", "check", "--strict", work.sdist, work.wheel]
    return work.passes("twine check --strict", command)


def check_wheel_contents(work: Work) -> list[str]:
    """The wheel has no stray or doubled files (`check-wheel-contents`)."""
    command: Command = [sys.executable, "-m", "check_wheel_contents", work.wheel]
    return work.passes("check-wheel-contents", command)
