"""Carries out the code of a page, one block after the other, in this process: python page_program.py PAGE

Blocks of Python share their names; a few are there before the first one. Files are written, and outputs compared.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import subprocess
import sys
import tomllib
import types
from pathlib import Path
from typing import Any

from page_blocks import Block, blocks_of

from cds_eks import AsyncEksClient, EksClient, errors, models
from codegen.command_world import normalized


async def carry_out(page: Path) -> None:
    """Carry out the code of a page.

    Raises:
        AssertionError: Something else is printed than the page says.
    """
    printed = ""
    request = models.CreateClusterRequest.from_dict(tomllib.loads(Path("cluster.toml").read_text(encoding="utf-8")))
    async with AsyncEksClient() as eks:
        names: dict[str, Any] = {
            "__name__": "__main__", "AsyncEksClient": AsyncEksClient, "EksClient": EksClient, "eks": eks,
            "errors": errors, "models": models, "request": request,
        }  # fmt: skip
        for number, block in enumerate(blocks_of(page.read_text(encoding="utf-8"))):
            if block.file is not None:
                Path(block.file).write_text(block.code, encoding="utf-8")
            elif block.is_output:
                assert normalized(printed).rstrip() == normalized(block.code).rstrip(), f"{page}: block {number}"
            elif block.is_run:
                printed = await output_of(block, f"{page}: block {number}", names)


async def output_of(block: Block, name: str, names: dict[str, Any]) -> str:
    """Carry out a block, and return what it prints."""
    if block.language == "sh":
        command = ["bash", "-euo", "pipefail", "-c", block.code]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name} ends with {done.returncode}:\n{done.stderr}"
        return done.stdout
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        compiled = compile(block.code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        block_function = types.FunctionType(compiled, names)
        if "asyncio.run(" in block.code:  # a whole program, with an event loop of its own
            await asyncio.to_thread(block_function)
        elif inspect.iscoroutine(ran := block_function()):
            await ran
    return printed.getvalue()


if __name__ == "__main__":
    asyncio.run(carry_out(Path(sys.argv[1])))
