"""The reference page: every command is on it, with an example that shows what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cds_eks.cli.main import COMMANDS
from codegen import command_examples, command_reference
from codegen.command_examples import parsed, shown_by
from codegen.command_tree import LANGUAGES, common, entries, names
from codegen.command_world import normalized

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = command_examples.load()
RECORD = "run `python -m codegen.command_examples`, then `python -m codegen`"


def page(language: str) -> str:
    return (ROOT / command_reference.PAGES[language]).read_text(encoding="utf-8")


def on_page(language: str, command: str) -> str:
    """What a page says below the heading of a command."""
    found = re.search(rf"^#+ {re.escape(command)}\n(.*?)(?=^##|^<!--)", page(language), re.MULTILINE | re.DOTALL)
    assert found is not None, command
    return found[1]


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    assert set(names()) == set(EXAMPLES), "write it into codegen/command_examples.toml"
    assert len(EXAMPLES) >= 28


def test_every_command_that_is_written_by_hand_is_known() -> None:
    assert set(COMMANDS) <= {entry.name for entry in entries()}


def test_an_example_runs_its_command() -> None:
    for command, example in EXAMPLES.items():
        _, words = parsed(example.run[-1], dict.fromkeys(re.findall(r"\$([a-z_]+)", " ".join(example.run)), "x"))
        assert words[: len(command.split())] == command.split(), command


def test_the_pages_are_what_is_generated() -> None:
    made = command_reference.render(ROOT)
    assert len(made) == len(LANGUAGES)
    different = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert different == [], "run `python -m codegen`"


@pytest.mark.usefixtures("quick_polls")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_shows_what_the_page_says(command: str, language: str) -> None:
    shown = shown_by(EXAMPLES[command], language)
    text = on_page(language, command)
    run = "\n".join(EXAMPLES[command].run)
    assert f"```sh\n{run}\n```\n" in text, RECORD
    if shown:
        assert f"```sh\n{run}\n```\n\n```text\n{shown}\n```" in text, RECORD
    assert shown == command_examples.outputs()[command][language], RECORD


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_option_is_on_the_page(language: str) -> None:
    for entry in entries():
        text = on_page(language, entry.name)
        for option, _ in entry.options:
            assert f"| `{option.replace('|', chr(92) + '|')}` |" in text, (entry.name, option)
    for option, _ in common():
        assert option.replace("|", "\\|") in page(language)


def test_only_what_differs_from_run_to_run_is_replaced() -> None:
    text = "id 0f3f7c4e-1b2a-4c3d-8e9f-000000000000 at 2026-11-28 07:17:30 1.25s, 0.2 s; http://127.0.0.1:4/eks c-1 30m"
    assert normalized(text) == (
        "id 0a1b2c3d-0000-4000-8000-000000000001 at 2025-10-01 08:00:00 1s, 1 s; http://127.0.0.1:18080/eks c-1 30m"
    )
    assert normalized("30m 44m59s 59m58s 1h") == "30m 45m 1h 1h"
    assert normalized(f"{Path.cwd()}/fleet.db") == "fleet.db"


def test_an_example_that_is_no_command_of_ours_is_refused() -> None:
    with pytest.raises(ValueError, match="an example runs cds-eks"):
        parsed("rm -r x", {})
    assert parsed("id=$(cds-eks clusters list --quiet)", {}) == ("id", ["clusters", "list", "--quiet"])
    assert parsed('cds-eks clusters get "$id"', {"id": "c-1"}) == ("", ["clusters", "get", "c-1"])
