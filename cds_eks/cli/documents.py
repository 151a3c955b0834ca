"""`-f FILE`: TOML, YAML 1.2 or JSON, by Python's names or the wire's, with the line of each value for errors."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import click

from cds_eks.cli.blanks import is_blank
from cds_eks.cli.description import Field
from cds_eks.documents.reading import not_utf8

Path = tuple[str | int, ...]

STDIN = "-"


class Document(NamedTuple):
    """What a file says.

    Attributes:
        data: Its data; the fields by Python name.
        lines: The line of each value, by its path.
        source: The file's name; empty without one.
        base: The folder that `file:` references begin in.
        replaced: The paths of what options say in its place.
    """

    data: dict[str, Any]
    lines: Mapping[Path, int]
    source: str = ""
    base: str = ""
    replaced: tuple[Path, ...] = ()

    def line_of(self, path: Path) -> int | None:
        """Return the line of a value, or of the nearest one around it; None if an option says it."""
        if any(path[: len(other)] == other for other in self.replaced):
            return None
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


NO_DOCUMENT = Document({}, {})


def read(name: str) -> Document:
    """Read a file, or stdin for `-`. It may be empty.

    Raises:
        UsageError: It can't be read, or is not of its format, or is no table.
    """
    from cds_eks.fleet.plan.document import ENDINGS
    from cds_eks.fleet.plan.document import read as read_text

    text = text_of(name)
    source = "stdin" if name == STDIN else name
    ending = FilePath(name).suffix.lower() if name != STDIN else ""
    if ending and ending not in ENDINGS:
        raise click.UsageError(f"{source}: ends with none of {', '.join(ENDINGS)}")
    found = read_text(text, ENDINGS[ending] if ending else guessed_format(text), source)
    if found.faults:
        raise click.UsageError("\n".join(map(str, found.faults)))
    if found.data is not None and not isinstance(found.data, Mapping):
        raise click.UsageError(f"{source}: must be a table (a mapping)")
    base = "" if name == STDIN else str(FilePath(name).resolve().parent)
    return Document(dict(found.data or {}), found.lines, source, base)


def text_of(name: str) -> str:
    """Return the text of a file, or of stdin for `-`.

    Raises:
        UsageError: It can't be read.
    """
    if name == STDIN and sys.stdin is None:
        raise click.UsageError("stdin: is closed")
    content = b""
    try:
        content = sys.stdin.buffer.read() if name == STDIN else FilePath(name).read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        reason = not_utf8(content)
    except OSError as error:
        reason = f"can't be read: {error.strerror}"
    del content  # it may hold secrets, and this frame is in the traceback
    raise click.UsageError(f"{'stdin' if name == STDIN else name}: {reason}")


_TOML_LINE = re.compile(r"\s*(?:\[{1,2}[^\]]+\]{1,2}|[\w.\"'-]+\s*=.*)\s*")


def guessed_format(text: str) -> Any:
    """Return the format of a text without a name: JSON begins with a brace, TOML with a table or `key =`."""
    for line in text.splitlines():
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        if said.startswith("{"):
            return "json"
        return "toml" if _TOML_LINE.fullmatch(said) else "yaml"
    return "yaml"


def by_python_names(document: Document, fields: Sequence[Field]) -> Document:
    """Return a document whose fields go by Python's names. What is no field keeps its name, to be refused later.

    Raises:
        UsageError: A field is there under two names.
    """
    lines: dict[Path, int] = dict.fromkeys([()], document.lines.get((), 1)) if document.lines else {}
    renaming = _Renaming(document, lines)
    return document._replace(data=renaming.mapping(document.data, fields, (), ()), lines=lines)


class _Renaming(NamedTuple):
    document: Document
    lines: dict[Path, int]

    def mapping(self, data: Mapping[str, Any], fields: Sequence[Field], old: Path, new: Path) -> dict[str, Any]:
        by_name = {name: field for field in fields for name in (*field.wires, field.name)}
        made: dict[str, Any] = {}
        for key, value in data.items():
            field = by_name.get(key)
            name = field.name if field is not None else key
            if name in made:
                line = self.document.line_of((*old, key))
                raise click.UsageError(f"{self.document.source}:{line}: {name} is there under two names")
            self._note((*old, key), (*new, name))
            made[name] = self.value(value, field, (*old, key), (*new, name))
        return made

    def value(self, value: Any, field: Field | None, old: Path, new: Path) -> Any:
        fields = field.fields if field is not None else ()
        if field is not None and field.is_list and value is None and field.required:
            return []  # null, which a Go client writes for an empty list
        if field is not None and is_blank(field, value):
            return None  # of a skeleton, not filled in: it is missing
        if isinstance(value, list):
            entries = []
            for index, entry in enumerate(value):
                self._note((*old, index), (*new, index))
                entries.append(self.value(entry, field and field._replace(is_list=False), (*old, index), (*new, index)))
            return entries
        return self.mapping(value, fields, old, new) if isinstance(value, Mapping) else value

    def _note(self, old: Path, new: Path) -> None:
        if (line := self.document.lines.get(old)) is not None:
            self.lines[new] = line
