"""The steps in their order, and what carries them out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from tools.release import artifact_steps, install_steps, repository_steps
from tools.release.commands import Broken
from tools.release.project import Project
from tools.release.sbom import sbom
from tools.release.work import Work

__all__ = ["STEPS", "Outcome", "Step", "by_hand", "carry_out", "table"]


@attrs.frozen(kw_only=True)
class Step:
    """One line of the checklist.

    Attributes:
        name: Its name on the command line.
        act: Does it; returns what is wrong.
    """

    name: str
    act: Callable[[Work], list[str]]

    @property
    def what(self) -> str:
        """What it shows, in one line."""
        return (self.act.__doc__ or "").strip().splitlines()[0]


STEPS = tuple(
    Step(name=name, act=act)
    for name, act in (
        ("git", repository_steps.git),
        ("version", repository_steps.version),
        ("changelog", repository_steps.changelog),
        ("pages", repository_steps.pages),
        ("pythons", repository_steps.pythons),
        ("build", artifact_steps.build),
        ("contents", artifact_steps.contents),
        ("metadata", artifact_steps.metadata),
        ("twine", artifact_steps.twine),
        ("wheel-contents", artifact_steps.check_wheel_contents),
        ("bare", install_steps.bare),
        ("types", install_steps.types),
        ("extras-newest", install_steps.newest),
        ("extras-lowest", install_steps.lowest),
        ("sbom", sbom),
        ("sdist", install_steps.sdist),
    )
)
"""All steps: each can be run alone, and builds what it needs."""

_ADDRESSES = (
    "the repository has no address yet: when it has one, write [project.urls] of pyproject.toml and the links of"
    " CHANGELOG.md, and run this again"
)
_BY_HAND = (
    "`bash .ci/run`, `bash .ci/pythons` and `bash .ci/long` are green on this commit",
    "tag it: git tag --sign {tag} && git push origin {tag}",
    "upload what is in {dist}, by the index's trusted publishing from a workflow of that tag (no token is kept)",
    "attach {dist}/sbom and the section of CHANGELOG.md to the tag's release page",
    "install {name}=={version} from the index in a new environment, and run the README's two commands",
    "announce it, with the section of CHANGELOG.md",
)


def by_hand(project: Project, dist: Path) -> list[str]:
    """Return what no script does.

    Args:
        project: What is to be released.
        dist: Where the artifacts are.
    """
    lines = [] if project.urls else [_ADDRESSES]
    lines += _BY_HAND
    return [line.format(tag=project.tag, dist=dist, name=project.name, version=project.version) for line in lines]


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of a step.

    Attributes:
        step: The step.
        faults: What is wrong; nothing if it is done.
        seconds: How long it took.
    """

    step: Step
    faults: Sequence[str]
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def carry_out(steps: Sequence[Step], work: Work, tell: Callable[[str], None]) -> list[Outcome]:
    """Carry steps out, one after the other; one that fails does not keep the others back.

    Args:
        steps: Which.
        work: What they share.
        tell: Is told each step as it begins and ends, and what is wrong.
    """
    outcomes = []
    for number, step in enumerate(steps, 1):
        tell(f"[{number}/{len(steps)}] {step.name}: {step.what}")
        began = time.monotonic()
        try:
            faults = step.act(work)
        except (Broken, OSError, ValueError) as error:
            faults = [str(error)]
        outcome = Outcome(step=step, faults=faults, seconds=time.monotonic() - began)
        outcomes.append(outcome)
        for fault in faults:
            tell("      " + fault.replace("\n", "\n        "))
        tell(f"      {'ok' if outcome.is_good else 'NOT OK'} ({outcome.seconds:.0f} s)")
    return outcomes


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the summary: a line for each step."""
    width = max(len(each.step.name) for each in outcomes)
    rows = (
        f"{'ok' if each.is_good else 'NOT OK':7}{each.step.name:{width}}{each.seconds:6.0f} s"
        + ("" if each.is_good else f"  {len(each.faults)} to mend: {each.faults[0].splitlines()[0][:100]}")
        for each in outcomes
    )
    return "\n".join(rows)
