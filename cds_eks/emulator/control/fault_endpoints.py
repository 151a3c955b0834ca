"""The endpoints on faults: which there are, one more, on and off, and away."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from cds_eks.emulator.control.asking import check_fields, json_body
from cds_eks.emulator.control.errors import ControlError, json_response
from cds_eks.emulator.control.handle import Handle
from cds_eks.emulator.faults.kinds import KINDS, REQUIRED, FaultError, actions_of
from cds_eks.emulator.faults.schedule import Faults, Scheduled
from cds_eks.emulator.faults.table import fault_of, parameters_of, plain_fault
from cds_eks.emulator.protocol.plain_values import Flag

__all__ = ["add", "clear", "is_one", "kinds", "listed", "remove", "switch"]

_ONE = re.compile(r"/faults/([0-9]{1,9})")


def is_one(path: str) -> bool:
    """Whether a path is that of one fault."""
    return _ONE.fullmatch(path) is not None


async def listed(handle: Handle, _request: Request) -> Response:
    """Tell which faults there are, in their order, and how often each kind has been applied."""
    return json_response(_all(handle.faults))


def _all(faults: Faults) -> dict[str, Any]:
    return {"faults": [_plain(each) for each in faults.scheduled()], "struck": faults.struck}


def _plain(scheduled: Scheduled) -> dict[str, Any]:
    return {
        "id": scheduled.id,
        "fault": str(scheduled.fault),
        **plain_fault(scheduled.fault),
        "enabled": scheduled.enabled,
        "applied": scheduled.applied,
        "is_over": scheduled.is_over,
    }


async def kinds(_handle: Handle, _request: Request) -> Response:
    """Tell which kinds there are, what each may be told, and which actions it is for."""
    plain = {
        kind: {
            "parameters": parameters_of(kind),
            "required": [REQUIRED[kind]] if kind in REQUIRED else [],
            "actions": actions_of(kind),
        }
        for kind in KINDS
    }
    return json_response({"kinds": plain})


async def add(handle: Handle, request: Request) -> Response:
    """Have one more fault, told as a text (`{"fault": "create:refuse"}`) or by its fields."""
    body = await json_body(request)
    try:
        if "fault" in body:
            check_fields({name: value for name, value in body.items() if name != "fault"}, {})
            if not isinstance(body["fault"], str):
                raise ControlError.of_field("fault", "must be a text such as create:reset_after_commit:count=1")
        fault = fault_of(body.get("fault", body))
    except FaultError as error:
        field = error.field or ("fault" if "fault" in body else "")
        rule = error.rule
        if not field:
            raise ControlError(400, rule, code="InvalidParameter") from None
        raise ControlError.of_field(field, rule) from None
    return json_response(_find(handle.faults, handle.faults.add(fault)), 201)


async def clear(handle: Handle, _request: Request) -> Response:
    """Have no faults from now on."""
    handle.faults.clear()
    return json_response(_all(handle.faults))


async def switch(handle: Handle, request: Request) -> Response:
    """Switch one on or off: `{"enabled": false}`."""
    body = await json_body(request)
    check_fields(body, {"enabled": Flag()})
    if "enabled" not in body:
        raise ControlError.of_field("enabled", "is missing: true or false")
    number = _number(request)
    try:
        handle.faults.enable(number, body["enabled"])
    except KeyError:
        raise _missing(number) from None
    return json_response(_find(handle.faults, number))


async def remove(handle: Handle, request: Request) -> Response:
    """Have one of them no longer."""
    number = _number(request)
    try:
        handle.faults.remove(number)
    except KeyError:
        raise _missing(number) from None
    return json_response(_all(handle.faults))


def _number(request: Request) -> int:
    return int(request.scope["path"].rpartition("/")[2])


def _find(faults: Faults, number: int) -> dict[str, Any]:
    for each in faults.scheduled():
        if each.id == number:
            return _plain(each)
    raise _missing(number)  # it was taken away meanwhile


def _missing(number: int) -> ControlError:
    return ControlError(404, f"there is no fault {number}", code="ResourceNotFound")
