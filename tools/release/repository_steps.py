"""Steps on the repository: nothing is built or installed."""

from __future__ import annotations

import datetime

from tools.release.changelog import changelog_faults
from tools.release.commands import Broken
from tools.release.pages import page_faults, python_faults
from tools.release.project import VERSION_FILE, version_faults
from tools.release.work import Work

__all__ = ["changelog", "git", "pages", "pythons", "version"]


def git(work: Work) -> list[str]:
    """The working tree is clean, and there is no tag of the version yet."""
    changed = work.git("status", "--porcelain").splitlines()
    faults = [f"not committed: {line}" for line in changed[:10]]
    if len(changed) > 10:
        faults.append(f"and {len(changed) - 10} more files")
    tag = work.project.tag
    if work.git("tag", "--list", tag):
        faults.append(f"there is a tag {tag} already: a version is released once")
    return faults


def version(work: Work) -> list[str]:
    """The version is a normal one, said in one place, and the classifier fits it."""
    faults = version_faults(work.project)
    said = f'"{work.project.version}"'
    try:
        places = work.git("grep", "--files-with-matches", "--fixed-strings", said, "--", "cds_eks", "pyproject.toml")
    except Broken:
        places = ""
    others = [name for name in places.splitlines() if name != VERSION_FILE]
    return faults + [f"{name} has the version too: read it from {VERSION_FILE}" for name in others]


def changelog(work: Work) -> list[str]:
    """CHANGELOG.md has a dated section of the version, and nothing is left under Unreleased."""
    today = datetime.datetime.now(datetime.UTC).date()
    has_links = bool(work.project.urls)
    return changelog_faults(work.text("CHANGELOG.md"), work.project.version, today, has_links=has_links)


def pages(work: Work) -> list[str]:
    """No page names another version, or says that there is none to install yet."""
    names = [name for name in work.tracked if name.endswith(".md") and not name.startswith(("tests/", "codegen/"))]
    return page_faults({name: work.text(name) for name in names if name != "CHANGELOG.md"}, work.project.version)


def pythons(work: Work) -> list[str]:
    """The tables of supported versions, CI and the classifiers have the same Pythons."""
    names = ("SECURITY.md", "CONTRIBUTING.md", ".ci/pythons", "noxfile.py")
    return python_faults(work.project, *(work.text(name) for name in names))
