"""Changes that deserve a look: what a source no longer gives, and what it says suddenly otherwise.

Called by the flows before a fold. A pure function of the records, of what they said before and of `changes.toml`,
so neither the order of imports nor which assets are folded can show. Finds; what others say of it and how much it
matters, the fold knows (`anomalies`).
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from muniment import model
from muniment.base import db
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.register import change_store
from muniment.register.policy import contestable

if TYPE_CHECKING:
    import pyarrow as pa

DELIVERIES = 5
"""So many of a family's latest deliveries say how often an attribute changes; what is remembered goes as far back."""

_SUBNET = 24
_ONE = "len({0}) = 1 AND try_cast({0}[1] AS DOUBLE) > 0"


@functools.cache
def rules() -> dict[str, Any]:
    """What makes a change suspicious."""
    with Path(__file__).with_name("changes.toml").open("rb") as handle:
        return tomllib.load(handle)


def remembered(attributes: Mapping[str, model.Attribute]) -> tuple[list[str], list[str]]:
    """Attributes of which it is remembered what a record said before; and those where what was read off counts too."""
    names = [name for name, one in attributes.items() if contestable(one) and name not in {"notes", "description"}]
    return names, rules()["rules"]["system"]["attributes"]


def look_for_changes(
    connection: sa.Connection, scope: Scope, engine: Engine, attributes: Mapping[str, model.Attribute]
) -> None:
    """Find suspicious changes among all that is remembered; mark the assets of which something else is found."""
    known = change_store.suspicions(connection, scope)
    if not known.num_rows and not change_store.any_again(connection, scope):
        return
    engine.register("suspicions_known", known)
    with db.linear_joins(connection):
        said = (change_store.spoken(connection, scope), change_store.deliveries(connection, scope))
        replaced = change_store.replaced(connection, scope)
    find(
        engine,
        change_store.changes(connection, scope, remembered(attributes)[1]),
        *said,
        replaced,
        attributes,
    )
    columns = ", ".join(change_store.COLUMNS)
    change_store.replace(
        connection,
        scope,
        engine.rows(f"SELECT {columns} FROM suspicions_known EXCEPT SELECT {columns} FROM suspicions"),
        engine.rows(f"SELECT {columns} FROM suspicions EXCEPT SELECT {columns} FROM suspicions_known ORDER BY ALL"),
    )


def find(
    engine: Engine,
    changes: pa.Table,
    spoken: pa.Table,
    deliveries: pa.Table,
    replaced: pa.Table,
    attributes: Mapping[str, model.Attribute],
) -> None:
    """Make the table `suspicions`, columns as `change_store.COLUMNS`, all text.

    Args:
        engine: for the tables.
        changes: one row per claim that ended: source_id, family_id, source_key, attribute, before, now (JSON texts
            of lists; now: what the record says today), read_off (whether other cells give it today), until,
            changed_at (microseconds), their files, gone, names, subnets (JSON texts of lists).
        spoken: family_id, attribute, first, last (microseconds), records: how many gave it from when to when.
        deliveries: family_id, moment (microseconds) of every import that counts.
        replaced: records that took over the name of another, as `change_store.replaced` gives them.
        attributes: the model with the tenant's own.
    """
    engine.register("change_rows", changes)
    engine.register("change_spoken", spoken)
    engine.register("change_deliveries", deliveries)
    engine.register("change_replaced", replaced)
    engine.register("change_tests", _tests(attributes))
    _order(engine)
    _rates(engine)
    _flips(engine)
    _single(engine)
    _together(engine)


def _tests(attributes: Mapping[str, model.Attribute]) -> pa.Table:
    """Which rule looks at which attribute; states that move on by themselves neither flip nor change together."""
    import pyarrow as pa

    found: list[tuple[str, str]] = []
    for name, rule in rules()["rules"].items():
        for one in attributes.values():
            if "attributes" in rule or "types" in rule:
                fits = one.name in rule.get("attributes", ()) or one.type in rule.get("types", ())
            else:
                fits = one.policy != "newest"
            if fits:
                found.append((one.name, name))
    return pa.table(
        {
            "attribute": pa.array([pair[0] for pair in found], pa.string()),
            "rule": pa.array([pair[1] for pair in found], pa.string()),
        }
    )


