"""The entry point, and the table of the commands that are written by hand."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.cli.groups import Entry

COMMANDS: Mapping[str, Entry] = {
    "call": ("cds_eks.cli.call:command", "Call any action of the service.", "调用服务的任意 Action。"),
    "validate": ("cds_eks.cli.validate:command", "Check a file, without any network.", "离线检查文件。"),
}
"""Each command or group by name: where it is, and what it does in English and in Chinese. It is imported when it is
used. `clusters endpoints` is a command in a generated group. The generated groups themselves are not listed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `cds-eks`.

    Args:
        arguments: The command line without the program's name; by default that of the process.

    Returns:
        The exit code.
    """
    try:
        from cds_eks.cli.root import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write("cds-eks: the command line is not installed: pip install 'cds-eks[cli]'\n")
        return 2
    return run(COMMANDS, sys.argv[1:] if arguments is None else arguments)
