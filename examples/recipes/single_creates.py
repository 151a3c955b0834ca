"""Creates of one process of a service: each name once, however many requests ask for it."""

from __future__ import annotations

import asyncio

from cds_eks import AsyncEksClient, errors, models


class AlreadyExists(Exception):
    """A cluster of this name was there before."""

    def __init__(self, found: models.ClusterSummary) -> None:
        super().__init__(f"cluster {found.cluster_name} exists already")
        self.cluster_id = found.cluster_id


class SingleCreates:
    """The creates of this process: one for each name, however many requests ask for it."""

    def __init__(self, eks: AsyncEksClient, template: models.CreateClusterRequest) -> None:
        self._eks, self._template = eks, template
        self._tasks: dict[str, asyncio.Task[models.ClusterTask]] = {}

    async def once(self, name: str) -> models.ClusterTask:
        """Create a cluster; whoever asks again, or at the same time, gets the same answer."""
        if name not in self._tasks:
            request = self._template.replace(cluster_name=name)
            self._tasks[name] = task = asyncio.create_task(self._create(request))
            task.add_done_callback(lambda task: self._forget_later(name, task))
        return await asyncio.shield(self._tasks[name])  # it goes on if this request is cancelled

    async def _create(self, request: models.CreateClusterRequest) -> models.ClusterTask:
        if (found := await self._eks.clusters.find(request, settle=0)) is not None:
            raise AlreadyExists(found)
        return (await self._eks.clusters.create(request)).data

    def _forget_later(self, name: str, task: asyncio.Task[models.ClusterTask]) -> None:
        if task.cancelled():
            return  # its outcome is unknown
        error = task.exception()
        if error is None:  # lists show it within a minute; until then only this process knows it
            asyncio.get_running_loop().call_later(60, self._forget, name, task)
        elif not isinstance(error, errors.AmbiguousCreate):  # that one stays until it was looked for
            self._forget(name, task)

    def _forget(self, name: str, task: asyncio.Task[models.ClusterTask] | None) -> None:
        if task is not None and self._tasks.get(name) is task:
            del self._tasks[name]

    async def look_up(self, name: str) -> models.ClusterSummary | None:
        """Return what a create has made whose outcome is unknown. After None, which takes a minute, create it again."""
        task = self._tasks.get(name)
        if task is not None:
            await asyncio.wait([task])
        found = await self._eks.clusters.find(self._template.replace(cluster_name=name))
        for create in self._eks.open_creates:
            if create.name == name:
                self._eks.dismiss(create)
        self._forget(name, task)
        return found

    async def end(self) -> None:
        """Let creates that are under way end, so that nothing is left open."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())
