"""Run the emulator: `python -m cds_eks.emulator --port 8080 --speed 60`.

With `--fault ACTION:KIND[:NAME=VALUE]...`, once for each, it fails in the ways that `cds_eks.emulator.Fault` tells of:
`--fault 'CreateCluster:reset_after_commit:count=2' --fault '*:status=503:probability=0.1:when=before'`. The action is
a name, `create`, `read`, `write` or `*`; the first fault that matches a request wins; in a value, a backslash comes
before a colon; `status=` may stand alone for the kind of that name. `--help` lists the kinds and what each takes.
"""

from __future__ import annotations

import argparse
import gc
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.text import GRAMMAR, parse_fault
from cds_eks.emulator.http.auth import CREDENTIALS
from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.signing import Credentials

if TYPE_CHECKING:
    from cds_eks.emulator import Emulator

__all__ = ["main", "make_parser"]

MOST_NODES = 99

GC_THRESHOLDS = (50_000, 20, 100)
"""When the garbage collector runs: the world is many objects that stay, and looking for garbage in them takes a third
of the time if it is done as often as it is by default. There is next to none."""


def make_parser(program: str) -> argparse.ArgumentParser:
    """Return what reads the command line.

    Args:
        program: What the help calls it.
    """
    parser = argparse.ArgumentParser(
        prog=program,
        description="The EKS service on your own machine, for tests and demos.",
        epilog=GRAMMAR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="the port, 0 for any (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="60 makes a minute a second (default: %(default)s)")
    parser.add_argument(
        "--access-key-id", default=CREDENTIALS.access_key_id, help="the key to know (default: %(default)s)"
    )
    parser.add_argument("--secret-access-key", default=CREDENTIALS.secret_access_key, help="its secret, a made-up one")
    parser.add_argument(
        "--seed", type=int, default=0, help="another one gives other ids and random faults (default: %(default)s)"
    )
    parser.add_argument(
        "--api-revision", choices=REVISIONS, help="the revision of the API that it speaks (default: either)"
    )
    parser.add_argument(
        "--subnets-as-objects", action="store_true", help="tell subnets as the Go client of 2025-09-08 alone reads them"
    )
    parser.add_argument(
        "--scaling-group",
        action="append",
        default=[],
        metavar="ID[:MIN:MAX]",
        help="have a scaling group, of a node pool in a cluster of its own, from MIN (1) to MAX (10) nodes: no "
        "action of the API makes one by itself; may be given again",
    )
    parser.add_argument("--fault", action="append", default=[], help="what goes wrong, see below; may be given again")
    return parser


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
        return _serve(options)
    except KeyboardInterrupt:
        return 0
    finally:
        gc.set_threshold(*thresholds)
        for each, handler in previous.items():
            signal.signal(each, handler)


def _serve(options: argparse.Namespace) -> int:
    try:
        from cds_eks.emulator import Emulator

        credentials = Credentials(options.access_key_id, options.secret_access_key)
        faults = [_fault(text) for text in options.fault]
        emulator = Emulator(
            speed=options.speed,
            credentials=credentials,
            seed=options.seed,
            faults=faults,
            api_revision=options.api_revision,
            subnets_as_objects=options.subnets_as_objects,
        )
        for text in options.scaling_group:
            _add_scaling_group(emulator, text)
        with emulator.serve(options.host, options.port) as url:
            sys.stdout.write(_welcome(url, credentials, options.api_revision))
            sys.stdout.flush()
            while True:  # not one long sleep, which not every platform lets a signal end
                time.sleep(0.5)
    except (ModuleNotFoundError, OSError, ValueError) as problem:
        sys.stderr.write(f"cds_eks.emulator: {problem}\n")
    return 2


def _fault(text: str) -> Fault:
    try:
        return parse_fault(text)
    except ValueError as problem:
        raise ValueError(f"--fault {text!r}: {problem}") from None


def _add_scaling_group(emulator: Emulator, text: str) -> None:
    group_id, *bounds = text.split(":")
    try:
        least, most = (int(each) for each in bounds or ("1", "10"))
        if not group_id or not 0 <= least <= most <= MOST_NODES:
            raise ValueError
    except ValueError:
        rule = f"must be ID or ID:MIN:MAX, with 0 <= MIN <= MAX <= {MOST_NODES}"
        raise ValueError(f"--scaling-group {text!r}: {rule}") from None
    emulator.add_scaling_group(group_id, min_size=least, max_size=most)


def _welcome(url: str, credentials: Credentials, api_revision: str | None) -> str:
    revision = f"export CDS_EKS_API_REVISION={api_revision}\n" if api_revision else ""
    return (
        f"# The EKS emulator is at {url}; Ctrl-C stops it. Its ledger is at {url}/_emulator/ledger\n"
        f"# To use it (these keys are good for nothing else):\n"
        f"export CDS_API_SCHEMA=http\n"
        f"export CDS_API_HOST={urlsplit(url).netloc}\n"
        f"export CDS_SECRET_ID={shlex.quote(credentials.access_key_id)}\n"
        f"export CDS_SECRET_KEY={shlex.quote(credentials.secret_access_key)}\n"
        f"{revision}"
    )


if __name__ == "__main__":
    sys.exit(main())
