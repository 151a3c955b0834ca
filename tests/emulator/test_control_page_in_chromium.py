"""The page in a real browser, where there is one: by keyboard, on a phone, in the dark, with hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cds_eks.emulator import Emulator, Fault, ManualClock
from cds_eks.emulator.engine.seeding import Seeding
from support.emulator_world import world_of
from tools.chromium import CHROMIUM, Tab, open_browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium"),
    pytest.mark.timeout(180),
]

HOSTILE = '<script>document.title="run"</script><img src=x onerror="document.title=1">'
READY = "document.documentElement.dataset.ready === 'true'"
ROWS = "document.querySelectorAll('#world tbody tr').length"
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FIND = (
    "(where, text) => { const input = document.getElementById(`${where}-search`); input.value = text; "
    "input.dispatchEvent(new Event('input')); }"
)
FOCUS = "document.activeElement.id || document.activeElement.textContent.trim().slice(0, 30)"


def filled(emulator: Seeding) -> None:
    emulator.add_cluster("c-hostile", name=HOSTILE, workers=2)
    emulator.add_cluster("c-long", name="a" * 200, vpc_id="v" * 120, status="failed")
    emulator.add_node_pool("c-hostile", name=HOSTILE)
    for number in range(1000):
        emulator.add_cluster(f"c-{number}", name=f"gpu-{number:04}", masters=1, workers=1)
    emulator.add_task("t-1", status="error", message=HOSTILE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    with open_browser() as browser:
        yield Tab(browser)


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(clock=ManualClock(), setup=filled, faults=[Fault("duplicate", "CreateCluster", count=2)])


@pytest.fixture
def url(emulator: Emulator, browser: Tab) -> Iterator[str]:
    with emulator.serve() as url:
        yield url
        browser.open("about:blank")  # it asks for nothing any more


def shown(browser: Tab, url: str, *, width: int = 1300, dark: bool = False, language: str = "en") -> Tab:
    """Open the page anew."""
    browser.show_as(width, 900, "dark" if dark else "light", language)
    browser.open(f"{url}/_emulator/")
    browser.until(READY)
    return browser


def focus_on(browser: Tab, wanted: str) -> int:
    """Press Tab until something has the focus, and return how often that took."""
    for presses in range(1, 60):
        browser.press("Tab")
        if browser.evaluate(f"document.activeElement.matches({wanted!r})"):
            outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", wanted
            return presses
    raise AssertionError(f"{wanted} can't be reached by Tab")


def test_a_thousand_clusters_are_shown_in_pages_and_nothing_of_them_is_run(browser: Tab, url: str) -> None:
    page = shown(browser, url)
    assert page.evaluate(ROWS) == 20
    assert page.evaluate("document.querySelector('#world .name').textContent") == HOSTILE
    assert page.evaluate("document.title") == "EKS emulator"
    assert page.evaluate("document.querySelectorAll('script, img').length") == 1
    assert page.evaluate("document.querySelector('#world .range').textContent") == "1\N{EN DASH}20 of 1,002"
    for tab in ("node_pools", "nodes", "tasks"):
        page.evaluate(f"document.getElementById('world-tab-{tab}').click()")
        page.until(f"!!document.querySelector('.t-{tab} tbody td')")
    assert page.evaluate("document.title") == "EKS emulator"
    assert page.console == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1300])
@pytest.mark.parametrize(("language", "words"), [("en", "Add a fault"), ("zh-CN,zh;q=0.9", "添加故障")])
def test_it_fits_any_screen(browser: Tab, url: str, dark: bool, width: int, language: str, words: str) -> None:
    page = shown(browser, url, width=width, dark=dark, language=language)
    assert page.evaluate("document.getElementById('fault-form-title').textContent") == words
    for tab in ("clusters", "nodes", "tasks"):
        page.evaluate(f"document.getElementById('world-tab-{tab}').click()")
        page.until(f"!!document.querySelector('.t-{tab} tbody td')")
        assert page.evaluate(WIDER) is False
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(17, 21, 27)" if dark else "rgb(244, 246, 248)")
    assert page.console == []


def test_a_fault_is_added_switched_and_removed_by_keyboard(browser: Tab, url: str, emulator: Emulator) -> None:
    page = shown(browser, url)
    page.press("Tab", "Tab", "Tab")
    assert page.evaluate(FOCUS) == "Faults"
    page.press("Enter")
    assert focus_on(page, "#kind") == 3
    for key in "late":  # a list of choices goes to what is written
        page.call("Input.dispatchKeyEvent", type="char", text=key)
    page.until("document.getElementById('kind').value === 'late'")
    assert "seconds of service time later" in page.evaluate("document.getElementById('kind-about').textContent")
    focus_on(page, "#p-seconds")
    page.write("-1")
    page.press("Enter")
    page.until("document.getElementById('p-seconds').getAttribute('aria-invalid') === 'true'")
    assert page.evaluate("document.getElementById('fault-error').textContent") == "seconds: must be a number from 0"
    assert page.evaluate(FOCUS) == "p-seconds"
    page.evaluate("document.activeElement.select()")
    page.write("30")
    page.press("Enter")
    page.until("document.getElementById('said').textContent === 'Fault added: *:late:seconds=30'")
    assert [each.kind for each in emulator.faults] == ["duplicate", "late"]
    assert page.evaluate("document.getElementById('said').getAttribute('role')") == "status"

    page.evaluate("document.getElementById('reset').focus()")
    focus_on(page, "#fault-list input")
    page.press(" ")
    page.until("document.getElementById('said').textContent.startsWith('Fault switched off')")
    assert [each.enabled for each in emulator.faults.scheduled()] == [False, True]
    focus_on(page, "#fault-list button")
    page.press("Enter")
    page.until("document.getElementById('said').textContent.startsWith('Fault removed')")
    assert [each.kind for each in emulator.faults] == ["late"]
    assert page.evaluate("document.activeElement.closest('#fault-list') !== null")
    assert page.console == ["Failed to load resource: the server responded with a status of 400 (Bad Request)"]


def test_the_order_of_the_tab_key_is_that_of_the_page(browser: Tab, url: str) -> None:
    page = shown(browser, url)
    reached = []
    for _ in range(13):
        page.press("Tab")
        reached.append(page.evaluate(FOCUS))
    assert reached[:3] == ["World", "Ledger", "Faults"]
    del reached[:3]
    assert reached[:8] == [
        "English",
        "中文",
        "reset",
        "+1 min",
        "+5 min",
        "to-next",
        "world-tab-clusters",
        "world-search",
    ]
    page.press("Tab", shift=True)
    assert page.evaluate(FOCUS) == reached[-2]


def test_tables_are_chosen_by_arrows_and_searched(browser: Tab, url: str) -> None:
    page = shown(browser, url)
    focus_on(page, "#world-tab-clusters")
    page.press("ArrowRight", "ArrowRight")
    page.until("!!document.querySelector('.t-nodes tbody td')")
    assert page.evaluate(FOCUS) == "world-tab-nodes"
    page.press("End")
    assert page.evaluate(FOCUS) == "world-tab-resources"
    page.press("Home")
    assert page.evaluate("document.getElementById('world-tab-clusters').getAttribute('aria-selected')") == "true"
    focus_on(page, "#world-search")
    page.write("gpu-0999")
    page.until(f"{ROWS} === 1")
    page.until("document.getElementById('said').textContent === '1 found'")
    page.evaluate("document.querySelector('#world tbody .link').click()")
    page.until("!!document.querySelector('.t-node_pools tbody td')")
    assert page.evaluate("document.getElementById('world-search').value") == "c-999"
    assert page.evaluate(FOCUS) == "world-panel"
    page.evaluate(
        "document.getElementById('world-search').value = 'nothing'; "
        "document.getElementById('world-search').dispatchEvent(new Event('input'))"
    )
    page.until("!document.querySelector('#world .empty').hidden")
    assert page.console == []


def test_it_keeps_up_with_what_happens(browser: Tab, url: str, emulator: Emulator) -> None:
    page = shown(browser, url)
    page.evaluate("document.querySelector('#world tbody .link').focus()")
    world_of(emulator).clusters["c-long"].status = "deleting"
    emulator.add_cluster("c-new")
    page.until("document.querySelectorAll('#world .status')[1].textContent === 'deleting'")
    assert page.evaluate("document.activeElement.matches('#world tbody .link')")
    before = emulator.clock.now()
    page.evaluate("document.querySelector('[data-advance=\"300\"]').click()")
    page.until("document.getElementById('said').textContent.startsWith('The clock was put ahead')")
    assert emulator.clock.now() == before + 300
    assert page.evaluate("document.getElementById('to-next').getAttribute('aria-disabled')") == "true"
    assert page.evaluate("document.getElementById('speed-form').hidden") is True

    page.evaluate("document.getElementById('reset').click()")
    assert page.evaluate("document.getElementById('confirm').open") is True
    page.press("Escape")
    assert page.evaluate("document.getElementById('confirm').open") is False
    assert "c-new" in world_of(emulator).clusters
    page.evaluate("document.getElementById('reset').click(); document.getElementById('confirm-yes').click()")
    page.until("document.getElementById('said').textContent === 'The emulator has begun anew'")
    assert "c-new" not in world_of(emulator).clusters
    assert emulator.clock.now() == before
    assert page.console == []


def test_the_language_is_switched_and_stays(browser: Tab, url: str) -> None:
    page = shown(browser, url)
    page.evaluate("document.querySelector('button[lang=zh]').click()")
    assert page.evaluate("document.documentElement.lang") == "zh"
    assert page.evaluate("document.querySelector('#world th').textContent") == "名称"
    assert page.evaluate("document.querySelector('button[lang=zh]').getAttribute('aria-pressed')") == "true"
    shown(browser, url)
    assert page.evaluate("document.getElementById('world-title').textContent") == "世界"
    page.evaluate("localStorage.clear()")


def test_a_server_that_is_gone_is_told_and_found_again(browser: Tab, emulator: Emulator) -> None:
    with emulator.serve() as url:
        page = shown(browser, url)
    page.until("document.getElementById('state').textContent === 'not reachable'")
    with emulator.serve(port=int(url.rpartition(":")[2])):
        page.until("document.getElementById('state').textContent === 'running'")
        assert page.evaluate("document.getElementById('said').textContent") == "The emulator is reachable again"
        page.open("about:blank")


def test_what_is_done_while_the_server_is_gone_breaks_nothing(browser: Tab, emulator: Emulator) -> None:
    with emulator.serve() as url:
        page = shown(browser, url)
    page.until("document.getElementById('state').textContent === 'not reachable'")
    page.evaluate("document.querySelector('#fault-list input').click()")
    page.evaluate("document.querySelectorAll('#world .pager button')[1].click()")
    page.evaluate("document.getElementById('world-tab-nodes').click()")
    page.evaluate(f"({FIND})('world', 'gpu')")
    page.until("document.getElementById('said').textContent.startsWith('That did not work')")
    with emulator.serve(port=int(url.rpartition(":")[2])):
        page.until("document.getElementById('state').textContent === 'running'")
        page.until(f"!!document.querySelector('.t-nodes tbody td') && {ROWS} === 20")
        assert page.evaluate("document.querySelector('#fault-list input').checked") is True
        assert {each.partition(":")[0] for each in page.console} == {"Failed to load resource"}
        page.open("about:blank")


def test_a_search_may_hold_any_character(browser: Tab, url: str, emulator: Emulator) -> None:
    page = shown(browser, url)
    emulator.add_cluster("c-tab", name="one two")
    page.evaluate(f"({FIND})('world', '\\tone\\ttwo\\u0085')")
    page.until(f"{ROWS} === 1")
    page.evaluate(f"({FIND})('world', '%+&#=\\ud83d')")
    page.until("!document.querySelector('#world .empty').hidden")
    assert page.console == []


def test_a_clock_beyond_all_dates_is_shown(browser: Tab, url: str, emulator: Emulator) -> None:
    emulator.clock.advance(1e14)
    emulator.add_cluster("c-late")
    page = shown(browser, url)
    assert page.evaluate("document.getElementById('now').textContent").startswith("Sep ")
    assert page.console == []


def test_a_speed_is_set(browser: Tab) -> None:
    emulator = Emulator(speed=60)
    with emulator.serve() as url:
        page = shown(browser, url)
        focus_on(page, "#speed")
        page.evaluate("document.activeElement.select()")
        page.write("fast")
        page.press("Enter")
        page.until("!document.getElementById('speed-error').hidden")
        page.evaluate("document.activeElement.select()")
        page.write("600")
        page.press("Enter")
        page.until("document.getElementById('said').textContent === 'Speed is now 600'")
        assert emulator.clock.speed == 600  # type: ignore[attr-defined]
        page.open("about:blank")


def test_another_page_can_neither_look_nor_drive(browser: Tab, url: str, emulator: Emulator, tmp_path: Path) -> None:
    other = tmp_path / "other.html"
    other.write_text("<title>other</title>")
    browser.show_as(1300, 900, "light", "en")
    browser.open(other.as_uri())
    attempts = [
        f"fetch('{url}/_emulator/reset', {{method: 'POST', headers: {{'Content-Type': 'application/json'}}}})",
        f"fetch('{url}/_emulator/reset', {{method: 'POST', mode: 'no-cors', body: '{{}}'}}).then((it) => it.text())",
        f"fetch('{url}/_emulator/faults', {{method: 'DELETE'}})",
        f"fetch('{url}/_emulator/world').then((it) => it.text())",
    ]
    for attempt in attempts:
        assert browser.evaluate(f"{attempt}.then((it) => it || 'empty', () => 'refused')") in ("refused", "empty")
    resets = httpx.get(f"{url}/_emulator/health").json()["resets"]
    assert (resets, len(emulator.faults)) == (0, 1)
