"""Opens every page of the built site in a browser, and tells what is wrong with it: `python -m tools.site look`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.chromium import BrowserError, Message, Tab, open_browser
from tools.site.serving import serve

__all__ = ["faults_of", "look"]

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
SERIOUS = {"serious", "critical"}

WIDER = """(() => {
    const root = document.documentElement;
    return root.scrollWidth > root.clientWidth ? `${root.scrollWidth} of ${root.clientWidth} px` : "";
})()"""

AXE = """axe.run(document, {resultTypes: ["violations"]}).then(found => JSON.stringify(found.violations.map(
    ({id, impact, help, nodes}) => ({id, impact, help, nodes: nodes.map(node => node.html.slice(0, 160))})
)))"""


def look(site: Path, axe: Path | None = None, pictures: Path | None = None, only: str = "") -> list[str]:
    """Open the pages at both widths and in both colour schemes, and return what is wrong with them.

    Args:
        site: The folder of the built site.
        axe: `axe.min.js` of the npm package `axe-core`, to have each page checked for accessibility.
        pictures: A folder for a screenshot of each.
        only: A part of the names of the pages that are opened; empty for all.

    Raises:
        BrowserError: There is no browser, or no page.
    """
    script = axe.read_text(encoding="utf-8") if axe is not None else ""
    pages = [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html"))]
    if not pages:
        raise BrowserError(f"{site} has no pages: run `python -m tools.site build` first")
    found: list[str] = []
    with serve(site) as url, open_browser() as browser:
        tab = Tab(browser)
        for width, (wide, high) in WIDTHS.items():
            for scheme in SCHEMES:
                tab.show_as(wide, high, scheme)
                for page in (page for page in pages if only in page):
                    tab.open(f"{url}/{page}")
                    words = [*faults_of(tab.settle(), url), *_wider(tab), *(_axe(tab, script) if script else ())]
                    found += [f"{page} ({width}, {scheme}): {each}" for each in words]
                    if pictures is not None:
                        pictures.mkdir(parents=True, exist_ok=True)
                        tab.screenshot(pictures / f"{page.replace('/', '_')}.{width}.{scheme}.png")
    return found


def faults_of(events: list[Message], url: str) -> Iterator[str]:
    """Yield the errors of the console, and the requests to other hosts, among what happened on a page."""
    for event in events:
        params: dict[str, Any] = event.get("params", {})
        match event["method"]:
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                yield f"exception: {details.get('exception', {}).get('description') or details['text']}"
            case "Runtime.consoleAPICalled" if params["type"] in ("error", "assert"):
                yield f"console: {' '.join(str(each.get('value')) for each in params['args'])}"
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                yield f"log: {params['entry']['text']} {params['entry'].get('url', '')}"
            case "Network.requestWillBeSent":
                target = params["request"]["url"]
                if urlsplit(target).scheme not in ("data", "blob") and not target.startswith(f"{url}/"):
                    yield f"request to {target}"


def _wider(tab: Tab) -> list[str]:
    wider = tab.evaluate(WIDER)
    return [f"wider than the screen: {wider}"] if wider else []


def _axe(tab: Tab, script: str) -> Iterator[str]:
    tab.evaluate(f"{script}; 0")
    for each in json.loads(tab.evaluate(AXE)):
        if each["impact"] in SERIOUS:
            yield f"axe: {each['id']} ({each['impact']}): {each['help']}: {'; '.join(each['nodes'][:3])}"
