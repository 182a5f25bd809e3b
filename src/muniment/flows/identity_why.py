"""Why records are one thing, or are not: the links of an asset in their order, and the evidence on any pair.

Called by the doors for `identity why` and `identity cases`. Links the engagement's records again, as they are, and
keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, graph, identity, matching, register
from muniment.base import engine as engines
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home

if TYPE_CHECKING:
    from muniment.base.engine import Engine

_MOST_PAIRS = 2_000


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record as people know it, and the asset it belongs to."""

    id: UUID
    source: str
    known_as: str
    asset: UUID | None
    asset_name: str

    def __str__(self) -> str:
        return f"{self.known_as} of {self.source}"


@dataclass(frozen=True, slots=True)
class CaseTold:
    """A case of IT that a pair of records is, in words."""

    key: str
    name: str
    means: str
    says: str
    advice: str
    left: RecordName
    right: RecordName


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two records: followed or not, and why.

    Attributes:
        left, right: the records.
        followed: whether it made one thing of what they stood for.
        joins: how many records each side had by then.
        reason: linked, judged, forbidden, doubtful, weak bridge.
        words: the same as a sentence.
        waterfall: the evidence; None where only a person's word counts.
        case: which case of IT the pair is, if any.
    """

    left: RecordName
    right: RecordName
    followed: bool
    joins: tuple[int, int]
    reason: str
    words: str
    waterfall: matching.Waterfall | None
    case: CaseTold | None


@dataclass(frozen=True, slots=True)
class HowLinked:
    """How an asset came to be: `key` sums up what its links agree on; `links` are in order, the strongest first."""

    asset: UUID
    name: str
    key: str
    records: tuple[RecordName, ...]
    links: tuple[Link, ...]
    not_followed: tuple[Link, ...]
    cases: tuple[CaseTold, ...]


@dataclass(frozen=True, slots=True)
class WhyLinked:
    """Why two records (the closest ones of two assets) are one thing, or are not.

    `compared` counts the pairs of records that were looked at; `path` are the links between them where they are one.
    """

    left: RecordName
    right: RecordName
    together: bool
    verdict: str
    waterfall: matching.Waterfall
    case: CaseTold | None
    compared: int
    path: tuple[Link, ...]


class Linking:
    """The engagement's records linked again, as they are now."""

    def __init__(self, connection: sa.Connection, home: Home, engine: Engine) -> None:
        self.connection = connection
        self.home = home
        self.engine = engine
        self.model = identity.model_in_force(connection, home.scope).model
        self.given = identity.inputs_of(connection, home.scope, engine)
        self.linked = matching.link(
            engine, self.given.records, self.given.identifiers, self.model, self.given.judgements
        )
        self.ids = [UUID(one) for one in self.given.found["id"].to_pylist()]
        self.numbers = {record: number for number, record in enumerate(self.ids)}
        clusters = self.linked.clusters
        self.cluster = dict(zip(clusters["record"].to_pylist(), clusters["cluster"].to_pylist(), strict=True))
        self.names: dict[int, RecordName] = {}

    def chosen(self, records: Iterable[UUID]) -> list[int]:
        """The numbers of records; those that name nothing have none."""
        return [self.numbers[one] for one in records if one in self.numbers]

    def learn_names(self, numbers: Iterable[int]) -> None:
        """Read what records are called, once each."""
        wanted = [self.ids[one] for one in set(numbers) - self.names.keys()]
        for record in record_names(self.connection, self.home, wanted):
            self.names[self.numbers[record.id]] = record

    def waterfalls(self, pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], matching.Waterfall]:
        """The evidence on pairs of records, by their numbers, the smaller first."""
        import pyarrow.compute as pc

        asked = sorted({(min(pair), max(pair)) for pair in pairs})
        if not asked:
            return {}
        scored = matching.score_between(self.engine, self.given.records, self.given.identifiers, self.model, asked)
        parts: dict[tuple[int, int], list[matching.Step]] = {pair: [] for pair in asked}
        for part in scored.parts.filter(pc.not_equal(scored.parts["full"], 0.0)).to_pylist():
            parts[part["a"], part["b"]].append(
                matching.Step(part["kind"].replace("_", " "), _compared(part), float(part["bits"]))
            )
        self.learn_names(number for pair in asked for number in pair)
        return {pair: self._waterfall(pair, steps) for pair, steps in parts.items()}

    def _waterfall(self, pair: tuple[int, int], steps: Sequence[matching.Step]) -> matching.Waterfall:
        total = self.model.prior + sum(step.bits for step in steps)
        left, right = (str(self.names[number]) for number in pair)
        return matching.Waterfall(
            left, right, self.model.prior, tuple(steps), self.model.threshold, self.model.probability(total)
        )

    def links(self, numbers: Sequence[int]) -> list[Link]:
        """How the clusters of records came to be, in order, with the links that were not followed."""
        steps = matching.steps(self.linked, self.model, numbers)
        told = self.waterfalls((step.a, step.b) for step in steps if step.score is not None)
        self.learn_names(number for step in steps for number in (step.a, step.b, *(step.because or ())))
        found = cases_by_pair(self.connection, self.home, self.names.values())
        judged = _Judged(self.connection, self.home)
        return [self._link(step, told, found, judged) for step in steps]

    def _link(
        self,
        step: matching.ClusterStep,
        told: Mapping[tuple[int, int], matching.Waterfall],
        found: Mapping[frozenset[UUID], CaseTold],
        judged: _Judged,
    ) -> Link:
        left, right = self.names[step.a], self.names[step.b]
        because = tuple(self.names[number] for number in step.because) if step.because else ()
        words = _reason(step, left, right, because, judged)
        return Link(
            left, right, step.merged, (len(step.left), len(step.right)), step.reason, words,
            told.get((min(step.a, step.b), max(step.a, step.b))), found.get(frozenset({left.id, right.id})),
        )  # fmt: skip


