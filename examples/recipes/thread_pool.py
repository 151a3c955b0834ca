"""Create clusters with one client from many threads: results, errors, and a clean end on Ctrl-C.

python thread_pool.py gpu-1 gpu-2 gpu-3
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from cds_eks import EksClient, errors, models


class Creation:
    """Clusters that are created at the same time.

    Attributes:
        ids: The id of each cluster that is known to be there, by its name, whether it runs yet or not.
        failed: What went wrong, by name: with the create, or with the wait.
    """

    def __init__(self, eks: EksClient, template: models.CreateClusterRequest) -> None:
        self.ids: dict[str, str] = {}
        self.failed: dict[str, errors.EksError] = {}
        self._eks, self._template = eks, template

    def run(self, names: Iterable[str], threads: int = 16) -> None:
        """Create a cluster for each name, and return when all run or have failed."""
        with ThreadPoolExecutor(threads) as pool:
            try:
                futures = {pool.submit(self._create, name): name for name in dict.fromkeys(names)}
                for future in as_completed(futures):
                    error = future.exception()
                    if isinstance(error, errors.EksError):
                        self.failed[futures[future]] = error
                    elif error is not None:
                        raise error
            except BaseException:  # Ctrl-C, or a mistake of one's own
                pool.shutdown(wait=False, cancel_futures=True)  # begins nothing new
                self._eks.close()  # ends what the threads wait for: the pool waits for them
                raise

    def _create(self, name: str) -> None:
        request = self._template.replace(cluster_name=name)
        try:
            there = self._eks.clusters.find(request, settle=0)  # an earlier run may have made it
            cluster_id = (there or self._eks.clusters.create(request).data).cluster_id
        except errors.AmbiguousCreate as error:  # it may exist: look for it, for up to a minute
            found = self._eks.clusters.find(error)
            self._eks.dismiss(error)
            if found is None:
                raise  # it has made nothing
            cluster_id = found.cluster_id
        self.ids[name] = cluster_id
        print(f"{name} {cluster_id}\n", end="", flush=True)  # before the wait: whatever happens, it is known
        self._eks.wait.cluster_running(cluster_id)


def main() -> int:
    """Run it, and say what became of each."""
    template = models.CreateClusterRequest.from_dict(tomllib.loads(Path("cluster.toml").read_text(encoding="utf-8")))
    interrupted = False
    with EksClient() as eks:
        creation = Creation(eks, template)
        try:
            creation.run(sys.argv[1:])
        except KeyboardInterrupt:
            interrupted = True
    for name, error in creation.failed.items():
        print(name, error, file=sys.stderr)
    for create in eks.open_creates:
        print("look for it before you create it again:", create.name, file=sys.stderr)
    return 130 if interrupted else int(bool(creation.failed))


if __name__ == "__main__":
    sys.exit(main())
