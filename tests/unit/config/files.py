"""Files of profiles for tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

PLANTED_ID = "Pl4nted-id"
PLANTED_KEY = "Pl4nted-key"


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    path.chmod(mode)
    return path
