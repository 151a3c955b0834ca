"""The pages that are written: `results.md`, and a section of `docs/speed.md` and its Chinese twin, never by hand."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.result import Result
from benchmarks.speed.tables import NOTE, bars, loads, markdown

__all__ = ["BEGIN", "END", "PAGES", "replaced", "results_page", "section", "write_pages"]

BEGIN, END = "<!-- speed: generated -->", "<!-- speed: end -->"

PAGES = {"docs/speed.md": False, "docs/zh/speed.md": True}
"""The pages that have the section, and whether they are in Chinese."""

_RESULTS = "benchmarks/results"


def _conditions(result: Result) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    return (
        f"{result.date}, {result.machine}; client and server on a core each. {packages}."
        f" Medians of {result.rounds} rounds in which the contenders took turns, {result.seconds:g} s each; in"
        " parentheses the interquartile range. Ratios are taken round by round."
    )


def _in_chinese(machine: str) -> str:
    return re.sub(r"^(\d+) cores? of ", r"\1 核 ", machine).replace(", ", "，")


def results_page(result: Result) -> str:
    """Return the page with everything."""
    who = "\n".join(f"- {each.name}: {each.about}" for each in CONTENDERS.values())
    notes = "".join(f"- {note}\n" for note in result.notes)
    return (
        "<!-- Written by `python -m benchmarks`: do not edit. -->\n# Speed\n\n"
        f"{_conditions(result)}\n\n{markdown(bars(result))}\n"
        f"![calls per second and CPU per call over calls in flight](throughput.png)\n\n{markdown(loads(result))}\n"
        f"{NOTE}\n\n{who}\n" + (f"\nNot measured:\n\n{notes}" if notes else "")
    )


def section(result: Result, *, is_chinese: bool) -> str:
    """Return what stands between the markers of a page.

    Args:
        result: What was measured.
        is_chinese: Whether it is the Chinese page, which is one folder further down.
    """
    results = f"{'../..' if is_chinese else '..'}/{_RESULTS}"
    table = markdown(bars(result, is_chinese=is_chinese, with_missing=False))
    if is_chinese:
        packages = "，".join(f"{name} {version}" for name, version in result.versions.items())
        text = (
            f"测量于 {result.date}，{_in_chinese(result.machine)}；客户端与服务端各占一个核心。{packages}。\n"
            f"各方轮流测量 {result.rounds} 轮，每次 {result.seconds:g} 秒，取中位数；"
            "括号内为四分位区间；比值逐轮计算。"
        )
        link = f"全部数据见 [{_RESULTS}/results.md]({results}/results.md)。"
        alt = "不同在途调用数下的每秒调用数与每次调用的 CPU"
    else:
        text = f"Measured on {_conditions(result)}"
        link = f"All of it is in [{_RESULTS}/results.md]({results}/results.md)."
        alt = "calls per second and CPU per call over calls in flight"
    return f"{text}\n\n{table}\n![{alt}]({results}/throughput.png)\n\n{link}\n"


def replaced(page: str, text: str) -> str:
    """Return a page with the text between its markers.

    Raises:
        ValueError: It does not have both, once each, in their order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"the page must have {BEGIN} and {END} once each")
    return f"{before}{BEGIN}\n{text}{END}{after}"


def write_pages(result: Result, root: Path) -> None:
    """Write the section of each of the pages.

    Args:
        result: What was measured.
        root: The folder of the repository.
    """
    for name, is_chinese in PAGES.items():
        file = root / name
        page = replaced(file.read_text(encoding="utf-8"), section(result, is_chinese=is_chinese))
        file.write_text(page, encoding="utf-8")
