"""Where the journal of a fleet is, how it is opened, and how it is shown."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import click

from cds_eks.cli.fleet.wording import in_options

if TYPE_CHECKING:
    from cds_eks.fleet.sync.journal import FleetJournal
    from cds_eks.sync.client import EksClient

VARIABLE = "CDS_FLEET_JOURNAL"
_SECRET_PARTS = frozenset({"password", "passfile", "sslpassword"})


def journal_for(given: str | None, plan: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the path or address of a journal: what was given, what the environment says, or beside the plan.

    Args:
        given: What `--journal` says, or None.
        plan: The plan's file; `-` for stdin.
        environ: The environment.

    Raises:
        UsageError: `--journal` has a password in it, or the plan has no place.
    """
    if given is not None:
        if _has_password(given):
            raise click.UsageError(
                "--journal has a password in it, which all users of this machine can see: leave it to PGPASSWORD or "
                f"~/.pgpass, or put the address into {VARIABLE}"
            )
        return given
    if set_ := environ.get(VARIABLE):
        return set_
    if plan == "-":
        raise click.UsageError(f"a plan from stdin needs --journal, or {VARIABLE}")
    return str(Path(plan).with_suffix(".db"))


def shown(journal: str) -> str:
    """Return a journal's path or address without a password."""
    if "://" not in journal:
        return journal
    try:
        parts = urlsplit(journal)
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return f"{journal.partition('://')[0]}://…"
    user = f"{quote(parts.username)}@" if parts.username else ""
    host = parts.hostname or ""
    asked = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() not in _SECRET_PARTS]
    query = f"?{urlencode(asked, safe='/')}" if asked else ""
    return f"{parts.scheme}://{user}{f'[{host}]' if ':' in host else host}{port}{parts.path}{query}"


def is_there(journal: str) -> bool:
    """Whether a journal is there, as far as can be seen without a network."""
    path = path_of(journal)
    return "://" in path or Path(path).exists()


def must_be_there(journal: str) -> None:
    """Refuse to go on with a journal that would have to be made first.

    A command that only looks makes none: an empty one beside the plan would be taken for the fleet's own.

    Raises:
        UsageError: There is no such file.
    """
    if not is_there(journal):
        raise click.UsageError(f"there is no journal {path_of(journal)}: say where it is with --journal")


def is_chosen(given: str | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody has said where the journal is: one that is not there is a mistake then."""
    return given is not None or bool(environ.get(VARIABLE))


@contextmanager
def opened(eks: EksClient, where: str, *, rebind: bool = False) -> Iterator[FleetJournal]:
    """Open a journal. What goes wrong while it is open is told in the command line's words.

    Args:
        eks: The client that it is used with.
        where: Its path or address.
        rebind: Whether it takes over the service of the client.
    """
    from cds_eks.fleet import sync

    with errors_in_options(), sync.open_journal(eks, where, rebind=rebind) as journal:
        yield journal


@contextmanager
def errors_in_options() -> Iterator[None]:
    """Tell what is raised inside in the command line's words."""
    from cds_eks.errors import EksError

    try:
        yield
    except EksError as error:
        error.message = in_options(error.message)
        raise


@contextmanager
def opened_empty(eks: EksClient) -> Iterator[FleetJournal]:
    """Open a journal that knows nothing, and that nobody finds afterwards."""
    with tempfile.TemporaryDirectory() as folder, opened(eks, str(Path(folder) / "empty.db")) as journal:
        yield journal


def path_of(journal: str) -> str:
    """Return the path of a journal that is a file; the address of any other."""
    return journal.removeprefix("sqlite://").removeprefix("/") if journal.startswith("sqlite://") else journal


def _has_password(journal: str) -> bool:
    scheme, separator, rest = journal.partition("://")
    if not separator or scheme == "sqlite":
        return False
    before_host, at, _ = rest.partition("/")[0].rpartition("@")
    names = {part.partition("=")[0].lower() for part in rest.partition("?")[2].split("&")}
    return bool(at and ":" in before_host) or bool(names & {"password", "sslpassword"})
