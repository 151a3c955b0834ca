"""The page of a report: whole, small, without requests, and safe whatever names and messages hold."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.items import STATES
from cds_eks.fleet.report import page
from cds_eks.fleet.report.data import ReportItem
from cds_eks.fleet.report.fleet_report import FleetReport
from cds_eks.fleet.report.page import Language
from support.fleet_reports import HOSTILE, hostile_report, report_of


class Elements(html.parser.HTMLParser):
    """The elements of a page with their attributes, and the text inside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []
        self.text = ""
        self.ended = True
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside.append("")
        self.ended = False

    def handle_endtag(self, tag: str) -> None:
        self.ended = True

    def handle_data(self, data: str) -> None:
        if not self.ended:
            self.inside[-1] += data
        self.text += data

    def having(self, tag: str) -> Iterator[tuple[dict[str, str | None], str]]:
        """Yield the attributes of each such element, and the text at its beginning."""
        for (name, attributes), text in zip(self.found, self.inside, strict=True):
            if name == tag:
                yield attributes, text


def data_of(text: str) -> dict[str, Any]:
    """Return what the page's script reads, as it reads it."""
    (found,) = [
        json.loads(inside) for attributes, inside in Elements(text).having("script") if attributes.get("id") == "data"
    ]
    if "deflate" in found:
        found = json.loads(zlib.decompress(base64.b64decode(found["deflate"])))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("report", [report_of(20), hostile_report()], ids=["usual", "hostile"])
def test_its_elements_are_its_own(report: FleetReport, lang: page.Language) -> None:
    elements = Elements(page.render(report, lang))
    tags = [tag for tag, _ in elements.found]
    assert (tags.count("script"), tags.count("style"), tags.count("img"), tags.count("b")) == (
        3, 1, 0, tags.count("b"),
    )  # fmt: skip
    for tag, attributes in elements.found:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcdoc", "action")], tag
        assert "src" not in attributes
        assert attributes.get("href", "data:,") == "data:,"


def test_hostile_text_is_shown_as_text() -> None:
    text = page.render(hostile_report(), "en")
    shown = Elements(text).text
    for each in HOSTILE[:5]:
        assert each in shown
    for markup in HOSTILE[:3]:
        assert markup not in text


def test_the_data_of_hostile_text_comes_out_as_it_was() -> None:
    report = hostile_report()
    data = data_of(page.render(report, "en"))
    assert data["name"] == [item.name.replace("\ud800", "\ufffd") for item in report.items]
    assert data["error"]["0"]["message"] == HOSTILE[0]


