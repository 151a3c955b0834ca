"""The options that every command takes, before its name and after it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import click

from cds_eks.cli.completing import columns, profiles
from cds_eks.cli.language import say
from cds_eks.cli.param_type import ParamType

Format = Literal["table", "json", "yaml", "jsonl", "csv", "name"]
FORMATS: tuple[Format, ...] = ("table", "json", "yaml", "jsonl", "csv", "name")

MACHINE_FORMATS: tuple[Format, ...] = ("json", "yaml", "jsonl")
"""With these a failure is one JSON object on stderr."""

REVISIONS = ("2025-09-08", "2025-10-11")


class Options(NamedTuple):
    """What was said with the options that every command takes. None is "not said".

    Attributes:
        profile: The profile of the settings' file.
        endpoint: Where the service is.
        api_revision: The revision of the API.
        backend: What carries the requests.
        output: How the result is printed; see `format`.
        query: What of the result is printed, in JMESPath.
        columns: The columns of tables and CSV; `("all",)` for all.
        quiet: Print nothing beside the result, and of that the ids alone unless `output` says how it is printed.
        yes: Do not ask.
        timeout: How long the command may take, in seconds.
        debug: Show requests, attempts and outcomes on stderr, and tracebacks.
        log_format: How the log is written.
        no_color: No colours.
    """

    profile: str | None = None
    endpoint: str | None = None
    api_revision: str | None = None
    backend: str | None = None
    output: Format | None = None
    query: str | None = None
    columns: tuple[str, ...] = ()
    quiet: bool = False
    yes: bool = False
    timeout: float | None = None
    debug: bool = False
    log_format: Literal["text", "json"] = "text"
    no_color: bool = False

    @property
    def format(self) -> Format:
        """How the result is printed, if not as ids alone."""
        return self.output or "table"

    @property
    def prints_ids(self) -> bool:
        """Whether only ids are printed: with `--quiet`, unless a format was asked for."""
        return self.quiet and self.output is None

    @property
    def is_for_machines(self) -> bool:
        """Whether a program reads the result, so that failures are JSON."""
        return self.output in MACHINE_FORMATS


def words_of_options(options: Options) -> list[str]:
    """Return the options with which another command asks the same service, as the same account."""
    given = {
        "profile": options.profile,
        "endpoint": options.endpoint,
        "api-revision": options.api_revision,
        "backend": options.backend,
    }
    return [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]


_PART = re.compile(r"(\d+(?:\.\d+)?)(h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def seconds_of(text: str) -> float | None:
    """Return a time such as `90`, `30m` or `1h30m` in seconds; None if it is none."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        seconds = float(text)
    else:
        parts = _PART.findall(text)
        if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
            return None
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return seconds if 0 < seconds < 10**9 else None


class Duration(ParamType[float]):
    """A time above 0: seconds, or `90s`, `30m`, `1h30m`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return it in seconds."""
        if isinstance(value, (int, float)):
            return float(value)
        seconds = seconds_of(str(value))
        if seconds is None:
            self.fail(f"{value!r} is no time above 0, such as 90s, 30m or 1h30m.", param, ctx)
        return seconds


class ColumnList(ParamType[tuple[str, ...]]):
    """Names of columns, with commas between."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the names."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in str(value).split(","))
        if not all(names):
            self.fail(f"{value!r} has an empty name in it.", param, ctx)
        return names


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Tell the command's context of an option that was given, wherever it stood; the last one wins."""
    if param.name is not None and value is not None and not ctx.resilient_parsing:
        ctx.obj.note(param.name, value)


def _option(*names: str, metavar: str | None = None, **settings: Any) -> click.Option:
    settings |= {"is_flag": True, "flag_value": True, "type": click.BOOL} if settings.pop("flag", False) else {}
    return click.Option(names, expose_value=False, default=None, callback=_note, metavar=metavar, **settings)


def common_options() -> list[click.Option]:
    """Return the options that every command takes, made anew."""
    return [
        _option(
            "-o", "--output", type=click.Choice(FORMATS),
            help=say("How the result is printed; a table by default.", "结果的输出格式；默认为表格。"),
        ),
        _option(
            "--query", metavar="JMESPATH",
            help=say("Print only this part of the result.", "只输出结果中由该 JMESPath 表达式选出的部分。"),
        ),
        _option(
            "--columns", metavar="A,B.C", type=ColumnList(), shell_complete=columns,
            help=say("The columns of tables and CSV; `all` for all.", "表格和 CSV 的列；`all` 为全部。"),
        ),
        _option(
            "-q", "--quiet", flag=True,
            help=say("Print no notes; and ids only, unless -o is given.", "不输出提示；未给出 -o 时只输出 ID。"),
        ),
        _option(
            "-y", "--yes", flag=True,
            help=say("Do not ask before something is deleted.", "删除前不再确认。"),
        ),
        _option(
            "--timeout", metavar="TIME", type=Duration(),
            help=say("How long the command may take: 90s, 30m, 1h30m.", "最长用时：90s、30m、1h30m。"),
        ),
        _option(
            "--profile", metavar="NAME", shell_complete=profiles,
            help=say("The profile to use; see `cds-eks profiles`.", "使用的配置档；见 `cds-eks profiles`。"),
        ),
        _option(
            "--endpoint", metavar="URL",
            help=say("Where the service is.", "接入点。"),
        ),
        _option(
            "--api-revision", type=click.Choice(REVISIONS),
            help=say("The revision of the API.", "API 版本。"),
        ),
        _option(
            "--backend", type=click.Choice(("httpx", "native")),
            help=say("What carries the requests.", "发送请求所用的后端。"),
        ),
        _option(
            "--debug", flag=True,
            help=say(
                "Show requests, attempts and outcomes on stderr, without secrets; show tracebacks.",
                "在标准错误中显示请求、每次尝试和结果（机密已脱敏），并显示 traceback。",
            ),
        ),
        _option(
            "--log-format", type=click.Choice(("text", "json")),
            help=say("How the log is written.", "日志格式。"),
        ),
        _option(
            "--no-color", flag=True,
            help=say("No colours; NO_COLOR does the same.", "不使用颜色；与 NO_COLOR 相同。"),
        ),
    ]  # fmt: skip


def poll_interval_option() -> click.Option:
    """Return the option that says how long the pauses between polls are."""
    told = say("The pauses between polls; 1s that grows to 15s by default.", "轮询间隔；默认从 1s 逐渐增至 15s。")
    return click.Option(["--poll-interval"], type=Duration(), metavar="TIME", help=told)


COMMON_NAMES = frozenset(
    {
        *("output", "query", "columns", "quiet", "yes", "timeout", "profile", "endpoint", "api-revision", "backend"),
        *("debug", "log-format", "no-color", "help", "version", "file", "dry-run", "skeleton", "extra"),
        *("page-all", "limit", "wait", "poll-interval"),
    }
)
"""The names of options that are no field's: a field of that name has the option `--field.NAME`."""


def wanted_format(arguments: Sequence[str]) -> Format:
    """Return the format that a command line asks for, also one that can't be parsed."""
    found: str = "table"
    for index, word in enumerate(arguments):
        if word == "--":
            break
        if word in ("-o", "--output"):
            found = arguments[index + 1] if index + 1 < len(arguments) else found
        elif word.startswith("--output="):
            found = word.partition("=")[2]
        elif word.startswith("-o") and not word.startswith("--"):
            found = word[2:].removeprefix("=")
    formats: Mapping[str, Format] = {name: name for name in FORMATS}
    return formats.get(found, "table")
