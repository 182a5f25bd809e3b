"""What pairs of records usually are, in IT: re-imaged host, re-used name, VM clone; the knowledge is `cases.toml`.

`identity` has it look through linked records; explanations take names and sentences from it. It names what linking
did and never decides who is one thing.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from muniment.base.engine import Engine

_GROUPED = {
    "agree": "list_has_any(agreed, {})",
    "differ": "list_has_any(differed, {})",
    "shared": "list_has_any(shared, {})",
    "several": "list_has_any(several, {})",
}
_FLAT = {
    "alone": "list_has_all({}, agreed)",
    "not_agree": "NOT list_has_any(agreed, {})",
    "not_differ": "NOT list_has_any(differed, {})",
}
_LABELS = {
    "ip_address": "address", "mac_address": "network card", "fqdn": "full name", "hostname": "name", "uuid": "UUID",
    "cloud_id": "id in the cloud", "vm_id": "id in the virtual center", "asset_tag": "asset tag", "form": "form",
    "application_id": "application id", "parent": "host",
}  # fmt: skip
_TOLD_VALUES = 2


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of pair: its name, the patterns of evidence (`cases.toml` says what they mean), what it means.

    Attributes:
        key, name: for programs and for people.
        means: `same` or `different`.
        pattern: condition -> what it asks for.
        says, advice: the sentence of the explanation, and what to do where it is wrong.
    """

    key: str
    name: str
    means: str
    pattern: Mapping[str, Any]
    says: str
    advice: str


@cache
def case_list() -> tuple[Case, ...]:
    """The cases, in the order in which they are tried; one may have several patterns."""
    text = resources.files("muniment.matching").joinpath("cases.toml").read_text(encoding="utf-8")
    told = ("key", "name", "means", "says", "advice")
    return tuple(
        Case(
            pattern={name: asked for name, asked in body.items() if name not in told},
            **{name: body[name] for name in told},
        )
        for body in tomllib.loads(text)["case"]
    )


def find_cases(
    engine: "Engine", records: "pa.Table", identifiers: "pa.Table", pairs: "pa.Table", clusters: "pa.Table"
) -> "pa.Table":
    """Name the pairs that are a case.

    Args:
        engine: for scratch tables.
        records: columns record, list, ended (whether it is said to be retired).
        identifiers: columns record, kind, value, as linked.
        pairs: columns a, b, agreed, differed (kinds): all that share a value.
        clusters: columns record, cluster.

    Returns:
        Columns a, b, place (in `case_list()`), told (JSON: kind -> the value of each side), in the order of a and b.
    """
    _facts(engine, records, identifiers, pairs, clusters)
    chosen = " ".join(f"WHEN {_condition(case)} THEN {place}" for place, case in enumerate(case_list()))
    engine.derive("c_found", f"SELECT * FROM (SELECT *, CASE {chosen} END AS place FROM c_facts) WHERE place >= 0")
    engine.derive(  # in steps: one join on the kind alone would pair all records
        "c_left",
        "SELECT f.a, f.b, i.kind, i.value, list_contains(f.agreed, i.kind) AS agrees FROM c_found f"
        " JOIN c_identifiers i ON i.record = f.a WHERE list_contains(list_concat(f.agreed, f.differed), i.kind)",
    )
    engine.derive(
        "c_right",
        "SELECT f.a, f.b, i.kind, i.value FROM c_found f JOIN c_identifiers i ON i.record = f.b"
        " WHERE list_contains(list_concat(f.agreed, f.differed), i.kind)",
    )
    engine.derive(
        "c_told",
        "SELECT a, b, kind, min(l.value) AS of_left, min(r.value) AS of_right FROM c_left l"
        " JOIN c_right r USING (a, b, kind) WHERE l.value = r.value OR NOT l.agrees GROUP BY a, b, kind",
    )
    return engine.rows(
        "SELECT a, b, any_value(place) AS place, to_json(map_from_entries(list((kind, [of_left, of_right])"
        " ORDER BY kind)))::VARCHAR AS told FROM c_found JOIN c_told USING (a, b) GROUP BY a, b ORDER BY a, b"
    )


