"""`docs/hostile.md` and its Chinese twin, made from the scenarios: `cd tests && python -m hostile.page`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hostile import answers, test_answers, test_inputs

DOCS = Path(__file__).parents[2] / "docs"
CHINESE: dict[str, Any] = tomllib.loads(Path(__file__).with_name("chinese.toml").read_text(encoding="utf-8"))

HEAD = """# Hostile responses and inputs

What comes from a broken, strange or malicious service, proxy or caller, and what the SDK does: a right result or its
own typed error, within bounded time and memory, and never a secret shown. Each row is a test of `tests/hostile`, which
drives the async client on asyncio and on trio and the blocking client, over real sockets: a read, an idempotent write
and a create each, with a normal call behind them that must work as ever. [中文](zh/hostile.md)

This page is made from the scenarios: `cd tests && python -m hostile.page`.
"""

SUMMARIES = {
    "Responses": """In short: a body that is not the service's envelope is `UnreadableResponse`; what is not HTTP is
`ConnectionLost`; a create that may have been carried out is `AmbiguousCreate`, and is never sent twice. Trailing data
behind a response is never read as another one, at most 16 MB are read of a response, and the keys and passwords that it
repeats are shown as `***`.
""",
    "Lists and pages": """In short: `iterate` ends at pages that repeat themselves, gives each entry once, and trusts no
total that makes no sense.
""",
    "Inputs": """In short: text comes to the service exactly as it is; what can't be sent or set is refused in clear
words before anything is sent, and the secrets in it are not repeated.
""",
}
"""What a table says, in short, by its title."""

_CODE = re.compile(r"`[^`]*`")


def rows() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Yield each table: its title, and what comes, what the SDK does, and the test's id."""
    yield (
        "Responses",
        [
            (scenario.comes, scenario.does, f"test_answers.py::test_answer[{name}]")
            for name, scenario in answers.SCENARIOS.items()
        ],
    )
    yield (
        "Lists and pages",
        [
            *((walk[0], walk[1], f"test_answers.py::test_walk[{name}]") for name, walk in test_answers.WALKS.items()),
            *((comes, does, f"test_answers.py::{test.__name__}") for comes, does, test in test_answers.OTHERS.values()),
        ],
    )
    yield (
        "Wrong types in every field",
        [
            (
                f"each field of `{name}`, and of what it holds, as an object, a list, text, a flag, a number and null",
                "reads what converts without doubt; else `UnreadableResponse` that names the field",
                f"test_answers.py::test_wrong_types_in[{name}]",
            )
            for name in test_answers.OPERATIONS
        ],
    )
    yield (
        "Inputs",
        [
            (scenario.comes, scenario.does, f"test_inputs.py::test_input[{name}]")
            for name, scenario in test_inputs.SCENARIOS.items()
        ],
    )


def in_chinese(text: str) -> str:
    """Return what a cell says in Chinese; its code stays as it is.

    Raises:
        KeyError: `chinese.toml` does not have it.
    """
    if _CODE.fullmatch(text):
        return text
    translation: str = CHINESE["texts"][pattern(text)]
    return translation.format(*_CODE.findall(text))


def pattern(text: str) -> str:
    """Return what `chinese.toml` looks a cell up by: its text with `{}` in the place of each piece of its code."""
    return _CODE.sub("{}", text)


def english() -> str:
    """Return the page."""
    return _page(HEAD, SUMMARIES, ["What comes", "What the SDK does", "Test"], str, str)


def chinese() -> str:
    """Return the Chinese page."""
    head = f"# {CHINESE['title']}\n\n{CHINESE['intro']}"
    return _page(head, CHINESE["summaries"], CHINESE["columns"], CHINESE["titles"].__getitem__, in_chinese)


PAGES: dict[Path, Callable[[], str]] = {DOCS / "hostile.md": english, DOCS / "zh" / "hostile.md": chinese}


def _page(
    head: str,
    summaries: dict[str, str],
    columns: Sequence[str],
    title_of: Callable[[str], str],
    said: Callable[[str], str],
) -> str:
    parts = [head]
    for title, table in rows():
        lines = [f"## {title_of(title)}", ""]
        if title in summaries:
            lines += [*summaries[title].splitlines(), ""]
        lines += [f"| {' | '.join(columns)} |", "|---|---|---|"]
        lines += [f"| {said(comes).replace('|', '&#124;')} | {said(does)} | `{test}` |" for comes, does, test in table]
        parts.append("\n".join(lines))
    return "\n".join(f"{part.rstrip()}\n" for part in parts)


if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
