"""Help on terminals of any width."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from cds_eks.cli.context import Context
from cds_eks.cli.help_pages import HelpPage, wrapped
from cds_eks.cli.main import COMMANDS
from cds_eks.cli.output.text import width
from cds_eks.cli.root import Root

ROOT = Root(COMMANDS)
TOP = ROOT.make_context("cds-eks", [], obj=Context(), resilient_parsing=True)


def paths_below(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(TOP):
        below = command.get_command(TOP, name)
        assert below is not None
        yield from paths_below(below, (*path, name))


PATHS = [path for path in paths_below(ROOT) if path != ("emulator",)]


def page(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines of a page of help; click's own runner would have the width of its own."""
    assert Root(COMMANDS).run([*path, "--help"]) == 0
    return capsys.readouterr().out.splitlines()


def is_one_word(line: str) -> bool:
    return len(line.split()) == 1


@pytest.mark.parametrize("columns", [100, 80, 60])
@pytest.mark.parametrize("language", ["en", "zh_CN.UTF-8"])
def test_no_line_is_wider_than_the_terminal_but_for_a_word_that_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LANG", language)
    assert len(PATHS) > 50
    for path in PATHS:
        lines = page(path, capsys)
        assert len(lines) > 5
        assert [line for line in lines if width(line) > columns and not is_one_word(line)] == [], path
        if columns == 80:
            assert [line for line in lines if width(line) > columns] == [], path


@pytest.mark.parametrize("language", ["en", "zh_CN.UTF-8"])
def test_a_narrow_terminal_has_all_of_it_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    monkeypatch.setenv("LANG", language)
    for path in ((), ("clusters", "create"), ("provision",)):
        monkeypatch.setenv("COLUMNS", "200")
        wide = "".join("".join(page(path, capsys)).split())
        monkeypatch.setenv("COLUMNS", "30")
        narrow = page(path, capsys)
        assert "".join("".join(narrow).split()) == wide
        assert [line for line in narrow if width(line) > 30 and not is_one_word(line)] == []


def test_a_page_is_not_laid_out_wider_than_is_read_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert 90 < max(map(width, page(("clusters", "create"), capsys))) <= 110


def test_the_emulators_help_fits(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for columns in (80, 60):
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit):
            Root(COMMANDS).run(["emulator", "--help"])
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) > 50
        wide = [line.strip() for line in lines if width(line) > columns]
        assert all(line.startswith(("[--", "--fault '")) for line in wide)  # one option; one argument to copy
        assert columns == 60 or wide == []


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("one two three", 8, ["one two", "three"]),
        ("", 8, [""]),
        ("unbreakable", 4, ["unbreakable"]),
        ("--api-revision --x", 10, ["--api-revision", "--x"]),
        ("集群与节点池", 6, ["集群与", "节点池"]),
        ("集群，节点池。", 6, ["集群，", "节点", "池。"]),
        ("见（节点）页", 5, ["见", "（节", "点）", "页"]),
        ("值[必填]", 7, ["值", "[必填]"]),
        ("[one|two|three]", 10, ["[one|two|", "three]"]),
        ("创建 GPU 集群", 8, ["创建 GPU", "集群"]),
    ],
)
def test_how_a_paragraph_is_broken(text: str, columns: int, lines: list[str]) -> None:
    assert wrapped(text, columns) == lines


def test_what_lines_begin_with_counts() -> None:
    assert wrapped("aa bb cc", 8, "用法：", "  ") == ["用法：aa", "  bb cc"]


def test_a_long_name_has_its_text_below_it() -> None:
    made = HelpPage(width=40)
    made.write_dl([("--x", "short"), ("--a-long-option / --no-a-long-option-at-all", "what it does"), ("--bare", "")])
    assert made.getvalue().splitlines() == [
        "--x            short",
        "--a-long-option /",
        "--no-a-long-option-at-all",
        "               what it does",
        "--bare",
    ]


def test_paragraphs_are_apart() -> None:
    made = HelpPage(width=20)
    made.write_text("one\ntwo\n\nthree")
    assert made.getvalue() == "one two\n\nthree\n"
