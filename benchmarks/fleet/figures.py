"""What was measured of one run, and the bars."""

from __future__ import annotations

from typing import Any

import attrs

MAKESPAN = 1.15
"""Times the bound."""

MEMORY_MIB = 60.0
"""Above the idle process, at a thousand clusters."""

POLLS = 0.05
"""Lists of clusters and looks at one, in the whole run, for each cluster."""

GROWTH = 1.3
"""Time and memory a cluster in a bigger fleet, times those in the first one measured."""


@attrs.frozen(kw_only=True)
class Figures:
    """What was measured of one run.

    Attributes:
        job: What was asked for.
        bound: How long it takes at the least, in seconds.
        run: What the runner's process told.
        seen: What the emulator's process told.
    """

    job: dict[str, Any]
    bound: float
    run: dict[str, Any]
    seen: dict[str, Any]

    @property
    def clusters(self) -> int:
        """How many clusters."""
        return int(self.job["clusters"])

    @property
    def ratio(self) -> float:
        """How long it took, times the bound."""
        return float(self.run["took"] / self.bound)

    @property
    def kib_a_cluster(self) -> float:
        """Memory above the idle process, the report's included, in KiB a cluster."""
        return float(max(self.run["run_mib"], self.run["report_mib"]) * 1024 / self.clusters)

    @property
    def cpu_a_cluster(self) -> float:
        """The runner's CPU time in ms a cluster."""
        return float(self.run["cpu"] * 1000 / self.clusters)

    @property
    def lists_a_cluster(self) -> float:
        """Lists and looks at clusters, by what the emulator has seen."""
        return float(sum(self.seen["requests"].get(name, 0) for name in ("ListClusters", "GetCluster")) / self.clusters)

    @property
    def lists_a_poll(self) -> float:
        """The same, for each poll that there would be if each cluster was polled in each round."""
        return float(self.lists_a_cluster / max(1, self.run["rounds"]))

    @property
    def is_right(self) -> bool:
        """Whether the ledger and the report have each cluster and each pool, once."""
        wanted = {"cluster": self.clusters, "node_pool": self.clusters * self.job["pools"]}
        ready = {kind: counts.get("ready") for kind, counts in self.run["states"].items()}
        return bool(self.seen["twice"] == 0 and self.seen["made"] == wanted == ready)

    def missed(self, first: Figures) -> list[str]:
        """Return the bars that are missed.

        Args:
            first: The first that was measured: what is bigger is held against it.
        """
        bars: dict[str, bool] = {}
        if self.clusters >= 1_000:  # a list serves as many as there are
            bars["polls"] = self.lists_a_cluster <= POLLS
        if self.clusters <= 1_000:  # of more, what they need of a core is longer than their tasks are at this speed
            bars["makespan"] = self.ratio <= MAKESPAN
            bars["memory"] = self.kib_a_cluster * self.clusters / 1024 <= MEMORY_MIB
        if self.clusters > first.clusters:
            bars["memory a cluster"] = self.kib_a_cluster <= GROWTH * first.kib_a_cluster
            bars["time a cluster"] = self.run["took"] / self.clusters <= GROWTH * first.run["took"] / first.clusters
            bars["CPU time a cluster"] = self.cpu_a_cluster <= GROWTH * first.cpu_a_cluster
        return [name for name, is_met in bars.items() if not is_met]


def table(figures: Figures, first: Figures) -> str:
    """Return the figures of a run for people to read."""
    job, run, seen = figures.job, figures.run, figures.seen
    took, requests = run["took"], sum(seen["requests"].values())
    memory = f"{run['run_mib']:.1f} MiB above {run['idle_mib']:.0f} idle; with the report {run['report_mib']:.1f}"
    polls = f"{figures.lists_a_cluster:.1%} of one a cluster ({figures.lists_a_poll:.2%} a cluster and round)"
    rows = [
        (
            "makespan",
            f"{took:.1f} s, {figures.ratio:.3f} x the bound of {figures.bound:.1f} s",
            f"<= {MAKESPAN} x to 1,000",
        ),
        ("memory", f"{memory}; {figures.kib_a_cluster:.1f} KiB a cluster", f"<= {MEMORY_MIB:.0f} MiB at 1,000"),
        ("runner", f"{_used(run, took)}; {figures.cpu_a_cluster:.2f} ms a cluster; busy for {run['lag']:.2f} s", ""),
        ("emulator", f"{_used(seen, took)}; {requests / took:.0f} requests/s", ""),
        (
            "polls",
            f"{polls}; pools {run['pool_polls'] / (figures.clusters * job['pools']):.2f} each",
            f"<= {POLLS:.0%} of 1,000",
        ),
        ("journal", f"{run['steps']:,} steps, at most {run['steps_s']:,} in a second", ""),
        ("report", f"{run['report_s']:.2f} s", ""),
        ("requests", ", ".join(f"{name} {count}" for name, count in seen["requests"].items()), ""),
        ("ledger", "each once" if figures.is_right else f"WRONG: {seen['made']}, {run['states']}", "each once"),
    ]
    head = (
        f"{figures.clusters:,} clusters x {job['pools']} pools, {job['latency'] * 1000:.0f} ms, {job['in_flight']} in "
        f"flight, {job['rate'] or 'no'} rate, polled each {job['interval']:g} s"
    )
    lines = [head, *(f"  {name:<10}{value}{f'   (bar {bar})' if bar else ''}" for name, value, bar in rows)]
    if missed := figures.missed(first):
        lines.append(f"  MISSED: {', '.join(missed)}")
    return "\n".join(lines)


def _used(told: dict[str, Any], took: float) -> str:
    share = f"{told['cpu']:.1f} s CPU, {told['cpu'] / took:.0%} of a core"
    return share if told["queued"] is None else f"{share}, {told['queued']:.1f} s in the queue for one"
