"""What is wrong with a document or a request, one fault after the other."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Fault(Protocol):
    """One thing that is wrong, as an error has it in its `faults`. `str` is a line that tells all of it."""

    @property
    def message(self) -> str:
        """What is wrong. It never holds the value of a text."""
        ...

    @property
    def field(self) -> str:
        """The path of the field (`clusters[0].node_pools[1].name`); empty for the document as a whole."""
        ...

    @property
    def file(self) -> str:
        """The file; empty if it is of none."""
        ...

    @property
    def line(self) -> int | None:
        """The line in it, from 1, or None."""
        ...


class FieldFault(NamedTuple):
    """One thing that is wrong with a request.

    Attributes:
        field: The Python name of the field, with its path.
        message: The rule that it breaks.
    """

    field: str
    message: str

    @property
    def file(self) -> str:
        """None: a request is of no file."""
        return ""

    @property
    def line(self) -> int | None:
        """None: a request has no lines."""
        return None

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class ConfigFault(NamedTuple):
    """One thing that is wrong with the file of profiles.

    Attributes:
        message: What is wrong, and what to do. It never holds the value of a text.
        field: The path of the field (`profiles.work.endpoint`); empty for the file as a whole.
        file: The file.
        line: The line in it, from 1, or None.
        profile: The profile that it concerns; None for all.
    """

    message: str
    field: str
    file: str
    line: int | None = None
    profile: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.field, self.message) if part)
