"""The names of the profiles, for shell completion: nothing of the client is imported, and no value is looked at."""

from __future__ import annotations


def complete(_ctx: object, _param: object, incomplete: str) -> list[str]:
    """Return the names that begin so; none if the file can't be read."""
    return [name for name in _names() if name.startswith(incomplete) and name.isprintable()]


def _names() -> list[str]:
    import tomllib

    from cds_eks.documents.config_path import config_path

    try:
        path = config_path()
        profiles = tomllib.loads(path.read_text("utf-8-sig"))["profiles"] if path.is_file() else {}
    except (OSError, ValueError, KeyError, RecursionError):
        return []
    return list(profiles) if isinstance(profiles, dict) else []
