"""Check that every public symbol of the package has a type that needs no inference: `python tools/public_types.py`.

It runs `pyright --verifytypes` (the extra `types`) with this Python's packages.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

EXCEPTIONS = {
    r"cds_eks\.models\.\w+\.\w+\.[A-Z_]+": "a generated model's rules: not for users, and typed in the base class",
}
"""What may be ambiguous, as patterns of full names, and why; with it, what is made of it."""


def main() -> int:
    """Run pyright; return the exit code."""
    folder = Path(sys.executable).parent  # that of the virtual environment: pyright asks the `python` found first
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [sys.executable, "-m", "pyright", "--verifytypes", "cds_eks", "--ignoreexternal", "--outputjson"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = json.loads(run.stdout)["typeCompleteness"]
    symbols = [symbol for symbol in found["symbols"] if symbol["isExported"]]
    wrong, excused = [], 0
    for symbol in symbols:
        if symbol["isTypeKnown"]:
            continue
        # What only uses another symbol of the package has no diagnostics of its own, or "partially unknown" ones.
        own = [one["message"] for one in symbol["diagnostics"] if "partially unknown" not in one["message"]]
        if any(re.fullmatch(pattern, symbol["name"]) for pattern in EXCEPTIONS):
            excused += 1
        elif own:
            wrong.append(f"{symbol['name']}: {own[0].splitlines()[0]}")
    known = sum(symbol["isTypeKnown"] for symbol in symbols)
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    sys.stdout.write(f"{known} of {len(symbols)} public symbols have a type; {excused} are excused\n")
    is_whole = known == len(symbols) or (excused and not wrong)
    return 0 if len(symbols) > 1000 and is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
