"""What the examples of one cluster show on the terminal, and what they were asked to do."""

from __future__ import annotations

import argparse
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cds_eks import models

SAMPLE = Path(__file__).with_name("first_cluster.toml")


class Options(argparse.Namespace):
    """What the command line says."""

    emulated: bool
    speed: float
    config: Path | None


def options(description: str) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--emulated", action="store_true", help="run against an emulator on this machine: no account needed"
    )
    parser.add_argument("--speed", type=float, default=60.0, help="how fast the emulator's time goes (default: 60)")
    parser.add_argument("--config", type=Path, help="what to create, a TOML file like examples/first_cluster.toml")
    chosen = parser.parse_args(namespace=Options())
    if not chosen.emulated and chosen.config is None:
        parser.error(f"the cloud needs your own --config (copy {SAMPLE.name}); or say --emulated")
    return chosen


def request_from(path: Path | None) -> models.CreateClusterRequest:
    """Read what to create; a wrong or missing field is named."""
    with (path or SAMPLE).open("rb") as file:
        return models.CreateClusterRequest.from_dict(tomllib.load(file))


class Progress:
    """Steps with a spinner, states as they change, and at the end what was left behind."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._began = time.monotonic()
        self._status = ""
        self.left: dict[str, str] = {}
        """What exists and costs money: what it is, by id."""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step while it runs, and how long it took."""
        began = time.monotonic()
        with self._console.status(f"{title} …"):
            yield
        self._console.print(f"[green]✓[/] {title} [dim]({time.monotonic() - began:.1f} s)[/]")

    def say(self, text: str) -> None:
        """Show one line below the step that is running."""
        self._console.print(f"  {text}", soft_wrap=True)

    def task_changed(self, task: models.TaskStatus) -> None:
        """Show the state of a task."""
        self.say(f"[dim]task[/] {task.task_status} [dim]{task.task_msg or ''}[/]")

    def cluster_changed(self, cluster: models.ClusterDetail) -> None:
        """Show the state of a cluster."""
        line = f"[dim]cluster[/] {cluster.cluster_status} [dim]{cluster.node_sum or 0} nodes[/]"
        if line != self._status:
            self._status = line
            self.say(line)

    def pool_changed(self, pool: models.NodePool) -> None:
        """Show how many nodes of a pool are up."""
        self.say(f"[dim]pool[/] {pool.name} {pool.available_node_count}/{pool.replicas} up [dim]{pool.status}[/]")

    def nodes(self, nodes: Iterable[models.Node]) -> None:
        """Show a table of nodes."""
        table = Table("node", "status", "kubernetes", "CPU", "GB", "GPU", "address", box=None, header_style="dim")
        for node in nodes:
            cells = (node.node_name, node.node_status, node.k8s_status, node.cpu, node.ram, node.gpu, node.private_ip)
            table.add_row(*(str(cell) for cell in cells))
        self._console.print(table)

    def end(self) -> None:
        """Show how long it took, and what is left behind."""
        for resource_id, kind in self.left.items():
            self._console.print(f"[yellow]left behind:[/] {kind} {resource_id} (it may cost money)")
        if not self.left:
            self._console.print(f"[green]done[/] in {time.monotonic() - self._began:.1f} s, nothing left behind")
