"""From links to clusters: strongest first, none across what the evidence or a person keeps apart, no weak bridges.

`records` calls it with scored pairs; explanations ask `steps` how a cluster came to be. The result depends on the
content of the pairs only, never on the order in which they come.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from muniment.matching.match_model import MatchModel

_OUTVOTING = 400
"""Groups with more pairs between them than this are not weighed as wholes."""

Pair = tuple[int, int]
Reason = Literal["forbidden", "doubtful", "weak bridge", "judged", "linked"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person's word on two records, by their numbers."""

    left: int
    right: int
    same: bool


class Part(NamedTuple):
    """One comparison of a pair: bits as if it were the only one of its group."""

    kind: str
    group: str
    outcome: str
    bits: float


@dataclass(frozen=True, slots=True)
class Cut:
    """A link that was not followed.

    Attributes:
        a, b: the records it is between.
        score: its bits; None for a person's "same" that another word of theirs forbids.
        reason: `forbidden`, `doubtful` (fits another nearly as well), `weak bridge`, or `judged`.
        because: the two records that are two things by evidence or judgement; of a doubtful link, the record
            chosen and the rival it cannot be one with; of a weak bridge, the pair that speaks most against it.
    """

    a: int
    b: int
    score: float | None
    reason: Reason
    because: Pair


@dataclass(frozen=True, slots=True)
class Linked:
    """Who is one thing, and why.

    Attributes:
        clusters: (record, component, cluster): a cluster is named by its smallest record; a component is what
            links alone would make of it.
        pairs: (a, b, score, agreed, differed, apart) of all records that share a value.
        cuts: links that were not followed.
        joined: people's "same" that joined two clusters.
    """

    clusters: pa.Table
    pairs: pa.Table
    cuts: tuple[Cut, ...]
    joined: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class ClusterStep:
    """One merge in the order of strength, or a link that was not followed (`reason` says why)."""

    a: int
    b: int
    score: float | None
    left: tuple[int, ...]
    right: tuple[int, ...]
    merged: bool
    reason: Reason
    because: Pair | None = None


def components(count: int, links: pa.Table) -> list[int]:
    """The smallest record of each record's connected component (columns a, b)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    ends = [np.asarray(links[name].to_numpy(), dtype=np.int64) for name in ("a", "b")]
    graph = coo_matrix((np.ones(links.num_rows, dtype=np.int8), (ends[0], ends[1])), shape=(count, count))
    found, labels = connected_components(graph, directed=False)
    smallest = np.full(found, count, dtype=np.int64)
    np.minimum.at(smallest, labels, np.arange(count))
    return [int(value) for value in smallest[labels]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What clusters are made from.

    Attributes:
        component_of: per record, its component.
        links: (a, b, score), strongest first.
        inner: (a, b, score, apart) of all pairs in components where one of them has evidence against it.
        parts: (a, b, kind, grp, outcome, alone) of these pairs; `alone`: bits if it were the only one of its group.
    """

    component_of: Sequence[int]
    links: pa.Table
    inner: pa.Table
    parts: pa.Table


def resolve(model: MatchModel, found: Evidence, judgements: Sequence[Judgement], pairs: pa.Table) -> Linked:
    """Cut the components in which something speaks against the links; then follow people's words.

    `pairs` are handed through.
    """
    component_of = found.component_of
    different = {_ordered(one.left, one.right) for one in judgements if not one.same}
    evidence = {(a, b): score - model.prior for a, b, score in _listed(found.inner, "a", "b", "score")}
    suspicious = {component_of[a] for a, _ in evidence}
    suspicious |= {component_of[a] for a, b in different if component_of[a] == component_of[b]}
    forbidden: dict[int, set[Pair]] = defaultdict(set)
    for a, b in different | set(_listed(found.inner.filter(found.inner["apart"]), "a", "b")):
        forbidden[component_of[a]].add((a, b))
    own_links: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for a, b, score in _listed(found.links, "a", "b", "score"):
        if component_of[a] in suspicious:
            own_links[component_of[a]].append((a, b, score))
    parts: dict[Pair, list[Part]] = defaultdict(list)
    for a, b, *part in _listed(found.parts, "a", "b", "kind", "grp", "outcome", "alone"):
        parts[a, b].append(Part(*part))
    clusters, cuts = list(component_of), []
    for component in sorted(suspicious):
        cutting = _Cutting(model, own_links[component], forbidden[component], different, evidence, parts)
        for record, cluster in cutting.run().items():
            clusters[record] = cluster
        cuts += cutting.cuts
    clusters, joined, vetoed = _join_judged(clusters, [(j.left, j.right) for j in judgements if j.same], different)
    table = pa.table(
        {
            "record": pa.array(np.arange(len(clusters)), pa.int64()),
            "component": pa.array(component_of, pa.int64()),
            "cluster": pa.array(clusters, pa.int64()),
        }
    )
    return Linked(table, pairs, (*cuts, *vetoed), tuple(joined))


