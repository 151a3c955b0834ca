"""What the steps share: the checkout, what was built, and a folder for all that is made."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path

from tools.release.building import DIFFERENT, Built, build
from tools.release.commands import Broken, Command, output_of
from tools.release.project import Project

__all__ = ["Work"]


class Work:
    """One run of the checklist.

    Args:
        root: The checkout.
        scratch: A folder outside of it, that is deleted at the end.
        dist: Where what is to be uploaded is left.
        say: Is told what comes next, in steps that take long.
    """

    def __init__(self, root: Path, scratch: Path, dist: Path, say: Callable[[str], None]) -> None:
        self.root = root
        self.scratch = scratch
        self.dist = dist
        self.say = say

    def text(self, name: str) -> str:
        """Return a file of the checkout."""
        return (self.root / name).read_text(encoding="utf-8")

    def git(self, *arguments: str) -> str:
        """Return what a command of git says.

        Raises:
            Broken: It failed.
        """
        return output_of(["git", *arguments], folder=self.root).rstrip()

    @functools.cached_property
    def project(self) -> Project:
        """What pyproject.toml says."""
        return Project.read(self.root)

    @functools.cached_property
    def tracked(self) -> list[str]:
        """The files of the repository, without those that were deleted and not yet committed."""
        names = self.git("ls-files", "-z").split("\0")
        return [name for name in names if name and (self.root / name).is_file()]

    @functools.cached_property
    def builds(self) -> list[Built]:
        """The sdist and the wheel, once for each of the circumstances; built when a step needs them first."""
        epoch = self.git("log", "-1", "--format=%ct")
        built = []
        for number, how in enumerate(DIFFERENT, 1):
            self.say(f"build {number} of {len(DIFFERENT)}, in a folder of its own")
            built.append(build(self.root, self.tracked, self.scratch, how, epoch))
        self.dist.mkdir(parents=True, exist_ok=True)
        for stale in self.dist.glob(f"{self.project.name.replace('-', '_')}-*"):
            stale.unlink()
        for file in (built[0].sdist, built[0].wheel):
            shutil.copyfile(file, self.dist / file.name)
        return built

    @property
    def wheel(self) -> Path:
        """The wheel that is to be uploaded."""
        return self.dist / self.builds[0].wheel.name

    @property
    def sdist(self) -> Path:
        """The sdist that is to be uploaded."""
        return self.dist / self.builds[0].sdist.name

    def attempt(self, what: str, act: Callable[[], object]) -> list[str]:
        """Do something, and return its failure as a fault; none if it works."""
        self.say(what)
        try:
            act()
        except Broken as error:
            return [f"{what}: {error}"]
        return []

    def passes(self, what: str, command: Command, folder: Path | None = None) -> list[str]:
        """Run a command, and return its failure as a fault; none if it works.

        Args:
            what: Its name for people.
            command: Its arguments.
            folder: Where it runs; by default outside of the checkout.
        """
        return self.attempt(what, lambda: output_of(command, folder=folder or self.scratch))
