"""A command that is not there: what was meant by it."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from cds_eks.cli.context import Context
from cds_eks.cli.groups import Entry, Group
from cds_eks.cli.main import COMMANDS
from cds_eks.cli.root import Root
from cds_eks.cli.suggestions import HANDFUL, shortest
from cli.command_line import CommandLine


def paths_below(command: click.Command, ctx: click.Context, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of all commands that are no groups."""
    if not isinstance(command, click.Group):
        yield shortest(path)
        return
    for name in command.list_commands(ctx):
        below = command.get_command(ctx, name)
        assert below is not None
        yield from paths_below(below, ctx, (*path, name))


ROOT = Root(COMMANDS)
LEAVES = list(paths_below(ROOT, ROOT.make_context("cds-eks", [], obj=Context(), resilient_parsing=True)))
DEEP = [path for path in LEAVES if len(path) > 1]


def said(offline: CommandLine, *words: str) -> str:
    run = offline(*words)
    assert run.code == 2
    assert "No such command" in run.err
    return run.err


def test_the_tree_has_groups_of_all_kinds() -> None:
    assert {("clusters", "create"), ("plan", "diff"), ("clusters", "endpoints"), ("profiles", "set")} <= set(DEEP)
    assert ("status",) in LEAVES


@pytest.mark.parametrize("name", sorted({path[-1] for path in DEEP} - {path[0] for path in LEAVES}))
def test_a_command_without_its_group_is_told_in_full(offline: CommandLine, name: str) -> None:
    whole = [f"`cds-eks {' '.join(path)}`" for path in DEEP if path[-1] == name]
    told = said(offline, name)
    assert all(each in told for each in whole[:HANDFUL]), told


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["diff"], "Did you mean `cds-eks plan diff`?"),
        (["clusters", "destroy", "c-1"], "Did you mean 'delete'?"),
        (["nodes", "rm", "c-1"], "Did you mean 'delete'?"),
        (["clusters", "ls"], "Did you mean 'list'?"),
        (["chek"], "Did you mean `cds-eks plan check`?"),
        (["clusters", "scale"], "Did you mean `cds-eks node-pools scale`?"),
        (["clusters", "nodes", "list"], "Did you mean `cds-eks nodes`?"),
        (["plan", "provision"], "Did you mean `cds-eks provision`?"),
        (["statsu"], "Did you mean `cds-eks status`?"),
        (["get_status"], "one of `cds-eks tasks get-status`, `cds-eks events get-status`?"),
        (["get-staus", "task"], "Did you mean `cds-eks tasks get-status`?"),
        (["list", "clusters"], "Did you mean `cds-eks clusters list`?"),
        (["delete", "node-pool", "p-1"], "Did you mean `cds-eks node-pools delete`?"),
        (["create-cluster"], "Did you mean `cds-eks clusters create`?"),
        (["ListNodePools"], "Did you mean `cds-eks node-pools list`?"),
        (["clusters list"], "Did you mean `cds-eks clusters list`?"),
        (["update"], "Did you mean `cds-eks node-pools update-config`?"),
        (["cluster", "list"], "Did you mean `cds-eks clusters`?"),
        (["cluster"], "Did you mean one of `cds-eks clusters`, `cds-eks wait cluster`?"),
        (["clusters", "lst"], "Did you mean 'list'?"),
        (["CLUSTERS"], "Did you mean 'clusters'?"),
        (["lst"], "`cds-eks clusters list`, `cds-eks nodes list`, `cds-eks node-pools list`, `cds-eks profiles list`?"),
    ],
)
def test_what_was_meant(offline: CommandLine, words: list[str], meant: str) -> None:
    assert meant in said(offline, *words)


@pytest.mark.parametrize("words", [["xyz"], ["resume"], [""], ["plan", "zzz"]], ids=str)
def test_what_is_like_nothing_is_not_guessed_at(offline: CommandLine, words: list[str]) -> None:
    assert "mean" not in said(offline, *words)


def test_at_most_a_handful_is_told() -> None:
    def group(name: str) -> Entry:
        return (f"cli.test_suggestions:{name}", name, name)

    many = CommandLine({f"group-{number}": group("with_mend") for number in range(HANDFUL + 2)})
    told = said(many, "mend")
    assert told.count("mend`") == HANDFUL
    assert "…" in told
    assert "group-0 mend" in told


def with_mend() -> Group:
    return Group("with-mend", lazy={"mend": ("cli.commands_by_hand:broken", "Mend.", "修。")})


def test_it_is_told_in_chinese(offline: CommandLine) -> None:
    run = offline("diff", env={"LANG": "zh_CN.UTF-8"})
    assert "您是否想用 `cds-eks plan diff`？" in run.err


def test_a_script_is_told_too(offline: CommandLine) -> None:
    assert "`cds-eks plan diff`" in offline("diff", "-o", "json").failure["message"]
