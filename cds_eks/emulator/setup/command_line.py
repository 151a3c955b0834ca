"""The emulator's command line, and what it says together with a world's file: the command line wins."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from cds_eks.emulator.faults.fault import Fault
from cds_eks.emulator.faults.kinds import shown
from cds_eks.emulator.faults.text import grammar, parse_fault
from cds_eks.emulator.http.auth import CREDENTIALS
from cds_eks.emulator.protocol.api import REVISIONS
from cds_eks.emulator.setup.keys import MOST_NODES
from cds_eks.signing import Credentials

if TYPE_CHECKING:
    from cds_eks.emulator.engine.seeding import Seeding
    from cds_eks.emulator.setup.world_file import WorldFile

__all__ = ["Setup", "make_parser", "setup_of"]

_OPTIONS = (
    "host",
    "port",
    "speed",
    "access_key_id",
    "secret_access_key",
    "seed",
    "api_revision",
    "subnets_as_objects",
    "allowed_hosts",
)
"""Those that the section `server` of a file has too."""


@attrs.frozen(kw_only=True)
class Setup:
    """What an emulator is to be.

    Attributes:
        host: The address to listen on.
        port: The port; 0 for any.
        settings: As `Emulator` takes them, with the faults.
        scaling_groups: Those of the command line: id, fewest and most nodes.
        world: What the file says, if there is one.
    """

    host: str
    port: int
    settings: Mapping[str, Any] = attrs.field(repr=False)
    scaling_groups: tuple[tuple[str, int, int], ...] = ()
    world: WorldFile | None = None

    def add_to(self, emulator: Seeding) -> None:
        """Put into an emulator what it is to have at its start."""
        if self.world is not None:
            self.world.add_to(emulator)
        for group_id, least, most in self.scaling_groups:
            emulator.add_scaling_group(group_id, min_size=least, max_size=most)


def make_parser(program: str) -> argparse.ArgumentParser:
    """Return what reads the command line. What is not given is None, so that a file can say it.

    Args:
        program: What the help calls it.
    """
    parser = argparse.ArgumentParser(
        prog=program,
        description="The EKS service on your own machine, for tests and demos.",
        epilog=grammar(max(shutil.get_terminal_size().columns - 2, 40)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--config",
        metavar="FILE",
        help="a file in TOML with these options, clusters that are there from the start, and faults; "
        "what is given here as well wins",
    )
    add("--host", help="the address to listen on (default: 127.0.0.1)")
    add("--port", type=int, help="the port, 0 for any (default: 8080)")
    add("--speed", type=float, help="60 makes a minute a second (default: 1.0)")
    add("--access-key-id", metavar="ID", help=f"the key to know (default: {CREDENTIALS.access_key_id})")
    add("--secret-access-key", metavar="SECRET", help="its secret, a made-up one")
    add("--seed", type=int, help="another one gives other ids and random faults (default: 0)")
    add("--api-revision", choices=REVISIONS, help="the revision of the API that it speaks (default: either)")
    add(
        "--subnets-as-objects",
        action=argparse.BooleanOptionalAction,
        help="send subnets in the form that only the Go client of 2025-09-08 reads",
    )
    add(
        "--allow-host",
        action="append",
        dest="allowed_hosts",
        metavar="NAME",
        help="let the pages below /_emulator/ be asked for by this name too, besides localhost and addresses; may be "
        "given again",
    )
    add(
        "--scaling-group",
        action="append",
        default=[],
        metavar="ID[:MIN:MAX]",
        help="have a scaling group, of a node pool in a cluster of its own, from MIN (1) to MAX (10) nodes: no "
        "action of the API makes one by itself; may be given again",
    )
    add("--fault", action="append", default=[], help="what goes wrong, see below; may be given again")
    return parser


def setup_of(options: argparse.Namespace) -> Setup:
    """Return what an emulator is to be, by its command line and the file that this names.

    Raises:
        ValueError: Naming what is wrong, as `WorldFileError` for a file.
    """
    world = None
    if options.config is not None:
        from cds_eks.emulator.setup.reading import read_world_file

        world = read_world_file(options.config)
    settings: dict[str, Any] = {"api_revision": None, **(world.server if world else {})}
    settings |= {name: value for name in _OPTIONS if (value := getattr(options, name)) is not None}
    faults = [_fault(text) for text in options.fault]
    host, port = settings.pop("host", "127.0.0.1"), settings.pop("port", 8080)
    key_id = settings.pop("access_key_id", CREDENTIALS.access_key_id)
    secret = settings.pop("secret_access_key", CREDENTIALS.secret_access_key)
    settings["credentials"] = Credentials(key_id, secret)
    settings["faults"] = [*faults, *(world.faults if world else ())]
    groups = tuple(_scaling_group(text) for text in options.scaling_group)
    return Setup(host=host, port=port, settings=settings, scaling_groups=groups, world=world)


def _fault(text: str) -> Fault:
    try:
        return parse_fault(text)
    except ValueError as problem:
        raise ValueError(f"--fault {shown(text)}: {problem}") from None


def _scaling_group(text: str) -> tuple[str, int, int]:
    group_id, *bounds = text.split(":")
    try:
        least, most = (int(each) for each in bounds or ("1", "10"))
        if not group_id or not 0 <= least <= most <= MOST_NODES:
            raise ValueError
    except ValueError:
        rule = f"must be ID or ID:MIN:MAX, with 0 <= MIN <= MAX <= {MOST_NODES}"
        raise ValueError(f"--scaling-group {text!r}: {rule}") from None
    return group_id, least, most
