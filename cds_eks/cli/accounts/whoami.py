"""`cds-eks whoami`: what a command would be set up with now, and where each setting comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say

if TYPE_CHECKING:
    from cds_eks.config import ResolvedSettings

KEYWORD = "cds-eks-whoami-no-such-cluster"
"""What the list of clusters is filtered by for `--check`: its answer is short."""


@pass_context
def _whoami(context: Context, *, check: bool) -> None:
    from cds_eks.cli.clients import resolved_settings
    from cds_eks.errors import EksError

    settings = resolved_settings(context.options)
    rows = _rows(context, settings)
    failure: EksError | None = None
    if check:
        try:
            with context.client() as eks:
                told = eks.clusters.list(keyword=KEYWORD, timeout=context.options.timeout)
        except EksError as error:
            failure = error
        else:
            rows.append({"name": "check", "value": "accepted", "origin": f"request {told.request_id}"})
    context.emit(rows, id="name")
    if failure is not None:
        raise failure
    if settings.unused_profile is not None:
        context.tell(say(
            f"the profile {settings.unused_profile!r} of CDS_PROFILE is not used: the environment has keys",
            f"未使用 CDS_PROFILE 指定的配置档 {settings.unused_profile!r}：环境变量中有密钥"))  # fmt: skip


def _rows(context: Context, settings: ResolvedSettings) -> list[dict[str, Any]]:
    rows = [{"name": "profile", "value": settings.profile or "none", "origin": _origin_of_profile(context, settings)}]
    if "credentials" not in settings.origins:
        rows.append({"name": "credentials", "value": "none", "origin": ""})
    for each in settings.described():
        origin = str(each.origin)
        if each.origin.kind == "argument":
            origin = "cds-eks" if each.name == "user_agent" else f"--{each.name.replace('_', '-')}"
        value = each.value
        if each.name == "tls" and not value and each.origin.kind == "environment":
            value = os.environ.get(each.origin.detail, "")  # the backend reads it, not the settings
        rows.append({"name": each.name, "value": value, "origin": origin})
    return rows


def _origin_of_profile(context: Context, settings: ResolvedSettings) -> str:
    if settings.profile is None:
        return ""
    if context.options.profile is not None:
        return "--profile"
    if os.environ.get("CDS_PROFILE"):
        return "environment (CDS_PROFILE)"
    from cds_eks.documents.config_path import config_path

    return f"default ({config_path()})"


def command() -> Command:
    """Return the command."""
    return Command(
        "whoami",
        callback=_whoami,
        help=say(
            "Show the settings that a command would use now, and where each comes from: an option, a profile, the "
            "environment or the default. Nothing is sent, and keys are not shown.",
            "显示命令当前将使用的设置及每项的来源：选项、配置档、环境变量或默认值。不发送任何请求，也不显示密钥。",
        ),
        params=[
            click.Option(["--check"], is_flag=True, help=say(
                "Also ask the service, with one read (ListClusters), whether it accepts the key.",
                "另发送一次读请求（ListClusters），检查服务是否接受该密钥。"))
        ],
    )  # fmt: skip
