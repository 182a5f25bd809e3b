"""Who is who: records that share identifiers, weighed by how exclusive each value really is.

Pure: Arrow tables in, clusters and explained links out, computed set-based in the bulk engine; `identity`
calls it. A pair's score is a sum of bits, see `WEIGHTS`: priors of the field, fitted to no file.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from muniment.base.engine import Engine


@dataclass(frozen=True, slots=True)
class Weight:
    """Bits for agreement and for disagreement on one kind of identifier."""

    group: str
    agree: float
    disagree: float


WEIGHTS: Mapping[str, Weight] = {  # a serial is written on one chassis, a name is given again
    "uuid": Weight("hardware", 12, 6),
    "cloud_id": Weight("hardware", 12, 8),
    "serial": Weight("hardware", 9, 7),
    "asset_tag": Weight("hardware", 8, 5),
    "vm_id": Weight("hardware", 8, 0),
    "mac_address": Weight("network", 7, 2),
    "ip_address": Weight("network", 3, 0.5),
    "fqdn": Weight("name", 5.5, 2),
    "hostname": Weight("name", 5, 3),
    "application_id": Weight("hardware", 10, 6),
    "form": Weight("hardware", 0, 5),
    "name": Weight("name", 5, 4),
    "parent": Weight("place", 2, 4),
    "instance": Weight("place", 2, 2),
}

THRESHOLD = 4.0
"""Bits from which a pair is a match."""

SHARED_BASE = 6.0
SHARED_PER_DOUBLING = 2.0
"""What a value loses that n > 1 things of one source carry: 6 + 2 log2(n/2) bits, never below 0."""

SECOND_OPINION = 0.25
"""Further agreements of one group (uuid and serial, two addresses) are not independent: a quarter."""

NEARLY = 0.15
"""A serial or tag one typing error away disagrees by this share of its cost only (Damerau 1964)."""

APART = 0.0
"""Below this, two records that disagree on hardware, or stand in one list, are two things for sure."""

SAME_LIST = 4.0
"""Cost of two rows of one list: a source lists a thing once, unless the rows are duplicates."""

AMBIGUOUS = 2.0
"""A record that fits two things that are not the same needs this many bits more for one of them."""

BLOCK_LIMIT = 40
"""A value carried by more records than this proposes no pairs."""

_COMPONENT_LIMIT = 60


@dataclass(frozen=True, slots=True)
class Judgement:
    """A person's word on two records, by their numbers."""

    left: int
    right: int
    same: bool


def link(
    engine: Engine, records: pa.Table, identifiers: pa.Table, judgements: Iterable[Judgement] = ()
) -> tuple[pa.Table, pa.Table]:
    """Cluster records.

    Args:
        engine: for scratch tables.
        records: columns record (int64, in an order that depends on content only), source, list
            (rows of one list are alternatives), family (only records of one family are compared).
        identifiers: columns record, kind (a key of `WEIGHTS`), value.
        judgements: pairs that are one thing, or are not, whatever the score.

    Returns:
        (record, cluster), the cluster being its smallest record; and the scored pairs (a, b,
        score, agreed, differed).
    """
    engine.register("records", records)
    engine.register("all_identifiers", identifiers)
    engine.register("weights", _weight_table())
    engine.derive(
        "identifiers",
        "SELECT DISTINCT i.record, i.kind, i.value, r.source, r.list, r.family"
        " FROM all_identifiers i JOIN records r USING (record)",
    )
    _merge_duplicates(engine)
    _score(engine)
    judged = tuple(judgements)
    edges = engine.rows(f"SELECT a, b, score FROM pairs WHERE score >= {THRESHOLD} ORDER BY score DESC, a, b")
    count = records.num_rows
    pairs = list(zip(*(edges[name].to_pylist() for name in ("a", "b", "score")), strict=True))
    components = _components(count, pairs)
    different = {(min(j.left, j.right), max(j.left, j.right)) for j in judged if not j.same}
    clusters = _resolve(components, pairs, _forbidden(engine, components) | different)
    clusters = _join_judged(clusters, [(j.left, j.right) for j in judged if j.same], different)
    return (
        pa.table({"record": pa.array(np.arange(count), pa.int64()), "cluster": pa.array(clusters, pa.int64())}),
        engine.rows("SELECT a, b, score, agreed, differed FROM pairs ORDER BY a, b"),
    )


