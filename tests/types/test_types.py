"""What a user's type checker makes of the package. CI has pyright read the same files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
WRONG_USES = ROOT / "tests/types/wrong_uses.py"
EXCUSE = re.compile(r" # type: ignore\[([a-z, -]+)\]")


def mypy(*files: Path) -> str:
    # Of the oldest Python, on all: so that one cache serves them.
    command = [sys.executable, "-m", "mypy", "--python-version=3.11", *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=170).stdout


@pytest.mark.timeout(180)  # without a cache, all of the package and what it imports is read
def test_right_uses_have_the_types_that_the_documentation_says() -> None:
    found = mypy(ROOT / "tests/types/right_uses.py")
    assert found.startswith("Success"), found


@pytest.mark.timeout(180)
def test_each_wrong_use_is_found_and_nothing_else(tmp_path: Path) -> None:
    lines = WRONG_USES.read_text(encoding="utf-8").splitlines()
    expected = {
        number: set(re.split(", ", excuse[1]))
        for number, line in enumerate(lines, 1)
        if (excuse := EXCUSE.search(line)) is not None
    }
    assert len(expected) >= 25
    bare = tmp_path / "wrong_uses.py"
    bare.write_text("\n".join(EXCUSE.sub("", line) for line in lines), encoding="utf-8")
    found: dict[int, set[str]] = {}
    for number, code in re.findall(
        r"^.*wrong_uses\.py:(\d+): error: .* \[([a-z-]+)\]$", mypy(bare), flags=re.MULTILINE
    ):
        found.setdefault(int(number), set()).add(code)
    assert found == expected
