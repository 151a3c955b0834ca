"""What CI does, in parts: `pipx run nox` does all, `nox -l` lists them, `nox -s tests-3.13 -- -k retry` does one.

Each session has a virtual environment of its own. Pythons that are not found are left out.
"""

from __future__ import annotations

from pathlib import Path

import nox

OLDEST, *_, NEWEST = PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
PARTS = ["tests/unit", "tests/operations", "tests/contract", "tests/codegen"]

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "types", "generated", "tests", "lowest", "wheel", "docs"]


def install(session: nox.Session, extra: str, versions: str = "tools/dev.txt") -> None:
    """Install the package, editable, with the versions of a file of constraints."""
    session.install("--quiet", "--constraint", versions, "--editable", f".[{extra}]")


@nox.session(python=OLDEST)
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    install(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=OLDEST)
def types(session: nox.Session) -> None:
    """Mypy on all, pyright on the package, on the public types, and on the uses in tests/types."""
    install(session, "dev,types")
    session.run("mypy")
    session.run("mypy", "examples/fleet.py")
    session.run("pyright")
    session.run("pyright", "--project", "tests/types")
    session.run("pyright", "--verifytypes", "cds_eks", "--ignoreexternal")


@nox.session(python=OLDEST)
def generated(session: nox.Session) -> None:
    """What is generated is what codegen/api.yaml and the templates give."""
    install(session, "dev")
    session.run("python", "-m", "codegen", "--check")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests, with the newest versions of all; arguments after `--` go to pytest."""
    session.install("--quiet", "--editable", ".[dev]")
    session.run("pytest", "-q", *session.posargs)


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """The oldest Python with the lowest versions that pyproject.toml allows."""
    constraints = Path(session.create_tmp()) / "lowest.txt"
    with constraints.open("w", encoding="utf-8") as output:
        session.run("python", "tools/lowest.py", stdout=output)
    install(session, "dev", str(constraints))
    session.run("pytest", "-q", *(session.posargs or [*PARTS, "tests/backend"]))


@nox.session(python=OLDEST)
def wheel(session: nox.Session) -> None:
    """The wheel, installed without extras, imports without a warning."""
    session.install("--quiet", "build")
    session.run("python", "-m", "build", "--wheel", "--outdir", session.create_tmp(), ".", silent=True)
    session.install("--quiet", "cds-eks", "--find-links", session.create_tmp())
    session.chdir(session.create_tmp())
    session.run("python", "-W", "error", "-c", "import cds_eks; print(cds_eks.__version__)")


@nox.session(python=OLDEST)
def release(session: nox.Session) -> None:
    """The checklist of a release; arguments after `--` go to it (`-- --only build`). See CONTRIBUTING.md."""
    install(session, "release")
    session.run("python", "-m", "tools.release", "--check", *session.posargs)


@nox.session(python=OLDEST)
def docs(session: nox.Session) -> None:
    """The documentation's site, built by mkdocs and by zensical; its links, and what it refers to."""
    install(session, "docs", "tools/docs.txt")
    session.run("python", "-m", "tools.site", "check")


@nox.session(python=OLDEST)
def lock(session: nox.Session) -> None:
    """Write tools/dev.txt and tools/docs.txt anew; needed after each change of a dependency in pyproject.toml."""
    session.install("--quiet", "uv")
    for file, *extras in (("tools/dev.txt", "dev", "types", "release"), ("tools/docs.txt", "docs")):
        command = ["uv", "pip", "compile", "pyproject.toml", *(f"--extra={extra}" for extra in extras), "--universal"]
        command += ["--upgrade", f"--python-version={OLDEST}", f"--output-file={file}"]
        session.run(*command, "--custom-compile-command=nox -s lock", "--quiet", "--no-annotate", "--no-emit-index-url")
