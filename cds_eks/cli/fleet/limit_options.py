"""The limits of a run as options, made of the attributes of `FleetLimits`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping
from typing import Any

import attrs
import click

from cds_eks.cli.language import say
from cds_eks.cli.options import Duration
from cds_eks.cli.param_type import Number, WholeNumber
from cds_eks.fleet.run.limits import FleetLimits

PREFIX = "limit_"
"""Stands before the names of their parameters."""

CHINESE: Mapping[str, str] = {
    "creates": "同时进行的写操作数。",
    "reads": "同时进行的查询数。",
    "polls": "同时进行的轮询数。",
    "requests_per_second": "同一执行记录的全部运行器每秒共发出的请求数；默认不限。",
    "poll_interval": "两轮轮询之间的间隔。",
    "pool_fallback": "集群节点数未显示就绪时，隔多久单独查询节点池。",
    "create_timeout": "一次创建（含全部重试）最多发送多久。",
    "cluster_timeout": "集群最长多久进入运行状态。",
    "pool_timeout": "节点池最长多久就绪，包括等待集群空闲。",
    "attempts": "每次运行中每项最多尝试创建的次数。",
    "batch": "运行器一次领取的集群数。",
    "lease": "领取的租约时长，期间需报告存活。",
    "steps": "是否为报告向服务查询每个集群的创建步骤。",
    "grace": "中断后最多等待进行中的创建多久。",
}


def limit_options(only: Collection[str] = ()) -> list[click.Parameter]:
    """Return an option for each limit.

    Args:
        only: The names of the limits that matter; all if it is empty.
    """
    said = _documented()
    fields = [field for field in attrs.fields(FleetLimits) if not only or field.name in only]
    return [_option(field, said.get(field.name, "")) for field in fields]


def limits_of(values: dict[str, Any]) -> FleetLimits:
    """Take the limits out of a command's parameters."""
    given = {name: values.pop(name) for name in list(values) if name.startswith(PREFIX)}
    return FleetLimits(**{name.removeprefix(PREFIX): value for name, value in given.items() if value is not None})


def _option(field: attrs.Attribute[Any], said: str) -> click.Option:
    name = field.name.replace("_", "-")
    settings: dict[str, Any] = {"default": None, "help": _help(field, said)}
    type_ = str(field.type)  # the annotation's text
    if type_ == "bool":
        return click.Option([f"--{name}/--no-{name}", PREFIX + field.name], **settings)
    if type_ == "int":
        settings |= {"type": WholeNumber(min=1), "metavar": "NUMBER"}
    elif field.name.endswith("_per_second"):
        settings |= {"type": Number(min=0, min_open=True), "metavar": "NUMBER"}
    else:
        settings |= {"type": Duration(), "metavar": "TIME"}
    return click.Option([f"--{name}", PREFIX + field.name], **settings)


def _help(field: attrs.Attribute[Any], said: str) -> str:
    text = say(said, CHINESE.get(field.name, said))
    if field.default is None or isinstance(field.default, bool):
        return text
    unit = "s" if isinstance(field.default, float) else ""
    return f"{text} [{field.default:g}{unit}]"


def _documented() -> dict[str, str]:
    """Return what the class's own documentation says of each limit, as one sentence."""
    block = (inspect.getdoc(FleetLimits) or "").partition("Args:")[2]
    found = {}
    for entry in re.split(r"\n {4}(?=\w+: )", block):
        name, _, text = entry.strip().partition(": ")
        said = " ".join(text.split()).partition(". ")[0].rstrip(".") + "."
        found[name] = said.replace("; None for no limit", "; no limit unless given")
    return found
