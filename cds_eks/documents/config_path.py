"""Where the file of profiles is. It imports next to nothing: shell completion looks for the profiles' names too."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "CDS_CONFIG_FILE"
APPLICATION = "cds-eks"
FILE_NAME = "config.toml"


def config_path(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return where the file of profiles is, whether or not there is one.

    `CDS_CONFIG_FILE` says it; else it is `config.toml` in the user's folder for the settings of `cds-eks`, which is
    where platformdirs puts it: in `XDG_CONFIG_HOME` or `~/.config`; on macOS, in `~/Library/Application Support`; on
    Windows, in `%LOCALAPPDATA%`.
    """
    if named := environ.get(VARIABLE):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - it raises nothing where there is no home
    if platform == "win32":
        folder = environ.get("LOCALAPPDATA") or os.path.join("~", "AppData", "Local")  # noqa: PTH118
    else:
        folder = environ.get("XDG_CONFIG_HOME", "").strip()
        if not os.path.isabs(folder):  # noqa: PTH117 - the XDG specification: a relative one is ignored
            folder = "~/Library/Application Support" if platform == "darwin" else "~/.config"
    return Path(os.path.expanduser(folder)) / APPLICATION / FILE_NAME  # noqa: PTH111
