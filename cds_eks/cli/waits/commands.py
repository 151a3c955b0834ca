"""`cds-eks wait`: for what was begun before, by whomever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.groups import Command, Group
from cds_eks.cli.language import say
from cds_eks.cli.operation_group import operations_of
from cds_eks.cli.options import poll_interval_option
from cds_eks.cli.param_type import WholeNumber
from cds_eks.cli.waits.plan import Kind, Pending, Wait, command_for

_SOURCES: dict[Kind, tuple[str, str]] = {
    "task": ("tasks", "GetTaskStatus"),
    "event": ("events", "QueryEventStatus"),
    "cluster": ("clusters", "GetCluster"),
    "idle": ("clusters", "GetCluster"),
    "pool": ("node_pools", "ListNodePools"),
}
"""The operation that reads each kind: its table says what is shown of one."""


def _run(context: Context, waits: Sequence[Wait], poll_interval: float | None) -> None:
    from cds_eks.cli.waits.waiting import plain, wait_for_all

    waits = list(dict.fromkeys(waits))
    if empty := [wait for wait in waits if not wait.id]:
        raise click.UsageError(f"An id is empty ({len(empty)} of {len(waits)}).")
    ids: dict[str, Any] = waits[0].ids
    if len(waits) > 1:
        name = "node_pool_ids" if waits[0].cluster_id else f"{next(iter(ids))}s"
        ids = {name: [wait.shown for wait in waits]}
    source = None
    if not waits[0].kind.endswith("_deleted"):
        group, operation = _SOURCES[waits[0].kind]
        source = next(each for each in operations_of(group) if each.name == operation)
    context.check_columns((*waits[0].ids, "deleted") if source is None else (*source.answer, "extra"))
    context.pending = Pending(ids, command_for(waits, context.options, poll_interval))
    states = wait_for_all(context, [waits], poll_interval)
    context.pending = None
    if source is None:
        rows = [wait.ids | {"deleted": True} for wait in waits]
        context.emit(rows, id="node_pool_id" if waits[0].cluster_id else "cluster_id")
        return
    rows = [plain(states[wait]) for wait in waits]
    context.emit(rows, columns=source.columns, id=source.id, fields=source.answer)


@pass_context
def _tasks(context: Context, ids: tuple[str, ...], poll_interval: float | None) -> None:
    _run(context, [Wait("task", id_) for id_ in ids], poll_interval)


@pass_context
def _events(context: Context, ids: tuple[str, ...], poll_interval: float | None) -> None:
    _run(context, [Wait("event", id_) for id_ in ids], poll_interval)


@pass_context
def _idle(context: Context, ids: tuple[str, ...], poll_interval: float | None) -> None:
    _run(context, [Wait("idle", id_) for id_ in ids], poll_interval)


@pass_context
def _clusters(context: Context, ids: tuple[str, ...], state: str, poll_interval: float | None) -> None:
    kind: Kind = "cluster_deleted" if state == "deleted" else "cluster"
    _run(context, [Wait(kind, id_) for id_ in ids], poll_interval)


@pass_context
def _pools(
    context: Context,
    ids: tuple[str, ...],
    state: str,
    cluster_id: str | None,
    replicas: int | None,
    poll_interval: float | None,
) -> None:
    kind: Kind = "pool_deleted" if state == "deleted" else "pool"
    if replicas is not None and kind == "pool_deleted":
        raise click.UsageError("--replicas goes with --for ready alone.")
    waits = []
    for id_ in ids:
        before, slash, own = id_.rpartition("/")
        if not (before if slash else cluster_id):
            raise click.UsageError(f"{id_!r} needs its cluster: give CLUSTER/POOL, or --cluster-id.")
        waits.append(Wait(kind, own, before if slash else cluster_id or "", replicas=replicas))
    _run(context, waits, poll_interval)


def _for_option() -> click.Option:
    told = say(
        "What to wait for. With `deleted`, an id that never existed is a success too, as with `kubectl wait`: check "
        "it.",
        "等待达到的状态。`deleted` 时，从未存在过的 ID 也视为成功，与 `kubectl wait` 相同：请核对 ID。",
    )
    return click.Option(["--for", "state"], type=click.Choice(("ready", "deleted")), default="ready", help=told)


def _command(
    name: str, metavar: str, function: Callable[..., None], text: str, options: Sequence[click.Parameter] = ()
) -> Command:
    ids = click.Argument(["ids"], nargs=-1, required=True, metavar=metavar)
    return Command(name, callback=function, params=[ids, *options, poll_interval_option()], help=text)


def task() -> Command:
    """Return `wait task`."""
    text = say("Wait until tasks have finished.", "等待任务完成。")
    return _command("task", "TASK...", _tasks, text)


def event() -> Command:
    """Return `wait event`."""
    text = say("Wait until events have succeeded.", "等待事件成功。")
    return _command("event", "EVENT...", _events, text)


def cluster() -> Command:
    """Return `wait cluster`."""
    text = say("Wait until clusters are running, or gone.", "等待集群运行，或删除完成。")
    return _command("cluster", "CLUSTER...", _clusters, text, [_for_option()])


def pool() -> Command:
    """Return `wait pool`."""
    text = say("Wait until node pools have all their nodes, or are gone.", "等待节点池的节点全部就绪，或删除完成。")
    options = [
        _for_option(),
        click.Option(
            ["--cluster-id"],
            metavar="CLUSTER",
            help=say("The cluster of those without one.", "未写明集群的节点池所属的集群。"),
        ),
        click.Option(
            ["--replicas"],
            type=WholeNumber(min=0),
            metavar="NUMBER",
            help=say("How many nodes each should have.", "每个节点池应有的节点数。"),
        ),
    ]
    return _command("pool", "[CLUSTER/]POOL...", _pools, text, options)


def idle() -> Command:
    """Return `wait idle`."""
    text = say("Wait until clusters are free for another operation.", "等待集群可以接受下一个操作。")
    return _command("idle", "CLUSTER...", _idle, text)


def command() -> Group:
    """Return the group."""
    here = "cds_eks.cli.waits.commands"
    return Group(
        "wait",
        help=say(
            "Wait for what was begun before.\n\nIt fails at once on a final bad state (1). Without --timeout it waits "
            "for an hour; when the time is up (124), the failure says which command goes on waiting.",
            "等待先前发起的操作。\n\n一旦出现最终的失败状态立即报错（1）。未给 --timeout 时最长等待一小时；超时（124）"
            "时会给出可继续等待的命令。",
        ),
        lazy={
            "task": (f"{here}:task", "Wait until tasks have finished.", "等待任务完成。"),
            "event": (f"{here}:event", "Wait until events have succeeded.", "等待事件成功。"),
            "cluster": (f"{here}:cluster", "Wait until clusters are running, or gone.", "等待集群运行，或删除完成。"),
            "pool": (f"{here}:pool", "Wait until node pools are ready, or gone.", "等待节点池就绪，或删除完成。"),
            "idle": (
                f"{here}:idle",
                "Wait until clusters are free for another operation.",
                "等待集群可接受下一个操作。",
            ),
        },
    )
