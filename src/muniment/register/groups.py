"""Root causes: open conflicts grouped by source, attribute and the transformation that would reconcile them.

Called by `flows`, which turns a group into one decision. Set-based over what `group_store` reads; finds and
judges, changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment import model
from muniment.base.engine import Engine
from muniment.base.tenancy import Scope
from muniment.register import group_store
from muniment.register.types import Choice

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST = 3
"""So many conflicts with one cause make a group."""

SYSTEMATIC = 0.8
"""From this share of a source's comparable values on, the column is read wrongly; below, some cells are wrong."""

FACTORS: Mapping[str, float] = {
    "1024": 1024.0,
    "1/1024": 1 / 1024,
    "1048576": 1048576.0,
    "1/1048576": 1 / 1048576,
    "1000": 1000.0,
    "1/1000": 1 / 1000,
    "1000000/1048576": 1e6 / 1048576,
    "1048576/1000000": 1048576 / 1e6,
    "1000/1024": 1000 / 1024,
    "1024/1000": 1024 / 1000,
    "1000000000/1073741824": 1e9 / 1073741824,
    "1073741824/1000000000": 1073741824 / 1e9,
    "8": 8.0,
    "1/8": 1 / 8,
    "60": 60.0,
    "1/60": 1 / 60,
    "24": 24.0,
    "1/24": 1 / 24,
    "100": 100.0,
    "1/100": 1 / 100,
}
"""What units differ by: binary and decimal multiples, bits and bytes, minutes and hours, percent and share."""

_NEAR = 0.006
_ENOUGH = 20
_LIKELY = (
    "(u.usual IS NULL OR f.factor BETWEEN 0.2 AND 5 OR abs(ln(w::DOUBLE) - u.usual) < abs(ln(v::DOUBLE) - u.usual))"
)
"""Of two values far apart the one more like those that sources agree on is right."""
_SHORTEST_CUT = 6
_SHORTEST_WORD = 3
_CONSISTENT = 0.8
_MOST_CODES = 500
_CAUSES = ("factor", "day-month", "shifted", "cut", "suffix", "prefix", "case", "code")
"""The first explains more than the later, where they explain as many conflicts."""


@dataclass(frozen=True, slots=True)
class Group:
    """Open conflicts with one cause.

    Attributes:
        name: how people call it: source/attribute/cause.
        source: whose values the transformation corrects.
        attribute: of which attribute.
        cause: one of factor, day-month, shifted, cut, suffix, prefix, case, code.
        detail: which factor, suffix, attribute, length or case.
        agreeing: other assets of which the source says what others say too, and the transformation would change.
        others: conflicts of the source and attribute that this does not explain.
        wanted: JSON text of a value of the source -> JSON texts of what others say instead.
        choices: what would settle each conflict, one by one.
        sample: name of an asset, the source's value, the others' value.
    """

    name: str
    source: str
    attribute: str
    cause: str
    detail: str
    agreeing: int
    others: int
    wanted: Mapping[str, frozenset[str]]
    choices: tuple[Choice, ...]
    sample: tuple[tuple[str, Any, Any], ...]

    @property
    def conflicts(self) -> int:
        """How many conflicts it settles."""
        return len(self.choices)

    @property
    def systematic(self) -> bool:
        """Whether the source says it so nearly always: then its column is read wrongly."""
        if self.cause in {"suffix", "prefix", "case", "code"}:
            return self.agreeing <= self.conflicts * (1 - SYSTEMATIC)
        return self.conflicts >= SYSTEMATIC * (self.conflicts + self.agreeing + self.others)

    @property
    def told(self) -> str:
        """The cause as a sentence."""
        what = {
            "factor": f"times {self.detail} is what others say",
            "day-month": "has day and month the other way round",
            "shifted": f"says what others say of {self.detail}",
            "cut": f"cuts texts off after {self.detail} signs",
            "suffix": f"puts {self.detail!r} behind what others say",
            "prefix": f"puts {self.detail!r} before what others say",
            "case": f"differs from others in case only; theirs is {self.detail}",
            "code": f"uses {self.detail} words of its own for what others say",
        }[self.cause]
        return f"{self.source}: {self.attribute} {what}"


def groups(
    connection: sa.Connection, scope: Scope, engine: Engine, attributes: Mapping[str, model.Attribute]
) -> list[Group]:
    """The groups of the open conflicts, the one that settles most first; no conflict is in two."""
    single = [name for name, one in attributes.items() if not one.multi]
    return find(
        engine,
        group_store.open_claims(connection, scope, single),
        group_store.agreed_values(connection, scope, single),
        group_store.other_values(connection, scope, single),
        attributes,
    )


