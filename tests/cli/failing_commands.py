"""Commands that fail in ways that none of the real ones can be made to, by their names."""

from __future__ import annotations

import click

from cds_eks import errors
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.groups import Command, Entry


@pass_context
def _wait(_: Context) -> None:
    raise errors.WaitTimeout("the cluster is still creating", ids={"cluster_id": "c-1"}, status="creating")


@pass_context
def _throttled(_: Context) -> None:
    raise errors.Throttled("slow down", code="Throttling")


@pass_context
def _broken(_: Context) -> None:
    raise TypeError("a mistake of ours, with a secret in it")


@pass_context
def _differs(context: Context) -> None:
    context.emit({"differences": 1})
    raise click.exceptions.Exit(2)


def wait() -> Command:
    return Command("wait", callback=_wait)


def throttled() -> Command:
    return Command("throttled", callback=_throttled)


def broken() -> Command:
    return Command("broken", callback=_broken)


def differs() -> Command:
    return Command("differs", callback=_differs)


COMMANDS: dict[str, Entry] = {
    name: (f"cli.failing_commands:{name}", f"Fails: {name}.", "失败。")
    for name in ("wait", "throttled", "broken", "differs")
} | {"clusters further": ("cli.failing_commands:differs", "In a generated group.", "在生成的组中。")}
