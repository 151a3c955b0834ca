"""The API description as a document of OpenAPI 3.1, for other languages and tools: both revisions in one."""

from __future__ import annotations

from codegen.openapi.document import PAGE, document, render

__all__ = ["PAGE", "document", "render"]
