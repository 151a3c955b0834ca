"""A backend that has a fault twice, then answers."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from cds_eks import RetryPolicy, errors
from cds_eks.wire import RawResponse, Request

AT_ONCE = RetryPolicy(max_attempts=4, base_delay=0)

ANSWER = RawResponse(
    status=200,
    headers={},
    content=json.dumps({"Code": "Success", "Data": {"ClusterId": "c-1", "NetcardId": "n-1"}}).encode(),
)


class Failing:
    """A backend that has a fault twice, then answers."""

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []

    async def send(self, request: Request) -> RawResponse:
        self.queries.append({name: values[0] for name, values in parse_qs(request.query).items()})
        if len(self.queries) < 3:
            raise errors.ConnectionLost("x")
        return ANSWER

    async def aclose(self) -> None:
        pass
