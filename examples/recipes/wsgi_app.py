"""A WSGI application that creates clusters, each once, under gunicorn and uWSGI: preloaded or not, with threads or not.

gunicorn --config gunicorn_settings.py wsgi_app:application
uwsgi --ini uwsgi.ini
"""

from __future__ import annotations

import json
import logging
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cds_eks import EksClient, Timeouts, errors, fleet

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

# One for the process. It connects, and starts its thread, with the first call: so each worker has its own after a fork.
eks = EksClient(timeouts=Timeouts(total=20))

# All ends well before the server kills a worker for being stuck: until a cluster is accepted, and no longer.
LIMITS = fleet.FleetLimits(cluster_timeout=1, pool_timeout=1, poll_interval=1, create_timeout=15, grace=5)
LONGEST_RUN = 10.0


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer `GET /clusters` and `PUT /clusters/NAME`. What is answered with 503 may be sent again."""
    status, body = 404, dict[str, Any]()
    try:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"].strip("/").split("/"):
            case "GET", ["clusters"]:
                names = [cluster.cluster_name for cluster in eks.clusters.list().data]
                status, body = 200, {"names": names}
            case "PUT", ["clusters", name] if "{" not in name:  # a plan takes `{index}` for a number
                status, body = create_once(name)
    except (errors.InvalidRequestError, fleet.PlanError) as error:
        status, body = 422, {"error": type(error).__name__, "detail": str(error)}
    except errors.EksError as error:
        logger.warning("%s", error)
        passes = errors.may_pass(error) or isinstance(error, fleet.JournalUnavailable)
        status, body = 503 if passes else 502, {"error": type(error).__name__, "request_id": error.request_id}
    headers = [("Content-Type", "application/json"), *([("Retry-After", "30")] if status == 503 else [])]
    start_response(f"{status} {status}", headers)
    return [json.dumps(body).encode()]


def create_once(name: str) -> tuple[int, dict[str, Any]]:
    """Create a cluster, unless it was; return a status, and what is known of the cluster."""
    with fleet.sync.open_journal(eks, os.environ.get("CDS_FLEET_JOURNAL", "fleet.db")) as journal:
        run = fleet.sync.provision(eks, plan_for(name), journal=journal, limits=LIMITS, timeout=LONGEST_RUN)
        report = run.report()
    cluster = report.items[0]
    body: dict[str, Any] = {"state": cluster.state, "ids": dict(cluster.ids)}
    if cluster.state in ("accepted", "ready"):  # it may not be ready yet; that is no error
        return 202, body
    body["error"] = cluster.error and dict(cluster.error)
    if cluster.state == "failed":
        return 409, body
    if cluster.state == "refused" and not cluster.may_pass:
        return 422, body
    logger.warning("%s", report)
    return 503, body  # throttled, not sent, or being looked for: the next request goes on with it


def plan_for(name: str) -> fleet.Plan:
    """Return the plan of one cluster: the defaults of the file, and a name that the caller chooses once."""
    data = tomllib.loads(Path(os.environ.get("FLEET_PLAN", "fleet.toml")).read_text(encoding="utf-8"))
    return fleet.Plan.from_dict({**data, "clusters": [{"name": name, "node_pools": [{"name": "workers"}]}]})
