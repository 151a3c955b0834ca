"""The document: what it says of itself, of signing, and all parts put together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from codegen.description import Api
from codegen.openapi.errors import ERROR_SCHEMA, responses
from codegen.openapi.operations import envelopes, paths
from codegen.openapi.shapes import Schemas

__all__ = ["PAGE", "document", "render"]

PAGE = "docs/openapi.json"

ENDPOINT = "https://api.capitalonline.net"

ABOUT = """\
The GPU container service (EKS) of the CDS cloud (CapitalOnline). All operations share one URL: `Action`, in the query,
says which one is meant. The fragment of each path here is there to tell the operations apart; it is not sent.

A request speaks one of two revisions, by its fields alone: where they differ, the schema of the body has one choice for
each (`x-revision`). `x-provenance` says where something is known from: `D` the vendor's document, `O` observed of the
vendor's own programs, `I` inferred.

A response with status 200 is an error all the same if its `Code` is not `Success`.
"""

SIGNING = """\
Each request is signed anew, in its query: add the parameters of `x-signing`, percent-encode each name and value of the
query (UTF-8; only `A-Z a-z 0-9 - _ . ~` stay, a space is `%20`), sort by name, join as `name=value` with `&`. Then
`StringToSign = METHOD + "&%2F&" + percent-encode(that)`, and `Signature = base64(HMAC-SHA1(secret key, StringToSign))`.
The body is not signed.
"""


def document(api: Api) -> dict[str, Any]:
    """Return the document."""
    schemas = Schemas(api)
    examples = yaml.safe_load(Path(__file__).with_name("examples.yaml").read_text(encoding="utf-8"))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CDS GPU container service (EKS)",
            "version": list(api.revisions)[-1],
            "description": ABOUT,
            "x-revisions": [{"revision": name, "x-provenance": source} for name, source in api.revisions.items()],
        },
        "servers": [{"url": ENDPOINT, "description": "The default endpoint."}],
        "security": [{"signature": []}],
        "tags": [
            {"name": name, "description": api.groups[name].doc, "x-description-zh": api.groups[name].zh}
            for name in api.operation_groups
        ],
        "paths": paths(api, schemas, examples),
        "components": {
            "schemas": {"Error": ERROR_SCHEMA, **schemas.schemas, **envelopes(api, schemas)},
            "responses": responses(),
            "securitySchemes": {"signature": _signature(api)},
        },
    }


def _signature(api: Api) -> dict[str, Any]:
    """Return how requests are signed: as near as OpenAPI comes to it, an API key in the query."""
    return {
        "type": "apiKey",
        "in": "query",
        "name": "Signature",
        "description": SIGNING,
        "x-signing": {
            "algorithm": "HMAC-SHA1",
            "encoding": "base64",
            "string-to-sign": '{method} + "&%2F&" + percent-encode(sorted query)',
            "parameters": {
                "AccessKeyId": {"description": "The id of the access key."},
                "SignatureMethod": {"const": "HMAC-SHA1"},
                "SignatureVersion": {"const": "1.0"},
                "SignatureNonce": {"description": "Another one for every request, also for one that is repeated."},
                "Timestamp": {"description": "UTC, `YYYY-MM-DDTHH:MM:SSZ`."},
                "Version": {"const": api.version},
            },
        },
        "x-provenance": "O",
    }


def render(api: Api, root: Path) -> dict[Path, str]:
    """Return the document's file, if there is one."""
    path = root / PAGE
    return {path: json.dumps(document(api), indent=2, ensure_ascii=False) + "\n"} if path.exists() else {}