def _facts(
    engine: "Engine", records: "pa.Table", identifiers: "pa.Table", pairs: "pa.Table", clusters: "pa.Table"
) -> None:
    """What the patterns ask about: per pair, what agrees, differs, is shared or has several values."""
    for name, table in (("c_records", records), ("c_identifiers", identifiers), ("c_pairs", pairs)):
        engine.register(name, table)
    engine.register("c_clusters", clusters.select(["record", "cluster"]))
    engine.derive(
        "c_shared",
        "SELECT DISTINCT kind, value FROM (SELECT kind, value FROM c_identifiers JOIN c_records USING (record)"
        " JOIN c_clusters USING (record) GROUP BY kind, value, list HAVING count(DISTINCT cluster) > 1)",
    )
    engine.derive("c_carriers", "SELECT record, kind, value FROM c_identifiers JOIN c_shared USING (kind, value)")
    engine.derive(
        "c_several",
        "SELECT record, list(kind) AS several FROM (SELECT record, kind FROM c_identifiers GROUP BY ALL"
        " HAVING count(DISTINCT value) > 1) GROUP BY record",
    )
    engine.derive("c_ended", "SELECT DISTINCT cluster FROM c_records JOIN c_clusters USING (record) WHERE ended")
    engine.derive(
        "c_sharing",
        "SELECT p.a, p.b, list(DISTINCT i.kind) AS shared FROM c_pairs p JOIN c_carriers i ON i.record = p.a"
        " JOIN c_carriers j ON j.record = p.b AND j.kind = i.kind AND j.value = i.value GROUP BY p.a, p.b",
    )
    engine.derive(
        "c_facts",
        "SELECT p.a, p.b, p.agreed, p.differed, x.cluster = y.cluster AS together,"
        " ex.cluster IS NOT NULL OR ey.cluster IS NOT NULL AS ended,"
        " coalesce(s.shared, []) AS shared,"
        " list_concat(coalesce(va.several, []), coalesce(vb.several, [])) AS several"
        " FROM c_pairs p JOIN c_clusters x ON x.record = p.a JOIN c_clusters y ON y.record = p.b"
        " LEFT JOIN c_sharing s ON s.a = p.a AND s.b = p.b"
        " LEFT JOIN c_ended ex ON ex.cluster = x.cluster LEFT JOIN c_ended ey ON ey.cluster = y.cluster"
        " LEFT JOIN c_several va ON va.record = p.a LEFT JOIN c_several vb ON vb.record = p.b"
        " WHERE len(p.differed) > 0 OR va.record IS NOT NULL OR vb.record IS NOT NULL",
    )


def _condition(case: Case) -> str:
    """A pattern as SQL over the facts of a pair. What it asks for is our own data, never a source's."""
    parts = ["NOT together"] if case.means == "different" else []
    for name, asked in case.pattern.items():
        if name in _GROUPED:
            parts += [_GROUPED[name].format(_listed(group.split("|"))) for group in asked]
        elif name in _FLAT:
            parts.append(_FLAT[name].format(_listed(asked)))
        elif name == "ended":
            parts.append("ended" if asked else "NOT ended")
        else:
            raise KeyError(name)
    return "(" + " AND ".join(parts) + ")"


def _listed(kinds: Sequence[str]) -> str:
    return "[" + ", ".join(f"'{kind}'" for kind in kinds) + "]"


def explain_case(place: int, told: Mapping[str, Sequence[str]]) -> str:
    """The sentence of a case about a pair.

    Args:
        place: in `case_list()`.
        told: kind -> the values of the two sides.
    """
    case = case_list()[place]
    wanted = [kind for name in ("agree", "alone") for kind in _kinds(case.pattern.get(name, ()))]
    agree = [kind for kind, (one, other) in told.items() if one == other]
    differ = [kind for kind, (one, other) in told.items() if one != other]
    first = [kind for kind in agree if kind in wanted] or agree
    against = [kind for kind in differ if kind in _kinds(case.pattern.get("differ", ()))] or differ
    return case.says.format(
        agree=" and ".join(f"{label(kind)} {told[kind][0]}" for kind in first[:_TOLD_VALUES]) or "what is shared",
        differ=" and ".join(f"{label(kind)} {told[kind][0]} is not {told[kind][1]}" for kind in against[:_TOLD_VALUES])
        or "the rest differs",
    )


def _kinds(groups: Iterable[str]) -> list[str]:
    return [kind for group in groups for kind in group.split("|")]


def label(kind: str) -> str:
    """A kind of identifier as people say it."""
    return _LABELS.get(kind, kind.replace("_", " "))
