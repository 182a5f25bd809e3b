"""One decision that settles many conflicts: the correction of a group, simulated or applied, with one undo.

Called by the doors. Where a source's column is read wrongly, its mapping is changed and its rows are read again;
where only some of its cells are wrong, the others' values are resolved. What a transform does is tried on the
raw cells before it is proposed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, graph, mapping, memory, model, register
from muniment.base import db, engine, ids
from muniment.base.engine import Engine
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.flows import derive
from muniment.flows.change import Changed, carry_out
from muniment.flows.progress import Progress, quiet

if TYPE_CHECKING:
    import pyarrow as pa

_RECONCILED = 0.8
_NEAR = 0.01
_CELLS = 100_000


@dataclass(frozen=True, slots=True)
class Reread:
    """A column, and how it is to be read instead."""

    column: mapping.ColumnMapping
    attribute: str
    transform: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A group of conflicts with the correction proposed: columns to read otherwise, or values to resolve."""

    group: register.Group
    rereads: tuple[Reread, ...]

    @property
    def told(self) -> str:
        """The correction in words."""
        if not self.rereads:
            return f"resolve {self.group.conflicts:,} values as the other sources say, until they agree"
        reread = self.rereads[0]
        names = ", ".join(dict.fromkeys(repr(one.column.column) for one in self.rereads))
        if reread.attribute != self.group.attribute:
            return f"column {names} means {reread.attribute}"
        rest = {key: value for key, value in reread.transform.items() if key not in {"checks", "also"}}
        return f"read column {names} as {model.written(rest)}"


def conflict_groups(home: Home) -> list[Proposal]:
    """The root causes of the open conflicts with their corrections, the one that settles most first."""
    with (
        home.scope.transaction() as connection,
        engine.bulk(memory_limit=home.settings["memory_limit"], spill=home.spill) as bulk,
    ):
        known = mapping.attributes(connection)
        found = register.groups(connection, home.scope, bulk, known)
        return [Proposal(group, _rereads(connection, home, group, known)) for group in found]


def settle_group(
    home: Home, name: str, reason: str = "", progress: Progress = quiet, *, dry_run: bool = False
) -> tuple[Changed, Proposal]:
    """Carry out the correction of a group: one act, one undo; says which it was.

    Raises:
        NotFound: no group is called so now.
        Rejected: the beginning of a name fits several.
    """
    chosen = _named(conflict_groups(home), name)
    group = chosen.group

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        if not chosen.rereads:
            what = f"settled {group.conflicts} conflicts: {group.told}"
            made = memory.add_act(connection, home.scope, "resolve", what, reason)
            terms = register.Terms(reason or group.told, until_agreed=True)
            register.resolve(connection, home.scope, made, group.choices, terms)
            return made
        act_id = ids.new()
        for reread in chosen.rereads:
            rows, _ = derive.newest_rows(connection, home, reread.column)
            meaning = mapping.Meaning(reread.attribute, reread.transform, act_id=act_id)
            mapping.assign_column(connection, home.scope, reread.column, meaning, rows)
        for layout_id in sorted({reread.column.layout_id for reread in chosen.rereads}):
            derive.derive_again(connection, home, bulk, layout_id)
        what = f"{chosen.told}, as {group.told}"
        return memory.add_act(connection, home.scope, "mapping", what, reason, act_id=act_id)

    payload = {"group": group.name, "attribute": group.attribute, "source": group.source, "reason": reason}
    return carry_out(home, "conflicts.settled", act, payload, progress, dry_run=dry_run), chosen


def settled_share(home: Home) -> tuple[int, int]:
    """Open conflicts that belong to a group, and all open conflicts: what group decisions can settle."""
    grouped = sum(proposal.group.conflicts for proposal in conflict_groups(home))
    with home.scope.transaction() as connection:
        return grouped, sum(register.count_conflicts(connection, home.scope).values())


