"""The page at `/_emulator/`: what it is made of, in which language, and what it is allowed to do."""

from __future__ import annotations

import html
import re
from importlib import resources

import pytest

from cds_eks.emulator.control import page
from cds_eks.emulator.faults.kinds import EVERY, KINDS
from cds_eks.emulator.faults.table import parameters_of

from .caller import Caller

pytestmark = pytest.mark.anyio

FOLDER = resources.files("cds_eks.emulator.control.page")
TEXTS = {each.name: each.read_text(encoding="utf-8") for each in FOLDER.iterdir() if not each.name.startswith("__")}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}


async def test_the_page_and_all_its_files_are_given(call: Caller) -> None:
    response = await call.client.get("/_emulator/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert set(SCRIPTS) == set(page.SCRIPTS)
    assert set(TEXTS) == {*page.SCRIPTS, "index.html", "style.css", "words.json"}
    types = {"js": "text/javascript", "css": "text/css", "json": "application/json"}
    for name in set(TEXTS) - {"index.html"}:
        given = await call.client.get(f"/_emulator/page/{name}")
        assert given.text == TEXTS[name]
        assert given.headers["content-type"] == f"{types[name.rpartition('.')[2]]}; charset=utf-8"
        known = {"If-None-Match": given.headers["etag"]}
        assert (await call.client.get(f"/_emulator/page/{name}", headers=known)).status_code == 304
    for name in ("index.html", "__init__.py", "../app.py", "%2e%2e/app.py", ""):
        assert (await call.client.get(f"/_emulator/page/{name}")).status_code == 404


async def test_what_it_may_do_is_little(call: Caller) -> None:
    headers = (await call.client.get("/_emulator/")).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert headers["x-frame-options"] == "DENY"


def test_it_asks_nobody_else_and_makes_no_markup_of_values() -> None:
    for name, text in TEXTS.items():
        assert not re.search(r"https?://|//cdn|@import|url\(", text), name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function", text), name
    markup = TEXTS["index.html"]
    assert not re.search(r"<script(?! type=\"module\" src=)|<style|\son\w+=|\sstyle=", markup)
    assert re.findall(r'(?:src|href)="([^"]+)"', markup) == [
        "data:,", "page/style.css", "page/main.js", "#world", "#ledger", "#faults",
    ]  # fmt: skip


def test_no_file_is_long() -> None:
    assert all(text.count("\n") < 300 for text in TEXTS.values())


def test_both_languages_say_all_that_is_said() -> None:
    words = page.words()
    assert tuple(words) == page.LANGUAGES
    rules = {key for key in words["zh"] if key.startswith("r_")}
    assert set(words["en"]) | rules == set(words["zh"])
    for key, text in words["en"].items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", words["zh"][key])), key
    asked = set(re.findall(r'\bt\("(\w+)"', "\n".join(SCRIPTS.values())))
    asked |= set(
        re.findall(r'data-t(?:-label)?="(\w+)"|"data-t": "(\w+)"|label: "(\w+)"', "\n".join(TEXTS.values()))[0]
    )
    asked |= set(re.findall(r'\["(c_\w+)"', "\n".join(SCRIPTS.values())))
    assert len(asked) > 50
    assert {key for key in asked if key} <= set(words["en"])
    assert {f"k_{kind}" for kind in KINDS} == {key for key in words["en"] if key.startswith("k_")}
    assert {f"r_{rule}" for kind in KINDS for rule in parameters_of(kind).values()} == rules


def test_the_form_knows_every_parameter() -> None:
    form = SCRIPTS["fault_form.js"]
    names = {name for taken in KINDS.values() for name in taken} | set(EVERY)
    choices = set(re.findall(r"(\w+): \[", form.partition("CHOICES")[2].partition("};")[0]))
    numbers = set(re.findall(r'"(\w+)"', form.partition("NUMBERS")[2].partition(";")[0]))
    assert choices == {"when", "body", "answer", "bypass_nonce"}
    assert numbers == {"count", "skip", "probability", "status", "seconds", "steps", "bytes"}
    assert choices | numbers < names


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB, zh;q=0.9", "en"),
        ("fr, zh;q=0.2, en;q=0.1", "zh"),
        ("fr", "en"),
        ("ZH", "zh"),
        ("zh;q=0", "en"),
        ("zh-Hans-CN ; q=0.5", "zh"),
        ("en;q=0.4,zh;q=0.5", "zh"),
        ("zh;q=x, ;;, " + "a," * 5000, "en"),
    ],
)
async def test_it_speaks_the_language_of_its_reader(call: Caller, accepted: str, language: str) -> None:
    assert page.language_of(accepted) == language
    response = await call.client.get("/_emulator/", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}">' in response.text
    assert response.headers["content-language"] == language
    assert "Accept-Language" in response.headers["vary"]
    assert f">{html.escape(page.words()[language]['add_fault'])}<" in response.text
    assert "{{" not in response.text
