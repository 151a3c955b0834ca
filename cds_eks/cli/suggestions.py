"""What was meant by a command that is not there: another name in its group, or a command of another group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import click

from cds_eks.cli.language import say

if TYPE_CHECKING:
    from cds_eks.cli.groups import Group

Path = tuple[str, ...]
"""A command's words, without `cds-eks`."""

CLOSE = 0.6
"""How similar a name of the same group must be to be meant, as `difflib.get_close_matches` has it."""

CLOSE_ELSEWHERE = 0.7
"""The same for commands of other groups, of which there are many: `remove` is not meant by `resume`."""

ALMOST_SAME = 0.85
"""How similar a name must be to be named beside others that are the same, as `clusters` is to `cluster`."""

BEGUN = 0.8
"""How similar the first of several words is to all of them: `update` to `update-config`."""

SAME: Mapping[str, tuple[str, ...]] = {
    "create": ("add", "make", "new"),
    "delete": ("destroy", "remove", "rm"),
    "get": ("describe", "show"),
    "list": ("ls",),
}
"""What other programs call a command."""

HANDFUL = 5
"""How many commands are named at most."""


def suggestion(ctx: click.Context, group: Group, words: Sequence[str]) -> str:
    """Return what was probably meant by words that begin with no command of a group; empty if nothing is like it.

    Args:
        ctx: That of the group.
        group: The group.
        words: The rest of the command line; the first of them is the name that is not there.
    """
    top = ctx.find_root()
    known = tuple(dict.fromkeys(_paths(top.command, top)))
    for name in group.list_commands(ctx):
        if words[0].lower() in SAME.get(name, ()):
            return say(f"Did you mean {name!r}?", f"您是否想用 {name!r}？")
    own = {name: _likeness(words[0], (name,)) for name in group.list_commands(ctx)}
    closest = max(own, key=lambda name: own[name], default="")
    others = {path: _likeness(words[0], path) for path in known}
    best = max(others.values(), default=0.0)
    if own.get(closest, 0.0) >= max(best, CLOSE):
        return say(f"Did you mean {closest!r}?", f"您是否想用 {closest!r}？")
    if best < CLOSE_ELSEWHERE:
        return _option(ctx, words[0])
    meant = [path for path, likeness in others.items() if likeness == best or (best == 1 and _is_near(path, likeness))]
    return _told(top.command_path, _fitting(meant, words[1:], known))


def _option(ctx: click.Context, name: str) -> str:
    """Return the option that has the name of a command that is not there, such as `help` or `version`."""
    options = {option for param in ctx.command.get_params(ctx) for option in param.opts}
    told = f"`{ctx.command_path} --{name}`"
    return say(f"Did you mean {told}?", f"您是否想用 {told}？") if f"--{name}" in options else ""


def _is_near(path: Path, likeness: float) -> bool:
    return len(path) == 1 and likeness >= ALMOST_SAME


def _paths(command: click.Command, ctx: click.Context, path: Path = ()) -> Iterator[Path]:
    """Yield the words of all commands and groups below a command, as short as they work."""
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(ctx):
        if (below := command.get_command(ctx, name)) is not None:
            here = shortest((*path, name))
            yield here
            yield from _paths(below, ctx, here)


def shortest(path: Path) -> Path:
    """Return the words of a command without those that may be left out."""
    from cds_eks.cli.root import SHORTENED

    return path[1:] if path[:1] == (SHORTENED,) and len(path) > 1 else path


def _likeness(name: str, path: Path) -> float:
    """Return how similar a name is to a command's, or to its words in one, verb first or last: 1 is the same."""
    spellings = (path[-1], "-".join(path), " ".join(path), "-".join(reversed(path)))
    likeness = max(SequenceMatcher(None, spelling, name.lower()).ratio() for spelling in spellings)
    return max(likeness, BEGUN) if path[-1].startswith(f"{name}-") else likeness


def _fitting(paths: Sequence[Path], rest: Sequence[str], known: Sequence[Path]) -> Sequence[Path]:
    """Return those that the next word speaks for: a group that has such a command, or a command of that group."""
    if not rest:
        return paths
    fitting = [
        path
        for path in paths
        if shortest((*path, rest[0])) in known
        or (len(path) > 1 and SequenceMatcher(None, path[-2], rest[0].lower()).ratio() >= ALMOST_SAME)
    ]
    return fitting or paths


def _told(program: str, paths: Sequence[Path]) -> str:
    names = [f"`{' '.join((program, *path))}`" for path in paths[:HANDFUL]]
    if len(paths) > HANDFUL:
        names.append("…")
    if len(names) == 1:
        return say(f"Did you mean {names[0]}?", f"您是否想用 {names[0]}？")
    return say(f"Did you mean one of {', '.join(names)}?", f"您是否想用以下之一：{'、'.join(names)}？")
