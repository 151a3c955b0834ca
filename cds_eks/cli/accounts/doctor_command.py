"""`cds-eks doctor`: whether what is set up works, in one line a check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.failures import AUTHENTICATION, FAILED, USAGE
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

if TYPE_CHECKING:
    from cds_eks.cli.accounts.verdicts import Check

CODES = {
    "settings": USAGE,
    "key": AUTHENTICATION,
    "proxy": USAGE,
    "tls": FAILED,
    "endpoint": FAILED,
    "clock": AUTHENTICATION,
    "revision": USAGE,
}
"""The exit code of a problem of each check."""


def exit_code_of(checks: Sequence[Check]) -> int:
    """Return the exit code: that of the first problem, or 0."""
    return next((CODES[check.name] for check in checks if not check.is_ok), 0)


@pass_context
def _doctor(context: Context, *, check_revision: bool) -> None:
    import asyncio

    import attrs

    from cds_eks.cli.accounts.doctor import NO_SUCH, examine
    from cds_eks.cli.clients import settings_of

    if check_revision:
        context.tell(say(
            f"--check-revision sends AddClusterSubnet for the cluster {NO_SUCH!r}, which does not exist",
            f"--check-revision 会对不存在的集群 {NO_SUCH!r} 发送 AddClusterSubnet"))  # fmt: skip
    checks = asyncio.run(examine(settings_of(context.options), asks_for_revision=check_revision))
    shown = [check for check in checks if not check.is_ok] if context.options.quiet else checks
    columns = [field.name for field in attrs.fields(type(checks[0]))]
    context.emit([attrs.asdict(check) for check in shown], columns=columns, fields=columns, id="name")
    if code := exit_code_of(checks):
        raise click.exceptions.Exit(code)


def command() -> Command:
    """Return the command."""
    return Command(
        "doctor",
        callback=_doctor,
        help=say(
            "Check what is set up, in one line each: settings, key, proxy, TLS, endpoint and clock. Says what is wrong "
            "and what to do.\n\nIt sends one read, ListClusters. The exit code is 0, or that of the first problem, "
            "not of a warning: 2 for settings, proxy and revision, 4 for key and clock, 1 for TLS and endpoint. "
            "--quiet prints the names of the problems alone.",
            "逐项检查当前设置，每项一行：设置、密钥、代理、TLS、接入点和时钟；说明问题及处理办法。\n\n只发送一次读请求 "
            "ListClusters。退出码为 0，或第一个问题（不含警告）的退出码：设置、代理和 API 版本为 2，密钥和时钟为 4，"
            "TLS 和接入点为 1。--quiet 只输出有问题的检查项名称。",
        ),
        params=[
            click.Option(["--check-revision"], is_flag=True, help=say(
                "Also find out whether the service understands --api-revision. No read shows this, so it sends a write "
                "(AddClusterSubnet) for a cluster and a subnet called cds-eks-doctor-no-such-thing, which do not "
                "exist: the service refuses it.",
                "另检查服务是否支持 --api-revision。没有读请求能够判断；该选项会发送一个写请求 AddClusterSubnet，"
                "集群和子网均为不存在的 cds-eks-doctor-no-such-thing：服务会拒绝它。"))
        ],
    )  # fmt: skip
