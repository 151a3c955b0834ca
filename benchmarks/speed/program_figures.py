"""The figures beyond calls on open connections: new connections, the command line, the emulator, fleets."""

from __future__ import annotations

from benchmarks.speed.figure import NAMES, Figure
from benchmarks.speed.program_points import COLD as CONNECTIONS
from benchmarks.speed.program_points import FLEET, LARGE, SMALL

__all__ = ["CLI", "COLD", "EMULATOR", "PROVISION"]


def _cold(who: str, how: str, quantity: str) -> Figure:
    en, zh = NAMES[who]
    kind, kind_zh = ("TLS", "TLS") if how == "tls" else ("plain", "明文")
    what, what_zh = ("CPU of", "CPU") if quantity == "cpu_us" else ("time until", "耗时")
    return Figure(
        id=f"cold-{who}-{how}-{'cpu' if quantity == 'cpu_us' else 'time'}",
        what=f"{en}, {kind}: {what} {CONNECTIONS:,} calls on as many new connections, over aiohttp's",
        zh=f"{zh}，{kind_zh}：{CONNECTIONS:,} 个调用各用新连接的{what_zh}，与 aiohttp 之比",
        ours=(f"cold/{who}/{how}", quantity),
        theirs=(f"cold/aiohttp/{how}", quantity),
    )


COLD = tuple(
    _cold(who, how, quantity)
    for who in ("native", "default")
    for how in ("plain", "tls")
    for quantity in ("ms", "cpu_us")
)


def _command(name: str, what: str, zh: str, other: str, quantity: str, reach: float | None) -> Figure:
    over, over_zh = {
        "pass": ("bare Python's", "裸 Python"),
        "rich": ("importing rich's", "导入 rich"),
        "script": ("a script's that does the same", "完成同样工作的脚本"),
    }[other]
    figure, figure_zh = ("CPU", "CPU") if quantity == "cpu" else ("time", "耗时")
    return Figure(
        id=f"cli-{name}-{quantity}-{other}",
        what=f"{what}: {figure} over {over}",
        zh=f"{zh}：{figure_zh}与{over_zh}之比",
        ours=("cli/default", f"{name}_{quantity}"),
        theirs=("cli/default", f"{other}_{quantity}"),
        reach=reach,
    )


CLI = (
    _command("help", "cds-eks --help", "cds-eks --help", "pass", "wall", None),
    _command("help", "cds-eks --help", "cds-eks --help", "rich", "cpu", 1.0),
    _command("completion", "completion in the shell", "shell 补全", "rich", "cpu", 1.0),
    _command("list", "cds-eks clusters list", "cds-eks clusters list", "script", "cpu", 1.3),
    _command("list", "cds-eks clusters list", "cds-eks clusters list", "script", "wall", 1.3),
)


def _emulator(name: str, what: str, zh: str, other: str) -> Figure:
    over, over_zh = ("a bare app's on the same server", "同一服务器上空应用") if other == "bare" else ("", "")
    if other != "bare":
        over, over_zh = f"with {LARGE:,} clusters over those with {SMALL}", f"{LARGE:,} 个与 {SMALL} 个集群"
        return Figure(
            id=f"emulator-{name}-growth",
            what=f"emulator, {what}: requests/s {over}",
            zh=f"模拟器，{zh}：{over_zh}时每秒请求数之比",
            ours=("emulator/default", name),
            theirs=("emulator/default", other),
            more_is_better=True,
        )
    return Figure(
        id=f"emulator-{name}",
        what=f"emulator, {what}: requests/s over {over}",
        zh=f"模拟器，{zh}：每秒请求数与{over_zh}之比",
        ours=("emulator/default", name),
        theirs=("emulator/default", other),
        more_is_better=True,
    )


EMULATOR = (
    _emulator("get_small", "GetCluster", "GetCluster", "bare"),
    _emulator("nodes_small", "ListNodes", "ListNodes", "bare"),
    _emulator("create_large", "CreateCluster", "CreateCluster", "bare"),
    _emulator("get_large", "GetCluster", "GetCluster", "get_small"),
    _emulator("find_large", "ListClusters by name", "按名称 ListClusters", "find_small"),
    _emulator("nodes_large", "ListNodes", "ListNodes", "nodes_small"),
)

PROVISION = (
    Figure(
        id="provision-makespan",
        what=f"a fleet of {FLEET} clusters with two pools each: time over the least that it can take",
        zh=f"{FLEET} 个集群（各两个节点池）的集群群组：耗时与理论下限之比",
        ours=("provision/default", "took_s"),
        theirs=("provision/default", "bound_s"),
        reach=1.15,
    ),
    Figure(
        id="provision-memory",
        what="- memory for each cluster, its pools and its part of the report",
        zh="- 每个集群（含节点池及其报告部分）的内存",
        ours=("provision/default", "kib"),
        unit="KiB",
    ),
    Figure(
        id="provision-cpu",
        what="- CPU of the runner for each cluster",
        zh="- 每个集群占用的运行进程 CPU",
        ours=("provision/default", "cpu_ms"),
        unit="ms",
    ),
)
