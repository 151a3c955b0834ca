"""What a list of the service shows of an item: all that has its natural key. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from cds_eks.errors import IncompleteList, UnreadableResponse
from cds_eks.lookup import AGREEING, AGREEING_BLANK
from cds_eks.models import ClusterSummary, NodePool
from cds_eks.schema.status import is_leaving


@attrs.frozen(kw_only=True)
class Absence:
    """One look that has shown nothing of an item.

    Attributes:
        began: When it began, by the journal's clock.
        is_blank: See `Sighting`.
    """

    began: float
    is_blank: bool


@attrs.frozen(kw_only=True)
class Sighting:
    """What was seen of one item.

    Attributes:
        began: When the look began, by the journal's clock: what was made before then, and is listed, was seen.
        ids: The ids of all that have its natural key, and stay.
        leaving: The ids of those that are being deleted.
        nameless: The ids of those that stay, and may be it, but are listed without a name: they may be anybody's.
        similar: The ids of others that an open create may have made: those that are being deleted, and are listed
            without a name, and those that are called like it but for the case and blanks around.
        doubtful_from: When the first of the looks one after another began that have shown each of `nameless` and
            `similar`.
        unplaced: Those of `ids` of which the list does not tell where they are: they may be another's of the same name.
        is_blank: Whether the list had neither entries nor their number.
        absences: The latest looks, one after another, that have shown nothing of it, this one included.
    """

    began: float
    ids: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    nameless: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    doubtful_from: Mapping[str, float] = attrs.field(factory=dict)
    unplaced: tuple[str, ...] = ()
    is_blank: bool = False
    absences: tuple[Absence, ...] = ()

    def after(self, earlier: Sighting | None) -> Sighting:
        """Return the same, as what was seen after an earlier look."""
        if not (self.ids or self.leaving or self.nameless or self.similar):
            looks = () if earlier is None else tuple(each for each in earlier.absences if each.began < self.began)
            latest = Absence(began=self.began, is_blank=self.is_blank)
            return attrs.evolve(self, absences=(*looks, latest)[-AGREEING_BLANK:])
        before = {} if earlier is None else earlier.doubtful_from
        doubtful = (*self.nameless, *self.similar)
        return attrs.evolve(self, doubtful_from={id_: before.get(id_, self.began) for id_ in doubtful})

    @property
    def nameless_since(self) -> float | None:
        """When the first look began that has shown what is without its name for longest, or None if that is not known.

        Others come and go, as each cluster may be listed without its name for a moment: they are not waited for longer.
        """
        return min((since for id_, since in self.doubtful_from.items() if id_ in self.nameless), default=None)

    @property
    def similar_since(self) -> float | None:
        """When the first look began that has shown the latest of `similar`, or None if that is not known."""
        return max((since for id_, since in self.doubtful_from.items() if id_ in self.similar), default=None)

    def is_absent(self, after: float) -> bool:
        """Whether it is not there, by the latest looks that began later than a moment of the journal's clock."""
        looks = [each for each in self.absences if each.began > after]
        return sum(not each.is_blank for each in looks) >= AGREEING or len(looks) >= AGREEING_BLANK

    def without(self, ids: Collection[str]) -> Sighting:
        """Return the same without some of what may be it: it is known what that is."""
        gone = {each for each in (*self.nameless, *self.similar) if each in ids}
        nameless, similar, leaving = (
            tuple(each for each in these if each not in gone) for these in (self.nameless, self.similar, self.leaving)
        )
        return attrs.evolve(self, nameless=nameless, similar=similar, leaving=leaving)

    def only_alike(self, ids: Collection[str]) -> Sighting:
        """Return the same with some of those that have its name as such that are only alike."""
        if not (alike := tuple(each for each in self.ids if each in ids)):
            return self
        named = tuple(each for each in self.ids if each not in ids)
        return attrs.evolve(self, ids=named, similar=(*self.similar, *alike))

    def with_doubt(self) -> Sighting:
        """Return the same with those that are in a place nobody knows as what may be it, and may be anybody's."""
        ids = tuple(each for each in self.ids if each not in self.unplaced)
        return attrs.evolve(self, ids=ids, nameless=(*self.nameless, *self.unplaced), unplaced=())

    @property
    def is_leaving(self) -> bool:
        """Whether one that has its name is being deleted, which ends; one without a name may be there for ever."""
        return any(each not in self.similar for each in self.leaving)