def _listed(column: str) -> str:
    """SQL of a JSON list as texts, in one order and one spelling."""
    return f"list_sort(list_distinct(coalesce({column}, '[]')::JSON::JSON[]::VARCHAR[]))"


def _order(engine: Engine) -> None:
    """Make `change_list`: each change with what was said before and after it, the newest of an attribute at place 1."""
    engine.derive(
        "change_list",
        "SELECT *, lag(before, 1, now) OVER w AS after, row_number() OVER w AS place, lead(before) OVER w AS second,"
        " lead(before, 2) OVER w AS third FROM (SELECT * EXCLUDE (before, now, until, changed_at, gone, read_off),"
        f" {_listed('before')} AS before, {_listed('now')} AS now, until::BIGINT AS until,"
        " changed_at::BIGINT AS changed_at, gone::BOOLEAN AS gone, read_off::BOOLEAN AS read_off FROM change_rows)"
        " WINDOW w AS (PARTITION BY source_id, source_key, attribute ORDER BY changed_at DESC)",
    )
    engine.derive(
        "change_list",
        "SELECT *, CASE WHEN len(after) = 0 THEN 'missing_in_new' ELSE 'suspicious_change' END AS kind FROM change_list"
        " WHERE len(before) > 0",
    )


def _rates(engine: Engine) -> None:
    """Make `change_rates`: how many changed at a delivery, of how many that could, and what is usual at the others."""
    engine.derive(
        "change_counts",
        "SELECT family_id, attribute, kind, changed_at, count(*) AS changed FROM change_list GROUP BY ALL",
    )
    engine.derive(
        "change_shares",
        "SELECT c.family_id, c.attribute, c.kind, d.moment, any_value(d.recent) AS recent,"
        " coalesce(any_value(n.changed), 0) AS changed, greatest(sum(s.records::BIGINT), any_value(n.changed))::BIGINT"
        " AS compared FROM (SELECT DISTINCT family_id, attribute, kind FROM change_counts) c"
        " JOIN (SELECT family_id, moment, row_number() OVER (PARTITION BY family_id ORDER BY moment DESC)"
        f"  <= {DELIVERIES} AS recent FROM (SELECT DISTINCT family_id, moment::BIGINT AS moment FROM"
        " change_deliveries)) d"
        " USING (family_id) JOIN change_spoken s ON s.family_id = c.family_id AND s.attribute = c.attribute"
        " AND s.first::BIGINT < d.moment AND s.last::BIGINT >= d.moment LEFT JOIN change_counts n ON"
        " n.family_id = c.family_id"
        " AND n.attribute = c.attribute AND n.kind = c.kind AND n.changed_at = d.moment"
        " GROUP BY c.family_id, c.attribute, c.kind, d.moment",
    )
    engine.derive(
        "change_rates",
        "SELECT s.family_id, s.attribute, s.kind, s.moment, s.changed, s.compared, coalesce(CASE WHEN"
        " count(o.moment) >="
        f" {rules()['usual']['deliveries']} THEN quantile_disc(o.changed / o.compared, 0.5) END, 0) AS usual"
        " FROM change_shares s LEFT JOIN change_shares o ON o.family_id = s.family_id AND o.attribute = s.attribute"
        " AND o.kind = s.kind AND o.moment <> s.moment AND o.recent WHERE s.changed > 0 GROUP BY ALL",
    )


def _flips(engine: Engine) -> None:
    """Make `change_flips`: values that went there and back and there again."""
    engine.derive(
        "change_flips",
        "SELECT c.*, 'flip' AS rule, '' AS detail FROM change_list c JOIN change_tests t ON t.attribute = c.attribute"
        " AND t.rule = 'flip' WHERE c.place = 1 AND NOT c.gone AND len(c.after) > 0 AND len(c.second) > 0"
        " AND c.after = c.second AND c.before = c.third",
    )


