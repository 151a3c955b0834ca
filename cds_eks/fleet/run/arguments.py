"""What is passed to the functions of a fleet: said in words, before anything is sent, if it is of another kind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.run.limits import FleetLimits


def check_arguments(eks: object, plan: object, journal: object, limits: object = None) -> None:
    """Refuse what is no async client, no plan, no open journal, or no limits.

    Raises:
        ConfigurationError: One of them is something else; the message says what to write.
    """
    check_client(eks)
    check_plan(plan)
    check_journal(journal)
    check_limits(limits)


def check_client(eks: object) -> None:
    """Refuse what is no async client.

    Raises:
        ConfigurationError: It is something else.
    """
    from cds_eks.client.async_client import AsyncEksClient

    if isinstance(eks, AsyncEksClient):
        return
    from cds_eks.sync.client import EksClient

    is_blocking = isinstance(eks, EksClient)
    if not is_blocking and not isinstance(eks, type) and hasattr(eks, "clusters"):
        return  # somebody's own, which does the same
    hint = ": cds_eks.fleet.sync has the same functions for a blocking client" if is_blocking else ""
    raise ConfigurationError(f"cds_eks.fleet takes an AsyncEksClient, not {kind_of_argument(eks)}{hint}")


def check_plan(plan: object) -> None:
    """Refuse what is no plan.

    Raises:
        ConfigurationError: It is something else.
    """
    if isinstance(plan, (str, bytes, os.PathLike)):
        hint = ": read it with fleet.Plan.load(path)"
    elif isinstance(plan, Mapping):
        hint = ": make one with fleet.Plan.from_dict(data)"
    elif isinstance(plan, type) or not hasattr(type(plan), "check"):
        hint = ""
    else:
        return
    raise ConfigurationError(f"plan must be a Plan, not {kind_of_argument(plan)}{hint}")


def check_journal(journal: object) -> None:
    """Refuse what is no open journal.

    Raises:
        ConfigurationError: It is something else.
    """
    if isinstance(journal, type) or not hasattr(type(journal), "claim"):
        how = "open it with `async with fleet.open_journal(…) as journal:`"
        if hasattr(type(journal), "opened_with"):
            how = "that of cds_eks.fleet.sync goes with the functions there"
        raise ConfigurationError(f"journal must be an open journal, not {kind_of_argument(journal)}: {how}")


def check_kind(value: object, kinds: type | tuple[type, ...], complaint: str) -> None:
    """Refuse what is of no such kind.

    Args:
        value: What was passed.
        kinds: The classes that will do.
        complaint: What is said, with `{}` for what was passed.

    Raises:
        ConfigurationError: It is something else.
    """
    if not isinstance(value, kinds):
        raise ConfigurationError(complaint.format(kind_of_argument(value)))


def check_limits(limits: object) -> None:
    """Refuse what are no limits.

    Raises:
        ConfigurationError: It is something else.
    """
    if limits is not None and not isinstance(limits, FleetLimits):
        raise ConfigurationError(f"limits must be FleetLimits(…), not {kind_of_argument(limits)}")


def kind_of_argument(value: object) -> str:
    """Return what was passed, in words that hold nothing of it."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, (str, bytes)):
        return "a text"  # which is not repeated: an address may hold a password
    if isinstance(value, os.PathLike):
        return "a path"
    if isinstance(value, (AbstractAsyncContextManager, AbstractContextManager)) and hasattr(value, "gen"):
        return "one that is not open"  # what `open_journal` returns
    return type(value).__name__
