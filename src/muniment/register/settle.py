"""People's words in the fold: a resolved value outranks every claim, an accepted conflict stays quiet.

Called by `fold` after the claims have been ranked. A pure function of its tables, so it does not matter
when a word was given or in which order the evidence came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from muniment.base.engine import Engine

if TYPE_CHECKING:
    import pyarrow as pa

AGREEING = 2
"""So many sources must newly say the same other value before they contradict a person's word."""

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Settled:
    """What people said of the assets to fold; all columns are text.

    Attributes:
        words: asset_id, attribute, verdict (resolved, accepted), id, actor, reason, at (microseconds), until
            (date or null), until_agreed; at most one per asset, attribute and verdict.
        values: asset_id, attribute, value (JSON text of one scalar), place; of the resolved ones.
        seen: asset_id, attribute, verdict, source, value: the claims there when the word was given.
    """

    words: pa.Table
    values: pa.Table
    seen: pa.Table


def register_words(engine: Engine, settled: Settled) -> None:
    """Make the words known to the engine; needs `weighed` and `fold_attributes`."""
    engine.register("settled_words", settled.words)
    engine.register("settled_values", settled.values)
    engine.register("settled_seen", settled.seen)
    engine.derive(  # what is claimed now of what people have settled
        "settled_claims",
        "SELECT w.asset_id, w.attribute, w.value, w.source, w.day FROM weighed w"
        " SEMI JOIN settled_words s USING (asset_id, attribute)"
        " QUALIFY w.stated OR NOT bool_or(w.stated) OVER (PARTITION BY w.asset_id, w.attribute)",
    )
    engine.derive(  # a word that holds until the sources agree ends when all that speak say the same
        "held",
        "SELECT w.*, a.multi FROM settled_words w JOIN fold_attributes a USING (attribute)"
        " LEFT JOIN (SELECT asset_id, attribute, list_sort(list(DISTINCT value)) AS said FROM settled_claims"
        "  GROUP BY ALL) c USING (asset_id, attribute)"
        " LEFT JOIN (SELECT asset_id, attribute, list_sort(list(DISTINCT value)) AS chosen FROM settled_values"
        "  GROUP BY ALL) v USING (asset_id, attribute)"
        " WHERE w.verdict = 'resolved' AND (NOT w.until_agreed::BOOLEAN OR c.said IS NULL"
        " OR c.said <> coalesce(v.chosen, []))",
    )


def outrank(engine: Engine) -> None:
    """Put resolved values in the place of the claims' `winners`; makes `chosen`, what every asset ends up with."""
    engine.derive("claimed", "SELECT * FROM winners")
    engine.derive(
        "rivals_of_held",
        "SELECT s.asset_id, s.attribute, string_agg("
        + _each("s.confidence", "to_json(s.sources)", "s.value")
        + ", ',' ORDER BY s.place) AS rivals FROM scored s SEMI JOIN held h USING (asset_id, attribute)"
        " ANTI JOIN settled_values v USING (asset_id, attribute, value) GROUP BY s.asset_id, s.attribute",
    )
    each = _each("1.0", "to_json([h.actor])", "v.value")
    engine.derive(
        "winners",
        "SELECT * FROM claimed ANTI JOIN held USING (asset_id, attribute) UNION ALL BY NAME"
        " SELECT h.asset_id, h.attribute, any_value(h.multi) AS multi, 1 AS rivals, CASE WHEN any_value(h.multi)"
        " THEN '[' || string_agg(v.value, ',' ORDER BY v.place::INT) || ']' ELSE min_by(v.value, v.place::INT) END"
        f' AS value, 1.0 AS confidence, \'{{"at":"\' || {_day("any_value(h.at)")} || \'","by":\''
        " || to_json(any_value(h.actor))"
        f" || ',\"confidence\":1.0' || CASE WHEN any_value(h.multi) THEN ',\"each\":[' || string_agg({each}, ','"
        " ORDER BY v.place::INT) || ']' ELSE '' END || ',\"reason\":' || to_json(any_value(h.reason))"
        " || ',\"resolution\":\"' || any_value(h.id) || '\"'"
        " || coalesce(',\"rivals\":[' || any_value(r.rivals) || ']', '')"
        ' || \',"rule":"resolved","sources":\' || to_json([any_value(h.actor)])'
        " || coalesce(',\"until\":\"' || any_value(h.until) || '\"', '')"
        " || CASE WHEN any_value(h.until_agreed)::BOOLEAN THEN ',\"until_agreed\":true' ELSE '' END || '}'"
        " AS provenance FROM held h JOIN settled_values v USING (asset_id, attribute)"
        " LEFT JOIN rivals_of_held r USING (asset_id, attribute) GROUP BY h.asset_id, h.attribute",
    )
    engine.derive(
        "chosen",
        "SELECT asset_id, attribute, value, place, multi FROM ranked_values"
        " ANTI JOIN held USING (asset_id, attribute) UNION ALL"
        " SELECT asset_id, attribute, v.value, v.place::BIGINT, h.multi FROM settled_values v"
        " JOIN held h USING (asset_id, attribute)",
    )


