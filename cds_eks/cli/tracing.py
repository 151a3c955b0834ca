"""What `--debug` shows of each call beside the SDK's log: the request without its secrets, each attempt, the end."""

from __future__ import annotations

import json
import logging
from typing import Any

from cds_eks._runtime import clocks
from cds_eks.cli.redacting import redacted
from cds_eks.errors import EksError
from cds_eks.pipeline import Send
from cds_eks.redaction import redact, redacted_url
from cds_eks.wire import RawResponse, Request

logger: logging.Logger = logging.getLogger("cds_eks.cli")


def shown(request: Request) -> dict[str, Any]:
    """Return a request as plain data, without its secrets, its signature and its headers."""
    params = dict(request.params)
    action = params.pop("Action", None)
    return {
        "wire_action": action if action != request.operation.name else None,
        "method": request.operation.method,
        "url": redacted_url(request.url),
        "params": redacted(params, request.hidden),
        "body": _body(request),
    }


def _body(request: Request) -> Any:
    if not request.content:
        return None
    try:
        return redacted(json.loads(request.content), request.hidden)
    except ValueError:
        return f"({len(request.content)} bytes that are no JSON)"


async def trace_call(request: Request, send: Send) -> RawResponse:
    """Log a call's request, and how it ends if it fails; the client logs a success."""
    _log(request, "request", shown(request))
    began = clocks.monotonic()
    try:
        return await send(request)
    except EksError as error:
        facts = {
            "error": type(error).__name__,
            "code": getattr(error, "code", None),
            "outcome": error.outcome,
            "attempts": error.attempts,
            "request_id": error.request_id,
        }
        _log(request, "ended with an error", facts | _seconds(began))
        raise


async def trace_attempt(request: Request, send: Send) -> RawResponse:
    """Log the beginning and the end of one attempt."""
    number = {"attempt": request.record.attempts}
    _log(request, "attempt begins", number)
    began = clocks.monotonic()
    try:
        response = await send(request)
    except BaseException as error:
        _log(request, "attempt got no response", number | {"error": type(error).__name__} | _seconds(began))
        raise
    size = {"http_status": response.status, "bytes": len(response.content)}
    _log(request, "attempt got a response", number | size | _seconds(began))
    return response


def _seconds(began: float) -> dict[str, float]:
    return {"elapsed": round(clocks.monotonic() - began, 3)}


def _log(request: Request, event: str, facts: dict[str, Any]) -> None:
    known = {name: value for name, value in facts.items() if value is not None}
    told = ", ".join(f"{name}={_text(value)}" for name, value in known.items())
    message = redact(f"{request.operation.name} {event}: {told}", request.hidden)
    said = {"action": request.operation.name, "event": event, **known}
    logger.debug("%s", message, extra={"cds_eks": redacted(said, request.hidden)})


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
