"""Files of worlds."""

from __future__ import annotations

from pathlib import Path

WORLD = """\
[server]
speed = 60
seed = 7

[[clusters]]
name = "gpu-{index}"
id = "c-{index}"
count = 2
workers = 2
status = "creating"

  [[clusters.node_pools]]
  name = "big"
  id = "p-{index}"
  node_type = "bms"
  replicas = 3

  [[clusters.nodes]]
  id = "n-{index}"
  node_pool = "big"
  status = "failed"

  [[clusters.nodes]]

  [[clusters.scaling_groups]]
  id = "g-{index}"
  node_pool = "big"
  max_size = 4

[[machines]]
id = "m-1"

[[network_interfaces]]
name = "eth-1"
ecs_id = "n-2"

[[network_interfaces]]
ecs_id = "m-1"

[[scaling_groups]]
id = "g-0"

[[tasks]]
id = "t-1"
status = "error"
message = "no machines left"

[[events]]
id = "e-1"

[[faults]]
kind = "status"
action = "read"
status = 503
probability = 0.5

[[faults]]
kind = "skew"
seconds = -30
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "world.toml"
    path.write_text(text, encoding="utf-8")
    return path
