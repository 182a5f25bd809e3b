"""Conflicts about change: what a source no longer gives, and what it says suddenly otherwise.

Called by `anomalies` within the fold. Which changes deserve a look was found by `changes`; here it is seen beside what
the other records of the asset say, which may explain it, and put into words. A pure function of the fold's tables.
"""

from __future__ import annotations

from muniment.base.engine import Engine
from muniment.register.changes import rules

_LONGEST = 60
_RULE = 4
"""Where one attribute has several anomalies of a kind, those of the values as they are come first."""


def bring_together(engine: Engine) -> None:
    """Make `changes_here`: changes of records that speak, in words, with who else says what was or is."""
    engine.derive(
        "changes_here",
        "SELECT c.*, a.severity, a.rank, "
        f"{_day('c.until')} AS last, {_day('c.changed_at')} AS since, {_words('c.before')} AS was,"
        f" {_words('c.after')} AS says, {_value('c.before')} AS old, {_value('c.after')} AS new, coalesce(o.own, false)"
        " AS own, o.others, o.agreeing, o.old_fashioned FROM fold_changes c JOIN speaking s ON s.record = c.record"
        " AND NOT s.gone::BOOLEAN JOIN fold_attributes a ON a.attribute = c.attribute LEFT JOIN (SELECT"
        " c.record, c.attribute,"
        "  c.kind, bool_or(s.source = c.source) AS own, list_sort(list(DISTINCT s.source)) AS others,"
        f"  list_sort(list(DISTINCT s.source) FILTER (WHERE list_contains({_list('c.after')}, f.value))) AS agreeing,"
        f"  list_sort(list(DISTINCT s.source) FILTER (WHERE list_contains({_list('c.before')}, f.value)"
        "   AND s.source <> c.source)) AS old_fashioned FROM fold_changes c JOIN speaking s ON s.asset_id = c.asset_id"
        "  AND s.record <> c.record AND NOT s.gone::BOOLEAN JOIN fold_claims f ON f.record = s.record"
        "  AND f.attribute = c.attribute GROUP BY ALL) o"
        " ON o.record = c.record AND o.attribute = c.attribute AND o.kind = c.kind",
    )


def missing_in_new() -> str:
    """SQL of attributes that a source no longer gives; of little weight where another source gives them."""
    alone = "h.others IS NULL"
    hint = (
        "h.source || CASE WHEN h.assets::INT > 1 THEN ' no longer says it of ' || h.assets || ' of ' || h.compared ||"
        " ' assets since ' || h.since || ', here ' ELSE ' no longer says it since ' || h.since || '; it said ' END ||"
        " h.was || CASE WHEN h.assets::INT > 1 THEN ', last on ' ELSE ' until ' END || h.last ||"
        " CASE WHEN h.assets::INT > 1 THEN ': look whether a column is gone from the export'"
        f" WHEN {alone} THEN ': nobody gives it any more; was it cleared, or left out by mistake?'"
        " ELSE ': ' || array_to_string(h.others, ', ') || ' still give(s) it; look whether it was lost there' END"
    )
    return (
        f"SELECT h.asset_id, h.attribute, h.kind, CASE WHEN {alone} OR h.assets::INT > 1 THEN h.severity ELSE"
        " 'low' END,"
        f" CASE WHEN {alone} OR h.assets::INT > 1 THEN h.rank ELSE 3 END,"
        f" '[' || coalesce(w.claim || ',', '') || {_was()} || ']', {hint}, {_RULE} FROM changes_here h"
        " LEFT JOIN shown_winners w ON w.asset_id = h.asset_id AND w.attribute = h.attribute"
        " WHERE h.kind = 'missing_in_new' AND NOT h.own"
    )


def suspicious() -> str:
    """SQL of changes that no other source confirms."""
    found = rules()["rules"]
    severity = " ".join(f"WHEN '{name}' THEN '{one['severity']}'" for name, one in found.items() if "severity" in one)
    ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    rank = " ".join(f"WHEN '{name}' THEN {ranks[one['severity']]}" for name, one in found.items() if "severity" in one)
    told = " ".join(f"WHEN '{name}' THEN '{one['told']}'" for name, one in found.items())
    times = "CASE WHEN h.detail <> '' THEN ' (times ' || h.detail || ')' ELSE '' END"
    hint = (
        "CASE h.rule WHEN 'mass' THEN h.source || ' changed it for ' || h.assets || ' of ' || h.compared ||"
        f" ' assets at once on ' || h.since || ', here from ' || h.was || ' to ' || h.says || {times}"
        " WHEN 'flip' THEN h.source || ' goes between ' || h.was || ' and ' || h.says || ' from delivery to delivery'"
        " || CASE WHEN h.assets::INT > 1 THEN ', so does it for ' || h.assets || ' assets' ELSE '' END ||"
        " ' (last on ' || h.since || ')' || CASE WHEN h.old_fashioned IS NULL THEN '' ELSE"
        " '; ' || array_to_string(h.old_fashioned, ', ') || ' say(s) ' || h.was END"
        " ELSE h.source || ' said ' || h.was || ' until ' || h.last || ' and says ' || h.says || ' since ' || h.since"
        f" || {times} || CASE WHEN h.rule = 'replaced' AND h.assets::INT > 1 THEN ', one of ' || h.assets ||"
        f" ' on that day' ELSE '' END END || ': ' || CASE h.rule {told} END"
    )
    now = (
        '\'{"confidence":\' || coalesce(k.confidence, 0) || \',"file":\' || to_json(h.changed_file) || \',"seen":"\' ||'
        " h.since || '\",\"sources\":' || to_json([h.source]) || ',\"value\":' || h.new || '}'"
    )
    return (
        f"SELECT h.asset_id, h.attribute, h.kind, CASE h.rule {severity} ELSE h.severity END,"
        f" CASE h.rule {rank} ELSE h.rank END, '[' || {now} || ',' || {_was()} || ']', {hint}, {_RULE}"
        " FROM changes_here h LEFT JOIN (SELECT c.record, c.attribute, max(s.confidence) AS confidence"
        f"  FROM fold_changes c JOIN scored s ON s.asset_id = c.asset_id AND s.attribute = c.attribute"
        f"  AND list_contains({_list('c.after')}, s.value) GROUP BY ALL) k"
        " ON k.record = h.record AND k.attribute = h.attribute"
        " WHERE h.kind = 'suspicious_change' AND (h.rule IN ('mass', 'flip') OR h.agreeing IS NULL)"
    )


def _was() -> str:
    """SQL of the claim that no longer stands."""
    return (
        '\'{"confidence":0,"file":\' || to_json(h.until_file) || \',"seen":"\' || h.last || \'","sources":\' ||'
        " to_json([h.source]) || ',\"until\":\"' || h.last || '\",\"value\":' || h.old || '}'"
    )


def _list(column: str) -> str:
    """SQL of a JSON list as texts."""
    return f"({column}::JSON::JSON[]::VARCHAR[])"


def _value(column: str) -> str:
    """SQL of the JSON of a list of values as the attribute has it: a list, or its only value."""
    return f"CASE WHEN a.multi THEN {column} ELSE coalesce({_list(column)}[1], 'null') END"


def _words(column: str) -> str:
    """SQL of a list of values as people read it."""
    return (
        f"coalesce(nullif(left(array_to_string(list_transform({_list(column)}, lambda x: x::JSON ->> '$'), ', '),"
        f" {_LONGEST}), ''), 'nothing')"
    )


def _day(moment: str) -> str:
    """SQL of the date of a moment in microseconds."""
    return f"strftime(make_timestamp({moment}::BIGINT), '%Y-%m-%d')"