def steps(linked: Linked, model: MatchModel, records: Iterable[int]) -> tuple[ClusterStep, ...]:
    """How the clusters of some records came to be: merges in order, and the links that were not followed."""
    import pyarrow.compute as pc

    clusters = linked.clusters
    of: dict[int, int] = dict(_listed(clusters, "record", "cluster"))
    chosen = pa.array(sorted({of[record] for record in records}), pa.int64())
    mine = clusters.filter(pc.is_in(clusters["cluster"], chosen))
    members = clusters.filter(pc.is_in(clusters["component"], mine["component"].combine_chunks()))["record"]
    inside = pc.and_(
        pc.greater_equal(linked.pairs["score"], model.threshold),
        pc.is_in(linked.pairs["a"], members.combine_chunks()),
    )
    links = _listed(linked.pairs.filter(inside), "a", "b", "score")
    known = set(members.to_pylist())
    cuts = {(cut.a, cut.b): cut for cut in linked.cuts}
    group = {record: frozenset([record]) for record in known}
    found = []
    for a, b, score in [*sorted(links, key=lambda item: (-item[2], item[0], item[1]))]:
        cut = cuts.get((a, b))
        if cut is None and group[a] is group[b]:
            continue
        found.append(_step(group, (a, b), score, cut))
    for a, b in linked.joined:
        if a in known and b in known:
            found.append(_step(group, (a, b), None, None))
    vetoes = [cut for cut in linked.cuts if cut.score is None and {cut.a, cut.b} <= known]
    return (*found, *(_step(group, (cut.a, cut.b), None, cut) for cut in vetoes))


def _step(group: dict[int, frozenset[int]], pair: Pair, score: float | None, cut: Cut | None) -> ClusterStep:
    left, right = (tuple(sorted(group[record])) for record in pair)
    if cut is not None:
        return ClusterStep(*pair, score, left, right, merged=False, reason=cut.reason, because=cut.because)
    whole = frozenset(left) | frozenset(right)
    group.update(dict.fromkeys(whole, whole))
    return ClusterStep(*pair, score, left, right, merged=True, reason="judged" if score is None else "linked")


