"""A web service that creates clusters, each once, and tells how far they are.

uvicorn fastapi_service:app --timeout-graceful-shutdown 5
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import tomllib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, cast

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from cds_eks import AsyncEksClient, Timeouts, errors, fleet, models

logger = logging.getLogger(__name__)

# Until a cluster is accepted, and no longer: whoever wants to know more asks for its progress.
LIMITS = fleet.FleetLimits(cluster_timeout=0.1, pool_timeout=0.1, poll_interval=1, create_timeout=15)
LONGEST_RUN = 20.0


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make one client for the whole application: all requests share its connections, limits and retry quota."""
    journal_name = os.environ.get("CDS_FLEET_JOURNAL", "fleet.db")
    async with AsyncEksClient(timeouts=Timeouts(total=20)) as eks, fleet.open_journal(journal_name) as journal:
        app.state.eks, app.state.journal = eks, journal
        yield


def get_eks(request: Request) -> AsyncEksClient:
    """Return the application's client; a test replaces it by `app.dependency_overrides`."""
    return cast("AsyncEksClient", request.app.state.eks)


Eks = Annotated[AsyncEksClient, Depends(get_eks)]
app = FastAPI(lifespan=lifespan)


class NewCluster(BaseModel):
    """What a caller may choose; all else is in the plan's defaults."""

    name: str = Field(pattern="^[A-Za-z0-9-]+$")


class Cluster(BaseModel):
    """A cluster, as callers see it: a model of one's own has none of the secrets that the service's answer may hold."""

    cluster_id: str
    name: str | None
    status: str | None


@app.post("/clusters", status_code=202)
async def create_cluster(new: NewCluster, eks: Eks, request: Request) -> JSONResponse:
    """Begin to create a cluster, unless that was done before, and answer with its ids. It runs minutes later."""
    journal = request.app.state.journal
    run = fleet.provision(eks, plan_for(new.name), journal=journal, limits=LIMITS, timeout=LONGEST_RUN)
    report = await run.report()
    cluster = report.items[0]
    body: dict[str, Any] = {"state": cluster.state, "ids": dict(cluster.ids)}
    if cluster.state in ("accepted", "ready"):
        return JSONResponse(body, 202, {"Location": f"/clusters/{cluster.ids['cluster_id']}"})
    body["error"] = cluster.error and dict(cluster.error)
    if cluster.state == "failed":
        return JSONResponse(body, 409)
    if cluster.state == "refused" and not cluster.may_pass:
        return JSONResponse(body, 422)
    logger.warning("%s", report)  # throttled, not sent, or being looked for: the next request goes on with it
    return JSONResponse(body, 503, {"Retry-After": "30"})


def plan_for(name: str) -> fleet.Plan:
    """Return the plan of one cluster: the defaults of the file, and a name that the caller chooses once."""
    data = tomllib.loads(Path(os.environ.get("FLEET_PLAN", "fleet.toml")).read_text(encoding="utf-8"))
    return fleet.Plan.from_dict({**data, "clusters": [{"name": name, "node_pools": [{"name": "workers"}]}]})


@app.get("/clusters/{cluster_id}")
async def get_cluster(cluster_id: str, eks: Eks) -> Cluster:
    """Return a cluster."""
    found = (await eks.clusters.get(cluster_id)).data
    return Cluster(cluster_id=found.cluster_id, name=found.cluster_name, status=found.cluster_status)


@app.get("/clusters/{cluster_id}/progress")
async def progress(cluster_id: str, eks: Eks) -> StreamingResponse:
    """Tell of each change of a cluster until it runs, or has failed, as server-sent events."""
    told = events(eks, cluster_id)
    return StreamingResponse(told, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def events(eks: AsyncEksClient, cluster_id: str, heartbeat: float = 15.0) -> AsyncGenerator[str, None]:
    """Yield the events. Whoever goes away ends the wait, and nothing else: the service goes on."""
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(event: str, **data: object) -> None:
        queue.put_nowait(f"event: {event}\ndata: {json.dumps(data)}\n\n")

    def tell(cluster: models.ClusterDetail) -> None:
        put("progress", status=cluster.cluster_status)

    async def wait() -> None:
        try:
            await eks.wait.cluster_running(cluster_id, on_change=tell)
            put("done", cluster_id=cluster_id)
        except errors.EksError as error:
            put("failed", **body_of(error))
        finally:
            queue.put_nowait(None)

    waiting = asyncio.create_task(wait())
    try:
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), heartbeat)
            except TimeoutError:
                yield ": still waiting\n\n"  # a proxy ends what is silent, and only a write notices who has gone
                continue
            if event is None:
                return
            yield event
    finally:
        waiting.cancel()


def status_of(error: errors.EksError) -> int:
    """Return the HTTP status that tells the caller what to do."""
    match error:
        case errors.NotFound():
            return 404
        case errors.Conflict() | errors.TaskFailed() | errors.WaitTimeout():
            return 409
        case errors.InvalidRequestError() | errors.BadArgument():
            return 422
        case _:
            passes = errors.may_pass(error) or isinstance(error, fleet.JournalUnavailable)
            return 503 if passes else 502  # 502: the key of this service is refused, for example


def body_of(error: errors.EksError) -> dict[str, object]:
    """Return what callers are told: not what is wrong with this service itself, such as its key."""
    body: dict[str, object] = {"error": type(error).__name__, "ids": error.ids}
    return body if status_of(error) == 502 else {**body, "detail": error.message}


@app.exception_handler(errors.EksError)
async def answer(_request: Request, error: errors.EksError) -> JSONResponse:
    """Answer with what is known: the errors' texts have no secrets."""
    status = status_of(error)
    logger.log(logging.ERROR if status >= 500 else logging.INFO, "%s", error)
    headers = {"Cds-Request-Id": error.request_id} if error.request_id else {}
    if status == 503:
        headers["Retry-After"] = str(math.ceil(getattr(error, "retry_after", None) or 5))
    return JSONResponse(body_of(error), status, headers)