class _Judged:
    """Who said what of pairs of records, the latest word that counts."""

    def __init__(self, connection: sa.Connection, home: Home) -> None:
        self.connection = connection
        self.home = home
        self.said: dict[frozenset[identity.Reference], str] = {}
        for act in identity.judgement_acts(connection, home.scope):
            for left, right, same in () if act.undone else act.pairs:
                reason = f": {act.reason}" if act.reason else ""
                word = "one thing" if same else "different things"
                self.said[frozenset({left, right})] = f"{act.actor} called them {word} on {act.at:%Y-%m-%d}{reason}"

    def of(self, left: UUID, right: UUID) -> str:
        """What a person said of two records; "" where nobody said anything."""
        known = identity.references(self.connection, self.home.scope, [left, right])
        return self.said.get(frozenset(known.values()), "")


def how_linked(home: Home, asset: UUID) -> HowLinked:
    """How an asset came to be: its links in order, what was not followed, and what joined each record.

    Raises:
        NotFound: it is no asset of this engagement.
    """
    with home.scope.transaction() as connection, engines.bulk(memory_limit=home.settings["memory_limit"]) as engine:
        name = register.get(connection, home.scope, asset).name
        linking = Linking(connection, home, engine)
        members = linking.chosen(identity.members(connection, asset))
        links = linking.links(members) if members else []
        linking.learn_names(members)
        inside = {linking.names[number].id for number in members}
        followed = tuple(one for one in links if one.followed and {one.left.id, one.right.id} <= inside)
        dropped = tuple(one for one in links if not one.followed and {one.left.id, one.right.id} & inside)
        cases = tuple(cases_of(connection, home, asset=asset))
        records = tuple(sorted((linking.names[number] for number in members), key=lambda one: (one.source, str(one))))
        return HowLinked(asset, name, _key(followed), records, followed, dropped, cases)


def why_linked(home: Home, left: Sequence[UUID], right: Sequence[UUID]) -> WhyLinked:
    """Why the closest records of two sides are one thing, or are not.

    Args:
        home: whose records.
        left: record ids of one side: one record, or all of an asset.
        right: of the other.

    Raises:
        NotFound: a side has no record that names anything.
        Rejected: both sides are one record.
    """
    with home.scope.transaction() as connection, engines.bulk(memory_limit=home.settings["memory_limit"]) as engine:
        linking = Linking(connection, home, engine)
        sides = [linking.chosen(side) for side in (left, right)]
        if not all(sides):
            raise NotFound("one of them has no record that names anything, so it cannot be compared")
        pairs = [(a, b) for a, b in product(sides[0], sides[1]) if a != b][:_MOST_PAIRS]
        if not pairs:
            raise Rejected("both are one record: name two different ones")
        told = linking.waterfalls(pairs)
        a, b = max(told, key=lambda pair: (told[pair].total, [-number for number in pair]))
        if a not in sides[0]:
            a, b = b, a
        links = linking.links([a, b])
        together = linking.cluster[a] == linking.cluster[b]
        one, other = linking.names[a], linking.names[b]
        found = cases_by_pair(connection, home, [one, other])
        waterfall = told[min(a, b), max(a, b)]
        path = tuple(_path(links, one.id, other.id)) if together else ()
        said = _Judged(connection, home).of(one.id, other.id)
        verdict = _verdict(waterfall, links, (one, other), said, together=together)
        case = found.get(frozenset({one.id, other.id}))
        return WhyLinked(one, other, together, verdict, waterfall, case, len(told), path)


def cases_of(
    connection: sa.Connection,
    home: Home,
    *,
    asset: UUID | None = None,
    key: str | None = None,
    limit: int | None = None,
) -> list[CaseTold]:
    """The cases of IT that identity found: of one asset, of one case, or all; each in words."""
    found = identity.list_cases(connection, home.scope, asset=asset, key=key, limit=limit)
    names = {one.id: one for one in record_names(connection, home, [record for one in found for record in one.records])}
    return [_told(one, names) for one in found]


