"""Hold docs/openapi.json against the emulator: `python -m tools.openapi_check --cases 1000`.

Each operation is sent that many requests, good ones and faulty ones, in a world that has the ids which most of the good
ones name. The exit code is 0 if no response breaks the document and each operation was carried out at least once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tools.openapi_check.run import Run
from tools.openapi_check.seeded import DOCUMENT, seeded_document

PHASES = "examples,coverage,fuzzing"
"""The phases of schemathesis; its stateful one needs links, which the description has none of."""


def main() -> int:
    """Run the check."""
    parser = argparse.ArgumentParser(prog="python -m tools.openapi_check", description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="how many requests an operation is sent (1000)")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other requests")
    parser.add_argument("--phases", default=PHASES, help=f"those of schemathesis ({PHASES})")
    parser.add_argument("--only", action="append", default=[], help="an operation by its name; may be repeated")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="another document (docs/openapi.json)")
    chosen = parser.parse_args()
    document = seeded_document(chosen.document)
    with tempfile.TemporaryDirectory() as folder, Run() as run:
        path = Path(folder) / "openapi.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        failed = run.schemathesis(path, cases=chosen.cases, seed=chosen.seed, phases=chosen.phases, only=chosen.only)
    print(run.table())
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    idle = [name for name in chosen.only or names if not run.seen[name, 200]]
    if idle:
        print(f"never carried out: {', '.join(idle)}")
    return int(failed or bool(idle))


if __name__ == "__main__":
    sys.exit(main())
