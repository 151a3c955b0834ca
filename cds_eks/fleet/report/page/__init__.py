"""A report as one page of HTML that needs no network: its data, style and script are inside."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal, get_args

from cds_eks.errors import ConfigurationError
from cds_eks.fleet.items import Kind
from cds_eks.fleet.report.data import COUNTED, ReportItem
from cds_eks.fleet.report.page.encode import encode, shown_error
from cds_eks.fleet.report.summary import duration

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

    from cds_eks.fleet.report.fleet_report import FleetReport

Language = Literal["en", "zh"]
SCRIPTS = ("data.js", "shared.js", "marks.js", "timeline.js", "charts.js", "failures.js", "details.js", "main.js")
MOST_WITHOUT_SCRIPT = 500
MOST_REASONS = 3
PLAIN_BELOW = 400_000
KINDS: tuple[Kind, ...] = ("cluster", "node_pool")


def render(report: FleetReport, lang: Language) -> str:
    """Return the page.

    Raises:
        ConfigurationError: jinja2 is not installed, or there is no such language.
    """
    if lang not in get_args(Language):
        raise ConfigurationError(f"lang must be one of {', '.join(get_args(Language))}")
    template = _template()
    script, style = "\n".join(part(name) for name in SCRIPTS), part("style.css")
    script = f'(() => {{\n"use strict";\n{script}\n}})();'
    troubled = (*report.failures, *report.unknown)
    return template.render(
        lang=lang,
        words=words()[lang],
        report=report,
        kinds=KINDS,
        states=[state for state in COUNTED if any(state in counts for counts in report.counts.values())],
        reached=sum(item.state == report.goal for item in report.items),
        started=_time(report.started_at),
        ended=_time(report.ended_at),
        duration=duration(report.ended_at - report.started_at),
        not_deleted=_reasons(report),
        troubled=[(item, _facts(item)) for item in troubled[:MOST_WITHOUT_SCRIPT]],
        further=max(len(troubled) - MOST_WITHOUT_SCRIPT, 0),
        style=_markup(style),
        script=_markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_markup(in_script(encode(report, deflate_above=PLAIN_BELOW))),
        all_words=_markup(in_script(json.dumps(words(), ensure_ascii=False))),
    )


def in_script(text: str) -> str:
    """Return JSON that can stand inside of a script element: no tag and no comment can begin or end in it."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


@cache
def words() -> dict[str, dict[str, str]]:
    """Return what the page says, in each of its languages."""
    found: dict[str, dict[str, str]] = json.loads(part("words.json"))
    return found


@cache
def part(name: str) -> str:
    """Return one of the files that the page is made of, with line feeds alone, since hashes go by them."""
    text = resources.files("cds_eks.fleet.report.page").joinpath(name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


@cache
def _template() -> jinja2.Template:
    try:
        import jinja2
    except ImportError:
        raise ConfigurationError("to_html needs jinja2: pip install 'cds-eks[fleet]'") from None
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(part("page.html.jinja"))


def _markup(text: str) -> Markup:
    """Return text that is put into the page as it is: only the page's own parts, and JSON by `in_script`."""
    from markupsafe import Markup  # jinja2 needs it, too

    return Markup(text)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _reasons(report: FleetReport) -> str:
    """Return why clusters were not deleted, for the top of the page: their states look well."""
    if report.goal != "deleted" or not report.failures:
        return ""
    told = [f"{item.name}: {_facts(item)['message']}" for item in report.failures[:MOST_REASONS]]
    return "; ".join([*told, *(["…"] if len(report.failures) > MOST_REASONS else [])])


def _facts(item: ReportItem) -> dict[str, str]:
    error = shown_error(item)
    return {
        "message": ": ".join(text for name in ("code", "message") if (text := error.get(name)))
        or error.get("class", ""),
        "ids": " ".join(str(value) for value in item.ids.values()),
    }
