"""What the speed benchmarks make of what they measure. No time is ever asserted here."""

from __future__ import annotations

import csv
import io
import math
import random
import re
from pathlib import Path
from xml.etree import ElementTree

import attrs
import pytest

from benchmarks.speed import plan
from benchmarks.speed.commands import PROGRAMS
from benchmarks.speed.compare import changes, drift
from benchmarks.speed.emulating import KINDS
from benchmarks.speed.figure import Measured
from benchmarks.speed.figures import FIGURES, measured
from benchmarks.speed.headlines import HEADLINES
from benchmarks.speed.page import BEGIN, END, PAGES, files, replaced, results_page, section, targets, write_pages
from benchmarks.speed.pictures import alt, picture, shown
from benchmarks.speed.result import Result
from benchmarks.speed.sheets import figures_sheet, samples_sheet
from benchmarks.speed.stats import Spread, paired, spread
from benchmarks.speed.tables import Table, bars, changed, loads, markdown, number

ROOT = Path(__file__).parents[2]


def result(factor: float = 1.0, slowness: float = 1.0, seed: int = 1) -> Result:
    """Every point of the plan, with noise.

    Args:
        factor: How many times as fast the default backend is.
        slowness: How many times as slow the machine is.
        seed: Of the noise.
    """
    rng = random.Random(seed)
    samples: dict[str, dict[str, list[float | None]]] = {}
    names: dict[str, tuple[str, ...]] = dict.fromkeys(("load", "slow", "sync"), ("rate", "cpu_us", "busy"))
    names |= {"fleet": ("rate", "cpu_us", "rarely_us"), "memory": ("kib",), "decode": ("decode_us", "loads_us")}
    names |= {"overhead": ("whole_us", "sign_us", "middlewares_us", "timed_us", "decode_us", "loop_us", "json_us")}
    names |= {"startup": ("bare", "import", "httpx", "default", "native"), "tls": names["load"]}
    names |= {"cold": ("ms", "cpu_us", "busy"), "provision": ("took_s", "bound_s", "kib", "cpu_ms", "lists")}
    names |= {"cli": tuple(f"{name}_{figure}" for name in PROGRAMS for figure in ("cpu", "wall"))}
    names |= {
        "emulator": ("bare", *(f"{kind}_{size}" for kind in KINDS for size in ("small", "large")), "create_large")
    }
    base = {"rate": 1000.0 / slowness, "busy": 0.5, "kib": 20.0, "import": 25 * slowness, "bare": 15 * slowness}
    for point in plan.points(plan.Settings()):
        ours = factor if point.contender == "default" else 1.0
        samples[point.key] = {
            name: [
                base.get(name, 10.0 * slowness) * (ours if name == "rate" else 1.0) * (1 + 0.01 * rng.random())
                for _ in range(5)
            ]
            for name in names[point.section]
        }
    return Result(
        date="2025-09-08",
        machine="2 cores of a kind",
        rounds=5,
        seconds=1.0,
        versions={"httpx": "1"},
        notes=[],
        samples=samples,
    )


def by_id(whole: Result) -> dict[str, Measured]:
    return {each.figure.id: each for each in measured(whole)}


def test_spreads() -> None:
    assert spread([]) is None
    assert spread([None, None]) is None
    assert spread([3.0, None]) == Spread(median=3, low=3, high=3, count=1)
    assert spread([5.0, 1.0, None, 2.0, 4.0, 3.0]) == Spread(median=3, low=2, high=4, count=5)
    assert spread([1.0, 2.0, 3.0, 4.0, 1000.0]) == Spread(median=3, low=2, high=4, count=5), "a hiccup is no matter"


def test_ratios_are_taken_round_by_round() -> None:
    slow_machine = [100.0, 50.0, 10.0]
    assert paired(slow_machine, [50.0, 25.0, 5.0], lambda a, b: a / b) == [2, 2, 2]
    assert paired([1.0, None, 3.0], [1.0, 2.0, None], lambda a, b: a - b) == [0, None, None]
    assert paired([1.0], [], lambda a, b: a - b) == []