def _weight_table() -> pa.Table:
    return pa.table(
        {
            "kind": list(WEIGHTS),
            "grp": [weight.group for weight in WEIGHTS.values()],
            "agree": [float(weight.agree) for weight in WEIGHTS.values()],
            "disagree": [float(weight.disagree) for weight in WEIGHTS.values()],
        }
    )


def _merge_duplicates(engine: Engine) -> None:
    """Find rows of one list that are the same row twice, so that they do not count as sharing.

    They agree on a piece of hardware or a network card and on a name, and disagree on neither.
    """
    engine.derive(
        "list_pairs",
        "SELECT DISTINCT i.record AS a, j.record AS b, i.kind FROM identifiers i JOIN identifiers j"
        " ON i.kind = j.kind AND i.value = j.value AND i.list = j.list AND i.family = j.family"
        " AND i.record < j.record JOIN (SELECT kind, value, list FROM identifiers GROUP BY ALL"
        f" HAVING count(DISTINCT record) BETWEEN 2 AND {BLOCK_LIMIT}) small"
        " ON small.kind = i.kind AND small.value = i.value AND small.list = i.list",
    )
    engine.derive("kinds_of", "SELECT DISTINCT record, kind FROM identifiers")
    engine.derive(
        "list_disputes",
        "SELECT DISTINCT p.a, p.b FROM (SELECT DISTINCT a, b FROM list_pairs) p"
        " JOIN kinds_of x ON x.record = p.a JOIN kinds_of y ON y.record = p.b AND y.kind = x.kind"
        " JOIN weights w ON w.kind = x.kind AND w.grp IN ('hardware', 'name') WHERE NOT EXISTS ("
        " SELECT 1 FROM identifiers i JOIN identifiers j ON i.kind = j.kind AND i.value = j.value"
        " WHERE i.record = p.a AND j.record = p.b AND i.kind = x.kind)",
    )
    twins = engine.rows(
        "SELECT a, b FROM list_pairs JOIN weights USING (kind)"
        " WHERE NOT EXISTS (SELECT 1 FROM list_disputes d"
        "  WHERE d.a = list_pairs.a AND d.b = list_pairs.b)"
        " GROUP BY a, b HAVING bool_or(grp = 'name')"
        " AND bool_or(grp IN ('hardware', 'network', 'place')) ORDER BY a, b"
    )
    count = engine.count("records")
    pairs = [(a, b, 0.0) for a, b in zip(twins["a"].to_pylist(), twins["b"].to_pylist(), strict=True)]
    engine.register(
        "twins",
        pa.table(
            {
                "record": pa.array(np.arange(count), pa.int64()),
                "twin": pa.array(_components(count, pairs), pa.int64()),
            }
        ),
    )


def _score(engine: Engine) -> None:
    engine.derive(  # how many things of one list carry the value: 1 is exclusive
        "sharing",
        "SELECT kind, value, family, max(things) AS shared, sum(records) AS records FROM ("
        " SELECT i.kind, i.value, i.family, i.list, count(DISTINCT t.twin) AS things,"
        " count(DISTINCT i.record) AS records FROM identifiers i JOIN twins t USING (record)"
        " GROUP BY ALL) GROUP BY ALL",
    )
    engine.derive(
        "agreements",
        "SELECT i.record AS a, j.record AS b, i.kind, max(greatest(0, w.agree - CASE WHEN s.shared > 1"
        f" THEN {SHARED_BASE} + {SHARED_PER_DOUBLING} * log2(s.shared / 2) ELSE 0 END)) AS bits"
        " FROM identifiers i JOIN identifiers j ON i.kind = j.kind AND i.value = j.value"
        " AND i.family = j.family AND i.record < j.record"
        " AND (i.kind <> 'vm_id' OR i.source = j.source)"
        " JOIN sharing s ON s.kind = i.kind AND s.value = i.value AND s.family = i.family"
        f" AND s.records <= {BLOCK_LIMIT} JOIN weights w ON w.kind = i.kind GROUP BY ALL",
    )
    _score_pairs(engine, "SELECT DISTINCT a, b FROM agreements", "pairs")


