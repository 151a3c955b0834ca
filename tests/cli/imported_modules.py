"""Which modules a command imports."""

from __future__ import annotations

import json
import subprocess
import sys

SEEN = """
import json, sys
from cds_eks.cli.main import main
code = main(sys.argv[1:])
sys.stderr.write(json.dumps(sorted(sys.modules)))
sys.exit(code)
"""


def modules_of(*arguments: str, **environ: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", SEEN, *arguments], capture_output=True, encoding="utf-8", check=True, env=environ or None
    )
    return set(json.loads(done.stderr))
