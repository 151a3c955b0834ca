"""The page `docs/hostile.md`, made from the scenarios: `cd tests && python -m hostile.page > ../docs/hostile.md`."""

from __future__ import annotations

from collections.abc import Iterator

from hostile import answers, test_answers, test_inputs

HEAD = """# Hostile responses and inputs

What comes from a broken, strange or malicious service, proxy or caller, and what the SDK does: a right result or its
own typed error, within bounded time and memory, and never a secret shown. Each row is a test of `tests/hostile`, which
drives the async client on asyncio and on trio and the blocking client, over real sockets: a read, an idempotent write
and a create each, with a normal call behind them that must work as ever. [中文](zh/hostile.md)

This page is made from the scenarios: `cd tests && python -m hostile.page > ../docs/hostile.md`.
"""


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


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for title, table in rows():
        lines = [f"| {comes.replace('|', '&#124;')} | {does} | `{test}` |" for comes, does, test in table]
        parts.append(
            "\n".join([f"## {title}", "", "| What comes | What the SDK does | Test |", "|---|---|---|", *lines])
        )
    return "\n".join(f"{part.rstrip()}\n" for part in parts)


if __name__ == "__main__":
    print(page(), end="")