def test_its_policy_allows_its_own_script_and_style_only() -> None:
    elements = Elements(page.render(hostile_report(), "en"))
    (policy,) = [a["content"] for a, _ in elements.having("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    (script,) = [text for attributes, text in elements.having("script") if "type" not in attributes]
    (style,) = [text for _, text in elements.having("style")]
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'",
        "style-src": f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_it_asks_nothing_of_a_network() -> None:
    text = page.render(report_of(20), "en")
    assert set(re.findall(r"\w+://[^\s\"'<>]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|innerHTML|insertAdjacent|\beval\(", text)
    assert set(re.findall(r"url\([^)]*\)", text)) <= {"url(#hatch)"}


@pytest.mark.parametrize(
    ("clusters", "most"), [(20, 100_000), (1_000, 600_000), pytest.param(10_000, 3 * 2**20, marks=pytest.mark.slow)]
)
def test_it_is_small(clusters: int, most: int, tmp_path: Path) -> None:
    report = report_of(clusters)
    path = report.to_html(tmp_path / "fleet.html")
    assert path.stat().st_size <= most
    data = data_of(path.read_text(encoding="utf-8"))
    assert len(data["name"]) == len(data["kind"]) == len(report.items) == 3 * clusters


def test_what_it_holds_is_what_the_report_says() -> None:
    report = report_of(40)
    data = data_of(page.render(report, "en"))
    texts = data["texts"]
    for row, item in enumerate(report.items):  # the synthetic report has each pool after its cluster
        times = [sum(data["at"][row][: k + 1]) for k in range(len(item.history))]
        assert data["name"][row] == item.name
        assert texts[data["state"][row]] == item.state
        assert times == [round((moment.at - report.started_at) * 1000) for moment in item.history]
        assert [texts[did] for did in data["did"][row]] == [moment.state for moment in item.history]
    assert sum(data["series"]["clusters"]) == report.counts["cluster"]["ready"]


def test_without_script_there_are_the_counts_and_the_failures() -> None:
    report = report_of(40, troubled=0.4)
    inside = page.render(report, "en").split("<noscript>")[1].split("</noscript>")[0]
    said = Elements(inside).text
    assert f"Clusters: {report.counts['cluster']['ready']} ready" in said
    assert report.failures
    assert report.unknown
    for item in (*report.failures, *report.unknown):
        assert item.name in said
        assert (item.request_id or "") in said
        assert item.error is not None
        assert item.error["message"] in said


def protected() -> FleetReport:
    """Return the report of a deletion that was refused."""
    error = {"class": "Protected", "code": "", "message": "cluster gpu-1 is protected", "outcome": "not_sent"}
    items = (
        ReportItem(kind="cluster", name="gpu-1", cluster_name="gpu-1", vpc_id="v", state="ready", error=error),
        ReportItem(kind="node_pool", name="pool", cluster_name="gpu-1", vpc_id="v", state="ready", error=error),
        ReportItem(kind="cluster", name="gpu-2", cluster_name="gpu-2", vpc_id="v", state="deleted"),
    )
    return FleetReport(items=items, started_at=0.0, ended_at=1.0, goal="deleted")


def test_why_something_was_not_deleted_is_near_the_top_and_in_the_table() -> None:
    text = page.render(protected(), "en")
    head, _, rest = text.partition("</header>")
    assert "Not deleted (1): gpu-1: cluster gpu-1 is protected" in " ".join(Elements(head).text.split())
    assert "cluster gpu-1 is protected" in Elements(rest.split("<noscript>")[1].split("</noscript>")[0]).text
    assert data_of(text)["troubled"] == [0]
    assert "Not deleted" not in Elements(page.render(report_of(3), "en").partition("</header>")[0]).text


def test_its_table_is_of_the_failures_and_of_what_is_unknown() -> None:
    report = report_of(40, troubled=0.4)
    told = data_of(page.render(report, "en"))["troubled"]
    assert [report.items[row] for row in told] == [
        item for item in report.items if item in (*report.failures, *report.unknown)
    ]


def test_without_script_a_long_table_says_how_many_are_left_out() -> None:
    report = report_of(1500, troubled=0.9)
    inside = page.render(report, "en").split("<noscript>")[1].split("</noscript>")[0]
    troubled = len(report.failures) + len(report.unknown)
    assert inside.count("<tr>") == 1 + page.MOST_WITHOUT_SCRIPT
    assert f"{troubled - page.MOST_WITHOUT_SCRIPT} more are in to_dict() and to_csv()." in inside


def test_both_languages_say_the_same_things() -> None:
    words = page.words()
    assert list(words) == ["en", "zh"]
    assert list(words["en"]) == list(words["zh"])
    for key, text in words["en"].items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", words["zh"][key])), key


def test_every_word_of_the_page_is_there() -> None:
    scripts = "\n".join(page.part(name) for name in page.SCRIPTS)
    used = set(re.findall(r"\bt\(\"([\w.]+)\"", scripts))
    used |= set(re.findall(r"data-t(?:-\w+)?=\"([\w.]+)\"", page.part("page.html.jinja")))
    used |= set(re.findall(r"words\['([\w.]+)'\]", page.part("page.html.jinja")))
    assert len(used) > 30
    assert used <= set(page.words()["en"])


@pytest.mark.parametrize(("lang", "said"), [("en", "Fleet report"), ("zh", "集群批量报告")])
def test_it_opens_in_the_language_that_was_asked_for(lang: page.Language, said: str) -> None:
    text = page.render(report_of(1), lang)
    assert f'<h1 data-t="title">{said}</h1>' in text
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in text


def test_any_other_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="en, zh"):
        report_of(1).to_html(tmp_path / "a.html", lang="fr")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_without_jinja2_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page._template.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'cds-eks\[fleet\]'"):
        report_of(1).to_html(tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_pools_stand_below_their_cluster_whatever_the_order() -> None:
    def item(kind: Any, cluster: str, name: str) -> ReportItem:
        return ReportItem(kind=kind, name=name, cluster_name=cluster, vpc_id="v", state="ready")

    items = (
        item("node_pool", "gone", "p"), item("cluster", "a", "a"), item("cluster", "b", "b"),
        item("node_pool", "a", "p1"), item("node_pool", "b", "p2"), item("node_pool", "a", "p3"),
    )  # fmt: skip
    data = data_of(page.render(FleetReport(items=items, started_at=0.0, ended_at=1.0), "en"))
    assert data["name"] == ["a", "p1", "p3", "b", "p2", "p"]
    assert data["kind"] == "011012"
    assert [data["texts"][number] for number in data["cluster"]] == ["gone"]


def test_ids_that_are_no_uuids_stay_as_they_are() -> None:
    def item(name: str, cluster_id: str) -> ReportItem:
        return ReportItem(
            kind="cluster", name=name, cluster_name=name, vpc_id="v", state="ready", ids={"cluster_id": cluster_id}
        )

    uuid = "0e1cbe77-6ae4-4cfb-b4ad-1b3c4ea2a9f1"
    mixed = FleetReport(items=(item("a", uuid), item("b", "eks-4vdp8eu5nq3zppfg")), started_at=0.0, ended_at=1.0)
    assert data_of(page.render(mixed, "en"))["ids"] == {"cluster_id": [uuid, "eks-4vdp8eu5nq3zppfg"]}
    packed = FleetReport(items=(item("a", uuid), item("b", "")), started_at=0.0, ended_at=1.0)
    assert data_of(page.render(packed, "en"))["ids"] == {
        "cluster_id": {"has": "10", "uuids": base64.b64encode(bytes.fromhex(uuid.replace("-", ""))).decode()}
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_states_go_by_the_names_that_the_pages_of_documentation_have(lang: Language) -> None:
    words = page.words()[lang]
    if lang == "en":
        assert {state: words[f"state.{state}"] for state in STATES} == {state: state for state in STATES}
    else:
        told = (Path(__file__).parents[3] / "docs" / "zh" / "how-to" / "fleet-journal.md").read_text(encoding="utf-8")
        for state in STATES:
            assert f"| `{state}` | **{words[f'state.{state}']}**" in told


def test_what_the_service_shows_is_in_the_data() -> None:
    shown = ReportItem(
        kind="cluster", name="a", cluster_name="a", vpc_id="v", state="ready", unseen=("ak",), cluster_status="running"
    )
    data = data_of(page.render(FleetReport(items=(shown,), started_at=0.0, ended_at=1.0), "en"))
    assert (data["unseen"], data["status"]) == ({"0": ["ak"]}, {"0": "running"})


def test_an_empty_report_is_a_page_too() -> None:
    empty = FleetReport(items=(), started_at=5.0, ended_at=5.0, stopped="AccessDenied")
    text = page.render(empty, "en")
    assert data_of(text)["name"] == []
    assert "AccessDenied" in text


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as WCAG 2 has it."""

    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("block", range(3), ids=["light", "dark by system", "dark by switch"])
def test_its_texts_can_be_read(block: int) -> None:
    style = page.part("style.css")
    blocks = re.findall(r":root[^{]*\{([^}]*--page[^}]*)\}", style)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[block]))
    texts = {
        "ink",
        "soft",
        "accent",
        "ready",
        "failed",
        "refused",
        "unknown",
        "sending",
        "building",
        "deleting",
        "deleted",
    }
    found = {(text, ground): contrast(colours[text], colours[ground]) for text in texts for ground in ("card", "page")}
    found |= {("ready", "good"): contrast(colours["ready"], colours["good"])}
    found |= {("failed", "bad"): contrast(colours["failed"], colours["bad"])}
    assert {pair: round(value, 2) for pair, value in found.items() if value < 4.5} == {}


def test_both_ways_to_the_dark_lead_to_the_same_colours() -> None:
    blocks = re.findall(r":root[^{]*\{([^}]*--page[^}]*)\}", page.part("style.css"))
    assert blocks[1].split() == blocks[2].split()
