"""No log record holds anything secret."""

from __future__ import annotations

import pytest

from cds_eks import errors, models
from support.backend_clients import MakeClient, marked_only_inside
from support.raw_server import CLUSTER, CREATED, Connection, Seen, answer, answering, serve

asynchronous = pytest.mark.anyio


@asynchronous
async def test_no_log_record_holds_a_credential_or_a_signature(
    client: MakeClient, caplog: pytest.LogCaptureFixture, create: models.CreateClusterRequest
) -> None:
    def respond(seen: Seen) -> bytes:
        echo = (("Location", seen.target), ("X-Url", seen.target), ("cds-request-id", "r-1"))
        return answer(CREATED if seen.method == "POST" else CLUSTER, headers=echo)

    async with serve(answering(respond)) as server:
        with marked_only_inside(caplog):
            async with client(server.url) as eks:
                await eks.clusters.get("c-1")
                await eks.clusters.create(create)
    assert {"cds_eks.client"} <= {record.name for record in caplog.records}
    assert "httpx" not in {record.name for record in caplog.records}


@asynchronous
async def test_no_log_record_of_a_failure_holds_a_credential_or_a_signature(
    client: MakeClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handle(connection: Connection) -> None:
        seen = await connection.read()
        await connection.send(f"{seen.target} is no status line\r\n\r\n".encode())

    async with serve(handle) as server:
        with marked_only_inside(caplog):
            async with client(server.url) as eks:
                with pytest.raises(errors.ConnectionLost) as caught:
                    await eks.clusters.get("c-1")
    assert "marked" not in str(caught.value)
    assert "cds_eks.retry" in {record.name for record in caplog.records}
