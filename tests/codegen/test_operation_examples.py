"""The examples of the operations: there is one of each, and what the pages show is what it prints."""

from __future__ import annotations

import pytest

from cds_eks.emulator import Emulator
from codegen import command_world, operation_examples
from codegen.command_world import fill as fill_world
from codegen.operation_pages import left_over, render
from codegen.output import ROOT
from codegen.rendering import environment
from support.api_description import API

EXAMPLES = operation_examples.load()
RECORD = "run `python -m codegen.operation_examples`, then `python -m codegen`"


def test_every_operation_has_an_example() -> None:
    assert list(EXAMPLES) == list(API.operations), "write it into codegen/operation_examples.toml"
    assert operation_examples.outputs().keys() == EXAMPLES.keys(), RECORD


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_prints_what_the_page_shows_and_carries_out_its_operation(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulators: list[Emulator] = []

    def filled(emulator: Emulator) -> None:
        emulators.append(emulator)
        fill_world(emulator)

    monkeypatch.setattr(command_world, "fill", filled)
    assert operation_examples.printed_by(EXAMPLES[name]) == operation_examples.outputs()[name], RECORD
    (emulator,) = emulators
    assert emulator.ledger.count(API.operations[name].base_action, "Success") >= 1


def test_pages_of_groups_that_are_gone_are_left_over() -> None:
    files = render(API, ROOT, environment(API))
    assert len(files) == 2 * len(API.groups)
    assert left_over(files, ROOT) == []
    gone = ROOT / "docs" / "reference" / "operations" / "nodes.md"
    assert left_over({path: text for path, text in files.items() if path != gone}, ROOT) == [gone]


def test_each_field_of_each_request_and_answer_is_on_a_page() -> None:
    files = render(API, ROOT, environment(API))
    for language in ("docs/reference/", "docs/zh/reference/"):
        text = "\n".join(text for path, text in files.items() if path.relative_to(ROOT).as_posix().startswith(language))
        rows = text.splitlines()
        for shape in API.shapes.values():
            for python, field in shape.fields.items():
                assert any(row.startswith(f"| {field.name} | `{python}` | ") for row in rows), (field.name, python)
