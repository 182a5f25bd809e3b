"""Conflicts beyond values that differ: records that disagree what a thing is, what is missing, what cannot be.

Called by `fold` before people's words are applied, so that a resolution or acceptance settles these too. A pure
function of the fold's tables and of `anomalies.toml`; never chooses a value.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

from muniment import model
from muniment.base.engine import Engine
from muniment.register import changed

_DAY = 86_400_000_000
_SURE = 0.9
_UNSURE = 0.05
_IMPORTANT = ("critical", "high")
_SEVERITIES = "['critical', 'high', 'medium', 'low']"


@functools.cache
def rules() -> dict[str, Any]:
    """The rules of what cannot be."""
    with Path(__file__).with_name("anomalies.toml").open("rb") as handle:
        return tomllib.load(handle)


def find_anomalies(engine: Engine) -> None:
    """Add to `found_conflicts` what else is wrong; needs `scored`, `winners`, `votes`, `held`, `fold_usual`."""
    _single_values(engine)
    _weigh_severity(engine)
    changed.bring_together(engine)
    parts = (_types(), _missing_in_existing(), _suspicious(), changed.missing_in_new(), changed.suspicious())
    engine.derive("raw_anomalies", " UNION ALL ".join(f"({part})" for part in parts))
    engine.derive(
        "found_conflicts",
        "SELECT * FROM found_conflicts UNION ALL BY NAME SELECT asset_id, attribute, kind, severity, rank, claims,"
        " hint FROM raw_anomalies QUALIFY row_number() OVER (PARTITION BY asset_id, attribute, kind"
        " ORDER BY rule, hint) = 1",
    )


def _single_values(engine: Engine) -> None:
    """What every asset has by the claims (not by a person's word), with the claim as conflicts show it."""
    shown = (
        '\'{"confidence":\' || s.confidence || \',"seen":"\' || strftime(make_timestamp(s.day * '
        f"{_DAY}), '%Y-%m-%d') || '\",\"sources\":' || to_json(s.sources) || ',\"value\":' || s.value || '}}'"
    )
    engine.derive(
        "shown_claims",
        f"SELECT s.asset_id, s.attribute, s.place, s.multi, s.against, s.value, s.value::JSON ->> '$' AS said,"
        f" s.source, s.sources, {shown} AS claim FROM scored s ANTI JOIN held h USING (asset_id, attribute)",
    )
    engine.derive("shown_winners", "SELECT * FROM shown_claims WHERE place = 1")
    engine.derive(
        "shown_types",
        "SELECT asset_id, value::JSON ->> '$' AS type FROM winners WHERE attribute = 'asset_type'",
    )


def _weigh_severity(engine: Engine) -> None:
    """Clear evidence makes a conflict matter less; doubt about an important asset makes it matter more."""
    important = ", ".join(f"'\"{name}\"'" for name in _IMPORTANT)
    step = (
        f"CASE WHEN w.sure >= {_SURE} AND w.rival <= {_UNSURE} THEN 1"
        f" WHEN w.sure - w.rival < 0.3 AND i.asset_id IS NOT NULL THEN -1 ELSE 0 END"
    )
    engine.derive(
        "found_conflicts",
        f"SELECT c.* EXCLUDE (severity, rank), {_SEVERITIES}[r.rank + 1] AS severity, r.rank FROM found_conflicts c"
        f" JOIN (SELECT c.asset_id, c.attribute, c.kind, greatest(0, least(3, c.rank + {step}))::INT AS rank"
        "  FROM found_conflicts c LEFT JOIN (SELECT asset_id, attribute, max(confidence) FILTER (WHERE place = 1)"
        "   AS sure, max(confidence) FILTER (WHERE against) AS rival FROM scored GROUP BY ALL) w"
        "  USING (asset_id, attribute) LEFT JOIN (SELECT DISTINCT asset_id FROM winners WHERE"
        f"  (attribute = 'criticality' AND value IN ({important}))) i"
        "  USING (asset_id)) r USING (asset_id, attribute, kind)",
    )


def _types() -> str:
    """Records that disagree what kind of thing it is; less important within a family."""
    family = " ".join(f"WHEN '{one.name}' THEN '{one.family}'" for one in model.asset_types().values())
    return (
        "SELECT c.asset_id, c.attribute, 'type_mismatch' AS kind, CASE WHEN c.families = 1 THEN 'low' ELSE a.severity"
        " END AS severity, CASE WHEN c.families = 1 THEN 3 ELSE a.rank END AS rank, c.claims,"
        " c.winner || ' say(s) ' || c.type || ', ' || c.others || ' say(s) ' || c.other ||"
        " CASE WHEN c.families = 1 THEN ': the first is taken; correct the type in the other source'"
        " ELSE ': look whether these records are one thing, else `muniment split`' END AS hint, 0 AS rule"
        " FROM (SELECT asset_id, attribute, '[' || string_agg(claim, ',' ORDER BY place) || ']' AS claims,"
        "  array_to_string(min_by(sources, place), ', ') AS winner, replace(min_by(said, place), '_', ' ') AS type,"
        "  array_to_string(min_by(sources, place) FILTER (WHERE place > 1), ', ') AS others,"
        "  replace(min_by(said, place) FILTER (WHERE place > 1), '_', ' ') AS other,"
        f"  count(DISTINCT CASE said {family} ELSE said END) AS families FROM shown_claims"
        "  WHERE attribute = 'asset_type' AND said <> 'other' GROUP BY asset_id, attribute HAVING count(*) > 1) c"
        " JOIN fold_attributes a USING (attribute)"
    )


def _missing_in_existing() -> str:
    """Attributes that one source alone gives, though another that knows the asset usually gives them too."""
    return (
        "SELECT w.asset_id, w.attribute, 'missing_in_existing', 'low', 3, '[' || w.claim || ']',"
        " 'only ' || w.source || ' gives it, though ' || string_agg(DISTINCT s.source, ', ' ORDER BY s.source)"
        " || ' usually give(s) it for such assets: look whether it is missing there, or wrong here', 0"
        " FROM shown_winners w JOIN fold_attributes a USING (attribute) JOIN (SELECT asset_id, attribute FROM votes"
        "  GROUP BY ALL HAVING count(DISTINCT source) = 1) o USING (asset_id, attribute)"
        " JOIN speaking s ON s.asset_id = w.asset_id AND s.source <> w.source AND NOT s.gone::BOOLEAN"
        " JOIN fold_usual u ON u.source = s.source AND u.type = s.asset_type AND u.attribute = w.attribute"
        " WHERE a.contestable AND NOT a.multi AND NOT EXISTS (SELECT 1 FROM fold_claims f WHERE f.record = s.record"
        "  AND f.attribute = w.attribute) GROUP BY w.asset_id, w.attribute, w.claim, w.source"
    )


def _suspicious() -> str:
    """Dates in the future or in an impossible order, and what things of a type do not have."""
    found = rules()
    past = ", ".join(f"'{name}'" for name in found["past"])
    order = ", ".join(f"('{rule['first']}', '{rule['second']}')" for rule in found["order"])
    pairs = ", ".join(f"('{rule['type']}', '{name}')" for rule in found["impossible"] for name in rule["attributes"])
    day = "try_cast(left({}.said, 10) AS DATE)"
    rows = (
        "SELECT w.asset_id, w.attribute, w.claim, w.source || ' says ' || left(w.said, 10) ||"
        " ', which is after it was last looked at (' || l.last || '): look whether day and month are the other way"
        " round or the year is wrong' AS hint, 1 AS rule FROM shown_winners w JOIN (SELECT asset_id,"
        f" strftime(make_timestamp(max(day) * {_DAY}), '%Y-%m-%d') AS last FROM speaking GROUP BY asset_id) l"
        f" USING (asset_id) WHERE w.attribute IN ({past}) AND {day.format('w')} > l.last::DATE + 1"
        " UNION ALL SELECT z.asset_id, z.attribute, z.claim, z.source || ' says ' || left(z.said, 10) ||"
        " ', which is before ' || r.a || ' (' || left(y.said, 10) || ', ' || y.source || '): one of the two is wrong',"
        f" 2 FROM (VALUES {order}) r(a, b) JOIN shown_winners y ON y.attribute = r.a JOIN shown_winners z"
        " ON z.attribute = r.b AND z.asset_id = y.asset_id"
        f" WHERE {day.format('z')} < {day.format('y')}"
        " UNION ALL SELECT w.asset_id, w.attribute, w.claim, w.source || ' says ' || w.said || ', which a ' ||"
        " replace(t.type, '_', ' ') || ' does not have: look whether it is one, or two things are taken for one', 3"
        " FROM shown_winners w JOIN shown_types t USING (asset_id)"
        f" JOIN (VALUES {pairs}) p(type, name) ON p.type = t.type AND p.name = w.attribute"
    )
    return (
        "SELECT c.asset_id, c.attribute, 'suspicious_change', a.severity, a.rank, '[' || c.claim || ']', c.hint, c.rule"
        f" FROM ({rows}) c JOIN fold_attributes a USING (attribute)"
    )
