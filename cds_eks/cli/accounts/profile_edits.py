"""The file of profiles with one profile more, less or changed: pure, on its text.

Comments and order of the rest stay. Only lines of the usual forms are touched, and the new text is read again: if it
does not say what it should, because a profile is written in a way that lines can't be cut out of, nothing is changed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cds_eks.cli.accounts.toml_lines import Block, blocks, joined, key_text, line_of, lines_of, reworked
from cds_eks.config.config_file import ConfigText
from cds_eks.config.profiles import NAME_RULE, is_profile_name, parse_profiles
from cds_eks.documents.writing import write_whole
from cds_eks.errors import ConfigFileError, ConfigurationError

Lines = list[str]
Way = Callable[[Lines], Lines | None]


def values_of(text: str, name: str, path: Path) -> dict[str, Any]:
    """Return the keys of a profile as the file has them; none if it is not there. An inline key is among them.

    Raises:
        ConfigurationError: The file can't be edited.
    """
    found = _data_of(text, path).get("profiles", {}).get(name, {})
    return dict(found) if isinstance(found, dict) else {}


def refers(text: str, references: Mapping[str, str], path: Path, *, but: str) -> bool:
    """Return whether another profile refers to a key by any of these references.

    Args:
        text: The text of the file.
        references: The references.
        path: The file, for errors.
        but: The profile that does not count.

    Raises:
        ConfigurationError: The file can't be edited.
    """
    profiles = _data_of(text, path).get("profiles", {})
    others = [table for name, table in profiles.items() if name != but and isinstance(table, dict)]
    return any(table.get(key) in references.values() for table in others for key in references)


def put_profile(text: str, name: str, values: Mapping[str, Any], path: Path) -> str:
    """Return the text with a profile added, or in place of the one of that name.

    Args:
        text: The text of the file; empty if there is none.
        name: The profile's name.
        values: Its keys, as the file has them: texts, numbers, flags, and mappings of these.
        path: The file, for errors.

    Raises:
        ConfigurationError: The profile can't be used, or the file can't be edited.
    """
    if not is_profile_name(name):
        raise ConfigurationError(NAME_RULE)
    data = _data_of(text, path)
    data.setdefault("profiles", {})[name] = dict(values)
    edited = _first(
        text, data, path, (lambda lines: _changed(lines, name, values), lambda lines: _put(lines, name, values))
    )
    read = parse_profiles(ConfigText(path, edited, is_private=True))
    # the line would be one of a text that is not written
    if faults := tuple(fault._replace(line=None) for fault in read.faults if fault.profile == name):
        raise ConfigFileError(faults)
    return edited


def remove_profile(text: str, name: str, path: Path) -> str:
    """Return the text without a profile; if it was the default, without a default.

    Raises:
        ConfigurationError: There is none of that name, or the file can't be edited.
    """
    data = _data_of(text, path)
    _check_there(data, name, path)
    del data["profiles"][name]
    if not data["profiles"]:
        del data["profiles"]
    was_default = data.get("default") == name
    if was_default:
        del data["default"]
    return _first(text, data, path, (lambda lines: _removed(lines, name, was_default=was_default),))


def put_default(text: str, name: str, path: Path) -> str:
    """Return the text with a profile as the one that is used when none is named.

    Raises:
        ConfigurationError: There is none of that name, or the file can't be edited.
    """
    data = _data_of(text, path)
    _check_there(data, name, path)
    data["default"] = name
    return _first(text, data, path, (lambda lines: _with_default(lines, name),))


def write_profiles(path: Path, text: str) -> None:
    """Write the file, whole or not at all, for its owner alone; its folder is made if there is none.

    Raises:
        ConfigurationError: It can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, text.encode(), is_private=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(f"{path}: can't be written: {reason}") from None


