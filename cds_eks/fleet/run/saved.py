"""`save` and `apply`: a plan that was looked at, and is carried out only if nothing has changed since."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import attrs

from cds_eks.errors import ConfigurationError, EksError
from cds_eks.fleet.journal.base import Journal
from cds_eks.fleet.plan.faults import PlanError
from cds_eks.fleet.plan.model import Plan
from cds_eks.fleet.run.arguments import check_arguments, check_client, check_journal, check_limits
from cds_eks.fleet.run.fleet_run import FleetRun
from cds_eks.fleet.run.provision import prepared
from cds_eks.fleet.run.service import check_service

if TYPE_CHECKING:
    from cds_eks.client.async_client import AsyncEksClient

VERSION = 1


class PlanOutdated(EksError):
    """A saved plan is not carried out: it, the journal or the service has changed since it was saved.

    Attributes:
        changed: What has changed: `plan`, `journal`, `service`.
    """

    def __init__(self, changed: Iterable[str]) -> None:
        self.changed: tuple[str, ...] = tuple(changed)
        what = " and ".join(self.changed)
        message = f"{what} changed since the plan was saved: look at it again, and save it anew"
        super().__init__(message, outcome="not_sent")


async def save(eks: AsyncEksClient, plan: Plan, path: str | os.PathLike[str], *, journal: Journal) -> None:
    """Write a plan into a file, with digests of what the journal and the service say of it now.

    Secrets are in it by reference only: a plan with an inline one is refused, for what is left out can't be applied.

    Args:
        eks: The client.
        plan: The plan.
        path: The file; it is written for its user alone.
        journal: The journal.

    Raises:
        PlanError: The plan has faults, or inline secrets; it names their fields.
    """
    check_arguments(eks, plan, journal)
    if faults := plan.inline_secrets():
        raise PlanError(faults)
    data = {
        "cds_eks_saved_plan": VERSION,
        "plan": plan.to_dict(),
        "source": plan.source,
        "folder": plan.folder,
        "digests": await _digests(eks, plan, journal),
    }
    text = json.dumps(data, indent=1, ensure_ascii=False)
    descriptor = os.open(Path(path), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


class SavedRun(FleetRun):
    """The run of a saved plan: as that of `provision`, but it begins with a look whether anything has changed.

    `await` looks at once, and returns the run. It looks in the time of `timeout`: once that is over, the run ends
    when it begins, and its report has `timed_out`.
    """

    def __init__(self, *arguments: Any, digests: Mapping[str, Any]) -> None:
        super().__init__(*arguments)
        self._digests = digests
        self._is_checked = False

    def __await__(self) -> Generator[Any, None, Self]:
        return self._checked().__await__()

    async def _checked(self) -> Self:
        try:
            with self._ending.before_it_begins():
                await self._check_first()
        except BaseException:
            self.was_asked_for = True  # whoever did knows why it can't be carried out
            raise
        return self

    async def _check_first(self) -> None:
        if self._is_checked:
            return
        now = await _digests(self._eks, self._plan, self._journal)
        if changed := [name for name in ("plan", "journal", "service") if self._digests.get(name) != now[name]]:
            raise PlanOutdated(changed)
        self._is_checked = True


def apply(eks: AsyncEksClient, path: str | os.PathLike[str], *, journal: Journal, **settings: Any) -> SavedRun:
    """Carry a saved plan out, if nothing has changed since it was saved.

    Args:
        eks: The client.
        path: The file.
        journal: The journal.
        **settings: As `provision` takes them.

    Returns:
        The run, which is `provision`'s.

    Raises:
        PlanOutdated: The file, the journal or the service has changed. It is raised when the run begins; with `await`,
            and from code that blocks, at once.
        ConfigurationError: The file is no saved plan.
    """
    check_client(eks)
    check_journal(journal)
    plan, digests = _read(Path(path))
    check_limits(settings.get("limits"))
    return SavedRun(eks, plan, journal, *prepared(plan, **settings), digests=digests)


def _read(path: Path) -> tuple[Plan, dict[str, Any]]:
    """Return the plan and the digests of a file.

    Raises:
        ConfigurationError: It is no saved plan.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        is_known = data["cds_eks_saved_plan"] == VERSION
        saved, digests, folder = dict(data["plan"]), dict(data["digests"]), str(data["folder"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: is no saved plan ({type(error).__name__})") from None
    if not is_known:
        raise ConfigurationError(f"{path}: was saved by another version of this package")
    return attrs.evolve(Plan.from_dict(saved, folder=folder), source=str(path)), digests


async def _digests(eks: AsyncEksClient, plan: Any, journal: Journal) -> dict[str, str]:
    """Return digests of a plan and of all that it is compared with."""
    await check_service(eks, journal)
    keys = {(cluster.name, cluster.vpc_id) for cluster in plan.clusters}
    listed = (await eks.clusters.list()).data
    ids = {item.id for item in plan.items()}
    items = await journal.items()
    return {
        "plan": _digest([plan.to_dict(), plan.folder]),
        "journal": _digest(
            sorted(
                [item.id, item.state, item.epoch, sorted(item.ids.items()), item.replicas, item.protect]
                for item in items
                if item.id in ids
            )
        ),
        "service": _digest(
            sorted(
                [each.cluster_id, each.cluster_name, each.vpc_id, each.cluster_status, each.node_sum]
                for each in listed
                if (each.cluster_name, each.vpc_id) in keys
            )
        ),
    }


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()