def find(
    engine: Engine,
    claims: pa.Table,
    agreed: pa.Table,
    winners: pa.Table,
    attributes: Mapping[str, model.Attribute],
) -> list[Group]:
    """Group conflicts.

    Args:
        engine: for the tables.
        claims: asset_id, asset, attribute, place (of the winner 1), value (JSON text), source, of open conflicts.
        agreed: source, attribute, value, assets: how often a source says a value that another says too.
        winners: asset_id, attribute, value, sources (JSON text): the register's values of the assets in conflict.
        attributes: the model.
    """
    engine.register("group_claims", claims)
    engine.register("group_agreed", agreed)
    engine.register("group_winners", winners)
    _pair(engine, attributes)
    _explain(engine)
    _choose(engine)
    return _read(engine)


def _pair(engine: Engine, attributes: Mapping[str, model.Attribute]) -> None:
    """Each value that a source says in a conflict beside each that another says."""
    numbers = [name for name, one in attributes.items() if one.type in {"size", "number", "integer", "percent"}]
    dates = [name for name, one in attributes.items() if one.type in {"date", "datetime"}]
    engine.derive(
        "group_values",
        "SELECT asset_id, any_value(asset) AS asset, attribute, value, min(place::INT) AS place,"
        " count(DISTINCT source) AS backing, list_sort(list(DISTINCT source)) AS sources,"
        " value::JSON ->> '$' AS said FROM group_claims GROUP BY asset_id, attribute, value",
    )
    engine.derive(
        "group_pairs",
        "SELECT a.asset_id, a.asset, a.attribute, s.source, a.value, a.said AS v, b.value AS other, b.said AS w,"
        " b.backing - a.backing AS lead, a.place > b.place AS losing, b.sources[1] AS witness,"
        f" a.attribute IN ({_quoted(numbers)}) AS numeric, a.attribute IN ({_quoted(dates)}) AS dated"
        " FROM group_values a JOIN group_values b ON a.asset_id = b.asset_id AND a.attribute = b.attribute"
        " AND a.value <> b.value CROSS JOIN unnest(a.sources) AS s(source)",
    )
    engine.derive(
        "group_texts",
        "SELECT *, lower(v) AS lv, lower(w) AS lw FROM group_pairs WHERE NOT numeric AND NOT dated",
    )


def _explain(engine: Engine) -> None:
    """Which transformations make a source's value another's; one row per pair, cause and detail."""
    common = "asset_id, asset, attribute, source, value, other, lead, losing, witness"
    factors = ", ".join(f"('{name}', {factor!r})" for name, factor in FACTORS.items())
    engine.derive(  # how big the values are that sources agree on
        "group_usual",
        "SELECT attribute, sum(assets::BIGINT * ln(value::DOUBLE)) / sum(assets::BIGINT) AS usual FROM group_agreed"
        " WHERE try_cast(value AS DOUBLE) > 0 GROUP BY attribute"
        f" HAVING sum(assets::BIGINT) >= {_ENOUGH}",
    )
    turned = "substr(v, 1, 4) || '-' || substr(v, 9, 2) || '-' || substr(v, 6, 2)"
    engine.derive(  # a word of a source for another word, if it is so nearly always
        "group_codes",
        "SELECT p.* FROM (SELECT source, attribute, value, other, count(DISTINCT asset_id) AS n FROM group_texts"
        f"  GROUP BY ALL HAVING n >= {FEWEST}) p JOIN (SELECT source, attribute, value,"
        "  count(DISTINCT asset_id) AS disputed FROM group_texts GROUP BY ALL) d USING (source, attribute, value)"
        " LEFT JOIN group_agreed g USING (source, attribute, value)"
        f" WHERE n >= {_CONSISTENT} * (disputed + coalesce(g.assets::BIGINT, 0))",
    )
    engine.derive(
        "group_fits",
        f"SELECT {common}, 'factor' AS cause, f.name AS detail FROM group_pairs"
        f" CROSS JOIN (VALUES {factors}) f(name, factor) LEFT JOIN group_usual u USING (attribute)"
        " WHERE numeric AND v::DOUBLE > 0 AND w::DOUBLE > 0"
        f" AND abs(w::DOUBLE - v::DOUBLE * f.factor) <= {_NEAR} * w::DOUBLE AND {_LIKELY}"
        f" UNION ALL SELECT {common}, 'day-month', '' FROM group_pairs WHERE dated AND v <> w"
        f" AND length(v) >= 10 AND {turned} || substr(v, 11) = w"
        f" UNION ALL SELECT {common}, 'shifted', b.theirs FROM group_texts t JOIN (SELECT asset_id AS one,"
        "  attribute AS theirs, value AS worth, sources AS by FROM group_winners) b ON b.one = t.asset_id"
        "  AND b.worth = t.value AND b.theirs <> t.attribute"
        f" WHERE length(v) >= {_SHORTEST_WORD} AND NOT list_contains(b.by::JSON::VARCHAR[], t.source)"
        f" UNION ALL SELECT {common}, 'cut', length(v)::VARCHAR FROM group_texts"
        f" WHERE length(v) >= {_SHORTEST_CUT} AND length(w) > length(v) AND starts_with(lw, lv)"
        f" UNION ALL SELECT {common}, 'suffix', substr(v, length(w) + 1) FROM group_texts"
        f" WHERE length(w) >= {_SHORTEST_WORD} AND length(v) > length(w) AND starts_with(lv, lw)"
        f" UNION ALL SELECT {common}, 'prefix', left(v, length(v) - length(w)) FROM group_texts"
        f" WHERE length(w) >= {_SHORTEST_WORD} AND length(v) > length(w) AND ends_with(lv, lw)"
        f" UNION ALL SELECT {common}, 'case', CASE w WHEN upper(w) THEN 'upper' WHEN lower(w) THEN 'lower'"
        "  ELSE 'mixed' END FROM group_texts WHERE lv = lw"
        f" UNION ALL SELECT {common}, 'code', '' FROM group_texts"
        " SEMI JOIN group_codes USING (source, attribute, value, other)",
    )


