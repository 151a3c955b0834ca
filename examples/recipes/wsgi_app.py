"""A WSGI application over one blocking client, for gunicorn and uWSGI, preloaded or not, with any number of threads.

gunicorn --config gunicorn_settings.py wsgi_app:application
uwsgi --ini uwsgi.ini
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cds_eks import EksClient, Timeouts, errors, models

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

# One for the process. It connects, and starts its thread, with the first call: so each worker has its own after a fork.
# A call ends well before the server would kill a worker for being stuck, in the middle of a create even.
eks = EksClient(timeouts=Timeouts(total=20))


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer `GET /clusters` and `POST /clusters/NAME`."""
    status: int = 404
    body: dict[str, Any] = {}
    try:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"].strip("/").split("/"):
            case "GET", ["clusters"]:
                names = [cluster.cluster_name for cluster in eks.clusters.list().data]
                status, body = 200, {"names": names}
            case "POST", ["clusters", name]:
                created = eks.clusters.create(template().replace(cluster_name=name)).data
                status, body = 202, {"cluster_id": created.cluster_id, "task_id": created.task_id}
    except errors.EksError as error:
        status, body = answer(error)
    start_response(f"{status} {status}", [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


def answer(error: errors.EksError) -> tuple[int, dict[str, Any]]:
    """Return what the caller is told: 409 means to look before it is tried again, 503 to try it again later."""
    body = {"error": type(error).__name__, "detail": error.message, "outcome": error.outcome, "ids": error.ids}
    if isinstance(error, errors.AmbiguousCreate | errors.Conflict):
        return 409, body
    if isinstance(error, errors.InvalidRequestError | errors.BadArgument):
        return 422, body
    return (503 if errors.may_pass(error) else 502), body


def template() -> models.CreateClusterRequest:
    """Return what all clusters have in common."""
    path = Path(os.environ.get("CLUSTER_TEMPLATE", "cluster.toml"))
    return models.CreateClusterRequest.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
