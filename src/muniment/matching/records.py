"""Who is who: records that share identifiers, weighed by how exclusive each value really is.

Pure: Arrow tables in, clusters and explained pairs out, computed set-based in the bulk engine; `identity`
calls it. A pair's score is a sum of bits under a `MatchModel`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from muniment.base.engine import Engine
from muniment.matching import record_clusters
from muniment.matching.match_model import SHIPPED, MatchModel
from muniment.matching.record_clusters import Judgement, Linked

_COMPONENT_LIMIT = 60
_CERTAIN = 2
"""A disagreement on hardware of more bits than this keeps two records apart where little else agrees."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs and what their scores are made of.

    Attributes:
        pairs: (a, b, score, agreed, differed, apart); `score` is prior plus all bits, `apart` whether
            hardware or the list says that they are two things, where the score does not outweigh it.
        parts: (a, b, kind, grp, outcome, full, shared, bits, left_value, right_value): per comparison the
            outcome (`agreed`, `differed`, `nearly`, `same list`), its weight, how many things of one list
            carry the value, and the bits that count. Prior and bits of a pair sum up to its score.
    """

    pairs: pa.Table
    parts: pa.Table


def link(
    engine: Engine,
    records: pa.Table,
    identifiers: pa.Table,
    model: MatchModel = SHIPPED,
    judgements: Iterable[Judgement] = (),
) -> Linked:
    """Cluster records.

    Args:
        engine: for scratch tables.
        records: columns record (int64, in an order that depends on content only), source, list
            (rows of one list are alternatives), family (only records of one family are compared).
        identifiers: columns record, kind (a key of the model's weights), value.
        model: what decides.
        judgements: pairs that are one thing, or are not, whatever the score.
    """
    _prepare(engine, records, identifiers, model)
    _score_pairs(engine, model, "SELECT DISTINCT a, b FROM agreeing", "pairs")
    links = _links(engine, f"SELECT a, b, score FROM pairs WHERE score >= {model.threshold}")
    components = record_clusters.components(records.num_rows, links)
    everything = engine.rows("SELECT * FROM pairs ORDER BY a, b")
    inner, parts = _inner_pairs(engine, model, components)
    found = record_clusters.Evidence(components, links, inner, parts)
    return record_clusters.resolve(model, found, tuple(judgements), everything)


def score_between(
    engine: Engine, records: pa.Table, identifiers: pa.Table, model: MatchModel, pairs: Iterable[tuple[int, int]]
) -> Scored:
    """Score any pairs of records, also such as share nothing, with all that their scores are made of.

    Args:
        engine: for scratch tables.
        records: all records, as for `link`: how exclusive a value is depends on all.
        identifiers: theirs.
        model: what decides.
        pairs: record numbers; each comes back with the smaller one as `a`.
    """
    _prepare(engine, records, identifiers, model)
    asked = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    engine.register("asked_pairs", _pairs_table(asked))
    _score_pairs(engine, model, "SELECT a, b FROM asked_pairs", "pairs")
    return Scored(
        engine.rows("SELECT * FROM pairs ORDER BY a, b"),
        engine.rows(
            "SELECT p.a, p.b, p.kind, p.grp, p.outcome, p.full, p.shared, p.bits, v.left_value, v.right_value"
            " FROM parts p LEFT JOIN (SELECT x.a, x.b, i.kind, min(i.value) AS left_value,"
            "  min(j.value) AS right_value FROM asked_pairs x JOIN identifiers i ON i.record = x.a"
            "  JOIN identifiers j ON j.record = x.b AND j.kind = i.kind JOIN parts p ON p.a = x.a AND p.b = x.b"
            "  AND p.kind = i.kind AND (p.outcome <> 'agreed' OR i.value = j.value) GROUP BY ALL) v"
            " ON v.a = p.a AND v.b = p.b AND v.kind = p.kind ORDER BY p.a, p.b, p.bits DESC, p.kind"
        ),
    )


class Counted(NamedTuple):
    """How often records of one thing agreed on a kind that one thing alone carries, and how often they differed."""

    kind: str
    agreed: float
    differed: float


def compare_within(engine: Engine, linked: Linked, model: MatchModel, verdict: float) -> list[Counted]:
    """Count over all pairs within clusters, right after `link` in the same engine.

    Args:
        engine: of that call; its table `verdicts` has the pairs (a, b) that people call the same.
        linked: what `link` returned.
        model: by which it did.
        verdict: how many pairs one of `verdicts` counts as.
    """
    engine.register("clustered", linked.clusters)
    engine.derive(
        "same_thing",
        "SELECT x.record AS a, y.record AS b FROM clustered x JOIN clustered y"
        " ON x.cluster = y.cluster AND x.record < y.record JOIN (SELECT cluster FROM clustered GROUP BY cluster"
        f" HAVING count(*) BETWEEN 2 AND {_COMPONENT_LIMIT}) c ON c.cluster = x.cluster",
    )
    _score_pairs(engine, model, "SELECT a, b FROM same_thing UNION SELECT a, b FROM verdicts", "same_pairs")
    counted = engine.rows(
        "SELECT kind, sum(CASE WHEN outcome = 'agreed' AND shared = 1 THEN n ELSE 0 END)::DOUBLE AS agreed,"
        " sum(CASE WHEN outcome = 'differed' THEN n ELSE 0 END)::DOUBLE AS differed FROM ("
        f" SELECT p.*, CASE WHEN v.a IS NULL THEN 1 ELSE {verdict} END AS n FROM parts p"
        " LEFT JOIN verdicts v ON v.a = p.a AND v.b = p.b WHERE outcome <> 'same list') GROUP BY kind ORDER BY kind"
    )
    return [Counted(**row) for row in counted.to_pylist()]


def _prepare(engine: Engine, records: pa.Table, identifiers: pa.Table, model: MatchModel) -> None:
    engine.register("records", records)
    engine.register("all_identifiers", identifiers)
    engine.register("weights", _weight_table(model))
    engine.derive(
        "identifiers",
        "SELECT DISTINCT i.record, i.kind, i.value, r.source, r.list, r.family"
        " FROM all_identifiers i JOIN records r USING (record)",
    )
    engine.derive(  # joined with itself below, so without the values that thousands share
        "carried",
        "SELECT i.* FROM identifiers i JOIN (SELECT kind, value, family FROM identifiers GROUP BY ALL"
        f" HAVING count(DISTINCT record) BETWEEN 2 AND {model.block_limit}) c USING (kind, value, family)",
    )
    _merge_duplicates(engine)
    engine.derive(  # how many things of one list carry the value: 1 is exclusive
        "sharing",
        "SELECT kind, value, family, max(things) AS shared FROM ("
        " SELECT i.kind, i.value, i.family, i.list, count(DISTINCT t.twin) AS things"
        " FROM carried i JOIN twins t USING (record) GROUP BY ALL) GROUP BY ALL",
    )
    engine.derive(  # the most exclusive of several values of one kind that two records share
        "agreeing",
        "SELECT i.record AS a, j.record AS b, i.kind, min(s.shared) AS shared FROM carried i"
        " JOIN carried j ON i.kind = j.kind AND i.value = j.value AND i.family = j.family AND i.record < j.record"
        " AND (i.kind <> 'vm_id' OR i.source = j.source)"
        " JOIN sharing s ON s.kind = i.kind AND s.value = i.value AND s.family = i.family GROUP BY ALL",
    )


def _weight_table(model: MatchModel) -> pa.Table:
    return pa.table(
        {
            "kind": list(model.weights),
            "grp": [weight.group for weight in model.weights.values()],
            "agree": [float(weight.agree) for weight in model.weights.values()],
            "disagree": [float(weight.disagree) for weight in model.weights.values()],
        }
    )


def _merge_duplicates(engine: Engine) -> None:
    """Find rows of one list that are the same row twice, so that they do not count as sharing.

    They agree on a piece of hardware or a network card and on a name, and disagree on neither.
    """
    engine.derive(
        "list_pairs",
        "SELECT DISTINCT i.record AS a, j.record AS b, i.kind FROM carried i JOIN carried j ON i.kind = j.kind"
        " AND i.value = j.value AND i.list = j.list AND i.family = j.family AND i.record < j.record",
    )
    _compare(engine, "SELECT DISTINCT a, b FROM list_pairs", "list_compared")
    twins = _links(
        engine,
        "SELECT a, b, 0.0 AS score FROM list_pairs JOIN weights USING (kind) WHERE NOT EXISTS ("
        " SELECT 1 FROM list_compared d JOIN weights w ON w.kind = d.kind AND w.grp IN ('hardware', 'name')"
        " WHERE d.a = list_pairs.a AND d.b = list_pairs.b AND NOT d.agrees)"
        " GROUP BY a, b HAVING bool_or(grp = 'name') AND bool_or(grp IN ('hardware', 'network', 'place'))",
    )
    count = engine.count("records")
    engine.register("twins", _numbered("twin", record_clusters.components(count, twins)))


def _compare(engine: Engine, pairs: str, name: str) -> None:
    """Compare pairs on each kind that both have: whether any values agree, or are nearly the same.

    In steps, each small: a join of identifiers with themselves on values that thousands share must not happen.
    """
    engine.derive("compared_pairs", pairs)
    for side, of in (("left_values", "a"), ("right_values", "b")):
        engine.derive(
            side, f"SELECT p.a, p.b, i.kind, i.value FROM compared_pairs p JOIN identifiers i ON i.record = p.{of}"
        )
    engine.derive(
        name,
        "SELECT a, b, kind, bool_or(l.value = r.value) AS agrees, bool_or(kind IN ('serial', 'asset_tag')"
        " AND length(l.value) > 5 AND damerau_levenshtein(l.value, r.value) = 1) AS near"
        " FROM left_values l JOIN right_values r USING (a, b, kind) GROUP BY ALL",
    )


def _score_pairs(engine: Engine, model: MatchModel, candidates: str, name: str) -> None:
    """Score pairs into a table `name`, with what each comparison adds in `parts`."""
    engine.derive("candidates", candidates)
    base = f"CASE grp WHEN 'name' THEN {model.shared_name} ELSE {model.shared_base} END"
    loss = f"{base} + {model.shared_per_doubling} * log2(g.shared / 2)"
    engine.derive(
        "gains",
        "SELECT a, b, kind, w.grp, 'agreed' AS outcome, w.agree AS full, shared,"
        f" greatest(0, w.agree - CASE WHEN g.shared > 1 THEN {loss} ELSE 0 END) AS bits"
        " FROM agreeing g JOIN candidates USING (a, b) JOIN weights w USING (kind)",
    )
    _compare(engine, "SELECT a, b FROM candidates", "compared")
    engine.derive(
        "losses",
        "SELECT a, b, kind, grp, CASE WHEN near THEN 'nearly' ELSE 'differed' END AS outcome,"
        f" -disagree AS full, 1 AS shared, disagree * CASE WHEN near THEN {model.nearly} ELSE 1 END AS bits"
        " FROM compared JOIN weights USING (kind) WHERE disagree > 0 AND NOT agrees",
    )
    first = "row_number() OVER (PARTITION BY a, b, grp ORDER BY bits DESC, kind) = 1"
    further = f"CASE WHEN grp = 'name' THEN 0 ELSE {model.second_opinion} END"
    engine.derive(  # names disagree once: fqdn and hostname say the same thing
        "parts",
        f"SELECT * REPLACE (bits * CASE WHEN {first} THEN 1 ELSE {further} END AS bits), bits AS alone FROM gains"
        f" UNION ALL SELECT * REPLACE (-bits * CASE WHEN grp <> 'name' OR {first} THEN 1 ELSE 0 END AS bits),"
        " -bits AS alone FROM losses UNION ALL"
        f" SELECT c.a, c.b, 'list', 'list', 'same list', -{model.same_list}, 1, -{model.same_list}, -{model.same_list}"
        " FROM candidates c JOIN records ra ON ra.record = c.a JOIN records rb ON rb.record = c.b"
        " AND rb.list = ra.list JOIN twins ta ON ta.record = c.a JOIN twins tb ON tb.record = c.b"
        " AND tb.twin <> ta.twin",
    )
    engine.derive(
        name,
        "SELECT a, b, score, agreed, differed, two_things AND score < neutral AS apart FROM ("
        f" SELECT a, b, round({model.prior} + coalesce(sum(bits), 0), 6) AS score, {model.prior} AS neutral,"
        " coalesce(list_sort(list(kind) FILTER (outcome = 'agreed')), []) AS agreed,"
        " coalesce(list_sort(list(kind) FILTER (outcome IN ('differed', 'nearly'))), []) AS differed,"
        f" coalesce(sum(bits) FILTER (grp = 'hardware' AND bits < 0) < -{_CERTAIN}"
        "  OR bool_or(outcome = 'same list'), false) AS two_things"
        " FROM candidates LEFT JOIN parts USING (a, b) GROUP BY a, b)",
    )


def _inner_pairs(engine: Engine, model: MatchModel, components: Sequence[int]) -> tuple[pa.Table, pa.Table]:
    """All pairs within components where one speaks against the links that made it, and their parts."""
    engine.register("components", _numbered("component", components))
    engine.derive(
        "within",
        "SELECT x.record AS a, y.record AS b FROM components x JOIN components y"
        " ON x.component = y.component AND x.record < y.record"
        " JOIN (SELECT component FROM components GROUP BY component"
        f" HAVING count(*) BETWEEN 2 AND {_COMPONENT_LIMIT}) c ON c.component = x.component"
        " UNION SELECT p.a, p.b FROM pairs p JOIN components x ON x.record = p.a"
        " JOIN components y ON y.record = p.b AND y.component = x.component",
    )
    _score_pairs(engine, model, "SELECT * FROM within", "inner_pairs")
    engine.derive(
        "disputed",
        "SELECT i.* FROM inner_pairs i JOIN components c ON c.record = i.a WHERE c.component IN ("
        " SELECT component FROM inner_pairs JOIN components ON record = a"
        f" WHERE score < {model.prior})",
    )
    return (
        engine.rows("SELECT a, b, score, apart FROM disputed ORDER BY a, b"),
        engine.rows(
            "SELECT a, b, kind, grp, outcome, alone FROM parts SEMI JOIN disputed USING (a, b) ORDER BY a, b, kind"
        ),
    )


def _links(engine: Engine, sql: str) -> pa.Table:
    return engine.rows(f"SELECT * FROM ({sql}) ORDER BY score DESC, a, b")


def _numbered(name: str, labels: Sequence[int]) -> pa.Table:
    return pa.table(
        {"record": pa.array(np.arange(len(labels)), pa.int64()), name: pa.array(np.asarray(labels), pa.int64())}
    )


def _pairs_table(pairs: Sequence[tuple[int, int]]) -> pa.Table:
    return pa.table(
        {
            "a": pa.array([pair[0] for pair in pairs], pa.int64()),
            "b": pa.array([pair[1] for pair in pairs], pa.int64()),
        }
    )
