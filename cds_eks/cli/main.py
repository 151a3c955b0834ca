"""The entry point, and the table of the commands that are written by hand."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

TYPE_CHECKING = False  # that of `typing` costs 5 ms
if TYPE_CHECKING:
    from cds_eks.cli.groups import Entry

COMMANDS: Mapping[str, Entry] = {
    "call": ("cds_eks.cli.call:command", "Call any action of the service.", "调用服务的任意 Action。"),
    "clusters endpoints": (
        "cds_eks.cli.cluster_access.commands:endpoints",
        "Show a cluster's addresses, as the service returns them.",
        "显示服务告知的集群地址。",
    ),
    "clusters kubeconfig": (
        "cds_eks.cli.cluster_access.commands:kubeconfig",
        "Merge a kubeconfig that you have fetched into yours.",
        "将已取得的 kubeconfig 合并到自己的 kubeconfig。",
    ),
    "completion": (
        "cds_eks.cli.completion:command",
        "Print the completion script of a shell.",
        "输出 shell 的补全脚本。",
    ),
    "doctor": (
        "cds_eks.cli.accounts.doctor_command:command",
        "Check what is set up: what is wrong, and what to do.",
        "检查当前设置：问题所在及处理办法。",
    ),
    "emulator": (
        "cds_eks.cli.emulator:command",
        "Serve an emulator of the service on this machine.",
        "在本机运行服务的模拟器。",
    ),
    "fleet": (
        "cds_eks.cli.fleet.group:command",
        "Many clusters from one plan. Also without this word: provision, plan, apply, status, destroy, …",
        "按一份计划管理多个集群。可省去 fleet 一词：provision、plan、apply、status、destroy 等。",
    ),
    "profiles": (
        "cds_eks.cli.accounts.profile_commands:group",
        "Accounts and their settings, by name.",
        "按名称保存的账号及其设置。",
    ),
    "validate": ("cds_eks.cli.validate:command", "Check a file, without any network.", "离线检查文件。"),
    "wait": ("cds_eks.cli.waits.commands:command", "Wait for what was begun before.", "等待先前发起的操作。"),
    "whoami": (
        "cds_eks.cli.accounts.whoami:command",
        "Show what is set up, and where each setting comes from.",
        "显示当前设置及其来源。",
    ),
}
"""Each command or group by name: where it is, and what it does in English and in Chinese. It is imported when it is
used. `clusters endpoints` is a command in a generated group. The generated groups themselves are not listed.
The commands of `fleet` work without that word too."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `cds-eks`.

    Args:
        arguments: The command line without the program's name; by default that of the process.

    Returns:
        The exit code.
    """
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # while it was imported: nothing was sent
        if sys.stderr is not None:
            sys.stderr.write("error: interrupted\n")
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    try:
        from cds_eks.cli.root import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.stderr.write("cds-eks: the command line is not installed: pip install 'cds-eks[cli]'\n")
        return 2
    return run(COMMANDS, sys.argv[1:] if arguments is None else arguments, is_process=arguments is None)
