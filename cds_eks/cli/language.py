"""The language of the help: English or Chinese, as the environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping


def is_chinese(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the help is in Chinese: by LC_ALL, LC_MESSAGES and LANG, and LANGUAGE before them, as gettext has it."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "")
    if locale.partition(".")[0] not in ("", "C", "POSIX") and (languages := environ.get("LANGUAGE")):
        return _is_zh(languages.partition(":")[0])
    return _is_zh(locale) or (not locale and _is_zh(environ.get("LANGUAGE", "")))


def _is_zh(name: str) -> bool:
    return name.lower().replace("-", "_").partition(".")[0].partition("_")[0] == "zh"


def say(en: str, zh: str) -> str:
    """Return a text of the help in the language that the environment asks for."""
    return zh if is_chinese() else en
