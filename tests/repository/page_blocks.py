"""The code of a page, in its order, and the comments above it: CONTRIBUTING.md ("Code on a page") has their meaning."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Block", "blocks_of"]

_BLOCK = re.compile(r"(?:^<!-- ([^\n]*?) -->\n)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

SET_UP = ("pip install", "python3 -m venv", "export CDS_SECRET_ID=", "cds-eks emulator", "python -m cds_eks.emulator")
"""How the lines of a shell begin that bring about what a test has already."""


class Block(NamedTuple):
    """A block of code.

    Attributes:
        language: `python`, `sh`, `toml`, …
        code: What it says.
        said: What the comment above it says; empty for none.
    """

    language: str
    code: str
    said: str

    @property
    def is_run(self) -> bool:
        """Whether it is carried out as part of its page."""
        return self.language in ("python", "sh") and not self.said and not self.is_set_up

    @property
    def is_set_up(self) -> bool:
        """Whether each of its lines only brings about what a test has already."""
        lines = [line for line in self.code.splitlines() if line.strip() and not line.startswith("#")]
        return self.language == "sh" and all(line.startswith(SET_UP) for line in lines)

    @property
    def file(self) -> str | None:
        """The name of the file that it is."""
        return self.said.removeprefix("file: ") if self.said.startswith("file: ") else None

    @property
    def is_output(self) -> bool:
        """Whether it is what the last block prints."""
        return self.said == "output"


def blocks_of(text: str) -> list[Block]:
    """Return the blocks of a page."""
    return [Block(language, code, said) for said, language, code in _BLOCK.findall(text)]
