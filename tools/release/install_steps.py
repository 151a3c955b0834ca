"""Steps that install the wheel, and use it as a stranger would."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from tools.release.answering import answering
from tools.release.commands import Command, Environment, output_of
from tools.release.project import TOGETHER
from tools.release.work import Work

__all__ = ["bare", "lowest", "newest", "sdist", "smoke_of", "types"]

SMOKES = Path(__file__).parent / "smokes"

BARE = {"anyio", "attrs", "cattrs", "certifi", "h11", "httpcore", "httpx", "idna", "typing-extensions"}
"""The packages that may be there without extras: the dependencies, and what they need."""

SLICE = ("tests/unit/codec", "tests/unit/test_signing.py", "tests/contract", "tests/repository/test_versions.py")
"""Tests that are run from the sdist."""


def smoke_of(extra: str) -> Path:
    """Return the program that uses an extra."""
    return SMOKES / f"uses_{extra.replace('-', '_')}.py"


def bare(work: Work) -> list[str]:
    """Without extras, the wheel brings what its dependencies need and no more, imports without a warning, and works."""
    environment = Environment(work.scratch / "bare")
    environment.install(work.wheel)
    strange = sorted(set(environment.installed()) - BARE - {work.project.name})
    faults = [f"{name} is installed, and no dependency needs it" for name in strange]
    said = environment.run("-I", "-W", "error", "-c", "import cds_eks; print(cds_eks.__version__)").strip()
    if said != work.project.version:
        faults.append(f"cds_eks.__version__ is {said}, not {work.project.version}")
    with answering() as url:
        use: Command = [environment.python, "-W", "error", SMOKES / "uses_nothing.py", url]
        return faults + work.passes("a call without extras", use)


def newest(work: Work) -> list[str]:
    """Each extra alone, and all at once, with the newest versions of what they need."""
    return _extras(work, "newest")


def lowest(work: Work) -> list[str]:
    """The same with the lowest versions that pyproject.toml allows."""
    return _extras(work, "lowest")


def _extras(work: Work, end: str) -> list[str]:
    faults = []
    names = [*work.project.runtime_extras, TOGETHER]
    for number, extra in enumerate(names, 1):
        members = work.project.members(extra)
        what = f"{extra}, {end} versions ({number} of {len(names)})"

        def use(extra: str = extra, members: list[str] = members) -> None:
            environment = Environment(work.scratch / f"{end}-{extra.replace(' ', '-')}")
            constraints = None
            if end == "lowest":
                constraints = environment.folder / "lowest.txt"
                command: Command = [sys.executable, work.root / "tools/lowest.py", *members]
                constraints.write_text(output_of(command, folder=work.root), encoding="utf-8")
            listed = ",".join(work.project.runtime_extras if extra == TOGETHER else [extra])
            environment.install(f"{work.project.name}[{listed}] @ {work.wheel.as_uri()}", constraints=constraints)
            with answering() as url:
                for member in members:
                    if member != "all":  # it only refers to others
                        environment.run(smoke_of(member), url)
            shutil.rmtree(environment.folder)

        faults += work.attempt(what, use)
    return faults


def types(work: Work) -> list[str]:
    """Type checkers see the types of the installed wheel, in a project that has nothing else of the repository."""
    environment = Environment(work.scratch / "typed")
    environment.install(work.wheel)
    consumer = work.scratch / "consumer"
    shutil.copytree(
        work.root / "tests/types", consumer, ignore=shutil.ignore_patterns("test_*", "__pycache__", "__init__.py")
    )
    # A wrong use must be found without the comment that excuses it, so that a check that sees no types can't pass.
    unexcused = re.sub(r"  # type: ignore.*", "", (consumer / "wrong_uses.py").read_text(encoding="utf-8"))
    (consumer / "unexcused.py").write_text(unexcused, encoding="utf-8")
    mypy: list[str | Path] = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        f"--python-executable={environment.python}",
    ]
    pyright: list[str | Path] = [sys.executable, "-m", "pyright", "--pythonpath", environment.python]
    faults = work.passes("mypy on right and wrong uses", [*mypy, "right_uses.py", "wrong_uses.py"], consumer)
    faults += work.passes("pyright on right and wrong uses", [*pyright, "--project", "."], consumer)
    for name, command in (("mypy", mypy), ("pyright", pyright)):
        if not work.passes(f"{name} on wrong uses without excuses", [*command, "unexcused.py"], consumer):
            faults.append(f"{name} finds no fault in wrong uses: it does not see the types of the wheel")
    return faults


def sdist(work: Work) -> list[str]:
    """The sdist can be installed, and tests run from it."""
    environment = Environment(work.scratch / "from-sdist")
    shutil.unpack_archive(work.sdist, work.scratch / "unpacked", filter="data")
    tree = next((work.scratch / "unpacked").iterdir())
    pinned = work.root / "tools/dev.txt"
    faults = work.attempt(
        "installing the sdist with the extra dev",
        lambda: environment.install(f"{work.project.name}[dev] @ {work.sdist.as_uri()}", constraints=pinned),
    )
    if faults:
        return faults
    command: Command = [environment.python, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *SLICE]
    return work.passes("tests from the sdist", command, tree)
