"""Commands as they are written by hand: most of them fail in ways that no real one can be made to."""

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


@pass_context
def _async(context: Context) -> None:
    import asyncio

    async def names() -> list[dict[str, str]]:
        async with context.async_client() as eks:
            return [{"name": each.cluster_name or ""} for each in (await eks.clusters.list()).data]

    context.emit(asyncio.run(names()))
    context.tell(f"drawn: {context.draws_progress}")


def through_async() -> Command:
    return Command("through-async", callback=_async)


def wait() -> Command:
    return Command("wait", callback=_wait)


def throttled() -> Command:
    return Command("throttled", callback=_throttled)


def broken() -> Command:
    return Command("broken", callback=_broken)


def differs() -> Command:
    return Command("differs", callback=_differs)


COMMANDS: dict[str, Entry] = {
    name: (f"cli.commands_by_hand:{name}", f"Fails: {name}.", "失败。")
    for name in ("wait", "throttled", "broken", "differs")
} | {
    "through-async": ("cli.commands_by_hand:through_async", "By the async client.", "异步。"),
    "clusters further": ("cli.commands_by_hand:differs", "In a generated group.", "在生成的组中。"),
}
