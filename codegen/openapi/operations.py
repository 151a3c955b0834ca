"""The operations as paths: `/eks/v1#Action=…`, each with its method, arguments, responses and examples."""

from __future__ import annotations

from typing import Any

from codegen.description import Api, Operation
from codegen.openapi.errors import ERRORS, component_name
from codegen.openapi.fields import field_schema
from codegen.openapi.shapes import Schemas

__all__ = ["envelope_name", "envelopes", "paths"]

Schema = dict[str, Any]

ENVELOPE = {
    "RequestId": ("string", "Unique id of the request. Name it when you report a problem.", "D"),
    "Code": ("string", "`Success`, or the code of an error: also with HTTP status 200.", "D"),
    "Msg": ("string", "What the service says.", "D"),
}
PAGE = {
    "TotalCount": ("integer", "How many entries there are in all.", "O"),
    "PageIndex": ("integer", "Which page this is, from 1.", "O"),
    "PageSize": ("integer", "How many entries a page has.", "O"),
}


def envelope_name(name: str) -> str:
    """Return the name of the schema of an operation's response."""
    return f"{name}Response"


def envelopes(api: Api, schemas: Schemas) -> dict[str, Schema]:
    """Return the schema of each operation's response, with status 200."""
    return {envelope_name(name): _envelope(name, operation, schemas) for name, operation in api.operations.items()}


def _envelope(name: str, operation: Operation, schemas: Schemas) -> Schema:
    is_list = operation.result.startswith("list[")
    properties = {
        each: {"type": type_, "description": doc, "x-provenance": source}
        for each, (type_, doc, source) in (ENVELOPE | (PAGE if is_list else {})).items()
    }
    data = schemas.result(operation.result) | {"x-provenance": operation.result_source}
    return {
        "type": "object",
        "description": f"What {name} answers.",
        "properties": {**properties, "Data": data},
        "required": ["RequestId", "Code"],
    }


def paths(api: Api, schemas: Schemas, examples: dict[str, Any]) -> Schema:
    """Return the paths: one for each name that an operation has on the wire."""
    found: Schema = {}
    for name, operation in api.operations.items():
        by_action: dict[str, list[str]] = {}
        for revision in api.revisions:
            if (action := operation.action_in(revision)) is not None:
                by_action.setdefault(action, []).append(revision)
        for at, (action, revisions) in enumerate(by_action.items()):
            made = _operation(api, name, operation, action, revisions, schemas, examples.get(name, {}))
            if at:
                made["operationId"] = f"{name}_{revisions[0].replace('-', '_')}"
            found[f"{api.path}#Action={action}"] = {operation.http.lower(): made}
    return found


def _operation(
    api: Api,
    name: str,
    operation: Operation,
    action: str,
    revisions: list[str],
    schemas: Schemas,
    examples: dict[str, Any],
) -> Schema:
    content: Schema = {"schema": {"$ref": f"#/components/schemas/{envelope_name(name)}"}}
    if told := examples.get("response"):
        content["examples"] = told
    made: Schema = {
        "operationId": name,
        "summary": operation.doc,
        "tags": [operation.group],
        "parameters": _common(api, action, operation),
        "responses": {
            "200": {
                "description": "Carried out; or an error, if `Code` is not `Success`.",
                "content": {"application/json": content},
            },
            **{status: {"$ref": f"#/components/responses/{component_name(status)}"} for status in ERRORS},
        },
        "x-provenance": operation.source,
        "x-summary-zh": operation.zh,
        "x-kind": operation.kind,
        "x-revisions": revisions,
    }
    if operation.kind == "create":
        made["description"] = "Not idempotent: never repeat one that may have been carried out."
    if operation.http == "GET":
        made["parameters"] += _query(api, operation, revisions[0], examples.get("parameters", {}))
    else:
        made["requestBody"] = _body(operation, revisions, schemas, examples.get("request"))
    return made


def _common(api: Api, action: str, operation: Operation) -> list[Schema]:
    """Return the parameters that the path has in its fragment, and every request in its query."""
    return [
        {
            "name": "Action",
            "in": "query",
            "required": True,
            "description": "The operation. The fragment of the path is there to tell operations apart; it is not sent.",
            "schema": {"type": "string", "const": action, "default": action},
            "x-provenance": operation.action_source,
        },
        {
            "name": "Version",
            "in": "query",
            "required": True,
            "description": "The version of the protocol, not a revision of the API.",
            "schema": {"type": "string", "const": api.version, "default": api.version},
            "x-provenance": "O",
        },
    ]


def _query(api: Api, operation: Operation, revision: str, examples: dict[str, Any]) -> list[Schema]:
    shape = api.shapes[operation.request]
    parameters = []
    for field in shape.fields.values():
        if (wire := field.wire_in(revision)) is None:
            continue
        schema = field_schema(api, shape, field, revision, {}, answer=False)
        outer: Schema = {
            key: schema.pop(key) for key in ("description", "x-provenance", "x-description-zh") if key in schema
        }
        parameter: Schema = {"name": wire, "in": "query", "required": field.required, "schema": schema, **outer}
        if wire in examples:
            parameter["examples"] = examples[wire]
        parameters.append(parameter)
    return parameters


def _body(operation: Operation, revisions: list[str], schemas: Schemas, examples: Any) -> Schema:
    names = list(dict.fromkeys(schemas.request_name(operation.request, each) for each in revisions))
    choices = [{"$ref": f"#/components/schemas/{each}"} for each in names]
    content: Schema = {"schema": choices[0] if len(choices) == 1 else {"oneOf": choices}}
    if examples:
        content["examples"] = examples
    return {"required": True, "content": {"application/json": content}}