def _data_of(text: str, path: Path) -> dict[str, Any]:
    """Return what a text says, if it can be edited."""
    read = parse_profiles(ConfigText(path, text, is_private=True))
    if faults := tuple(fault for fault in read.faults if fault.profile is None and fault.field != "default"):
        raise ConfigFileError(faults)
    return tomllib.loads(text.replace("\r\n", "\n"))


def _check_there(data: Mapping[str, Any], name: str, path: Path) -> None:
    names = data.get("profiles", {})
    if name not in names:
        raise ConfigurationError(f"{path}: there is no profile {name!r}; there are: {', '.join(names) or 'none'}")


def _first(text: str, wanted: Mapping[str, Any], path: Path, ways: tuple[Way, ...]) -> str:
    """Return the text as the first of some ways makes it that leads to what it is to say."""
    for way in ways:
        lines = way(lines_of(text))
        if lines is None:
            continue
        edited = joined(lines, like=text)
        try:
            found = tomllib.loads(edited.replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError:
            continue
        if {**found, "profiles": found.get("profiles", {})} == {**wanted, "profiles": wanted.get("profiles", {})}:
            return edited
    raise ConfigurationError(
        f"{path}: it is written in a way that is not edited here (profiles as [profiles.NAME] are): edit it by hand"
    )


def _own(lines: Lines, name: str) -> Iterator[Block]:
    """Yield the blocks of a profile: its table, and those in it."""
    return (block for block in blocks(lines) if block.path[:2] == ("profiles", name))


def _changed(lines: Lines, name: str, values: Mapping[str, Any]) -> Lines | None:
    """Change the lines of a profile that differ; None if it is not one table."""
    own = list(_own(lines, name))
    if len(own) != 1 or own[0].path != ("profiles", name):
        return None
    block = own[0]
    return [*lines[: block.start + 1], *reworked(lines[block.start + 1 : block.end], values), *lines[block.end :]]


def _put(lines: Lines, name: str, values: Mapping[str, Any]) -> Lines:
    """Write a profile anew where it was, or at the end."""
    new = [f"[profiles.{key_text(name)}]", *(line_of(key, value) for key, value in values.items())]
    own = list(_own(lines, name))
    if not own:
        while lines and not lines[-1].strip():
            lines.pop()
        return [*lines, *([""] if lines else []), *new]
    for block in reversed(own[1:]):
        lines = _cut(lines, block)
    return [*lines[: own[0].start], *new, *lines[own[0].end :]]


def _removed(lines: Lines, name: str, *, was_default: bool) -> Lines:
    for block in reversed(list(_own(lines, name))):
        lines = _cut(lines, block)
    if was_default:
        at = _default_line(lines)
        lines = [line for number, line in enumerate(lines) if number != at]
        while at == 0 and lines and not lines[0].strip():  # the empty line that set it apart
            del lines[0]
    return lines


def _cut(lines: Lines, block: Block) -> Lines:
    """Cut a block out, with the empty line that was between it and what follows."""
    before, after = lines[: block.start], lines[block.end :]
    if after and not after[0].strip() and (not before or not before[-1].strip()):
        after = after[1:]
    return [*before, *after]


def _default_line(lines: Lines) -> int | None:
    top = next((block.start for block in blocks(lines)), len(lines))
    return next((number for number in range(top) if lines[number].partition("=")[0].strip() == "default"), None)


def _with_default(lines: Lines, name: str) -> Lines:
    at = _default_line(lines)
    if at is not None:
        return [*lines[:at], *reworked([lines[at]], {"default": name}), *lines[at + 1 :]]
    line = line_of("default", name)
    head = next((number for number, each in enumerate(lines) if not each.startswith("#")), len(lines))
    if head and head < len(lines) and not lines[head].strip():  # what the file begins with is about the file
        return [*lines[: head + 1], line, *([""] if _is_header(lines, head + 1) else []), *lines[head + 1 :]]
    return [line, "", *lines]


def _is_header(lines: Lines, number: int) -> bool:
    return number < len(lines) and lines[number].lstrip().startswith(("[", "#"))