def _named(found: list[Proposal], name: str) -> Proposal:
    wanted = name.strip().lower()
    exact = [one for one in found if one.group.name.lower() == wanted]
    close = exact or [one for one in found if one.group.name.lower().startswith(wanted)]
    if not close:
        raise NotFound(f"no group of conflicts is called {name!r}: `muniment conflicts groups` lists them")
    if len(close) > 1:
        names = ", ".join(one.group.name for one in close[:5])
        raise Rejected(f"{name!r} may be any of {names}: write more of the name")
    return close[0]


def _rereads(
    connection: sa.Connection, home: Home, group: register.Group, known: Mapping[str, model.Attribute]
) -> tuple[Reread, ...]:
    """How the columns behind a systematic group are to be read instead; none where no reading is right."""
    if not group.systematic:
        return ()
    source = evidence.get_source(connection, group.source)
    found: list[Reread] = []
    for layout in evidence.list_layouts(connection, source.id):
        for column in mapping.current(connection, layout.id):
            if not column.applied or column.attribute != group.attribute or column.transform.get("also"):
                continue
            try:
                rows, _ = derive.newest_rows(connection, home, column)
            except Rejected:  # delivered in another engagement only
                continue
            found += _reread(group, column, rows, known)
    return tuple(found)


def _reread(
    group: register.Group, column: mapping.ColumnMapping, rows: pa.Table, known: Mapping[str, model.Attribute]
) -> list[Reread]:
    attribute = group.attribute
    if group.cause == "shifted":
        return [Reread(column, group.detail, {})] if group.detail in known else []
    before = _given(rows, column.column, attribute, column.transform, known)
    concerned = {raw: value for raw, value in before.items() if db.dumps(value) in group.wanted}
    if not concerned:
        return []
    for document in _candidates(group, column.transform, known[attribute], concerned):
        after = _given(rows, column.column, attribute, document, known)
        right = sum(_meets(after.get(raw), group.wanted[db.dumps(value)]) for raw, value in concerned.items())
        if right >= _RECONCILED * len(concerned):
            return [Reread(column, attribute, document)]
    return []


def _given(
    rows: pa.Table, column: str, attribute: str, document: Mapping[str, Any], known: Mapping[str, model.Attribute]
) -> dict[str, Any]:
    """What each distinct cell of a column gives, read by a transform."""
    shown = graph.preview(rows, evidence.Rule(column, attribute, document), known, _CELLS, masked=False)
    return {sample.raw: sample.values[0] for sample in shown.samples if sample.values}


def _candidates(
    group: register.Group, current: Mapping[str, Any], attribute: model.Attribute, concerned: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Transforms that may correct a group's cause, the simplest first; ranges learned from the wrong values go.

    Args:
        group: whose cause.
        current: how the column is read now.
        attribute: what it means.
        concerned: raw cells and the wrong values they give.
    """
    document = {key: value for key, value in current.items() if key != "checks"}
    steps = list(current.get("steps", ()))
    kept = {"checks": current["checks"]} if current.get("checks") else {}
    if group.cause == "factor":
        factor = register.FACTORS[group.detail]
        for unit in model.units_times(document.get("unit") or attribute.unit or "", factor)[:1]:
            yield {**document, "unit": unit}
            yield {**document, "steps": [*steps, {"do": "part", "pattern": r"^\s*([0-9.,]+)"}], "unit": unit}
    elif group.cause == "day-month":
        yield {**document, **kept, "day_first": not document.get("day_first", False)}
    elif group.cause in {"suffix", "prefix"}:
        for text in dict.fromkeys((group.detail, group.detail.lower(), group.detail.upper())):
            yield {**document, "steps": [*steps, {"do": "strip", group.cause: text}]}
    elif group.cause == "case" and group.detail != "mixed":
        yield {**document, "steps": [*steps, {"do": "case", "to": group.detail}]}
    elif group.cause == "code" and all(len(others) == 1 for others in group.wanted.values()):
        table = {raw: str(json.loads(next(iter(group.wanted[db.dumps(value)])))) for raw, value in concerned.items()}
        yield {**document, "steps": [*steps, {"do": "lookup", "table": table}]}


def _meets(value: Any, wanted: frozenset[str]) -> bool:
    if value is None:
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        return any(abs(json.loads(other) - value) <= _NEAR * abs(value) for other in wanted)
    return db.dumps(value) in wanted
