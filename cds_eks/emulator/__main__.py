"""Run the emulator: `python -m cds_eks.emulator --port 8080 --speed 60`.

With `--config FILE` it takes its options, a world and faults from a file of TOML. With `--fault
ACTION:KIND[:NAME=VALUE]...`, once for each, it fails in the ways that `cds_eks.emulator.Fault` tells of:
`--fault 'CreateCluster:reset_after_commit:count=2' --fault '*:status=503:probability=0.1:when=before'`. The action is
a name, `create`, `read`, `write` or `*`; the first fault that matches a request wins; in a value, a backslash comes
before a colon; `status=` may stand alone for the kind of that name. `--help` lists the kinds and what each takes.
"""

from __future__ import annotations

import argparse
import errno
import gc
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from cds_eks.emulator.setup.command_line import make_parser, setup_of
from cds_eks.signing import Credentials

__all__ = ["main", "make_parser"]

GC_THRESHOLDS = (50_000, 20, 100)
"""When the garbage collector runs: the world is many objects that stay, and looking for garbage in them takes a third
of the time if it is done as often as it is by default. There is next to none."""


def main(arguments: Sequence[str] | None = None, *, program: str = "python -m cds_eks.emulator") -> int:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        arguments: The command line; by default that of the process.
        program: What the help calls it.

    Returns:
        The exit code: 0 when told to stop, 2 if it can't serve.
    """
    options = make_parser(program).parse_args(arguments)
    thresholds = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLDS)
    previous = {each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        return _serve(options, "cds_eks.emulator" if program.startswith("python") else program)
    except KeyboardInterrupt:
        return 0
    finally:
        gc.set_threshold(*thresholds)
        for each, handler in previous.items():
            signal.signal(each, handler)


def _serve(options: argparse.Namespace, program: str) -> int:
    try:
        from cds_eks.emulator import Emulator

        setup = setup_of(options)
        emulator = Emulator(**setup.settings, setup=setup.add_to)
        with emulator.serve(setup.host, setup.port) as url:
            sys.stdout.write(_welcome(url, emulator.credentials, setup.settings.get("api_revision")))
            sys.stdout.flush()
            while True:  # not one long sleep, which not every platform lets a signal end
                time.sleep(0.5)
    except (ModuleNotFoundError, OSError, ValueError) as problem:
        told = str(problem)
        if isinstance(problem, OSError) and problem.errno == errno.EADDRINUSE:
            told += "; --port 0 takes one that is free"
        sys.stderr.writelines(f"{program}: {line}\n" for line in told.splitlines())
    return 2


def _welcome(url: str, credentials: Credentials, api_revision: str | None) -> str:
    revision = f"export CDS_EKS_API_REVISION={api_revision}\n" if api_revision else ""
    return (
        f"# The EKS emulator is at {url}; Ctrl-C stops it. Its world, ledger and faults are at {url}/_emulator/\n"
        f"# To use it (these keys are good for nothing else):\n"
        f"export CDS_API_SCHEMA=http\n"
        f"export CDS_API_HOST={urlsplit(url).netloc}\n"
        f"export CDS_SECRET_ID={shlex.quote(credentials.access_key_id)}\n"
        f"export CDS_SECRET_KEY={shlex.quote(credentials.secret_access_key)}\n"
        f"{revision}"
    )


if __name__ == "__main__":
    sys.exit(main())