@attrs.frozen(kw_only=True)
class _Entry:
    """One entry of a list: a field that the service does not tell is None; a place then counts as equal."""

    id: str
    name: str | None
    place: str | None
    status: str | None


class Seen:
    """One list of the service, to look in for any number of items.

    Args:
        began: When it was asked for, by the journal's clock.
        entries: Its entries.
        action: The operation that gave it, for errors.
        total: How many there are by the service's word, if it told.
        is_blank: See `Sighting`.

    Raises:
        IncompleteList: There are more than were listed: what is not listed may be there.
    """

    def __init__(
        self, began: float, entries: Sequence[_Entry], *, action: str, total: int | None, is_blank: bool
    ) -> None:
        if total is not None and total > len(entries):
            raise IncompleteList(action=action, seen=len(entries), total_count=total)
        self.began = began
        self.is_blank = is_blank
        self._action = action
        self._by_name: Mapping[str | None, list[_Entry]] = defaultdict(list)
        self._by_folded: Mapping[str, list[_Entry]] = defaultdict(list)
        for entry in entries:
            self._by_name[entry.name or None].append(entry)
            if entry.name and entry.id:
                self._by_folded[_folded(entry.name)].append(entry)

    def of(self, name: str, place: str) -> Sighting:
        """Return what was seen of a name in a place: what is it has exactly the name, the service's search is not used.

        Raises:
            UnreadableResponse: What matches has no id.
        """
        named = [*self._by_name.get(name, ()), *self._by_name.get(None, ())]
        found = [entry for entry in named if entry.place in (None, "", place)]
        if any(not entry.id for entry in found):
            raise UnreadableResponse("what may be it is listed without its id", http_status=200, action=self._action)
        staying = [entry for entry in found if not is_leaving(entry.status)]
        leaving = [entry for entry in found if is_leaving(entry.status)]
        alike = self._by_folded.get(_folded(name), ())
        similar = [entry for entry in alike if entry.name != name and entry.place in (None, "", place)]
        return Sighting(
            began=self.began,
            is_blank=self.is_blank,
            ids=_ids(entry for entry in staying if entry.name),
            unplaced=_ids(entry for entry in staying if entry.name and not entry.place),
            nameless=_ids(entry for entry in staying if not entry.name),
            leaving=_ids(leaving),
            similar=_ids([*similar, *(entry for entry in leaving if not entry.name)]),
        )


def seen_clusters(
    began: float, entries: Iterable[ClusterSummary], total: int | None, *, is_blank: bool | None = None
) -> Seen:
    """Return what ListClusters has shown; the place of a cluster is its VPC.

    Args:
        began: When it was asked for, by the journal's clock.
        entries: Its entries.
        total: How many there are by the service's word, if it told.
        is_blank: See `Sighting`; None to go by the entries and `total`.
    """
    listed = [
        _Entry(id=each.cluster_id, name=each.cluster_name, place=each.vpc_id, status=each.cluster_status)
        for each in entries
    ]
    blank = is_blank_list(listed, total) if is_blank is None else is_blank
    return Seen(began, listed, action="ListClusters", total=total, is_blank=blank)


def placed(entries: Iterable[ClusterSummary], vpc_id: str | None) -> list[ClusterSummary]:
    """Return the entries of a list of one VPC, each with that VPC if it does not tell its own; None if it is of all."""
    return [each if each.vpc_id or vpc_id is None else each.replace(vpc_id=vpc_id) for each in entries]


def seen_pools(began: float, entries: Iterable[NodePool], total: int | None) -> Seen:
    """Return what ListNodePools has shown; the place of a pool is its cluster's id."""
    listed = [_Entry(id=each.id, name=each.name, place=each.cluster_id, status=each.status) for each in entries]
    return Seen(began, listed, action="ListNodePools", total=total, is_blank=is_blank_list(listed, total))


def is_blank_list(entries: Collection[object], total: int | None) -> bool:
    """Whether an answer has neither entries nor their number: a success without data may be no list at all."""
    return total is None and not entries


def _folded(name: str) -> str:
    return name.strip().casefold()


def _ids(entries: Iterable[_Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.id for entry in entries))