def _score_pairs(engine: Engine, candidates: str, name: str) -> None:
    engine.derive("candidates", candidates)
    engine.derive(
        "disagreements",
        "SELECT p.a, p.b, x.kind, w.grp, w.disagree * CASE WHEN x.kind IN ('serial', 'asset_tag') AND EXISTS ("
        " SELECT 1 FROM identifiers i JOIN identifiers j ON i.kind = j.kind WHERE i.record = p.a"
        " AND j.record = p.b AND i.kind = x.kind AND length(i.value) > 5"
        f" AND damerau_levenshtein(i.value, j.value) = 1) THEN {NEARLY} ELSE 1 END AS bits FROM candidates p"
        " JOIN kinds_of x ON x.record = p.a JOIN kinds_of y ON y.record = p.b AND y.kind = x.kind"
        " JOIN weights w ON w.kind = x.kind WHERE w.disagree > 0 AND NOT EXISTS ("
        " SELECT 1 FROM identifiers i JOIN identifiers j ON i.kind = j.kind AND i.value = j.value"
        " WHERE i.record = p.a AND j.record = p.b AND i.kind = x.kind)",
    )
    engine.derive(
        "gains",
        f"SELECT a, b, sum(CASE grp WHEN 'name' THEN most ELSE most + {SECOND_OPINION} * (total - most) END) AS bits,"
        " list_sort(flatten(list(kinds))) AS agreed, bool_or(grp = 'name') AS name_agrees FROM ("
        " SELECT a, b, grp, max(bits) AS most, sum(bits) AS total, list(kind) AS kinds"
        " FROM agreements JOIN weights USING (kind) GROUP BY a, b, grp) GROUP BY a, b",
    )
    engine.derive(  # names disagree once: fqdn and hostname say the same thing
        "losses",
        "SELECT a, b, sum(bits) AS bits, list_sort(flatten(list(kinds))) AS differed,"
        " bool_or(grp = 'hardware' AND bits > 2) AS hardware FROM ("
        " SELECT a, b, grp, CASE WHEN grp = 'name' THEN max(bits) ELSE sum(bits) END AS bits,"
        " list(kind) AS kinds FROM disagreements GROUP BY a, b, grp) GROUP BY a, b",
    )
    engine.derive(
        name,
        "SELECT c.a, c.b, round(coalesce(g.bits, 0) - coalesce(l.bits, 0)"
        f" - CASE WHEN ra.list = rb.list AND ta.twin <> tb.twin THEN {SAME_LIST} ELSE 0 END, 6) AS score,"
        " coalesce(g.agreed, []) AS agreed, coalesce(l.differed, []) AS differed,"
        " coalesce(l.hardware, false) OR (ra.list = rb.list AND ta.twin <> tb.twin) AS apart"
        " FROM candidates c JOIN records ra ON ra.record = c.a JOIN records rb ON rb.record = c.b"
        " JOIN twins ta ON ta.record = c.a JOIN twins tb ON tb.record = c.b"
        " LEFT JOIN gains g ON g.a = c.a AND g.b = c.b LEFT JOIN losses l ON l.a = c.a AND l.b = c.b",
    )


