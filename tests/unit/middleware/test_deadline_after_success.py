"""A deadline that passes after the success response: the error has the ids of what was created."""

from __future__ import annotations

import json
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from cds_eks import AsyncEksClient, Credentials, Timeouts, errors
from cds_eks.pipeline import Send
from cds_eks.wire import RawResponse, Request
from unit.middleware.failing_backend import Failing

pytestmark = pytest.mark.anyio


CREATED = {"Code": "Success", "RequestId": "r-1", "Data": {"NetcardId": "n-1", "EventId": "e-1", "Password": "marked"}}


class Saying(Failing):
    """A service that answers with a success response."""

    def __init__(self, content: Any = CREATED) -> None:
        super().__init__()
        self.content = content

    async def send(self, request: Request) -> RawResponse:
        request.record.mark_sent()
        answer = RawResponse(status=200, headers={}, content=json.dumps(self.content).encode())
        request.record.arrived = answer
        return answer


async def linger(request: Request, send: Send) -> RawResponse:
    response = await send(request)
    await anyio.sleep_forever()
    return response


NAMED: list[tuple[str, Any, dict[str, Any]]] = [
    ("create", CREATED, {"netcard_id": "n-1", "event_id": "e-1"}),
    ("delete", {"Code": "Success", "Data": {"TaskId": "t-1"}}, {"task_id": "t-1"}),
    ("delete", {"Code": "Success", "Data": {"TaskId": {}}}, {}),
    ("call", CREATED, {"NetcardId": "n-1", "EventId": "e-1"}),
    ("call", {"Code": "Success", "Data": []}, {}),
    ("call", {"Code": "Success", "Data": {"AccessKeyId": "marked-new", "Paid": True, "KeyId": 7}}, {}),
    ("create", {"Code": "Success", "Data": {"NetcardId": "n-\ntest-secret-access-key"}}, {"netcard_id": "n- ***"}),
    ("get", {"Code": "Success", "Data": {"ClusterId": "c-1"}}, {}),
]


@pytest.mark.parametrize(("what", "content", "ids"), NAMED)
async def test_a_deadline_after_the_success_response_raises_with_the_ids_of_what_was_created(
    credentials: Credentials, what: str, content: Any, ids: dict[str, Any]
) -> None:
    settings: dict[str, Any] = {"per_attempt": [linger], "timeouts": Timeouts(total=0.05)}
    async with AsyncEksClient(credentials, backend=Saying(content), **settings) as eks:
        calls: dict[str, Callable[[], Awaitable[Any]]] = {
            "create": lambda: eks.network_interfaces.create("s-1"),
            "delete": lambda: eks.clusters.delete("c-1"),
            "call": lambda: eks.call("Make", method="POST"),
            "get": lambda: eks.clusters.get("c-1"),
        }
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await calls[what]()
    assert (caught.value.outcome, caught.value.ids) == ("accepted", ids)
    assert all(f"{name}={value}" in str(caught.value) for name, value in ids.items())
    assert "marked" not in f"{caught.value}"
    assert pickle.loads(pickle.dumps(caught.value)).ids == ids
