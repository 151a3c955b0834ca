"""Waiting: what `--wait` of a write waits for, `cds-eks wait`, and how both tell of it."""
