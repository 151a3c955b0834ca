"""Which threads are in the middle of loading something for the first time, and hold the locks of that."""

from __future__ import annotations

from _thread import get_ident  # that of `threading`, which takes its time to import


class _ThreadMarker:
    """Marks this thread inside a `with` block, also inside of another one."""

    def __init__(self) -> None:
        self._depths: dict[int, int] = {}

    def __enter__(self) -> None:
        self._depths[get_ident()] = self._depths.get(get_ident(), 0) + 1

    def __exit__(self, *_: object) -> None:
        if depth := self._depths.pop(get_ident()) - 1:
            self._depths[get_ident()] = depth

    def __bool__(self) -> bool:
        return get_ident() in self._depths


in_progress: _ThreadMarker = _ThreadMarker()
"""True in a thread that loads something: a signal handler in it must not wait for a thread that needs the same lock."""
