"""The figures that count: each beside what it is to reach."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from benchmarks.speed.figure import NAMES, Figure, Measured
from benchmarks.speed.program_figures import CLI, COLD, EMULATOR, PROVISION
from benchmarks.speed.result import Result
from benchmarks.speed.stats import paired, spread

__all__ = ["FIGURES", "measured"]


def measured(result: Result) -> list[Measured]:
    """Return all figures of a result."""
    return [Measured(figure=figure, spread=spread(_values(figure, result))) for figure in FIGURES]


def _values(figure: Figure, result: Result) -> Sequence[float | None]:
    ours = result.of(*figure.ours)
    if figure.theirs is None:
        return ours
    combine = operator.truediv if figure.unit == "×" else operator.sub
    return paired(ours, result.of(*figure.theirs), combine)


def _rate(who: str, count: int, other: str, reach: float | None, section: str = "load") -> Figure:
    """Calls per second over another's, with so many in flight."""
    en, zh = NAMES[who]
    how, how_zh = {
        "load": (f"{count:,} in flight", f"{count:,} 个在途调用"),
        "slow": (f"50 ms server, {count:,} in flight", f"服务端延迟 50 ms，{count:,} 个在途调用"),
        "tls": (f"TLS, {count:,} in flight", f"TLS，{count:,} 个在途调用"),
        "sync": (f"sync, {count} threads", f"同步，{count} 个线程"),
    }[section]
    return Figure(
        id=f"{section}-{who}-{count}-{other}",
        what=f"{en}, {how}: calls/s over {other}'s",
        zh=f"{zh}，{how_zh}：每秒调用数与 {other} 之比",
        ours=(f"{section}/{who}/{count}", "rate"),
        theirs=(f"{section}/{other}/{count}", "rate"),
        reach=reach,
        more_is_better=True,
    )


def _cost(name: str, what: str, zh: str, reach: float | None, variant: str = "") -> Figure:
    key = f"overhead/default{variant}"
    suffix = variant.replace("/", "-")
    return Figure(id=f"overhead-{name}{suffix}", what=what, zh=zh, ours=(key, f"{name}_us"), unit="µs", reach=reach)


def _decode(parser: str, reach: float) -> Figure:
    key = f"decode/default/{parser}"
    return Figure(
        id=f"decode-{parser}",
        what=f"decoding 1,000 nodes of 28 fields, over {parser}.loads",
        zh=f"解码 1,000 个节点（各 28 个字段），与 {parser}.loads 之比",
        ours=(key, "decode_us"),
        theirs=(key, "loads_us"),
        reach=reach,
    )


def _memory(who: str, stub: str, reach: float) -> Figure:
    en, zh = NAMES[who]
    how, how_zh = ("TLS", "TLS") if stub == "tls" else ("plain", "明文")
    return Figure(
        id=f"memory-{who}-{stub}",
        what=f"{en}, {how}, 2,000 in flight: memory per call",
        zh=f"{zh}，{how_zh}，2,000 个在途调用：每个调用的内存",
        ours=(f"memory/{who}/{stub}", "kib"),
        unit="KiB",
        reach=reach,
    )


def _fleet(who: str, connections: int, *, rarely: bool = False) -> Figure:
    en, zh = NAMES[who]
    if rarely:
        en = f"- the same ({en}, {connections:,} connections) with a garbage collector that runs rarely"
        zh = f"- 同上（{zh}、{connections:,} 个连接），但垃圾回收很少运行"
    else:
        en = f"{en}, 10,000 in flight on {connections:,} connections: CPU per call over that at 100"
        zh = f"{zh}，10,000 个在途调用、{connections:,} 个连接：每个调用的 CPU 与 100 个在途时之比"
    return Figure(
        id=f"fleet-{who}-{connections}" + ("-rarely" if rarely else ""),
        what=en,
        zh=zh,
        ours=(f"fleet/{who}/10000/{connections}", "rarely_us" if rarely else "cpu_us"),
        theirs=(f"fleet/{who}/100/100", "cpu_us"),
        reach=None if rarely else 1.5,
    )


