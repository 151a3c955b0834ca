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
from typing import Annotated, cast

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from single_creates import AlreadyExists, SingleCreates

from cds_eks import AsyncEksClient, Timeouts, errors, models

logger = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Make one client for the whole application: all requests share its connections, limits and retry quota."""
    async with AsyncEksClient(timeouts=Timeouts(total=20)) as eks:
        app.state.eks = eks
        app.state.creates = SingleCreates(eks, template())
        yield
        await app.state.creates.end()
        for create in eks.open_creates:
            logger.warning("look for it before it is created again: %s", create)


def template() -> models.CreateClusterRequest:
    """Return what all clusters have in common."""
    path = Path(os.environ.get("CLUSTER_TEMPLATE", "cluster.toml"))
    return models.CreateClusterRequest.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))


def get_eks(request: Request) -> AsyncEksClient:
    """Return the application's client; a test replaces it by `app.dependency_overrides`."""
    return cast("AsyncEksClient", request.app.state.eks)


def get_creates(request: Request) -> SingleCreates:
    """Return the application's creates."""
    return cast("SingleCreates", request.app.state.creates)


Eks = Annotated[AsyncEksClient, Depends(get_eks)]
Creates = Annotated[SingleCreates, Depends(get_creates)]
app = FastAPI(lifespan=lifespan)


class NewCluster(BaseModel):
    """What a caller may choose; all else is in the template."""

    name: str


class Created(BaseModel):
    """What the service has accepted. It takes minutes until the cluster runs."""

    cluster_id: str
    task_id: str


class Cluster(BaseModel):
    """A cluster, as callers see it: a model of one's own has none of the secrets that the service's answer may hold."""

    cluster_id: str
    name: str | None
    status: str | None


@app.post("/clusters", status_code=202)
async def create_cluster(new: NewCluster, creates: Creates, response: Response) -> Created:
    """Begin to create a cluster, and answer at once with its ids."""
    created = await creates.once(new.name)
    response.headers["Location"] = f"/clusters/{created.cluster_id}"
    return Created(cluster_id=created.cluster_id, task_id=created.task_id)


@app.get("/creates/{name}")
async def look_up(name: str, creates: Creates) -> Cluster:
    """Say what became of a create. 404 means that it has made nothing, and may be posted again."""
    found = await creates.look_up(name)
    if found is None:
        raise HTTPException(404, "nothing was created")
    return Cluster(cluster_id=found.cluster_id, name=found.cluster_name, status=found.cluster_status)


@app.get("/clusters/{cluster_id}")
async def get_cluster(cluster_id: str, eks: Eks) -> Cluster:
    """Return a cluster."""
    found = (await eks.clusters.get(cluster_id)).data
    return Cluster(cluster_id=found.cluster_id, name=found.cluster_name, status=found.cluster_status)


@app.get("/tasks/{task_id}/progress")
async def progress(task_id: str, eks: Eks) -> StreamingResponse:
    """Tell of each change of a task, and of its end, as server-sent events."""
    told = events(eks, task_id)
    return StreamingResponse(told, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def events(eks: AsyncEksClient, task_id: str, heartbeat: float = 15.0) -> AsyncGenerator[str, None]:
    """Yield the events. Whoever goes away ends the wait, and nothing else: the service goes on."""
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def put(event: str, **data: object) -> None:
        queue.put_nowait(f"event: {event}\ndata: {json.dumps(data)}\n\n")

    async def wait() -> None:
        try:
            await eks.wait.task(task_id, on_change=lambda task: put("progress", status=task.task_status))
            put("done", task_id=task_id)
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
    """Return the HTTP status that tells the caller what to do. Clients repeat a 503 by themselves, but no 409."""
    match error:
        case errors.AmbiguousCreate() | errors.Conflict() | errors.DuplicateFound() | errors.QuotaExceeded():
            return 409
        case errors.TaskFailed() | errors.WaitTimeout():  # as an event only
            return 409
        case errors.NotFound():
            return 404
        case errors.InvalidRequestError() | errors.BadArgument():
            return 422
        case _:
            return 503 if errors.may_pass(error) else 502  # 502: the key of this service is refused, for example


def body_of(error: errors.EksError) -> dict[str, object]:
    """Return what callers are told: not what is wrong with this service itself, such as its key."""
    body: dict[str, object] = {"error": type(error).__name__, "outcome": error.outcome, "ids": error.ids}
    return body if status_of(error) == 502 else {**body, "detail": error.message}


@app.exception_handler(AlreadyExists)
async def answer_that_it_exists(_request: Request, error: AlreadyExists) -> JSONResponse:
    """Answer with the id of the cluster that was there before."""
    location = f"/clusters/{error.cluster_id}"
    return JSONResponse({"detail": str(error), "cluster_id": error.cluster_id}, 409, {"Location": location})


@app.exception_handler(errors.EksError)
async def answer(_request: Request, error: errors.EksError) -> JSONResponse:
    """Answer with what is known: the errors' texts have no secrets."""
    status = status_of(error)
    logger.log(logging.ERROR if status >= 500 else logging.INFO, "%s", error)
    body, headers = body_of(error), {"Cds-Request-Id": error.request_id} if error.request_id else {}
    if status == 503:
        headers["Retry-After"] = str(math.ceil(getattr(error, "retry_after", None) or 5))
    if isinstance(error, errors.AmbiguousCreate):
        body |= {"natural_key": dict(error.natural_key), "detail": "it may exist: look for it before you post it again"}
        headers["Location"] = f"/creates/{error.name}"
    return JSONResponse(body, status, headers)
