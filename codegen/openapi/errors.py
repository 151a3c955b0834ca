"""The error responses: which statuses there are, with the codes that were seen with each."""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["ERRORS", "ERROR_SCHEMA", "Error", "component_name", "responses"]

Schema = dict[str, Any]


@attrs.frozen
class Error:
    """A status of refusals and failures.

    Attributes:
        name: The name under `components`.
        doc: What it means.
        codes: Values of `Code` that were seen with it; the list is open.
        source: Where that is known from.
    """

    name: str
    doc: str
    codes: tuple[str, ...]
    source: str = "O"


ERRORS = {
    "400": Error(
        "BadRequest",
        "The request is not one that the service takes.",
        (
            "ArgMissing", "InvalidParameter", "BadArgs", "UnsupportedOperation", "NotEnoughBalance",
            "InvalidHTTPRequest", "MalformedJSON", "InvalidVersion", "RequestExpired",
        ),
    ),
    "403": Error(
        "Forbidden",
        "The signature or the key is not good, or does not allow it.",
        (
            "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "OptInRequired", "InvalidOperation",
            "InvalidOperation.VpcMismatch", "InvalidOperation.AzMismatch",
        ),
    ),
    "404": Error("NotFound", "What the request names is not there.", ("ResourceNotFound",)),
    "405": Error("MethodNotAllowed", "It has another method; `Allow` says which.", ("InvalidHTTPRequest",), "I"),
    "408": Error("RequestTimeout", "The body did not come in time.", ("InvalidHTTPRequest",), "I"),
    "409": Error("Conflict", "It is busy with something else.", ("ResourceInUse",)),
    "412": Error("PreconditionFailed", "It is not in a state that allows it.", ("PreconditionFailed",)),
    "413": Error("ContentTooLarge", "The body is too long.", ("InvalidHTTPRequest",), "I"),
    "414": Error("UriTooLong", "The query is too long.", ("InvalidHTTPRequest",), "I"),
    "500": Error(
        "ServerFault",
        "The service has failed; of a create it is not known whether it was carried out.",
        ("InternalError", "CreateOrderExcept"),
    ),
}  # fmt: skip
"""The errors by status."""

ERROR_SCHEMA: Schema = {
    "type": "object",
    "description": "A refusal or a failure. Its text is in `Desc`, `Msg` or `Message`, of which the first counts.",
    "properties": {
        "RequestId": {"type": "string", "description": "Unique id of the request.", "x-provenance": "D"},
        "Code": {"type": "string", "description": "Which error; an open list.", "x-provenance": "O"},
        "Desc": {"type": "string", "description": "What went wrong.", "x-provenance": "O"},
        "Msg": {"type": "string", "description": "What went wrong.", "x-provenance": "D"},
        "Message": {"type": "string", "description": "What went wrong.", "x-provenance": "O"},
        "Data": {
            "description": "Null, or the operation's result with nothing in it.",
            "x-provenance": "O",
        },
    },
    "required": ["Code"],
    "x-provenance": "O",
}


def component_name(status: str) -> str:
    """Return the name of a status's response under `components`."""
    return ERRORS[status].name


def responses() -> dict[str, Schema]:
    """Return the error responses."""
    return {error.name: _response(status, error) for status, error in ERRORS.items()}


def _response(status: str, error: Error) -> Schema:
    made: Schema = {
        "description": f"{error.doc} A proxy before the service may answer with no JSON at all.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
        "x-codes": list(error.codes),
        "x-provenance": error.source,
    }
    if status == "405":
        made["headers"] = {"Allow": {"required": True, "schema": {"type": "string"}, "description": "The methods."}}
    return made