def _first(who: str, reach: float | None) -> Figure:
    en, zh = NAMES[who]
    return Figure(
        id=f"first-call-{who}",
        what=f"{en}: a process that imports it and makes one call, over the same with httpx",
        zh=f"{zh}：导入并完成首个调用的进程耗时，与 httpx 之比",
        ours=("startup/default", who),
        theirs=("startup/default", "httpx"),
        reach=reach,
    )


FIGURES = (
    _rate("default", 50, "httpx", 3.5),
    _rate("default", 1000, "httpx", 3.5),
    _rate("default", 50, "aiobotocore", 1.3),
    _rate("default", 1000, "aiobotocore", 1.2),
    Figure(
        id="load-default-1000-50",
        what="default backend: calls/s at 1,000 in flight over those at 50",
        zh="默认后端：1,000 个与 50 个在途调用时每秒调用数之比",
        ours=("load/default/1000", "rate"),
        theirs=("load/default/50", "rate"),
        reach=0.75,
        more_is_better=True,
    ),
    _rate("default", 1000, "httpx", 20, "slow"),
    *[_rate("native", count, "aiobotocore", 10) for count in (50, 1000)],
    *[_rate("native", count, "aiohttp", 2) for count in (50, 1000)],
    _rate("native", 1, "aiohttp", 0.95),
    *[_rate("native-uvloop", count, "aiohttp-uvloop", None) for count in (1, 50, 1000)],
    *[_rate("native-uvloop", count, "aiobotocore", None) for count in (50, 1000)],
    *[_rate("default", count, "httpx2", None) for count in (50, 200)],
    _rate("native", 1000, "aiohttp", None, "slow"),
    *[_rate(who, count, "aiohttp", None, "tls") for who in ("native", "default") for count in (50, 1000)],
    *COLD,
    _cost("whole", "everything but the transport, per call", "除传输外的全部开销，每次调用", 20),
    _cost("sign", "- signing", "- 签名", 6),
    _cost("middlewares", "- four middlewares", "- 四个中间件", 4),
    _cost(
        "timed",
        "- the same with a timer for each call, as the default backend needs",
        "- 同上，另加默认后端所需的计时器",
        None,
    ),
    _cost("decode", "- decoding two clusters", "- 解码两个集群", 8),
    _cost("whole", "everything but the transport, with orjson", "除传输外的全部开销（装有 orjson）", 20, "/orjson"),
    _cost("decode", "- decoding two clusters, with orjson", "- 解码两个集群（装有 orjson）", 8, "/orjson"),
    _cost("loop", "- beside it: a loop of 100 additions", "- 参照：100 次加法的循环", None),
    _cost("json", "- beside it: json.loads of the same two clusters", "- 参照：对同样两个集群 json.loads", None),
    _decode("orjson", 4),
    _decode("json", 3),
    _rate("native", 16, "requests", 2, "sync"),
    _rate("default", 16, "requests", 1.1, "sync"),
    _rate("default", 16, "tencentcloud", None, "sync"),
    *[_memory(who, stub, reach) for who in ("native", "default") for stub, reach in (("hold", 24), ("tls", 100))],
    Figure(
        id="import",
        what="import cds_eks, above bare Python",
        zh="import cds_eks，超出裸 Python 的部分",
        ours=("startup/default", "import"),
        theirs=("startup/default", "bare"),
        unit="ms",
        reach=15,
    ),
    _first("default", 1.3),
    _first("native", None),
    *[
        _fleet(who, connections, rarely=rarely)
        for who in ("native", "default")
        for connections in (1000, 10_000)
        for rarely in (False, True)
    ],
    *CLI,
    *EMULATOR,
    *PROVISION,
)
"""All figures, in the order of the tables."""
