"""What CHANGELOG.md has to have for a release: pure functions on its text."""

from __future__ import annotations

import re
from datetime import date

__all__ = ["changelog_faults", "notes_of"]

KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
"""The headings of Keep a Changelog, in its order."""

_HEADING = re.compile(r"^## \[([^\]]+)\](?: - (\S+))?$", flags=re.MULTILINE)


def _sections(text: str) -> dict[str, tuple[str | None, str]]:
    """Return the date and the body of each version."""
    found = list(_HEADING.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    return {each[1]: (each[2], text[each.end() : end].strip()) for each, end in zip(found, ends, strict=True)}


def notes_of(text: str, version: str) -> str:
    """Return what the changelog says of a version, without its heading and the links at the end; "" for nothing."""
    _, body = _sections(text).get(version, (None, ""))
    return re.sub(r"^\[[^\]]+\]: .*$", "", body, flags=re.MULTILINE).strip()


def changelog_faults(text: str, version: str, today: date, *, has_links: bool) -> list[str]:
    """Return what is missing for a release.

    Args:
        text: The changelog.
        version: The version that is to be released.
        today: No section may be dated later.
        has_links: Whether the repository has an address, so that each version links to its changes.
    """
    sections = _sections(text)
    faults = []
    if next(iter(sections), None) != "Unreleased":
        faults.append("there is no `## [Unreleased]` above the versions, for what comes next")
    if version not in sections:
        return [*faults, f"there is no section `## [{version}] - {today:%Y-%m-%d}`: move the entries there"]
    if notes_of(text, "Unreleased"):
        faults.append("there are entries under Unreleased: they belong to the version")
    day, body = sections[version]
    try:
        if day is None or date.fromisoformat(day) > today:
            faults.append(f"the section of {version} is dated {day}: write the day of the release, {today:%Y-%m-%d}")
    except ValueError:
        faults.append(f"the section of {version} has no date as in `{today:%Y-%m-%d}`: {day}")
    kinds = re.findall(r"^### (.+)$", body, flags=re.MULTILINE)
    if not kinds:
        faults.append(f"the section of {version} has none of the headings {', '.join(KINDS)}")
    faults += [
        f"the section of {version} has a heading {kind!r}: use {', '.join(KINDS)}"
        for kind in kinds
        if kind not in KINDS
    ]
    if has_links:
        named = set(re.findall(r"^\[([^\]]+)\]: \S+$", text, flags=re.MULTILINE))
        faults += [f"there is no link `[{each}]: …` at the end" for each in sections if each not in named]
    return faults
