"""The plot: calls per second and CPU per call, over calls in flight."""

from __future__ import annotations

from pathlib import Path

from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.plan import IN_FLIGHT
from benchmarks.speed.result import Result
from benchmarks.speed.stats import Spread

__all__ = ["plot"]

COLOURS = {
    "default": "#d62728",
    "native": "#1f77b4",
    "native-uvloop": "#17a2e0",
    "httpx": "#7f7f7f",
    "httpx2": "#b0b0b0",
    "aiohttp": "#2ca02c",
    "aiohttp-uvloop": "#8fd175",
    "aiobotocore": "#ff7f0e",
}


def plot(result: Result, file: Path) -> None:
    """Draw the plot.

    Args:
        result: What was measured.
        file: Where to, a PNG.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    figure, axes = pyplot.subplots(1, 2, figsize=(12, 5), constrained_layout=True)
    for axis, quantity, title in zip(axes, ("rate", "cpu_us"), ("calls per second", "CPU per call, µs"), strict=True):
        for name in CONTENDERS:
            line = [(size, there) for size in IN_FLIGHT if (there := _at(result, name, size, quantity)) is not None]
            if not line:
                continue
            sizes, spreads = zip(*line, strict=True)
            medians = [each.median for each in spreads]
            errors = [[each.median - each.low for each in spreads], [each.high - each.median for each in spreads]]
            axis.errorbar(
                sizes,
                medians,
                yerr=errors,
                label=name,
                color=COLOURS.get(name),
                marker="o",
                markersize=4,
                capsize=3,
                linewidth=2.2 if name in ("default", "native") else 1.2,
                linestyle="--" if name.endswith("-uvloop") else "-",
            )
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.xaxis.set_major_locator(FixedLocator(IN_FLIGHT))
        axis.xaxis.set_minor_locator(NullLocator())
        plain = FuncFormatter(lambda value, _: f"{value:,.0f}")
        axis.xaxis.set_major_formatter(plain)
        axis.yaxis.set_major_formatter(plain)
        axis.set_xlabel("calls in flight")
        axis.set_title(title)
        axis.grid(visible=True, which="both", alpha=0.25)
    axes[0].legend(fontsize=8)
    figure.suptitle(f"{result.date}, {result.machine}", fontsize=9)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _at(result: Result, name: str, size: int, quantity: str) -> Spread | None:
    return result.spread(f"load/{name}/{size}", quantity)
