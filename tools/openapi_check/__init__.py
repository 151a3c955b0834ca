"""Hold docs/openapi.json against the emulator: schemathesis makes requests of the document and judges the responses."""