def test_every_figure_has_its_points_in_the_plan() -> None:
    keys = {point.key for point in plan.points(plan.Settings())}
    assert len({figure.id for figure in FIGURES}) == len({figure.what for figure in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        assert figure.ours[0] in keys, figure.id
        assert figure.theirs is None or figure.theirs[0] in keys, figure.id
        assert figure.unit != "×" or figure.theirs is not None, figure.id
    assert all(each.spread is not None for each in measured(result()))


def test_what_is_met() -> None:
    found = by_id(result(factor=4.0))
    assert found["load-default-50-httpx"].is_met is True
    assert found["slow-default-1000-httpx"].is_met is False
    assert found["load-default-50-httpx2"].is_met is None, "nothing is asked of it"
    assert found["import"].is_met is True, "10 ms above bare Python"
    assert by_id(attrs.evolve(result(), samples={}))["import"].is_met is None, "it was not measured"
    importing = found["import"].spread
    assert importing is not None
    assert importing.median == pytest.approx(10, rel=0.1)


def test_points_are_chosen_by_name() -> None:
    everything = plan.points(plan.Settings())
    assert len({point.key for point in everything}) == len(everything)
    assert {point.section for point in everything} == set(plan.SECTIONS)
    chosen = plan.points(plan.Settings(), ["load", "httpx", "default"])
    assert {(point.section, point.contender) for point in chosen} == {("load", "httpx"), ("load", "default")}
    assert {point.contender for point in plan.points(plan.Settings(), ["sync"])} == set(plan.SYNC)
    quick = plan.points(plan.Settings(is_quick=True))
    assert [point.key for point in quick] == [point.key for point in everything]
    assert all(point.job.get("in_flight", 0) <= 200 for point in quick)


def test_groups_stand_together() -> None:
    groups = [point.group for point in plan.points(plan.Settings())]
    assert len([1 for now, then in zip(groups, ["", *groups], strict=False) if now != then]) == len(set(groups))


def test_a_regression_is_distinguished_from_noise() -> None:
    old = result(seed=1)
    assert not any(each.is_regression or each.is_gain for each in changes(old, result(seed=2)))
    worse = {each.new.figure.id for each in changes(old, result(factor=0.8, seed=2)) if each.is_regression}
    assert {"load-default-50-httpx", "sync-default-16-requests"} <= worse
    assert "load-default-1000-50" not in worse, "both are slower"
    assert "load-native-50-aiohttp" not in worse
    better = changes(old, result(factor=1.3, seed=2))
    assert {each.new.figure.id for each in better if each.is_gain} >= {"load-default-50-httpx"}
    assert not any(each.is_regression for each in better)


def test_a_slower_machine_is_no_regression() -> None:
    old, new = result(seed=1), result(slowness=1.5, seed=2)
    assert drift(old, new) == pytest.approx(1.5, rel=0.02)
    assert not any(each.is_regression for each in changes(old, new))
    without = attrs.evolve(new, samples={key: new.samples[key] for key in new.samples if "overhead" not in key})
    assert drift(old, without) == 1.0


def test_too_few_samples_show_no_change() -> None:
    old, new = result(), result(factor=0.5)
    few = {key: {name: values[:2] for name, values in each.items()} for key, each in new.samples.items()}
    assert not any(each.is_regression for each in changes(old, attrs.evolve(new, samples=few)))


def test_a_result_is_kept_whole(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "result.json"
    for whole in (result(), attrs.evolve(result(), samples={}, notes=["skipped: „x“"])):
        whole.save(file)
        loaded = Result.load(file)
        assert attrs.evolve(loaded, samples={}) == attrs.evolve(whole, samples={})
        assert loaded.samples.keys() == whole.samples.keys()
        for key, each in whole.samples.items():
            for name, values in each.items():
                assert loaded.of(key, name) == pytest.approx(values, rel=1e-5)
    assert Result.load(file).of("no", "such") == ()


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.50"), (9.994, "9.99"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_tables_in_markdown() -> None:
    assert markdown(Table(columns=("a", "b"), rows=[("x|y", "1 *")])) == "| a | b |\n| --- | --: |\n| x\\|y | 1 \\* |\n"
    whole = result(factor=4.0)
    table = markdown(bars(whole))
    assert len(table.splitlines()) == len(FIGURES) + 2
    row = next(line for line in table.splitlines() if "default backend, 50 in flight: calls/s over httpx's" in line)
    assert re.fullmatch(r"\|[^|]+\| ≥ 3.5× \| [34]\.\d\d× \(\S+ – \S+\) \| yes \|", row)
    assert "**no**" in table
    assert re.search(r"\| default \| 1000 \(50 ms\) \| [\d,]+ \([\d,]+ – [\d,]+\) \|", markdown(loads(whole)))
    assert "REGRESSION" in markdown(changed(changes(whole, result(factor=1.0))))


def test_what_was_not_measured_is_said() -> None:
    samples = {key: each for key, each in result().samples.items() if "native" not in key}
    partial = attrs.evolve(result(), samples=samples, notes=["native is skipped"])
    page = results_page(partial)
    assert "native is skipped" in page
    assert re.search(r"\| native backend, 1 in flight.*\| ≥ 0.95× \| – \|  \|", page)
    assert "native backend, 1 in flight" not in section(partial, is_chinese=False)
    assert "native over aiohttp" not in section(partial, is_chinese=False)
    assert re.search(r"^load-native-1-aiohttp,.*,>=0\.95,,,,,$", figures_sheet(partial), flags=re.MULTILINE)


def test_a_busy_server_is_marked() -> None:
    whole = result()
    samples = {key: dict(each) for key, each in whole.samples.items()}
    samples["load/native/50"]["busy"] = [0.97] * 5
    marked = [row for row in loads(attrs.evolve(whole, samples=samples)).rows if row[-1].endswith("*")]
    assert [row[:2] for row in marked] == [("native", "50")]


def test_both_pages_are_written(tmp_path: Path) -> None:
    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert text.count(BEGIN) == text.count(END) == 1
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    write_pages(result(), tmp_path)
    once = [(tmp_path / name).read_text(encoding="utf-8") for name in PAGES]
    write_pages(result(), tmp_path)
    assert once == [(tmp_path / name).read_text(encoding="utf-8") for name in PAGES]
    for text in once:
        assert "2025-09-08" in text
        assert all(f"](speed/{line.id}.svg)" in text for line in HEADLINES)
        for name in ("figures.csv", "samples.csv"):
            assert f"speed/{name})" in text
    english = section(result(), is_chinese=False)
    rows = [len(re.findall(r"^\|", text, flags=re.MULTILINE)) for text in (english, once[1])]
    assert rows[0] == len(HEADLINES) + 2 <= rows[1]
    assert len(figures_sheet(result()).splitlines()) == len(FIGURES) + 1
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}
    assert written == {*PAGES, *files(result())}


def test_each_of_the_ten_lines_has_its_figures_and_samples() -> None:
    ids = {figure.id for figure in FIGURES}
    whole = result()
    assert len(HEADLINES) == len({line.id for line in HEADLINES}) == 10
    for line in HEADLINES:
        assert {name for _, _, name in line.ratios} <= ids
        assert len(shown(line, whole, is_chinese=False)) == len(line.bars), line.id
        assert any(bar.is_ours for bar in line.bars)


@pytest.mark.parametrize("is_chinese", [False, True])
def test_a_picture_tells_all_to_those_who_do_not_see_it_and_fetches_nothing(*, is_chinese: bool) -> None:
    for line in HEADLINES:
        bars = shown(line, result(), is_chinese=is_chinese)
        text = picture(line, bars, is_chinese=is_chinese)
        root = ElementTree.fromstring(text)
        assert root.get("role") == "img"
        assert root.get("aria-label") == alt(line, bars, is_chinese=is_chinese)
        for bar in bars:
            assert f"{bar.label} {number(bar.spread.median)}" in root.get("aria-label", "")
        assert "prefers-color-scheme:dark" in text
        assert re.findall(r"(?:https?:)?//[^\s\"]+", text) == ["http://www.w3.org/2000/svg"]
        drawn = [
            each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("class") in ("ours", "other")
        ]
        assert [float(each.get("width", "0")) for each in drawn] == pytest.approx(
            [210 * bar.spread.median / max(bar.spread.high for bar in bars) for bar in bars], abs=1
        )
        assert all(float(each.get("x", "0")) < 400 for each in root.iter("{http://www.w3.org/2000/svg}text"))


def test_what_is_marked_up_is_escaped() -> None:
    line = attrs.evolve(HEADLINES[0], what='a "<b>" & c')
    text = picture(line, shown(line, result(), is_chinese=False), is_chinese=False)
    assert 'a "&lt;b&gt;" &amp; c</text>' in text
    ElementTree.fromstring(text)


def test_targets_that_are_missed_are_told() -> None:
    slow = targets(result(factor=0.1), is_chinese=False)
    assert re.search(
        r"^- default backend, 50 in flight: calls/s over httpx's: 0\.10× .*, target ≥ 3\.5×$", slow, flags=re.MULTILINE
    )
    few = attrs.evolve(result(), samples={"sync/native/16": {"rate": [4.0]}, "sync/requests/16": {"rate": [1.0]}})
    assert targets(few, is_chinese=False) == "Of 1 figures that have a target, 1 meet it.\n"
    assert targets(few, is_chinese=True) == "1 个有目标的数据中，达到 1 个。\n"


def test_the_sheets_have_every_figure_and_every_sample() -> None:
    whole = result()
    rows = list(csv.DictReader(io.StringIO(figures_sheet(whole))))
    assert [row["id"] for row in rows] == [figure.id for figure in FIGURES]
    assert {row["met"] for row in rows} == {"", "yes", "no"}
    samples = list(csv.DictReader(io.StringIO(samples_sheet(whole))))
    assert {(row["point"], row["quantity"]) for row in samples} == {
        (key, name) for key, each in whole.samples.items() for name in each
    }
    assert all(float(row["low"]) <= float(row["median"]) <= float(row["high"]) for row in samples)


def test_the_pages_have_the_latest_result() -> None:
    latest = Result.load(ROOT / "benchmarks" / "results" / "latest.json")
    for name, is_chinese in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        assert text == replaced(text, section(latest, is_chinese=is_chinese)), "run: python -m benchmarks --page"
    written = {f"docs/{file.relative_to(ROOT / 'docs')}" for file in (ROOT / "docs").glob("**/speed/*.*")}
    assert written == set(files(latest)), "run: python -m benchmarks --page, and delete what is not written any more"
    for name, text in files(latest).items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, "run: python -m benchmarks --page"


@pytest.mark.parametrize("text", ["", BEGIN, END, END + BEGIN, BEGIN + END + END, BEGIN + BEGIN + END])
def test_a_page_without_its_markers_is_left_alone(text: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        replaced(text, "new")


def test_reaches_are_numbers() -> None:
    assert all(figure.reach is None or (figure.reach > 0 and math.isfinite(figure.reach)) for figure in FIGURES)
