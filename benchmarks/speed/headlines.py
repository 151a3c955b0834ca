"""The ten lines that matter: what the page about speed shows, each with its picture. All else is in its CSV."""

from __future__ import annotations

import attrs

from benchmarks.speed.figure import Where
from benchmarks.speed.program_points import COLD, FLEET, SMALL

__all__ = ["HEADLINES", "Bar", "Headline"]


@attrs.frozen(kw_only=True)
class Bar:
    """One bar of a picture.

    Attributes:
        label: Whose it is.
        zh: The same in Chinese.
        where: Its samples.
        is_ours: Whether it is of this package.
    """

    label: str
    zh: str
    where: Where
    is_ours: bool = False


@attrs.frozen(kw_only=True)
class Headline:
    """One line.

    Attributes:
        id: Its name, which the picture's file has.
        what: What is measured, with its unit.
        zh: The same in Chinese.
        bars: What is beside each other in the picture.
        ratios: The figures that the line tells, each after a few words in English and in Chinese.
        more_is_better: Whether long bars are good.
    """

    id: str
    what: str
    zh: str
    bars: tuple[Bar, ...]
    ratios: tuple[tuple[str, str, str], ...]
    more_is_better: bool = False


def _bars(where: str, quantity: str, *names: str) -> tuple[Bar, ...]:
    """Bars of contenders; `where` has their name as `{}`."""
    labels = {"native": ("cds-eks, native", "cds-eks，native"), "default": ("cds-eks, default", "cds-eks，默认")}
    return tuple(
        Bar(label=en, zh=zh, where=(where.format(name), quantity), is_ours=name in labels)
        for name in names
        for en, zh in (labels.get(name, (name, name)),)
    )


def _ratio(who: str, other: str, figure: str) -> tuple[str, str, str]:
    en = f"{who} over {other}"
    zh = f"{'默认' if who == 'default' else who} 与 {other} 之比"
    return en, zh, figure


def _calls(count: int) -> Headline:
    return Headline(
        id=f"calls-{count}",
        what=f"Calls per second, {count:,} in flight",
        zh=f"每秒调用数，{count:,} 个在途调用",
        bars=_bars(f"load/{{}}/{count}", "rate", "native", "default", "aiohttp", "aiobotocore", "httpx"),
        ratios=(
            _ratio("native", "aiohttp", f"load-native-{count}-aiohttp"),
            _ratio("default", "aiobotocore", f"load-default-{count}-aiobotocore"),
            _ratio("default", "httpx", f"load-default-{count}-httpx"),
        ),
        more_is_better=True,
    )


def _commands(name: str, label: str, zh: str, *, is_ours: bool = True) -> Bar:
    return Bar(label=label, zh=zh, where=("cli/default", f"{name}_wall"), is_ours=is_ours)


HEADLINES = (
    _calls(50),
    _calls(1000),
    Headline(
        id="calls-tls",
        what="Calls per second over TLS, 50 in flight",
        zh="TLS 上的每秒调用数，50 个在途调用",
        bars=_bars("tls/{}/50", "rate", "native", "default", "aiohttp"),
        ratios=(
            _ratio("native", "aiohttp", "tls-native-50-aiohttp"),
            _ratio("default", "aiohttp", "tls-default-50-aiohttp"),
        ),
        more_is_better=True,
    ),
    Headline(
        id="cold",
        what=f"{COLD:,} calls on as many new connections over TLS, ms",
        zh=f"TLS 上 {COLD:,} 个调用各用新连接的耗时，毫秒",
        bars=_bars("cold/{}/tls", "ms", "native", "default", "aiohttp"),
        ratios=(
            _ratio("native", "aiohttp", "cold-native-tls-time"),
            _ratio("default", "aiohttp", "cold-default-tls-time"),
        ),
    ),
    Headline(
        id="threads",
        what="Calls per second of the blocking client, 16 threads",
        zh="同步客户端的每秒调用数，16 个线程",
        bars=_bars("sync/{}/16", "rate", "native", "default", "requests", "tencentcloud"),
        ratios=(
            _ratio("native", "requests", "sync-native-16-requests"),
            _ratio("default", "requests", "sync-default-16-requests"),
        ),
        more_is_better=True,
    ),
    Headline(
        id="memory",
        what="Memory of each call in flight, 2,000 at once, KiB",
        zh="每个在途调用的内存，同时 2,000 个，KiB",
        bars=tuple(
            Bar(label=f"{name}, {how}", zh=f"{name_zh}，{how_zh}", where=(f"memory/{name}/{stub}", "kib"), is_ours=True)
            for name, name_zh in (("native", "native"), ("default", "默认"))
            for stub, how, how_zh in (("hold", "plain", "明文"), ("tls", "TLS", "TLS"))
        ),
        ratios=(
            ("default, plain", "默认，明文", "memory-default-hold"),
            ("default, TLS", "默认，TLS", "memory-default-tls"),
        ),
    ),
    Headline(
        id="first-call",
        what="A process that imports the package and makes one call, ms",
        zh="导入并完成首个调用的进程耗时，毫秒",
        bars=_bars("startup/default", "native", "native")
        + _bars("startup/default", "default", "default")
        + _bars("startup/default", "httpx", "httpx"),
        ratios=(
            _ratio("native", "httpx", "first-call-native"),
            _ratio("default", "httpx", "first-call-default"),
        ),
    ),
    Headline(
        id="cli",
        what="The command line, whole processes, ms",
        zh="命令行的整个进程耗时，毫秒",
        bars=(
            _commands("help", "cds-eks --help", "cds-eks --help"),
            _commands("list", "cds-eks clusters list", "cds-eks clusters list"),
            _commands("script", "a script that lists", "列出集群的脚本", is_ours=False),
            _commands("rich", "importing rich", "导入 rich", is_ours=False),
            _commands("pass", "bare Python", "裸 Python", is_ours=False),
        ),
        ratios=(
            ("--help over bare Python", "--help 与裸 Python 之比", "cli-help-wall-pass"),
            ("a list over a script", "列表与脚本之比", "cli-list-wall-script"),
        ),
    ),
    Headline(
        id="emulator",
        what=f"Requests that the emulator answers a second, {SMALL} clusters",
        zh=f"模拟器每秒处理的请求数，{SMALL} 个集群",
        bars=(
            Bar(label="GetCluster", zh="GetCluster", where=("emulator/default", "get_small"), is_ours=True),
            Bar(label="ListNodes", zh="ListNodes", where=("emulator/default", "nodes_small"), is_ours=True),
            Bar(label="CreateCluster", zh="CreateCluster", where=("emulator/default", "create_large"), is_ours=True),
            Bar(label="a bare app", zh="空应用", where=("emulator/default", "bare")),
        ),
        ratios=(("GetCluster over a bare app", "GetCluster 与空应用之比", "emulator-get_small"),),
        more_is_better=True,
    ),
    Headline(
        id="fleet",
        what=f"A fleet of {FLEET} clusters with two pools each, s",
        zh=f"{FLEET} 个集群（各两个节点池）的集群群组，秒",
        bars=(
            Bar(label="fleet.provision", zh="fleet.provision", where=("provision/default", "took_s"), is_ours=True),
            Bar(label="the least possible", zh="理论下限", where=("provision/default", "bound_s")),
        ),
        ratios=(("over the least possible", "与理论下限之比", "provision-makespan"),),
    ),
)
"""The ten lines, in their order."""
