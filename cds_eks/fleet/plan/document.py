"""The text of a plan as plain data, with the line of each value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

import attrs

from cds_eks.documents.reading import Path, Read, Unreadable
from cds_eks.errors import ConfigurationError
from cds_eks.fleet.plan.faults import PlanFault
from cds_eks.schema.walk import path_text

Format = Literal["toml", "yaml", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)

ENDINGS: Mapping[str, Format] = {".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
"""The format of a file by the ending of its name."""


@attrs.frozen(kw_only=True, repr=False)
class Document:
    """What a text says.

    Attributes:
        data: The data; empty if the text can't be read.
        lines: The line of each value, from 1, by its path; empty for Python values.
        source: The file's name.
        faults: What is wrong with the text itself.
    """

    data: Any
    lines: Mapping[Path, int] = attrs.field(factory=dict)
    source: str = ""
    faults: tuple[PlanFault, ...] = ()

    def line_of(self, path: Path) -> int | None:
        """Return the line of a value, or of the nearest one around it; None if there is no text."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read(text: str, format: Format, source: str = "") -> Document:  # noqa: A002 - `Plan.loads` calls it that
    """Read a text.

    Args:
        text: The text.
        format: Its format.
        source: The file's name, for faults.

    Raises:
        ConfigurationError: There is no such format, or what reads it is not installed.
    """
    try:
        found = _reader_of(format)(text.removeprefix("\ufeff"))
    except Unreadable as error:
        fault = PlanFault(message=error.message, field="", file=source, line=error.line)
        return Document(data={}, source=source, faults=(fault,))
    faults = tuple(
        PlanFault(message="is there twice", field=path_text(path), file=source, line=line) for path, line in found.twice
    )
    return Document(data=found.data, lines=found.lines, source=source, faults=faults)


def _reader_of(name: str) -> Callable[[str], Read]:
    if name == "toml":
        from cds_eks.documents.toml_text import read_toml

        return read_toml
    if name == "json":
        from cds_eks.fleet.plan.json_text import read_json

        return read_json
    if name == "yaml":
        from cds_eks.fleet.plan.yaml_text import read_yaml

        return read_yaml
    raise ConfigurationError(f"a plan is TOML, YAML or JSON; got the format {name!r}, not one of {', '.join(FORMATS)}")
