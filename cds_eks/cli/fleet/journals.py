"""Where the journal of a fleet is, and how it is shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import click

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


def must_be_there(journal: str) -> None:
    """Refuse to go on with a journal that would have to be made first.

    Raises:
        UsageError: There is no such file.
    """
    path = journal.removeprefix("sqlite://").removeprefix("/") if journal.startswith("sqlite://") else journal
    if "://" not in path and not Path(path).exists():
        raise click.UsageError(f"there is no journal {path}: say where it is with --journal")


def _has_password(journal: str) -> bool:
    scheme, separator, rest = journal.partition("://")
    if not separator or scheme == "sqlite":
        return False
    before_host, at, _ = rest.partition("/")[0].rpartition("@")
    names = {part.partition("=")[0].lower() for part in rest.partition("?")[2].split("&")}
    return bool(at and ":" in before_host) or bool(names & {"password", "sslpassword"})
