"""The members of the package `cds_eks`, in tiers."""

from __future__ import annotations

# From the top down. A member imports only members of tiers below its own: nothing above, and nothing beside it.
TIERS: list[set[str]] = [
    {"__init__"},
    {"cli", "types"},
    {"fleet", "testing"},
    {"sync"},
    {"client"},
    {"backend", "middleware", "otel", "resources", "waiting"},
    {"codec", "lookup", "paging", "pipeline"},
    {"config", "emulator", "models", "wire"},
    {"documents", "outcome", "schema", "signing"},
    {"_runtime", "redaction"},
    {"_version", "errors"},
]

# Those of `cds_eks.fleet`, by the same rule.
FLEET_TIERS: list[set[str]] = [
    {"__init__"},
    {"sync"},
    {"runners"},
    {"run"},
    {"ensure"},
    {"journal", "plan"},
    {"hidden", "report"},
    {"items"},
    {"error_kinds", "item_words", "numbers"},
]