def _single(engine: Engine) -> None:
    """Make `change_found`: the newest changes that are not usual, each with the first rule that it meets, or none."""
    unit, usual = rules()["rules"]["unit"], rules()["usual"]
    factors = ", ".join(f"({float(one)})" for one in unit["factors"])
    engine.derive(
        "change_units",
        "SELECT c.source_id, c.source_key, c.attribute, max(CASE WHEN a >= b THEN '' ELSE '1/' END ||"
        " f.factor::BIGINT) AS factor FROM (SELECT *, try_cast(after[1] AS DOUBLE) AS a,"
        "  try_cast(before[1] AS DOUBLE) AS b FROM change_list"
        f" WHERE place = 1 AND {_ONE.format('after')} AND {_ONE.format('before')}) c JOIN change_tests t"
        f" ON t.attribute = c.attribute AND t.rule = 'unit' JOIN (VALUES {factors}) f(factor)"
        f" ON abs(greatest(a / b, b / a) / f.factor - 1) <= {unit['within']} GROUP BY ALL",
    )
    engine.derive(
        "change_found",
        "SELECT c.*, r.changed, r.compared, r.usual, u.factor AS detail, CASE WHEN c.kind = 'missing_in_new'"
        " THEN CASE WHEN NOT c.read_off THEN 'missing' END WHEN u.factor IS NOT NULL THEN 'unit'"
        " WHEN list_contains(t.rules, 'system') THEN 'system'"
        " WHEN list_contains(t.rules, 'replaced') AND NOT list_has_any(c.before, c.after) AND n.source_key IS NULL"
        "  THEN 'replaced'"
        f" WHEN list_contains(t.rules, 'network') AND {_left()} THEN 'network' END AS rule"
        " FROM change_list c JOIN change_rates r ON r.family_id = c.family_id AND r.attribute = c.attribute"
        f" AND r.kind = c.kind AND r.moment = c.changed_at AND r.usual < {usual['share']}"
        " LEFT JOIN change_units u ON u.source_id = c.source_id AND u.source_key = c.source_key"
        " AND u.attribute = c.attribute LEFT JOIN (SELECT attribute, list(rule)"
        "  AS rules FROM change_tests GROUP BY attribute) t ON t.attribute = c.attribute"
        " LEFT JOIN (SELECT DISTINCT source_id, source_key, changed_at FROM change_list WHERE attribute"
        "  IN ('hostname', 'name', 'fqdn') AND NOT list_has_any(before, after)) n ON n.source_id = c.source_id"
        " AND n.source_key = c.source_key AND n.changed_at = c.changed_at"
        " ANTI JOIN change_flips f ON f.source_id = c.source_id AND f.source_key = c.source_key"
        " AND f.attribute = c.attribute LEFT JOIN (SELECT l.source_id, l.source_key, l.attribute, count(*) AS often"
        "  FROM change_list l JOIN change_shares s ON s.family_id = l.family_id AND s.attribute = l.attribute"
        "  AND s.kind = l.kind AND s.moment = l.changed_at AND s.recent WHERE l.place > 1 GROUP BY ALL) p"
        " ON p.source_id = c.source_id AND p.source_key = c.source_key AND p.attribute = c.attribute"
        f" WHERE c.place = 1 AND NOT c.gone AND coalesce(p.often, 0) < {usual['before']}"
        " AND NOT coalesce(c.after = c.second AND len(c.after) > 0, false)",  # it says again what it had said
    )


def _left() -> str:
    """SQL of whether no IPv4 address now is in a network where one was before; of a record's own subnets, else /24."""
    four = "list_filter({}, lambda x: regexp_full_match(x, '\"\\d+\\.\\d+\\.\\d+\\.\\d+\"'))"
    number = (
        "list_reduce(list_transform(string_split(trim(x, '\"'), '.'), lambda p: p::BIGINT), lambda a, b: a * 256 + b)"
    )
    nets = "list_transform(" + four + f", lambda x: {number} >> {32 - _SUBNET})"
    before, after = nets.format("c.before"), nets.format("c.after")
    within = (
        "len(list_filter({}, lambda x: ({}) >> (32 - split_part(trim(s, '\"'), '/', 2)::INT) = ({})"
        " >> (32 - split_part(trim(s, '\"'), '/', 2)::INT))) > 0"
    )
    base = number.replace("trim(x, '\"')", "split_part(trim(s, '\"'), '/', 1)")
    shared = " AND ".join(within.format(four.format(side), number, base) for side in ("c.before", "c.after"))
    cidr = (
        "list_filter(coalesce(c.subnets, '[]')::JSON::JSON[]::VARCHAR[],"
        " lambda s: regexp_full_match(s, '\"\\d+\\.\\d+\\.\\d+\\.\\d+/\\d+\"'))"
    )
    return (
        f"len({before}) > 0 AND len({after}) > 0 AND NOT list_has_any({before}, {after})"
        f" AND len(list_filter({cidr}, lambda s: {shared})) = 0"
    )


