"""Errors of the control endpoints: JSON with the same `Code` and `Msg` as those of the API."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

__all__ = ["ControlError", "json_response"]

JSON = "application/json; charset=utf-8"


class ControlError(Exception):
    """A request that is refused.

    Args:
        status: The HTTP status.
        message: What is wrong, and what to do.
        code: The `Code`.
        field: The field of the body, or parameter of the query, that is wrong.
        rule: What it must be.
        allow: The methods that there are, with status 405.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "InvalidHTTPRequest",
        field: str = "",
        rule: str = "",
        allow: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.plain: dict[str, Any] = {"Code": code, "Msg": message}
        if field:
            self.plain |= {"Field": field, "Rule": rule}
        self.allow = allow

    @classmethod
    def of_field(cls, field: str, rule: str) -> ControlError:
        """Return the error of a field that is not as it must be."""
        return cls(400, f"{field}: {rule}", code="InvalidParameter", field=field, rule=rule)

    def response(self) -> Response:
        """Return the answer."""
        return json_response(self.plain, self.status, {"Allow": self.allow} if self.allow else {})


def json_response(plain: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return plain data as an answer."""
    content = json.dumps(plain, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    return Response(content, status, {"Content-Type": JSON, **(headers or {})})
