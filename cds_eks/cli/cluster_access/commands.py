"""`cds-eks clusters endpoints` and `cds-eks clusters kubeconfig`: how a cluster is reached. Nothing is made up."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from cds_eks.cli.completing import files
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

COLUMNS = ("field", "address", "meaning")


@pass_context
def _endpoints(context: Context, cluster_id: str) -> None:
    import attrs

    from cds_eks.cli.cluster_access.addresses import addresses

    with context.client() as eks:
        cluster = eks.clusters.get(cluster_id, timeout=context.options.timeout).data
    found = addresses(cluster)
    if not found:
        context.tell(say("the service returns no address for it", "服务没有告知它的任何地址"))
    context.emit([attrs.asdict(each) for each in found], columns=COLUMNS, fields=COLUMNS, id="address")


def endpoints() -> Command:
    """Return `clusters endpoints`."""
    return Command("endpoints", callback=_endpoints, params=[click.Argument(["cluster_id"])], help=say(
        "Show a cluster's addresses: those that GetCluster returns, each with the field that has it.\n\nNone is made "
        "up: the service does not say on which port the API server listens, for example. -q prints the addresses "
        "alone.",
        "显示集群的地址：即 GetCluster 返回的地址及其所在字段。\n\n不做任何拼凑：例如服务并未说明 API Server 的端口。"
        "-q 只输出地址。"
    ))  # fmt: skip


@pass_context
def _kubeconfig(
    context: Context, cluster_id: str, *, source: str, alias: str, to: str | None, use: bool, overwrite: bool
) -> None:
    from cds_eks.cli.cluster_access.addresses import addresses, of_servers
    from cds_eks.cli.cluster_access.kubeconfig import server_of
    from cds_eks.cli.cluster_access.kubeconfig_file import kubeconfig_path, merge_text, read_fetched

    context.check_columns(("cluster_id", "alias", "server", "current", "file"))
    text, folder = _from_stdin() if source == "-" else read_fetched(Path(source))
    server = server_of(text)
    path = kubeconfig_path() if to is None else Path(to)
    with context.client() as eks:
        cluster = eks.clusters.get(cluster_id, timeout=context.options.timeout).data
    merge_text(path, text, alias, folder=folder, use=use, overwrite=overwrite)
    told = addresses(cluster)
    is_known = _is_among(server, [each.address for each in told])
    if not is_known:
        shown = ", ".join(of_servers(told)) or say("none", "无")
        context.tell(say(
            f"the kubeconfig's server is {server or 'missing'}, which is none of the addresses that the service returns"
            f" for the cluster ({shown}): is it another cluster's?",
            f"kubeconfig 中的 server 为 {server or '空'}，不在服务告知的集群地址（{shown}）之中：是否属于另一个集群？"
        ))  # fmt: skip
    context.emit({"cluster_id": cluster_id, "alias": alias, "server": server, "server_is_of_cluster": is_known,
                  "current": use, "file": str(path)})  # fmt: skip
    if not use:
        context.tell(say(f"kubectl --context {alias} uses it", f"用 kubectl --context {alias} 使用"))


def _from_stdin() -> tuple[str, Path]:
    from cds_eks.cli.cluster_access.kubeconfig_file import LONGEST
    from cds_eks.errors import ConfigurationError

    if sys.stdin is None:
        raise ConfigurationError("stdin: is closed")
    content = sys.stdin.buffer.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ConfigurationError("stdin: is longer than any kubeconfig")
    with contextlib.suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig"), Path.cwd()
    raise ConfigurationError("stdin: is not UTF-8")  # out here, as the error that is suppressed holds the content


def _is_among(server: str | None, addresses: list[str]) -> bool:
    from urllib.parse import urlsplit

    try:
        host = urlsplit(server or "").hostname
        hosts = {urlsplit(each).hostname if "://" in each else each for each in addresses}
    except ValueError:
        return False
    return host in hosts


def kubeconfig() -> Command:
    """Return `clusters kubeconfig`."""
    return Command(
        "kubeconfig",
        callback=_kubeconfig,
        help=say(
            "Merge a kubeconfig that you have downloaded into yours, as a context named ALIAS.\n\nThe API has no "
            "operation that returns a kubeconfig, so this command makes none: get it first, from the cloud's console "
            "if that offers it for the cluster, or from one of its master nodes (kubeadm puts it into "
            "/etc/kubernetes/admin.conf), and name the file with --from, or pipe it to `--from -`.\n\nIts current "
            "context is merged into the file of --to, or of KUBECONFIG (the first that exists), or else into "
            "~/.kube/config, which only you may read then; comments in that file are lost, as with `kubectl config`. "
            "Your current context stays unless you give --use. The cluster is looked up (GetCluster), with a note if "
            "the kubeconfig's server is none of its addresses.",
            "将已取得的 kubeconfig 以 ALIAS 为上下文名合并到自己的 kubeconfig。\n\nAPI 没有提供 kubeconfig 的操作，"
            "因此本命令"
            "不会生成它：请先取得，可从云控制台（若其为该集群提供），或从某个主节点（kubeadm 将其放在 "
            "/etc/kubernetes/admin.conf），再用 --from 指定文件，或通过管道传给 `--from -`。\n\n取其当前上下文，写入 "
            "--to 的文件，"
            "或 KUBECONFIG 中的文件（第一个存在的），否则写入 ~/.kube/config，此后只有自己可读；"
            "该文件中的注释会丢失，与 "
            "`kubectl config` 相同。除非给出 --use，否则当前上下文不变。会查询集群（GetCluster），若 server "
            "不在其地址之中则提示。",
        ),
        params=[
            click.Argument(["cluster_id"]),
            click.Option(["--from", "source"], required=True, metavar="FILE", shell_complete=files,
                         help=say("The kubeconfig that you have fetched; - for stdin.",
                                  "已取得的 kubeconfig；- 为标准输入。")),
            click.Option(["--alias"], required=True, metavar="NAME",
                         help=say("The name that cluster, user and context get.", "集群、用户和上下文的名称。")),
            click.Option(["--to"], metavar="FILE", shell_complete=files,
                         help=say("The kubeconfig that it goes into.", "写入的 kubeconfig。")),
            click.Option(["--use"], is_flag=True, help=say("Make it the current context.", "设为当前上下文。")),
            click.Option(["--overwrite"], is_flag=True,
                         help=say("Replace what has the name, if it belongs together.", "替换同名且互相对应的条目。")),
        ],
    )  # fmt: skip
