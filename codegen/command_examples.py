"""The examples of the commands: the table `command_examples.toml`, carried out against the emulator.

python -m codegen.command_examples [COMMAND]...    record what the examples show, of all commands or of these

What they show stands in `command_outputs.json`, and on the page of the reference. Tests carry them out again.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import string
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from codegen.output import ROOT

TABLE = Path(__file__).with_name("command_examples.toml")
OUTPUTS = Path(__file__).with_name("command_outputs.json")

FILES = {
    "cluster.toml": ROOT / "examples" / "first_cluster.toml",
    "pool.yaml": ROOT / "examples" / "node_pool.yaml",
    "fleet.toml": ROOT / "examples" / "fleet.toml",
}
"""The files that the examples find in their folder; the plan of fewer clusters than there."""


class Example(NamedTuple):
    """The example of a command.

    Attributes:
        command: The command's words.
        run: Its command lines, which are carried out one after the other.
        files: Files that are put there beforehand, beside those of `FILES`.
        shows: How many lines of what it shows stand on the page; all of them by default.
        code: The exit code of the last command line.
        serves: How many lines it writes before it is interrupted, if it goes on until then; else 0.
    """

    command: str
    run: tuple[str, ...]
    files: dict[str, str]
    shows: int | None
    code: int
    serves: int


def load() -> dict[str, Example]:
    """Return the examples, by command."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {
        command: Example(
            command,
            tuple(said["run"].strip().splitlines()),
            said.get("files", {}),
            said.get("shows"),
            said.get("code", 0),
            said.get("serves", 0),
        )
        for command, said in table.items()
    }


def outputs() -> dict[str, dict[str, str]]:
    """Return what the examples showed when they were recorded: for each command a text in each language."""
    if not OUTPUTS.exists():
        return {}
    found: dict[str, dict[str, str]] = json.loads(OUTPUTS.read_text(encoding="utf-8"))
    return found


def shown_by(example: Example, language: str) -> str:
    """Carry an example out, and return what it shows: without what differs from run to run.

    Raises:
        ValueError: It ends with another exit code.
    """
    from codegen.command_tree import set_language
    from codegen.command_world import normalized, run_in_process, run_while_it_serves, served

    with served(), _folder(example):
        set_language(language)
        parts: list[str] = []
        variables: dict[str, str] = {}
        for number, line in enumerate(example.run):
            name, words = parsed(line, variables)
            if example.serves:
                return normalized(run_while_it_serves(words, example.serves)).rstrip()
            code, text = run_in_process(words)
            if code != (example.code if number == len(example.run) - 1 else 0):
                raise ValueError(f"{line} ends with {code}:\n{text}")
            if name:
                variables[name] = text.rstrip("\n")
            else:
                parts.append(text)
        lines = normalized("".join(parts)).splitlines()
    cut = lines[: example.shows] + (["…"] if example.shows is not None and example.shows < len(lines) else [])
    return "\n".join(line.rstrip() for line in cut)


_ASSIGNED = re.compile(r"([a-z_]+)=\$\((.*)\)")


def parsed(line: str, variables: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the variable that a command line is for, or "", and its words after `cds-eks`.

    Raises:
        ValueError: It is not a line such as `cds-eks … "$cluster"` or `cluster=$(cds-eks …)`.
    """
    assigned = _ASSIGNED.fullmatch(line)
    name, command = (assigned[1], assigned[2]) if assigned else ("", line)
    words = [string.Template(word).substitute(variables) for word in shlex.split(command)]
    if words[:1] != ["cds-eks"]:
        raise ValueError(f"an example runs cds-eks: {line}")
    return name, words[1:]


@contextmanager
def _folder(example: Example) -> Iterator[None]:
    """Be in a folder of its own, with the files."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        for file, source in FILES.items():
            if source.exists():
                text = source.read_text(encoding="utf-8").replace("count = 18", "count = 2")
                (Path(name) / file).write_text(text, encoding="utf-8")
        for file, text in example.files.items():
            (Path(name) / file).write_text(text, encoding="utf-8")
        os.chdir(name)
        try:
            yield
        finally:
            os.chdir(before)


def main(wanted: list[str]) -> int:
    """Record what the examples show."""
    from codegen.command_tree import LANGUAGES, names

    examples = load()
    recorded = {name: said for name, said in outputs().items() if name in examples}
    for command, example in examples.items():
        if not wanted or command in wanted:
            recorded[command] = {language: shown_by(example, language) for language in LANGUAGES}
            sys.stdout.write(f"ran {command}\n")
    text = json.dumps(dict(sorted(recorded.items())), ensure_ascii=False, indent=1)
    OUTPUTS.write_text(re.sub(r"\n*$", "\n", text), encoding="utf-8")
    for name in names():
        if name not in examples:
            sys.stdout.write(f"{name}: has no example in {TABLE.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
