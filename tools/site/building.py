"""Builds the site: with mkdocs, as it is published, and with zensical, which is to follow it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.site.assembling import assemble
from tools.site.sources import LANGUAGES, ROOT

__all__ = ["BUILDERS", "build", "site_of"]

BUILDERS = {
    "mkdocs": ["build", "--config-file"],
    "zensical": ["build", "--strict", "--config-file"],
}
"""How each builder is told to build a site; the configuration is the same."""


def site_of(builder: str) -> Path:
    """Where the site lies that a builder has made: English, with Chinese in `zh/`."""
    return ROOT / "build" / builder / "site"


def build(builder: str) -> None:
    """Assemble the pages, and build both languages: English first, since its folder is emptied and Chinese is in it.

    Raises:
        LinkError: A page has a link to what is not on the site.
        SystemExit: A page has another fault: builds are strict.
    """
    folder = ROOT / "build" / builder
    assemble(folder)
    for language in LANGUAGES:
        run(builder, *BUILDERS[builder], f"{language}.yml", to=folder)


def run(module: str, *arguments: str, to: Path) -> None:
    """Run a module of this Python in a folder; what it prints is seen.

    Raises:
        SystemExit: It fails.
    """
    # mkdocs-material prints an announcement of another program at each start, unless it is told not to.
    environment = {**os.environ, "NO_COLOR": "1", "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", module, *arguments], cwd=to, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{module} {' '.join(arguments)} fails")
