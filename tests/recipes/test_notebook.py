"""Jupyter: the notebook's cells in a real kernel, run to their end, interrupted, and run again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from cds_eks.emulator import Emulator, ManualClock

from .conftest import EXAMPLES, RECIPES

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

WAIT_TIMEOUT = 40.0
NOTEBOOK = RECIPES / "notebook.ipynb"
SETUP, CREATE, SCALE, BLOCKING, END = range(5)
QUICK = """
import functools
from cds_eks.waiting import intervals
from cds_eks import fleet
intervals.FIRST_INTERVAL = 0.1
fleet.provision = functools.partial(fleet.provision, limits=fleet.FleetLimits(poll_interval=0.1, pool_fallback=0.2))
"""


new_code_cell: Callable[[str], Any] = nbformat.v4.new_code_cell  # it has no types


def read_notebook(path: Path) -> Any:
    read: Callable[..., Any] = nbformat.read
    return read(path, as_version=4)


class Kernel:
    """A notebook whose cells are run one by one."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client
        self._cells = [cell for cell in client.nb.cells if cell.cell_type == "code"]

    async def run(self, cell: int | str) -> list[Any]:
        """Run a cell of the notebook, or some code; return its outputs."""
        made = self._cells[cell] if isinstance(cell, int) else new_code_cell(cell)
        if isinstance(cell, str):
            self._client.nb.cells.append(made)
        await self._client.async_execute_cell(made, self._client.nb.cells.index(made))
        return list(made.outputs)

    async def interrupted(self, cell: int | str, when: Callable[[], bool]) -> str:
        """Run a cell and press *Interrupt* when something is so; return what it says."""
        running = asyncio.ensure_future(self.run(cell))
        async with asyncio.timeout(WAIT_TIMEOUT):
            while not when():
                assert not running.done(), await running
                await asyncio.sleep(0.01)
        kernel: Any = self._client.km
        await kernel.interrupt_kernel()
        with pytest.raises(CellExecutionError) as caught:
            await running
        return caught.value.ename


@pytest.fixture
def service() -> Emulator:
    """A service where time passes only if a test says so."""
    return Emulator(clock=ManualClock())


@pytest.fixture
async def kernel(service: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kernel]:
    plan = (EXAMPLES / "fleet.toml").read_text(encoding="utf-8").partition("[[clusters]]")[0]
    entry = '[[clusters]]\nname = "gpu-1"\nnode_pools = [{ name = "workers" }]\n'
    (tmp_path / "fleet.toml").write_text(plan + entry, encoding="utf-8")
    with service.serve() as url:
        async with started(tmp_path, service, url, monkeypatch) as kernel:
            yield kernel


@asynccontextmanager
async def started(folder: Path, service: Emulator, url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kernel]:
    settings = {
        "CDS_EKS_ENDPOINT": url, "CDS_SECRET_ID": service.credentials.access_key_id,
        "CDS_SECRET_KEY": service.credentials.secret_access_key, "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1", "PYTHONPATH": str(RECIPES.parents[1]),
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    notebook = read_notebook(NOTEBOOK)
    client = NotebookClient(notebook, timeout=int(WAIT_TIMEOUT), resources={"metadata": {"path": str(folder)}})
    async with client.async_setup_kernel(env=dict(os.environ)):
        kernel = Kernel(client)
        await kernel.run(QUICK)
        yield kernel


def created(service: Emulator) -> list[str | None]:
    return [each.name for each in service.ledger.created("cluster")]


async def passing(service: Emulator) -> None:
    while True:
        await asyncio.sleep(0.05)
        service.clock.advance(60)


async def test_it_runs_from_the_first_cell_to_the_last(kernel: Kernel, service: Emulator) -> None:
    time = asyncio.ensure_future(passing(service))
    try:
        for cell in (SETUP, CREATE, CREATE):
            await kernel.run(cell)
        (task,) = await kernel.run(SCALE)
        (nodes,) = await kernel.run(BLOCKING)
        assert await kernel.run(END) == []
    finally:
        time.cancel()
    assert created(service) == ["gpu-1"]
    assert "has finished" in task.data["text/plain"]
    assert "workers-4" in nodes.data["text/plain"]


async def test_the_progress_is_shown_in_place(kernel: Kernel, service: Emulator) -> None:
    await kernel.run(SETUP)
    time = asyncio.ensure_future(passing(service))
    try:
        (shown,) = await kernel.run(CREATE)
    finally:
        time.cancel()
    assert "2 of 2 ready" in shown.data["text/plain"]


CANCELLED = {"KeyboardInterrupt", "CancelledError"}
"""What a cell that awaits something ends with, as the version of ipykernel has it."""


async def test_interrupts_leave_the_clients_usable_and_create_nothing_twice(kernel: Kernel, service: Emulator) -> None:
    def come(action: str, more: int) -> Callable[[], bool]:
        before = service.ledger.count(action=action)
        return lambda: service.ledger.count(action=action) >= before + more

    await kernel.run(SETUP)
    assert await kernel.interrupted(CREATE, come("ListClusters", 3)) in CANCELLED
    assert created(service) == ["gpu-1"]
    service.clock.advance(3600)
    await kernel.run(CREATE)
    assert created(service) == ["gpu-1"]

    assert await kernel.interrupted(SCALE, come("TaskStatus", 2)) in CANCELLED
    (shown,) = await kernel.run("(await eks.clusters.get(cluster_id)).data.cluster_name")
    assert shown.data["text/plain"] == "'gpu-1'"

    assert await kernel.interrupted(BLOCKING, come("ListNodePool", 2)) == "KeyboardInterrupt"
    service.clock.advance(3600)
    (nodes,) = await kernel.run(BLOCKING)
    assert "workers-4" in nodes.data["text/plain"]
    assert await kernel.run(END) == []
