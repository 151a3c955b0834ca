"""The API description, for the tables of the tests: what it says is not said again by hand."""

from __future__ import annotations

from codegen.loading import load

API = load()
