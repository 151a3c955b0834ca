"""Measurements of the SDK, run as commands: `python -m benchmarks.soak --help`."""