def _told(one: identity.Found, names: Mapping[UUID, RecordName]) -> CaseTold:
    known = matching.case_list()
    fits = 0 <= one.place < len(known) and known[one.place].key == one.key
    place = one.place if fits else next((n for n, case in enumerate(known) if case.key == one.key), 0)
    case = known[place]
    left, right = (names[record] for record in one.records)
    return CaseTold(case.key, case.name, case.means, matching.explain_case(place, one.told), case.advice, left, right)


def cases_by_pair(
    connection: sa.Connection, home: Home, records: Iterable[RecordName]
) -> dict[frozenset[UUID], CaseTold]:
    """The cases that records take part in, by their pairs."""
    assets = {one.asset for one in records if one.asset}
    return {
        frozenset({case.left.id, case.right.id}): case
        for asset in assets
        for case in cases_of(connection, home, asset=asset)
    }


def record_names(connection: sa.Connection, home: Home, records: Sequence[UUID]) -> list[RecordName]:
    """What records are called, with their sources and assets."""
    if not records:
        return []
    sources = {source.id: source.name for source in evidence.list_sources(connection)}
    assets = identity.assets_of_records(connection, records)
    names = graph.asset_names(connection, home.scope, sorted(set(assets.values())))
    return [
        RecordName(one.id, sources[one.source_id], one.known_as, asset, names.get(asset, "") if asset else "")
        for one in evidence.get_records(connection, list(set(records)))
        for asset in (assets.get(one.id),)
    ]


def _compared(part: Mapping[str, Any]) -> str:
    """What a comparison was about, in words."""
    one, other = part["left_value"], part["right_value"]
    if part["outcome"] == "same list":
        return "both are rows of one list, which names a thing once"
    if part["outcome"] == "agreed":
        shared = f", as {part['shared']} things of one list do" if part["shared"] > 1 else ""
        again = (
            ", counted once with the other name" if part["grp"] == "name" and not part["bits"] and not shared else ""
        )
        return f"both say {one}{shared}{again}"
    near = ", one slip of the finger apart" if part["outcome"] == "nearly" else ""
    again = ", counted once with the other name" if part["grp"] == "name" and not part["bits"] else ""
    return f"{one} against {other}{near}{again}"


def _reason(
    step: matching.ClusterStep, left: RecordName, right: RecordName, because: Sequence[RecordName], judged: _Judged
) -> str:
    """Why a link was followed, or was not."""
    if step.merged:
        return judged.of(left.id, right.id) or "a person called them one thing" if step.reason == "judged" else "linked"
    one, other = (because[0], because[1]) if because else (left, right)
    if step.reason == "judged":
        said = judged.of(one.id, other.id) or "a person called them different things"
        return f"not followed: it would make one of {one} and {other}; {said}"
    if step.reason == "forbidden":
        return f"not followed: it would make one of {one} and {other}, which are two things by their own evidence"
    if step.reason == "doubtful":
        return f"not followed: it fits {other} nearly as well as {one}, and those two are not the same thing"
    return f"not followed: a weak bridge; {one} and {other} on its two sides speak against it"


def _verdict(
    waterfall: matching.Waterfall,
    links: Sequence[Link],
    pair: tuple[RecordName, RecordName],
    said: str,
    *,
    together: bool,
) -> str:
    """Why two records are one thing or are not, in a sentence."""
    bits = f"{waterfall.total:+.1f} bits"
    if said:
        return f"{'one thing' if together else 'different things'}: {said} (the evidence alone: {bits})"
    if together:
        if waterfall.accepted:
            return f"one thing: {bits} are enough"
        return f"one thing, though {bits} between these two are not enough: other records link them"
    direct = next((one for one in links if {one.left.id, one.right.id} == {pair[0].id, pair[1].id}), None)
    if direct is not None and not direct.followed:
        return f"different things, though {bits} would be enough; {direct.words}"
    if waterfall.accepted:
        return f"different things, though {bits} would be enough: the rest of the evidence on them is against it"
    return f"different things: {bits} are not enough"


def _path(links: Sequence[Link], start: UUID, end: UUID) -> list[Link]:
    """The links between two records of one cluster: a tree has one way."""
    known: dict[UUID, list[tuple[UUID, Link]]] = {}
    for link in links:
        if link.followed:
            known.setdefault(link.left.id, []).append((link.right.id, link))
            known.setdefault(link.right.id, []).append((link.left.id, link))
    ways: dict[UUID, list[Link]] = {start: []}
    open_ends = [start]
    while open_ends:
        here = open_ends.pop()
        for there, link in known.get(here, ()):
            if there not in ways:
                ways[there] = [*ways[here], link]
                open_ends.append(there)
    return ways.get(end, [])


def _key(links: Sequence[Link]) -> str:
    """What the links of an asset agree and differ on, each with its strongest word."""
    best: dict[str, float] = {}
    for link in links:
        for step in link.waterfall.steps if link.waterfall else ():
            known = best.get(step.comparison, 0.0)
            if step.bits > max(known, 0) or (known <= 0 and step.bits < known):
                best[step.comparison] = step.bits
    return matching.match_key(list(best.items()))
