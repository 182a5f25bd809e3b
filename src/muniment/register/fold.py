"""The fold: from the claims of an asset's records to its values, with provenance and conflicts.

Set-based in the bulk engine; called by `reconcile`. A pure function of its tables: sums are of
integers, every order is total, so the order in which claims arrived can never show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from muniment.base.engine import Engine
from muniment.register import agree
from muniment.register.anomalies import find_anomalies
from muniment.register.policy import LearnedTables, learned_tables
from muniment.register.precede import ORDER, STALE, UNRANKED, RuleTables, precede
from muniment.register.settle import Settled, judge_conflicts, nothing_settled, outrank, register_words

if TYPE_CHECKING:
    import pyarrow as pa

_MICRO = 1_000_000
_DAY = 86_400_000_000
_UNKNOWN_SHARE = 0.75
_LONGEST_TERM = 200
_MACHINE_NAMES = (
    "hostname",
    "fqdn",
    "name",
    "aliases",
    "serial",
    "ip_address",
    "asset_tag",
    "mac_address",
    "uuid",
    "vm_id",
    "source_id",
)
_OTHER_NAMES = (
    "name",
    "application_id",
    "database_name",
    "hostname",
    "fqdn",
    "software_product",
    "application",
    "url",
    "instance_name",
    "asset_tag",
    "source_id",
)


def fold(
    engine: Engine,
    records: pa.Table,
    claims: pa.Table,
    attributes: pa.Table,
    weights: pa.Table,
    rules: RuleTables,
    *,
    settled: Settled | None = None,
    learned: LearnedTables | None = None,
) -> None:
    """Make the tables `folded`, `found_conflicts` and `found_terms` in the engine.

    Args:
        engine: where the tables are made.
        records: record, asset_id, source, ref (orders records by content), observed (microseconds),
            gone, asset_type, type_stated.
        claims: record, attribute, value (JSON text of one scalar), stated (not derived from another).
        attributes: as `policy.attribute_table` gives them.
        weights: as `policy.share_table` gives them.
        rules: which policy decides about what, as `precede.rule_tables` gives them.
        settled: what people said; outranks every claim.
        learned: which sources repeat each other, what they usually give and what changed suspiciously; None for
            nothing.
    """
    learned = learned or learned_tables()
    engine.register("fold_usual", learned.usual)
    engine.register("fold_changes", learned.changes)
    engine.register("fold_records", records)
    engine.register("fold_claims", claims)
    engine.register("fold_attributes", attributes)
    engine.register("fold_weights", weights)
    engine.register("fold_copying", learned.copying)
    _weigh(engine)
    register_words(engine, settled or nothing_settled())
    precede(engine, rules)
    _rank(engine)
    _winners(engine)
    outrank(engine)
    _conflicts(engine)
    find_anomalies(engine)
    judge_conflicts(engine)
    _assets(engine)
    engine.derive(
        "found_terms",
        "SELECT DISTINCT asset_id, attribute, left(lower(value::JSON ->> '$'),"
        f" {_LONGEST_TERM}) AS term FROM chosen JOIN fold_attributes USING (attribute)"
        " WHERE searchable AND (place = 1 OR chosen.multi) AND value NOT IN ('\"\"', 'null')",
    )


def _weigh(engine: Engine) -> None:
    engine.derive(  # records that are gone speak only where no other record is left
        "speaking",
        "SELECT *, observed::BIGINT // " + str(_DAY) + " AS day FROM fold_records"
        " QUALIFY NOT gone::BOOLEAN OR bool_and(gone::BOOLEAN) OVER (PARTITION BY asset_id)",
    )
    engine.derive(
        "weighed",
        "SELECT s.asset_id, c.attribute, c.value, s.source, max(s.day) AS day,"
        " min_by(s.record, (-s.day, s.ref)) AS record, min_by(s.ref, (-s.day, s.ref)) AS ref,"
        " bool_or(c.stated::BOOLEAN) AS stated"
        " FROM fold_claims c JOIN speaking s USING (record) GROUP BY ALL UNION ALL"
        " SELECT asset_id, 'asset_type', to_json(asset_type)::VARCHAR,"
        " source, max(day), min_by(record, (-day, ref)), min_by(ref, (-day, ref)), bool_or(type_stated::BOOLEAN)"
        " FROM speaking WHERE asset_type IS NOT NULL GROUP BY asset_id, asset_type, source",
    )
    engine.derive(  # what was derived or guessed counts only where nobody claims the attribute
        "full_votes",
        "SELECT asset_id, attribute, value, source, day, newest, record, ref, multi,"
        f" round(greatest(0, ln(alternatives * p / (1 - p))) * {_MICRO})::BIGINT AS micro FROM ("
        " SELECT v.*, a.multi, a.alternatives, coalesce(max(v.day) FILTER (WHERE v.stated) OVER asked,"
        " max(v.day) OVER asked) AS newest,"
        f" least(0.99, coalesce(w.share, {_UNKNOWN_SHARE}) * pow(0.5,"
        " (max(v.day) OVER asked - v.day) / a.half_life)) AS p"
        " FROM weighed v JOIN fold_attributes a USING (attribute)"
        " LEFT JOIN fold_weights w ON w.source = v.source AND w.attribute = v.attribute"
        " WINDOW asked AS (PARTITION BY v.asset_id, v.attribute)"
        " QUALIFY v.stated OR NOT bool_or(v.stated) OVER asked)",
    )

    engine.derive(  # sources that repeat each other have one voice between them
        "heard",
        "SELECT v.* EXCLUDE (micro), round(v.micro / (1 + coalesce(c.lent, 0)))::BIGINT AS micro FROM full_votes v"
        " LEFT JOIN (SELECT v.asset_id, v.attribute, v.value, v.source, sum(k.share)::DOUBLE AS lent"
        "  FROM full_votes v JOIN fold_copying k ON k.source = v.source JOIN full_votes o ON o.source = k.other"
        "  AND o.asset_id = v.asset_id AND o.attribute = v.attribute AND o.value = v.value GROUP BY ALL) c"
        " USING (asset_id, attribute, value, source)",
    )


def _rank(engine: Engine) -> None:
    engine.derive(
        "spoken",
        "SELECT asset_id, attribute, value, any_value(policy) AS policy, any_value(multi) AS multi,"
        " any_value(contestable) AS contestable, sum(micro)::BIGINT AS micro, max(day) AS day,"
        " min(tier) AS tier, list_sort(list(DISTINCT source)) AS sources,"
        " min_by(record, (tier, -micro, source, ref)) AS record,"
        " min_by(source, (tier, -micro, source, ref)) AS source"
        " FROM votes GROUP BY asset_id, attribute, value",
    )
    agree.find_agreements(engine)
    agree.lend(engine)
    engine.derive(  # what an agreeing value says more precisely is right, but not chosen
        "placed",
        f"SELECT *, row_number() OVER (PARTITION BY asset_id, attribute ORDER BY {ORDER}) AS place,"
        " count(*) OVER (PARTITION BY asset_id, attribute) AS rivals FROM classes",
    )
    engine.derive(
        "ranked_values",
        "SELECT p.*, p.place = 1 OR coalesce(g.same, false) AS agrees FROM placed p"
        " LEFT JOIN placed w ON w.asset_id = p.asset_id AND w.attribute = p.attribute AND w.place = 1"
        " LEFT JOIN fold_agreements g ON g.attribute = p.attribute AND g.value = p.value AND g.other = w.value",
    )
    engine.derive(
        "odds",
        f"SELECT *, least(micro, 30 * {_MICRO}) / {_MICRO}.0 AS s,"
        f" CASE WHEN general THEN 0 ELSE exp(least(micro, 30 * {_MICRO}) / {_MICRO}.0) END AS odds"
        " FROM ranked_values",
    )
    engine.derive(
        "masses",
        "SELECT asset_id, attribute, list_sum(list_sort(list(odds)))"
        " + greatest(1, any_value(alternatives) + 1 - count(*)) AS mass, any_value(alternatives) AS alternatives,"
        " list_sum(list_sort(list(odds) FILTER (WHERE agrees))) AS agreed"
        " FROM odds JOIN fold_attributes USING (attribute) GROUP BY asset_id, attribute",
    )
    engine.derive(
        "scored",
        "SELECT r.*, r.place > 1 AND (r.multi OR NOT r.agrees) AS against,"
        " round(CASE WHEN r.multi THEN exp(s) / (alternatives + exp(s))"
        " WHEN r.agrees THEN m.agreed / m.mass ELSE r.odds / m.mass END, 4)"
        " AS confidence FROM odds r JOIN masses m USING (asset_id, attribute)",
    )


def _winners(engine: Engine) -> None:
    """The value of each attribute with its proof; most have one claim in all, and need no grouping."""
    engine.derive(
        "shown_values",
        "SELECT *, '{\"confidence\":' || confidence || ',\"sources\":' || to_json(sources) || ',\"value\":' || value"
        f" || '}}' AS shown, CASE WHEN policy = 'authoritative' AND tier % {STALE} = {UNRANKED}"
        " THEN 'confidence' ELSE policy END AS rule FROM scored",
    )
    proof = (
        "'\"confidence\":' || {confidence} || {each} || ',\"record\":\"' || {record} || '\"' || {rivals}"
        " || ',\"rule\":\"' || {rule} || '\",\"sources\":' || to_json({sources}) || '}}'"
    )
    nothing, own = "''", {name: name for name in ("confidence", "record", "rule", "sources")}
    best = {name: f"min_by({name}, place)" for name in own}
    lone = "CASE WHEN multi THEN ',\"each\":[' || shown || ']' ELSE '' END"
    each = "CASE WHEN any_value(multi) THEN ',\"each\":[' || string_agg(shown, ',' ORDER BY place) || ']' ELSE '' END"
    rivals = (
        "CASE WHEN any_value(multi) THEN '' ELSE coalesce(',\"rivals\":[' || string_agg(shown, ',' ORDER BY place)"
        " FILTER (WHERE NOT agrees) || ']', '') END"
    )
    engine.derive(
        "winners",
        "SELECT asset_id, attribute, multi, rivals, CASE WHEN multi THEN '[' || value || ']' ELSE value END AS value,"
        f" confidence, '{{' || {proof.format(**own, each=lone, rivals=nothing)} AS provenance"
        " FROM shown_values WHERE rivals = 1 UNION ALL"
        " SELECT asset_id, attribute, any_value(multi) AS multi, any_value(rivals) AS rivals,"
        " CASE WHEN any_value(multi) THEN '[' || string_agg(value, ',' ORDER BY place) || ']'"
        " ELSE min_by(value, place) END AS value, min_by(confidence, place) AS confidence,"
        " '{' || coalesce('\"agreeing\":[' || string_agg(shown, ',' ORDER BY place)"
        f" FILTER (WHERE agrees AND place > 1) || '],', '') || {proof.format(**best, each=each, rivals=rivals)}"
        " AS provenance FROM shown_values WHERE rivals > 1 GROUP BY asset_id, attribute",
    )


def _conflicts(engine: Engine) -> None:
    engine.derive(  # lists conflict where a source shares nothing with any other
        "lone_sources",
        "SELECT asset_id, attribute FROM (SELECT v.asset_id, v.attribute, v.source,"
        " max(len(c.sources)) AS shared FROM votes v JOIN classes c USING (asset_id, attribute, value)"
        " WHERE v.multi GROUP BY ALL) GROUP BY asset_id, attribute"
        " HAVING count(*) > 1 AND min(shared) = 1",
    )
    engine.derive(
        "disputed",
        "SELECT DISTINCT c.asset_id, c.attribute FROM ranked_values c"
        " WHERE NOT c.multi AND c.contestable AND NOT c.agrees UNION ALL"
        " SELECT l.asset_id, l.attribute FROM lone_sources l JOIN fold_attributes a USING (attribute)"
        " WHERE a.identifying",
    )
    engine.derive(
        "found_conflicts",
        "SELECT s.asset_id, s.attribute, 'value_mismatch' AS kind, any_value(a.severity) AS severity,"
        " any_value(a.rank) AS rank, '[' || string_agg('{\"confidence\":' || s.confidence"
        ' || \',"seen":"\' || strftime(make_timestamp(s.day * ' + str(_DAY) + "), '%Y-%m-%d')"
        " || '\",\"sources\":' || to_json(s.sources) || ',\"value\":' || s.value || '}', ',' ORDER BY place)"
        " FILTER (WHERE place = 1 OR against)"
        " || ']' AS claims, CASE"
        " WHEN max(s.day) FILTER (WHERE against) > max(s.day) FILTER (WHERE place = 1)"
        "  THEN min_by(s.source, (-s.day, place)) FILTER (WHERE against)"
        "   || ' saw another value later than ' || min_by(s.source, place)"
        "   || ' saw the winning one: look whether it has changed'"
        " WHEN max(s.support) FILTER (WHERE against) > max(s.support) FILTER (WHERE place = 1)"
        "  THEN 'more sources report another value than the winning one: look whether they copy each other'"
        " WHEN max(s.support) FILTER (WHERE place = 1) > 1"
        "  THEN max(s.support) FILTER (WHERE place = 1) || ' sources agree against '"
        "   || count(*) FILTER (WHERE against) || ' other value(s): correct it in '"
        "   || min_by(s.source, place) FILTER (WHERE against)"
        " ELSE 'one source against another (' || min_by(s.source, place) || ', '"
        "  || min_by(s.source, place) FILTER (WHERE against) || '): a third source or its owner can tell'"
        " END AS hint FROM scored s JOIN disputed d USING (asset_id, attribute)"
        " JOIN fold_attributes a USING (attribute) WHERE s.attribute <> 'asset_type'"
        " GROUP BY s.asset_id, s.attribute",
    )


def _names(order: tuple[str, ...]) -> str:
    return " ".join(f"WHEN '{name}' THEN {rank}" for rank, name in enumerate(order))


def _assets(engine: Engine) -> None:
    engine.derive(
        "typed",
        "SELECT asset_id, value::JSON ->> '$' AS type FROM winners WHERE attribute = 'asset_type'",
    )
    engine.derive(  # of several host names the one that also begins a full name
        "qualified",
        "SELECT h.asset_id, min_by(h.value, h.place) AS value FROM chosen h"
        " JOIN chosen f ON f.asset_id = h.asset_id AND f.attribute = 'fqdn'"
        " AND starts_with(f.value, left(h.value, length(h.value) - 1) || '.')"
        " WHERE h.attribute = 'hostname' GROUP BY h.asset_id",
    )
    engine.derive(
        "named",
        "SELECT w.asset_id, min_by(CASE WHEN w.attribute = 'hostname' AND q.value IS NOT NULL"
        " THEN q.value::JSON ->> '$' WHEN w.multi THEN w.value::JSON ->> '$[0]'"
        " ELSE w.value::JSON ->> '$' END, CASE WHEN t.type IS NULL OR t.type IN ('server',"
        " 'virtual_machine', 'end_user_device', 'network_device', 'storage') THEN CASE w.attribute "
        f"{_names(_MACHINE_NAMES)} END ELSE CASE w.attribute {_names(_OTHER_NAMES)} END END) AS name"
        " FROM winners w LEFT JOIN typed t USING (asset_id) LEFT JOIN qualified q USING (asset_id)"
        " GROUP BY w.asset_id",
    )
    engine.derive(
        "body",
        "SELECT asset_id, '{' || string_agg('\"' || attribute || '\":' || value, ',' ORDER BY attribute)"
        " || '}' AS values, '{' || string_agg('\"' || attribute || '\":' || provenance, ',' ORDER BY attribute)"
        " || '}' AS provenance, round(sum(round(confidence * 10000)::BIGINT) / count(*) / 10000, 4)"
        " AS confidence FROM winners WHERE attribute <> 'asset_type' GROUP BY asset_id",
    )
    engine.derive(
        "folded",
        "SELECT r.asset_id AS id, coalesce(t.type, 'other') AS type, u.value::JSON ->> '$' AS subtype,"
        " CASE WHEN r.gone THEN 'retired' WHEN b.values IS NULL THEN 'discovered' ELSE 'reconciled' END"
        " AS state, coalesce(n.name, '(unnamed)') AS name, coalesce(b.confidence, 0) AS confidence,"
        " r.sources, r.record_count, coalesce(b.values, '{}') AS values,"
        " coalesce(b.provenance, '{}') AS provenance FROM ("
        "  SELECT asset_id, bool_and(gone::BOOLEAN) AS gone, count(*)::INT AS record_count,"
        "  list_sort(list(DISTINCT source)) AS sources FROM fold_records GROUP BY asset_id) r"
        " LEFT JOIN typed t USING (asset_id) LEFT JOIN named n USING (asset_id)"
        " LEFT JOIN body b USING (asset_id)"
        " LEFT JOIN winners u ON u.asset_id = r.asset_id AND u.attribute = 'subtype'",
    )
