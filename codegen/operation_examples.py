"""The examples of the operations: the table `operation_examples.toml`, carried out against the emulator.

python -m codegen.operation_examples [OPERATION]...    record what the examples print, of all operations or of these

What they print stands in `operation_outputs.json`, and on the pages of the reference. Tests carry them out again.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tomllib
from pathlib import Path

__all__ = ["load", "outputs", "printed_by"]

TABLE = Path(__file__).with_name("operation_examples.toml")
OUTPUTS = Path(__file__).with_name("operation_outputs.json")


def load() -> dict[str, str]:
    """Return the programs, by the documented name of the operation."""
    return {name: code.strip() for name, code in tomllib.loads(TABLE.read_text(encoding="utf-8")).items()}


def outputs() -> dict[str, str]:
    """Return what the programs printed when they were recorded."""
    found: dict[str, str] = json.loads(OUTPUTS.read_text(encoding="utf-8")) if OUTPUTS.exists() else {}
    return found


def printed_by(code: str) -> str:
    """Run a program, and return what it prints: without what differs from run to run."""
    from codegen.command_world import normalized, served

    printed = io.StringIO()
    with served(), contextlib.redirect_stdout(printed):
        exec(compile(code, TABLE.name, "exec"), {"__name__": "__main__"})
    return normalized(printed.getvalue()).rstrip()


def main(wanted: list[str]) -> int:
    """Record what the examples print."""
    examples = load()
    recorded = {name: text for name, text in outputs().items() if name in examples}
    for name, code in examples.items():
        if not wanted or name in wanted:
            recorded[name] = printed_by(code)
            sys.stdout.write(f"ran {name}\n")
    OUTPUTS.write_text(json.dumps(recorded, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
