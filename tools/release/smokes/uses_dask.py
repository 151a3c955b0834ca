"""The extra `dask`: an executor for the runners of `fleet.launch`."""

from __future__ import annotations

from distributed import Client

from cds_eks import fleet

with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
    executor = client.get_executor(pure=False)
    assert executor.submit(len, "three").result() == 5
assert callable(fleet.launch)