def _components(count: int, pairs: list[tuple[int, int, float]]) -> list[int]:
    """The smallest record of each record's connected component."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left = np.array([pair[0] for pair in pairs], dtype=np.int64)
    right = np.array([pair[1] for pair in pairs], dtype=np.int64)
    graph = coo_matrix((np.ones(len(pairs), dtype=np.int8), (left, right)), shape=(count, count))
    found, labels = connected_components(graph, directed=False)
    smallest = np.full(found, count, dtype=np.int64)
    np.minimum.at(smallest, labels, np.arange(count))
    return [int(value) for value in smallest[labels]]


def _forbidden(engine: Engine, components: list[int]) -> set[tuple[int, int]]:
    """Pairs within one component that are two things by their own evidence."""
    engine.register(
        "components",
        pa.table(
            {
                "record": pa.array(np.arange(len(components)), pa.int64()),
                "component": pa.array(components, pa.int64()),
            }
        ),
    )
    _score_pairs(
        engine,
        "SELECT x.record AS a, y.record AS b FROM components x JOIN components y"
        " ON x.component = y.component AND x.record < y.record"
        " JOIN (SELECT component FROM components GROUP BY component"
        f" HAVING count(*) BETWEEN 2 AND {_COMPONENT_LIMIT}) c ON c.component = x.component",
        "inner_pairs",
    )
    found = engine.rows(
        f"SELECT a, b FROM inner_pairs WHERE apart AND score < {APART} UNION"
        " SELECT p.a, p.b FROM pairs p JOIN components x ON x.record = p.a"
        " JOIN components y ON y.record = p.b AND y.component = x.component"
        f" WHERE p.apart AND p.score < {APART}"
    )
    return set(zip(found["a"].to_pylist(), found["b"].to_pylist(), strict=True))


def _resolve(components: list[int], pairs: list[tuple[int, int, float]], forbidden: set[tuple[int, int]]) -> list[int]:
    """Cut the components that hold two things: strongest links first, doubtful ones not at all."""
    disputed = {components[a] for a, _ in forbidden}
    links: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for a, b, score in pairs:
        if components[a] in disputed:
            links[components[a]].append((a, b, score))
    members: dict[int, list[int]] = defaultdict(list)
    for record, component in enumerate(components):
        if component in disputed:
            members[component].append(record)
    clusters = list(components)
    for component, records in members.items():
        for record, cluster in _cut(records, links[component], forbidden).items():
            clusters[record] = cluster
    return clusters


def _join_judged(clusters: list[int], same: Iterable[tuple[int, int]], different: set[tuple[int, int]]) -> list[int]:
    """Join the clusters of records that people call the same, unless it joins what they call different.

    Whole clusters are joined: a person who merges two things means all that is known of each.
    """
    members: dict[int, set[int]] = defaultdict(set)
    for record, cluster in enumerate(clusters):
        members[cluster].add(record)
    home = list(clusters)
    for left, right in same:
        a, b = sorted((home[left], home[right]))
        if a == b or any({home[x], home[y]} == {a, b} for x, y in different):
            continue
        members[a] |= members.pop(b)
        for record in members[a]:
            home[record] = a
    return home


def _cut(records: list[int], links: list[tuple[int, int, float]], forbidden: set[tuple[int, int]]) -> dict[int, int]:
    group = {record: {record} for record in records}
    apart = {pair for pair in forbidden if pair[0] in group}
    best: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for a, b, score in links:
        best[a].append((score, b))
        best[b].append((score, a))
    for a, b, score in sorted(links, key=lambda item: (-item[2], item[0], item[1])):
        if group[a] is group[b] or _clash(group[a], group[b], apart):
            continue
        if _doubtful(a, b, score, best, apart) or _doubtful(b, a, score, best, apart):
            continue
        joined = group[a] | group[b]
        for record in joined:
            group[record] = joined
    return {record: min(group[record]) for record in records}


def _clash(left: set[int], right: set[int], apart: set[tuple[int, int]]) -> bool:
    return any((min(a, b), max(a, b)) in apart for a, b in itertools.product(left, right))


def _doubtful(
    record: int,
    chosen: int,
    score: float,
    best: Mapping[int, list[tuple[float, int]]],
    apart: set[tuple[int, int]],
) -> bool:
    """Whether the record fits another thing, known to be different, nearly as well."""
    return any(
        (min(chosen, other), max(chosen, other)) in apart and other_score > score - AMBIGUOUS
        for other_score, other in best[record]
        if other != chosen
    )
