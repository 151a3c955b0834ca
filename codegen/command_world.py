"""The service that the examples of the commands find, and what they show without what differs from run to run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cds_eks.emulator import Emulator

SETTINGS = {
    "NODE_PASSWORD": "Made-up-1st!",
    "CDS_CLOUD_AK": "made-up-ak",
    "CDS_CLOUD_SK": "made-up-sk",
    "WORK_ID": "made-up-id",
    "WORK_KEY": "made-up-key",
    "CDS_CONFIG_FILE": "config.toml",
    "KUBECONFIG": "kubeconfig",
    "COLUMNS": "110",
    "TERM": "dumb",
}
"""What the environment of the examples says, beside the endpoint and the key."""

OURS = re.compile(r"CDS_.*|NO_COLOR|LANG.*|LC_.*|XDG_.*|.*_CA_BUNDLE|SSL_CERT_.*|.*_proxy", re.IGNORECASE)
"""What is taken out of the environment of whoever carries the examples out."""


@contextmanager
def served() -> Iterator[None]:
    """Serve an emulator with a few things in it, and have the environment lead to it."""
    emulator = Emulator(speed=6000)
    fill(emulator)
    before = dict(os.environ)
    with emulator.serve() as url:
        for name in filter(OURS.fullmatch, before):
            del os.environ[name]
        key = emulator.credentials
        os.environ.update(SETTINGS, CDS_EKS_ENDPOINT=url)
        os.environ.update(CDS_SECRET_ID=key.access_key_id, CDS_SECRET_KEY=key.secret_access_key)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def fill(emulator: Emulator) -> None:
    """Put there what the examples name."""
    cluster = emulator.add_cluster("c-1", name="gpu-1", vpc_id="cc32706e-a09a-11ef-8de7-06aabd6a5066")
    emulator.add_cluster("c-2", name="训练集群")
    pool = emulator.add_node_pool(cluster, "p-1", name="workers", replicas=2)
    emulator.add_node(cluster, "n-1")
    emulator.add_task("t-1")
    emulator.add_scaling_group("g-1", node_pool_id=pool)
    emulator.add_machine("e-1")
    emulator.add_network_interface("i-1", name="eth-1")
    emulator.add_network_interface("i-2", name="eth-2", ecs_id="e-1")


def run_in_process(words: list[str]) -> tuple[int, str]:
    """Run `cds-eks`, and return its exit code, and what it has written to stdout and stderr."""
    from click.testing import CliRunner

    from cds_eks.cli.main import COMMANDS
    from cds_eks.cli.root import Root

    result = CliRunner().invoke(Root(COMMANDS), words, prog_name="cds-eks")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def run_while_it_serves(words: list[str], lines: int) -> str:
    """Run `cds-eks` in a process of its own until it has written so many lines, and return them."""
    command = [sys.executable, "-u", "-m", "cds_eks.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8") as child:
        assert child.stdout is not None
        text = "".join(child.stdout.readline() for _ in range(lines))
        child.terminate()
    return text


_IDS = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_ALMOST = re.compile(r"\b(\d+)m5\ds\b")
"""What is left of a time limit a moment after it began."""

_OTHERS = (
    (re.compile(r"\b20\d\d-\d\d-\d\d([ T])\d\d:\d\d:\d\d"), r"2025-10-01\g<1>08:00:00"),
    (re.compile(r"\beks-[0-9a-z]{16}\b"), "eks-0123456789abcdef"),
    (re.compile(r"\b\d+(?:\.\d+)?( ?)s\b"), r"1\g<1>s"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:18080"),
)


def normalized(text: str) -> str:
    """Return what an example shows with ids, times, durations and addresses that are the same in every run."""
    seen: dict[str, str] = {}
    text = _IDS.sub(lambda found: seen.setdefault(found[0], f"0a1b2c3d-0000-4000-8000-{len(seen) + 1:012}"), text)
    text = text.replace(f"{Path.cwd()}{os.sep}", "")
    text = _ALMOST.sub(lambda found: "1h" if found[1] == "59" else f"{int(found[1]) + 1}m", text)
    for pattern, by in _OTHERS:
        text = pattern.sub(by, text)
    return text
