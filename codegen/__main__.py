"""Write what is generated from the API description.

python -m codegen            write the files, and delete those that are generated no more
python -m codegen --check    change nothing; fail if a file differs from what would be written, or is left over
"""

from __future__ import annotations

import argparse
import difflib
from pathlib import Path

from codegen import command_reference, json_schemas, openapi, operation_pages, pages
from codegen.faults import DescriptionError
from codegen.loading import load
from codegen.output import ROOT, formatted, orphans, stale
from codegen.rendering import environment, render


def main() -> int:
    """Run the generator."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Write what api.yaml describes.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a file differs or is left over")
    is_check = parser.parse_args().check
    try:
        api = load()
    except DescriptionError as error:
        raise SystemExit(str(error)) from None
    templates = environment(api)
    files = {**formatted(render(api)), **pages.render(ROOT, templates), **openapi.render(api, ROOT)}
    files |= operation_pages.render(api, ROOT, templates)
    left_over = orphans(files) + operation_pages.left_over(files, ROOT)
    if is_check:
        files |= json_schemas.render(ROOT) | command_reference.render(ROOT)
        return check(files, stale(files), left_over)
    write(files)
    # What is made of the package that has just been written:
    write(json_schemas.render(ROOT))
    write(command_reference.render(ROOT))
    for path in left_over:
        path.unlink()
        print(f"deleted {_name(path)}")
    return 0


def write(files: dict[Path, str]) -> None:
    """Write what differs."""
    for path in stale(files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
        print(f"wrote {_name(path)}")


def check(files: dict[Path, str], different: dict[Path, str], left_over: list[Path]) -> int:
    """Tell what differs and what is left over; 1 if anything does."""
    for path, now in different.items():
        name = _name(path)
        lines = difflib.unified_diff(
            now.splitlines(), files[path].splitlines(), name, f"{name} (generated)", lineterm=""
        )
        print("\n".join(list(lines)[:40]))
    for path in left_over:
        print(f"{_name(path)}: left over: it says that it is generated, and nothing in codegen/api.yaml gives it")
    if different:
        print(f"{len(different)} generated file(s) differ from codegen/api.yaml: run `python -m codegen`")
    if left_over:
        print(f"{len(left_over)} generated file(s) are left over: `python -m codegen` deletes them")
    return int(bool(different or left_over))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    raise SystemExit(main())
