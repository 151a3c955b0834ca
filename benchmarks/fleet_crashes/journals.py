"""Where the journals of a campaign are."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Journals", "journals"]

Journals = tuple[Callable[[], str], Callable[[float], None]]
"""Returns a new journal; takes the journals away for so many seconds."""


@contextmanager
def journals(kind: str) -> Iterator[Journals]:
    """Give new journals of a kind, `sqlite` or `postgresql`; the latter's server is started for them."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="fleet-crashes-") as folder:
            numbers = iter(range(1_000_000))
            yield lambda: str(Path(folder) / f"fleet-{next(numbers)}.db"), _no_outage
        return
    sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
    from support.postgres_server import MISSING, PostgresServer, find_programs

    if find_programs() is None:
        raise SystemExit(MISSING)
    server = PostgresServer()

    def outage(seconds: float) -> None:
        server.stop(immediate=True)
        time.sleep(seconds)
        server.start()

    try:
        yield server.new_database, outage
    finally:
        server.close()


def _no_outage(seconds: float) -> None:
    raise SystemExit(f"a file can't be away for {seconds:g} s: give --journal postgresql")
