"""`python -m cds_eks.cli` is `cds-eks`."""

from __future__ import annotations

import sys

from cds_eks.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
