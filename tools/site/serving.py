"""Serves the built site on this machine; and builds it again when what it is made of changes."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.site.building import build, site_of
from tools.site.diagrams import DiagramError
from tools.site.links import LinkError
from tools.site.sources import ROOT, find_sources

__all__ = ["serve", "serve_and_watch"]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Writes no line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Write nothing."""


@contextmanager
def serve(site: Path, port: int = 0) -> Iterator[str]:
    """Serve a folder, and give its address."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def serve_and_watch(port: int) -> None:
    """Build the site and serve it, and build it again whenever a source has changed, until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt), serve(site_of("mkdocs"), port) as url:
        seen: dict[Path, float] = {}
        while True:
            now = _changed_at()
            if now != seen:
                try:
                    build("mkdocs")
                    print(f"{url}/index.html")
                except (SystemExit, LinkError, DiagramError) as fault:
                    print(fault)
            seen = now
            time.sleep(1)


def _changed_at() -> dict[Path, float]:
    sources = {path for found in find_sources().values() for path in found}
    paths = [*(ROOT / path for path in sources), *(ROOT / "docs" / "site").rglob("*")]
    return {path: path.stat().st_mtime for path in paths if path.is_file()}
