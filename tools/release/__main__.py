"""Check all that a release needs, and leave what is to be uploaded in `dist/`.

python -m tools.release --check
python -m tools.release --check --only build twine
python -m tools.release --list

Nothing is tagged or uploaded: what is left for people is told at the end. The exit code is 1 if a step finds something.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.release.checklist import STEPS, by_hand, carry_out, table
from tools.release.work import Work

__all__ = ["main"]

ROOT = Path(__file__).parents[2]


def _tell(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    head, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tools.release",
        description=head,
        epilog=rest,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="carry the steps out")
    what.add_argument("--list", action="store_true", help="only list them")
    names = [step.name for step in STEPS]
    parser.add_argument("--only", nargs="+", metavar="STEP", choices=names, help="these steps alone")
    parser.add_argument("--skip", nargs="+", metavar="STEP", choices=names, default=[], help="all but these")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where what is built is left (dist/)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry the checklist out.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code: 1 if a step found something.
    """
    options = _parser().parse_args(arguments)
    chosen = [step for step in STEPS if step.name in (options.only or [step.name]) and step.name not in options.skip]
    if options.list:
        for step in chosen:
            _tell(f"{step.name:16}{step.what}")
        return 0
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        work = Work(ROOT, Path(scratch), options.dist.resolve(), lambda what: _tell(f"      - {what}"))
        outcomes = carry_out(chosen, work, _tell)
        project = work.project
    _tell(f"\n{project.name} {project.version}\n{table(outcomes)}")
    if len(chosen) < len(STEPS):
        _tell(f"{len(STEPS) - len(chosen)} steps were left out")
    if not all(each.is_good for each in outcomes):
        return 1
    if len(chosen) == len(STEPS):
        _tell("\nLeft for you:")
        for line in by_hand(project, options.dist):
            _tell(f"  - {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
