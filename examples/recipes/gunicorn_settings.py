"""Settings of gunicorn for wsgi_app.py."""

from __future__ import annotations

from typing import Any

bind = "127.0.0.1:8000"
workers = 4
worker_class = "gthread"
threads = 8  # they share the client of their worker
timeout = 30  # a worker is killed after so long without a sign of life: more than the longest call
graceful_timeout = 30  # so long may what is under way take when gunicorn is ended: the same


def worker_exit(_server: Any, _worker: Any) -> None:
    """Close the client of a worker that ends. The journal knows which creates it leaves open."""
    from wsgi_app import eks

    eks.close()