def _choose(engine: Engine) -> None:
    """Each conflict to the cause that explains most; who is nearer to the majority is believed."""
    order = " ".join(f"WHEN '{cause}' THEN {place}" for place, cause in enumerate(_CAUSES))
    engine.derive(
        "group_causes",
        f"SELECT source, attribute, cause, detail, count(DISTINCT asset_id) AS explained, avg(lead) AS lead,"
        f" avg(losing::INT) AS losing, CASE cause {order} END AS place FROM group_fits GROUP BY ALL",
    )
    engine.derive(
        "group_chosen",
        "SELECT f.* FROM group_fits f JOIN group_causes c USING (source, attribute, cause, detail)"
        f" WHERE c.explained >= {FEWEST} QUALIFY row_number() OVER (PARTITION BY f.asset_id, f.attribute"
        " ORDER BY c.explained DESC, c.lead DESC, c.losing DESC, c.place, source, detail, f.lead DESC, f.other) = 1",
    )
    engine.derive(
        "group_disputed",
        "SELECT source, attribute, count(DISTINCT asset_id) AS disputed FROM group_pairs GROUP BY ALL",
    )


def _read(engine: Engine) -> list[Group]:
    rows = engine.rows(
        "SELECT source, attribute, cause, detail, count(*) AS n, any_value(d.disputed) AS disputed,"
        " list({'asset': asset_id, 'name': asset, 'v': value, 'w': other, 'from': witness} ORDER BY asset, asset_id)"
        " AS members FROM group_chosen JOIN group_disputed d USING (source, attribute)"
        f" GROUP BY source, attribute, cause, detail HAVING count(*) >= {FEWEST}"
        " ORDER BY n DESC, source, attribute, cause, detail"
    ).to_pylist()
    agreed = engine.rows("SELECT source, attribute, value, assets::BIGINT AS assets FROM group_agreed").to_pylist()
    spoken: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for row in agreed:
        spoken.setdefault((row["source"], row["attribute"]), []).append((row["value"], row["assets"]))
    return [_group(row, spoken.get((row["source"], row["attribute"]), [])) for row in rows]


def _group(row: Mapping[str, Any], agreed: list[tuple[str, int]]) -> Group:
    wanted: dict[str, set[str]] = {}
    for member in row["members"]:
        wanted.setdefault(member["v"], set()).add(member["w"])
    cause, detail = row["cause"], row["detail"]
    if cause == "code":
        detail = str(len(wanted))
    slug = {"factor": f"x{detail}", "shifted": f"is-{detail}", "cut": f"cut-{detail}", "case": "case"}
    named = slug.get(cause, cause if cause in {"day-month", "code"} else f"{cause}-{detail.strip()}")
    return Group(
        f"{row['source']}/{row['attribute']}/{named}".replace(" ", "_"),
        row["source"],
        row["attribute"],
        cause,
        detail,
        sum(assets for value, assets in agreed if _would_change(cause, detail, value, wanted)),
        row["disputed"] - row["n"],
        {value: frozenset(others) for value, others in wanted.items()},
        tuple(
            Choice(UUID(one["asset"]), row["attribute"], (json.loads(one["w"]),), one["from"]) for one in row["members"]
        ),
        tuple((one["name"], json.loads(one["v"]), json.loads(one["w"])) for one in row["members"][:3]),
    )


def _would_change(cause: str, detail: str, value: str, wanted: Mapping[str, Any]) -> bool:
    """Whether the transformation changes a value that others agree with."""
    said = json.loads(value)
    if cause == "day-month":
        return bool(said[5:7] != said[8:10] and said[8:10] <= "12")
    if cause == "cut":
        return len(said) > int(detail)
    return {
        "code": value in wanted,
        "suffix": str(said).endswith(detail),
        "prefix": str(said).startswith(detail),
        "case": False,
    }.get(cause, bool(said))


def _quoted(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "''"
