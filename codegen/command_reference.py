"""The reference of the command line: its pages, made of the commands as they stand there and of their examples."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import jinja2

from codegen.escaping import in_cell
from codegen.pages import between

__all__ = ["PAGES", "render"]

PAGES = {"en": "docs/cli-reference.md", "zh": "docs/zh/cli-reference.md"}

_MARKER = "commands"

_RANGE = re.compile(r"\[x[<>]=?[^\]]*\]")
"""What click tells of a number; without backticks it would be a link in the site's Markdown."""


def render(root: Path) -> dict[Path, str]:
    """Return the pages that are there, made anew: of the commands on the disk, in a process without older ones.

    Raises:
        SystemExit: The commands can't be asked, or a page has no place for them.
    """
    paths = {language: root / page for language, page in PAGES.items() if (root / page).exists()}
    if not paths:
        return {}
    command = [sys.executable, "-X", "utf8", "-m", "codegen.command_reference"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=root, check=False)
    if run.returncode:
        raise SystemExit(run.stderr)
    made = json.loads(run.stdout)
    try:
        return {
            path: between(PAGES[language], path.read_text(encoding="utf-8"), _MARKER, made[language])
            for language, path in paths.items()
        }
    except ValueError as error:
        raise SystemExit(str(error)) from None


def reference(language: str) -> str:
    """Return what stands on a page in a language."""
    from codegen import command_examples, command_tree

    os.environ |= {"COLUMNS": "110", "NO_COLOR": "1"}  # a help that is made by argparse asks for them
    command_tree.set_language(language)
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    template = templates.get_template(f"cli-reference{'' if language == 'en' else f'.{language}'}.md.jinja")
    outputs = {name: said[language] for name, said in command_examples.outputs().items()}
    text = template.render(
        common=command_tree.common(), entries=command_tree.entries(), examples=command_examples.load(),
        outputs=outputs, paragraph=_paragraph, table=_table,
    )  # fmt: skip
    return re.sub(r"\n{3,}", "\n\n", text)


def _paragraph(text: str) -> str:
    """Return a paragraph of the help; one with line breaks of its own is shown as it is."""
    return f"```text\n{text}\n```" if "\n" in text else in_cell(text).replace("\\|", "|")


def _quoted(found: re.Match[str]) -> str:
    return f"`{found[0]}`"


def _table(rows: Sequence[tuple[str, str]], *head: str) -> str:
    lines = [f"| {' | '.join(head)} |", "|---|---|"]
    lines += [f"| `{in_cell(names)}` | {_RANGE.sub(_quoted, in_cell(told))} |" for names, told in rows]
    return "\n".join(lines)


def main() -> int:
    """Print the pages as JSON."""
    sys.stdout.write(json.dumps({language: reference(language) for language in PAGES}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
