"""What is written, never by hand: `results.md`, a section of `docs/speed.md` and of its twin, pictures and sheets."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.figures import measured
from benchmarks.speed.headlines import HEADLINES
from benchmarks.speed.pictures import alt, picture, shown
from benchmarks.speed.result import Result
from benchmarks.speed.sheets import figures_sheet, samples_sheet
from benchmarks.speed.tables import NOTE, Table, bars, loads, markdown, spread_text, target_text

__all__ = ["BEGIN", "END", "PAGES", "files", "lines", "replaced", "results_page", "section", "targets", "write_pages"]

BEGIN, END = "<!-- speed: generated -->", "<!-- speed: end -->"

PAGES = {"docs/speed.md": False, "docs/zh/speed.md": True}
"""The pages that have the section, and whether they are in Chinese."""


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
    """Return the page with everything; its tables are folded, since they are long on a phone."""
    who = "\n".join(f"- {each.name}: {each.about}" for each in CONTENDERS.values())
    notes = "".join(f"- {note}\n" for note in result.notes)
    calls = f"{markdown(loads(result))}\n{NOTE}\n"
    return (
        "<!-- Written by `python -m benchmarks`: do not edit. -->\n# Benchmark results\n\n"
        "Everything that was measured; [Speed](../../docs/speed.md) has the ten lines that matter, with pictures.\n\n"
        f"{_conditions(result)}\n\n"
        "![calls per second and CPU per call over calls in flight](throughput.png)\n\n"
        f"{who}\n\n"
        f"{_folded('All ratios and targets', markdown(bars(result)))}\n"
        f"{_folded('Calls per second and CPU per call', calls)}" + (f"\nNot measured:\n\n{notes}" if notes else "")
    )


def _folded(summary: str, text: str) -> str:
    """Return a text that a click shows, on GitHub and on the site."""
    return f'<details markdown="1">\n<summary>{summary}</summary>\n\n{text}\n</details>\n'


def lines(result: Result, *, is_chinese: bool) -> Table:
    """Return the ten lines, each with its picture; what was not measured is left out.

    Args:
        result: What was measured.
        is_chinese: Whether it is the Chinese page.
    """
    found = {each.figure.id: each for each in measured(result)}
    rows = []
    for line in HEADLINES:
        bars = shown(line, result, is_chinese=is_chinese)
        told = [
            f"{zh if is_chinese else en}{'：' if is_chinese else ': '}{spread_text(there, found[name].figure.unit)}"
            for en, zh, name in line.ratios
            if (there := found[name].spread) is not None
        ]
        if told and bars:
            image = f"![{alt(line, bars, is_chinese=is_chinese)}](speed/{line.id}.svg)"
            rows.append((line.zh if is_chinese else line.what, "<br>".join(told), image))
    columns = (
        ("项目", "中位数（四分位区间）", "图") if is_chinese else ("what", "median (interquartile range)", "picture")
    )
    return Table(columns=columns, rows=rows, texts=3)


def targets(result: Result, *, is_chinese: bool) -> str:
    """Return how many targets are met, and which are missed."""
    asked = [each for each in measured(result) if each.is_met is not None]
    missed = [each for each in asked if not each.is_met]
    if is_chinese:
        head = f"{len(asked)} 个有目标的数据中，达到 {len(asked) - len(missed)} 个。" + (
            "未达到的：\n" if missed else "\n"
        )
    else:
        head = f"Of {len(asked)} figures that have a target, {len(asked) - len(missed)} meet it." + (
            " Those that do not:\n" if missed else "\n"
        )
    rows = (
        f"- {(each.figure.zh if is_chinese else each.figure.what).removeprefix('- ')}{'：' if is_chinese else ': '}"
        f"{spread_text(each.spread, each.figure.unit)}{'，目标 ' if is_chinese else ', target '}{target_text(each)}\n"
        for each in missed
    )
    return head + ("\n" if missed else "") + "".join(rows)


def section(result: Result, *, is_chinese: bool) -> str:
    """Return what stands between the markers of a page.

    Args:
        result: What was measured.
        is_chinese: Whether it is the Chinese page, which is one folder further down.
    """
    sheets = "../speed" if is_chinese else "speed"
    if is_chinese:
        packages = "，".join(f"{name} {version}" for name, version in result.versions.items())
        text = (
            f"测量于 {result.date}，{_in_chinese(result.machine)}；客户端与服务端各占一个核心。{packages}。\n"
            f"各方轮流测量 {result.rounds} 轮，每次 {result.seconds:g} 秒，取中位数；"
            "括号内为四分位区间；比值逐轮计算。"
        )
        link = f"其余数据：[全部比值与目标]({sheets}/figures.csv)，[各方的测量值]({sheets}/samples.csv)（CSV）。"
    else:
        text = f"Measured on {_conditions(result)}"
        link = (
            f"The rest, as CSV: [all ratios and targets]({sheets}/figures.csv), and"
            f" [what was measured of each]({sheets}/samples.csv)."
        )
    table = markdown(lines(result, is_chinese=is_chinese))
    return f"{text}\n\n{table}\n{targets(result, is_chinese=is_chinese)}\n{link}\n"


def files(result: Result) -> dict[str, str]:
    """Return the text of every other file that is written, by its name in the repository: pictures and sheets."""
    found = {"docs/speed/figures.csv": figures_sheet(result), "docs/speed/samples.csv": samples_sheet(result)}
    for name, is_chinese in PAGES.items():
        folder = name.removesuffix(".md")
        for line in HEADLINES:
            if bars := shown(line, result, is_chinese=is_chinese):
                found[f"{folder}/{line.id}.svg"] = picture(line, bars, is_chinese=is_chinese)
    return found


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
    """Write the section of each of the pages, their pictures, and the sheets.

    Args:
        result: What was measured.
        root: The folder of the repository.
    """
    for name, is_chinese in PAGES.items():
        file = root / name
        page = replaced(file.read_text(encoding="utf-8"), section(result, is_chinese=is_chinese))
        file.write_text(page, encoding="utf-8")
    for name, text in files(result).items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