def _together(engine: Engine) -> None:
    """Make `suspicions`: what many records did at once is one of them, told of the first by its key."""
    mass = rules()["mass"]
    engine.derive(
        "change_masses",
        "SELECT f.family_id, f.attribute, f.kind, f.changed_at, 'mass' AS rule, count(*) AS assets,"
        " max(compared) AS compared,"
        " CASE WHEN count(f.detail) >= 0.9 * count(*) THEN mode(f.detail) END AS detail FROM change_found f"
        " LEFT JOIN change_tests t ON t.attribute = f.attribute AND t.rule = 'mass'"
        f" WHERE changed >= {mass['fewest']} AND changed >= greatest({mass['share']}, {mass['times']} * usual)"
        " * compared"
        " AND CASE f.kind WHEN 'missing_in_new' THEN f.rule IS NOT NULL ELSE t.rule IS NOT NULL END"
        f" GROUP BY ALL HAVING count(*) >= {mass['fewest']} UNION ALL"
        " SELECT family_id, attribute, kind, changed_at, 'flip', count(*), count(*), '' FROM change_flips"
        f" GROUP BY family_id, attribute, kind, changed_at HAVING count(*) >= {mass['fewest']}",
    )
    columns = (
        "c.source_id, c.source_key, c.attribute, c.kind, {rule} AS rule, coalesce({detail}, '') AS detail,"
        " {assets} AS assets, {compared} AS compared, '[' || array_to_string(c.before, ',') || ']' AS before,"
        " '[' || array_to_string(c.after, ',') || ']' AS after, c.until, c.changed_at, c.until_file, c.changed_file"
    )
    one = columns.format(rule="c.rule", detail="c.detail", assets=1, compared=1)
    engine.derive(
        "raw_suspicions",
        "SELECT "
        + columns.format(rule="m.rule", detail="m.detail", assets="m.assets", compared="m.compared")
        + " FROM change_list c JOIN change_masses m USING (family_id, attribute, kind, changed_at)"
        " QUALIFY row_number() OVER (PARTITION BY c.family_id, c.attribute, c.kind, c.changed_at, m.rule"
        f" ORDER BY c.source_key) = 1 UNION ALL SELECT {one} FROM change_found c WHERE c.rule IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM change_masses m WHERE m.rule = 'mass' AND m.family_id = c.family_id AND"
        " m.attribute = c.attribute AND m.kind = c.kind AND m.changed_at = c.changed_at)"
        f" UNION ALL SELECT {one} FROM change_flips c ANTI JOIN change_masses m ON m.rule = 'flip' AND m.family_id ="
        " c.family_id AND m.attribute = c.attribute AND m.changed_at = c.changed_at"
        " UNION ALL SELECT source_id, source_key, attribute, 'suspicious_change', 'replaced', '', count(*)"
        " OVER many, 1,"
        " before, after, until::BIGINT, changed_at::BIGINT, until_file, changed_file FROM change_replaced"
        " WINDOW many AS (PARTITION BY family_id, attribute, changed_at) QUALIFY count(*) OVER many <"
        f" {mass['fewest']} OR row_number() OVER (PARTITION BY family_id, attribute, changed_at ORDER BY"
        " source_key) = 1",
    )
    texts = ", ".join(f"{name}::VARCHAR AS {name}" for name in change_store.COLUMNS)
    engine.derive(
        "suspicions",
        f"SELECT {texts} FROM raw_suspicions QUALIFY row_number() OVER (PARTITION BY source_id, source_key, attribute,"
        " kind ORDER BY assets DESC, changed_at DESC, rule) = 1",
    )