def judge_conflicts(engine: Engine) -> None:
    """Give `found_conflicts` their states, and add those where later evidence contradicts a person's word."""
    engine.derive(
        "news",
        "SELECT w.asset_id, w.attribute, w.verdict, c.value, c.source, c.day FROM settled_words w"
        " JOIN settled_claims c USING (asset_id, attribute)"
        " ANTI JOIN settled_seen s ON (s.asset_id, s.attribute, s.verdict, s.source, s.value)"
        " = (w.asset_id, w.attribute, w.verdict, c.source, c.value) UNION ALL"
        " SELECT w.asset_id, w.attribute, w.verdict, c.evidence, c.source, c.changed_at::BIGINT"
        f" // {_DAY} FROM settled_words w JOIN fold_changes c USING (asset_id, attribute)"  # nobody saw the change
        " ANTI JOIN settled_seen s ON (s.asset_id, s.attribute, s.verdict, s.source, s.value)"
        " = (w.asset_id, w.attribute, w.verdict, c.source, c.evidence) WHERE w.verdict = 'accepted'",
    )
    engine.derive("raw_conflicts", f"SELECT * FROM found_conflicts UNION ALL BY NAME {_contradicted()}")
    engine.derive(
        "found_conflicts",
        "SELECT c.asset_id, c.attribute, c.kind, c.severity, c.rank, c.claims, CASE"
        " WHEN a.id IS NOT NULL AND n.asset_id IS NOT NULL AND h.id IS NULL THEN 'accepted by ' || a.actor || ' on '"
        f" || {_day('a.at')} || ', but the evidence has changed since: ' || c.hint ELSE c.hint END AS hint,"
        " CASE WHEN h.id IS NOT NULL AND c.kind <> 'contradicted' THEN 'resolved'"
        " WHEN a.id IS NOT NULL AND n.asset_id IS NULL THEN 'accepted' ELSE 'open' END AS state,"
        f" CASE WHEN h.id IS NOT NULL AND c.kind <> 'contradicted' THEN {_decision('h')}"
        f" WHEN a.id IS NOT NULL AND n.asset_id IS NULL THEN {_decision('a')} END AS decision"
        " FROM raw_conflicts c LEFT JOIN held h USING (asset_id, attribute)"
        " LEFT JOIN settled_words a ON a.asset_id = c.asset_id AND a.attribute = c.attribute"
        "  AND a.verdict = 'accepted'"
        " LEFT JOIN (SELECT DISTINCT asset_id, attribute FROM news WHERE verdict = 'accepted') n"
        "  ON n.asset_id = c.asset_id AND n.attribute = c.attribute",
    )


def _contradicted() -> str:
    """Held words against which several sources, or an until-agreed word's one, now newly say another value."""
    word = _each("1.0", "to_json([h.actor])", "v.value")
    return (
        "SELECT h.asset_id, h.attribute, 'contradicted' AS kind, any_value(a.severity) AS severity,"
        " any_value(a.rank) AS rank, '[' || any_value(p.word) || coalesce(',' || any_value(r.rivals), '') || ']'"
        " AS claims, max_by(array_to_string(n.sources, ', '), (n.support, n.value)) || ' now say(s) '"
        " || max_by(coalesce(n.value::JSON ->> '$', ''), (n.support, n.value)) || ', which came after '"
        " || any_value(h.actor) || ' resolved it on '"
        f" || {_day('any_value(h.at)')}"
        " || ': the resolution stands; resolve it again or accept it' AS hint"
        " FROM held h JOIN fold_attributes a USING (attribute)"
        " JOIN (SELECT n.asset_id, n.attribute, n.value, count(DISTINCT n.source) AS support,"
        "  list_sort(list(DISTINCT n.source)) AS sources FROM news n JOIN held h USING (asset_id, attribute)"
        "  ANTI JOIN settled_values v ON (v.asset_id, v.attribute, v.value) = (n.asset_id, n.attribute, n.value)"
        f"  WHERE n.verdict = 'resolved' AND (n.day >= h.at::BIGINT // {_DAY} OR h.until_agreed::BOOLEAN)"
        "  GROUP BY n.asset_id, n.attribute, n.value) n USING (asset_id, attribute)"
        f" LEFT JOIN (SELECT h.asset_id, h.attribute, string_agg({word}, ',' ORDER BY v.place::INT) AS word"
        "  FROM held h JOIN settled_values v USING (asset_id, attribute) GROUP BY ALL) p USING (asset_id, attribute)"
        " LEFT JOIN rivals_of_held r USING (asset_id, attribute)"
        f" WHERE n.support >= {AGREEING} OR h.until_agreed::BOOLEAN GROUP BY h.asset_id, h.attribute"
    )


def _day(moment: str) -> str:
    """SQL of the date of a moment in microseconds."""
    return f"strftime(make_timestamp({moment}::BIGINT), '%Y-%m-%d')"


def _decision(word: str) -> str:
    """SQL of who settled a conflict, from the name of the joined word."""
    return (
        f'\'{{"at":"\' || {_day(f"{word}.at")} || \'","by":\' || to_json({word}.actor) || \',"how":"\''
        f' || {word}.verdict || \'","id":"\' || {word}.id || \'","reason":\' || to_json({word}.reason) || \'}}\''
    )


def _each(confidence: str, sources: str, value: str) -> str:
    """SQL of one value as the provenance shows it, from SQL of its parts."""
    return f"'{{\"confidence\":' || {confidence} || ',\"sources\":' || {sources} || ',\"value\":' || {value} || '}}'"


def nothing_settled() -> Settled:
    """The tables where nobody has said anything."""
    import pyarrow as pa

    def empty(*names: str) -> pa.Table:
        return pa.table({name: pa.array([], pa.string()) for name in names})

    return Settled(
        empty("asset_id", "attribute", "verdict", "id", "actor", "reason", "at", "until", "until_agreed"),
        empty("asset_id", "attribute", "value", "place"),
        empty("asset_id", "attribute", "verdict", "source", "value"),
    )