class _Cutting:
    """One component taken apart: strongest links first, doubtful ones and weak bridges not at all."""

    def __init__(
        self,
        model: MatchModel,
        links: list[tuple[int, int, float]],
        apart: set[Pair],
        different: set[Pair],
        evidence: Mapping[Pair, float],
        parts: Mapping[Pair, list[Part]],
    ) -> None:
        self.model = model
        self.links = links
        self.apart = apart
        self.apart_from: dict[int, set[int]] = defaultdict(set)
        for a, b in apart:
            self.apart_from[a].add(b)
            self.apart_from[b].add(a)
        self.different = different
        self.evidence = evidence
        self.parts = parts
        self.cuts: list[Cut] = []
        self.group = {record: {record} for a, b, _ in links for record in (a, b)}
        self.best: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for a, b, score in links:
            self.best[a].append((score, b))
            self.best[b].append((score, a))

    def run(self) -> dict[int, int]:
        """The cluster of each record that has a link."""
        for a, b, score in sorted(self.links, key=lambda item: (-item[2], item[0], item[1])):
            if self.group[a] is self.group[b]:
                continue
            cut = self._forbidden(a, b, score) or self._doubtful(a, b, score) or self._bridge(a, b, score)
            if cut is not None:
                self.cuts.append(cut)
                continue
            joined = self.group[a] | self.group[b]
            for record in joined:
                self.group[record] = joined
        return {record: min(group) for record, group in self.group.items()}

    def _across(self, a: int, b: int) -> list[Pair]:
        return [_ordered(x, y) for x, y in itertools.product(sorted(self.group[a]), sorted(self.group[b]))]

    def _forbidden(self, a: int, b: int, score: float) -> Cut | None:
        against = sorted(
            _ordered(x, y) for x in self.group[a] for y in self.apart_from.get(x, ()) if y in self.group[b]
        )
        judged = [pair for pair in against if pair in self.different]
        if judged:
            return Cut(a, b, score, "judged", judged[0])
        if against and len(self.group[a]) * len(self.group[b]) <= _OUTVOTING:
            agreed = self._agreed(self._across(a, b))
            against = [pair for pair in against if not self._outvoted(pair, agreed)]
        if not against:
            return None
        return Cut(a, b, score, "forbidden", min(against, key=lambda pair: (self.evidence.get(pair, 0.0), pair)))

    def _agreed(self, across: Iterable[Pair]) -> dict[tuple[str, str], float]:
        """The bits of each (group, kind) on which any two records of two groups agree."""
        agreed: dict[tuple[str, str], float] = {}
        for pair in across:
            for part in self.parts.get(pair, ()):
                if part.outcome == "agreed":
                    key = (part.group, part.kind)
                    agreed[key] = max(agreed.get(key, 0.0), part.bits)
        return agreed

    def _outvoted(self, against: Pair, agreed: Mapping[tuple[str, str], float]) -> bool:
        """Whether two groups agree on so much else that a disagreement on hardware is an error of one source."""
        own = self.parts.get(against, [])
        if any(part.outcome == "same list" for part in own):
            return False
        differ = {part.kind: part.bits for part in own if part.bits < 0}
        groups: dict[str, list[float]] = defaultdict(list)
        for (group, kind), bits in agreed.items():
            if kind not in differ:
                groups[group].append(bits)
        total = self.model.prior + sum(differ.values())
        for group, said in groups.items():
            most = max(said)
            total += most + (0 if group == "name" else self.model.second_opinion * (sum(said) - most))
        return total >= self.model.threshold + self.model.outvoted

    def _doubtful(self, a: int, b: int, score: float) -> Cut | None:
        """Whether one of the records fits another thing, known to be different, nearly as well."""
        within = self.group[a] | self.group[b]  # whose disagreements were weighed already
        for record, chosen in ((a, b), (b, a)):
            for other_score, other in self.best[record]:
                pair = _ordered(chosen, other)
                if pair in self.apart and other not in within and other_score > score - self.model.ambiguous:
                    return Cut(a, b, score, "doubtful", pair)
        return None

    def _bridge(self, a: int, b: int, score: float) -> Cut | None:
        """Whether a weak link would join two groups that otherwise speak against each other."""
        if score >= self.model.threshold + self.model.bridge or min(len(self.group[a]), len(self.group[b])) == 1:
            return None
        across = [(self.evidence.get(pair, 0.0), pair) for pair in self._across(a, b)]
        alone = sum(bits > 0 for bits, _ in across) == 1  # two that say the same are no accident
        if not alone or sum(bits for bits, _ in across) >= 0:
            return None
        return Cut(a, b, score, "weak bridge", min(across)[1])


def _join_judged(
    clusters: list[int], same: Iterable[Pair], different: set[Pair]
) -> tuple[list[int], list[Pair], list[Cut]]:
    """Join the clusters of records that people call the same, unless it joins what they call different.

    Whole clusters are joined: a person who merges two things means all that is known of each.
    """
    members: dict[int, set[int]] = defaultdict(set)
    for record, cluster in enumerate(clusters):
        members[cluster].add(record)
    home, joined, vetoed = list(clusters), [], []
    for left, right in same:
        a, b = sorted((home[left], home[right]))
        if a == b:
            continue
        against = sorted((x, y) for x, y in different if {home[x], home[y]} == {a, b})
        if against:
            vetoed.append(Cut(*_ordered(left, right), None, "judged", against[0]))
            continue
        joined.append(_ordered(left, right))
        members[a] |= members.pop(b)
        for record in members[a]:
            home[record] = a
    return home, joined, vetoed


def _ordered(left: int, right: int) -> Pair:
    return (left, right) if left < right else (right, left)


def _listed(table: pa.Table, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))
