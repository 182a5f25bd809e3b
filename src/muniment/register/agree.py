"""Which claimed values can both be true, and what a claim lends to values like its own.

Called by `fold` between weighing and ranking. Looks at distinct pairs of values only: how they compare is
`matching`'s, per kind of value; the rest is set-based. Never chooses.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from muniment import matching
from muniment.base.engine import Engine

if TYPE_CHECKING:
    import pyarrow as pa

_SAME = 1.0


def find_agreements(engine: Engine) -> None:
    """Make the table `fold_agreements` (attribute, value, other, strength, less): both directions of each pair.

    Needs `spoken` (values per asset) and `fold_attributes`. `less`: the value says less than the other, or is a
    slip of the finger for it.
    """
    pairs = engine.rows(
        "SELECT DISTINCT attribute, a.kind AS kind, one.value AS one, two.value AS two FROM spoken one"
        " JOIN spoken two USING (asset_id, attribute) JOIN fold_attributes a USING (attribute)"
        " WHERE one.value < two.value AND NOT one.multi AND a.kind <> 'exact' ORDER BY ALL"
    )
    slipped = engine.rows("SELECT attribute, slips FROM fold_attributes WHERE len(slips) > 0").to_pylist()
    engine.register(
        "fold_agreements",
        _compared(pairs, {row["attribute"]: {tuple(pair) for pair in row["slips"]} for row in slipped}),
    )


def _compared(pairs: pa.Table, slips: Mapping[str, Collection[tuple[str, ...]]]) -> pa.Table:
    import pyarrow as pa

    found: list[dict[str, Any]] = []
    for pair in pairs.to_pylist():
        one, two = (matching.form(pair["kind"], _text(pair[side])) for side in ("one", "two"))
        slipped = slips.get(pair["attribute"], ())
        ways = ((one.key, two.key) in slipped, (two.key, one.key) in slipped)
        strength = 1.0 if any(ways) else matching.agreement(pair["kind"], one, two)
        if strength > 0:
            whole = strength >= _SAME
            less = ways if any(ways) else (one.detail < two.detail, two.detail < one.detail)
            sides = ((pair["one"], pair["two"], less[0]), (pair["two"], pair["one"], less[1]))
            found += [
                {
                    "attribute": pair["attribute"],
                    "value": value,
                    "other": other,
                    "strength": strength,
                    "same": whole,
                    "less": whole and says_less,
                }
                for value, other, says_less in sides
            ]
    schema = pa.schema(
        [("attribute", pa.string()), ("value", pa.string()), ("other", pa.string()), ("strength", pa.float64()),
         ("same", pa.bool_()), ("less", pa.bool_())]
    )  # fmt: skip
    return pa.Table.from_pylist(found, schema)


def _text(value: str) -> str:
    read = json.loads(value)
    return read if isinstance(read, str) else value


def lend(engine: Engine) -> None:
    """Make `classes` of `spoken`: with what agreeing values lend, and whether an agreeing one says more."""
    engine.derive(
        "lent",
        "SELECT s.asset_id, s.attribute, s.value, sum(round(g.strength * o.micro)::BIGINT)::BIGINT AS micro,"
        " max(o.day) FILTER (WHERE g.same) AS day, flatten(list(o.sources) FILTER (WHERE g.same)) AS sources,"
        " bool_or(g.less) AS general FROM spoken s JOIN fold_agreements g USING (attribute, value)"
        " JOIN spoken o ON o.asset_id = s.asset_id AND o.attribute = s.attribute AND o.value = g.other"
        " GROUP BY s.asset_id, s.attribute, s.value",
    )
    engine.derive(
        "classes",
        "SELECT s.asset_id, s.attribute, s.value, s.policy, s.contestable, s.multi, s.micro AS own,"
        " s.micro + coalesce(l.micro, 0) AS micro, greatest(s.day, coalesce(l.day, s.day)) AS day,"
        " len(list_distinct(s.sources || coalesce(l.sources, [])))::INT AS support, s.tier,"
        " list_sort(list_distinct(s.sources || coalesce(l.sources, []))) AS sources, s.record, s.source,"
        " coalesce(l.general, false) AS general FROM spoken s LEFT JOIN lent l USING (asset_id, attribute, value)",
    )
