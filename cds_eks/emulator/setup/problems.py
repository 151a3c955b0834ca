"""What is wrong with a world's file: each thing with its line and key."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cds_eks.documents.reading import Path as Place

__all__ = ["Problem", "WorldFileError", "spelled"]


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: The file.
        line: Where in it, from 1; None for the file as a whole.
        key: The path of the key (`clusters[0].workers`); empty for the file as a whole.
        message: What is wrong. It holds no value of a text, but the beginning of a fault, or of its kind or action,
            that makes no sense.
    """

    file: str
    line: int | None = None
    key: str = ""
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.key, self.message) if part)


class WorldFileError(ValueError):
    """A world's file can't be used.

    Attributes:
        problems: All that is wrong with it, in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems, key=lambda each: each.line or 0))
        super().__init__("\n".join(str(each) for each in self.problems))


def spelled(place: Place) -> str:
    """Spell the path of a key: `clusters[0].name`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
