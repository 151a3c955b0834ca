"""The documentation's site.

python -m tools.site build       build it with mkdocs, strictly, in build/mkdocs/site
python -m tools.site zensical    the same with zensical, in build/zensical/site
"""

from __future__ import annotations

import argparse

from tools.site.building import build
from tools.site.links import LinkError

COMMANDS = {"build": lambda: build("mkdocs"), "zensical": lambda: build("zensical")}


def main() -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.site", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=COMMANDS)
    try:
        COMMANDS[parser.parse_args().command]()
    except LinkError as error:
        raise SystemExit(str(error)) from None
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
