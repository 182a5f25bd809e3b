"""Changes by people that move the register: mappings, merges, splits, sources, and their undo.

Each is one transaction: the act is appended, what follows from it is derived and folded, or none of
it happened.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, identity, mapping, memory, register
from muniment.base import engine, events, ids, jobs
from muniment.base.engine import Engine
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows import counting, derive, weigh
from muniment.flows.import_batch import resume_open
from muniment.flows.progress import Progress, quiet
from muniment.flows.rehearse import rehearsal


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: the act's id where it can be undone, and how many assets moved.

    `removed` assets have no record left and are in no other; those merged into others are not among them.
    `difference` says it in full where the change was only simulated.
    """

    act: UUID | None
    created: int
    updated: int
    merged: int
    split: int
    retired: int
    removed: int = 0
    difference: register.Difference | None = None


_NAMED = 5
Act = Callable[[sa.Connection, Engine], UUID | None]


def carry_out(
    home: Home, topic: str, act: Act, payload: dict[str, Any], progress: Progress, *, dry_run: bool = False
) -> Changed:
    """Do what a person said, in one transaction with all that follows from it.

    Args:
        home: whose register.
        topic: the event's name, and how the change is called in versions.
        act: changes evidence, identity or decisions; marks what is stale; gives the act's id if it can be undone.
        payload: what the event and the versions tell of it.
        progress: is told for whom the command waits.
        dry_run: do it all, say what changed, keep nothing.
    """
    with jobs.writer(home.scope, topic, lambda who: progress("waiting", 0, None, who)):
        if dry_run:
            with rehearsal(home) as stage:
                return _carry_out(stage, topic, act, payload, compare=True)
        resume_open(home, progress)
        return _carry_out(home, topic, act, payload)


def _carry_out(home: Home, topic: str, act: Act, payload: dict[str, Any], *, compare: bool = False) -> Changed:
    limit = home.settings["memory_limit"]
    with (
        home.scope.transaction() as connection,
        engine.bulk(memory_limit=limit, spill=home.spill) as bulk,
    ):
        if compare:
            register.remember(connection, home.scope)
        act_id = act(connection, bulk)
        cause = {"kind": topic, **payload, **({"act": str(act_id)} if act_id else {})}
        change = identity.recompute(connection, home.scope, bulk, topic)
        register.mark_stale(connection, home.scope, change.touched)
        done = weigh.fold_stale(connection, home, bulk, cause)
        events.append(connection, home.scope, topic, cause)
        found = register.difference(connection, home.scope) if compare else None
    removed = max(0, done.removed - change.merged)
    return Changed(act_id, done.created, done.updated, change.merged, change.split, done.retired, removed, found)


def merge_assets(
    home: Home, left: UUID, right: UUID, reason: str = "", progress: Progress = quiet, *, dry_run: bool = False
) -> Changed:
    """Make two assets one, by a person's word."""

    def act(connection: sa.Connection, _: Engine) -> UUID:
        names = " and ".join(_name(connection, home, asset) for asset in (left, right))
        made = identity.merge(connection, home.scope, left, right, reason)
        return memory.add_act(connection, home.scope, "merge", f"merged {names}", reason, act_id=made)

    payload = {"assets": [str(left), str(right)], "reason": reason}
    return carry_out(home, "assets.merged", act, payload, progress, dry_run=dry_run)


def split_asset(
    home: Home,
    asset: UUID,
    records: Sequence[UUID],
    reason: str = "",
    progress: Progress = quiet,
    *,
    dry_run: bool = False,
) -> Changed:
    """Make some records of an asset another asset, by a person's word."""

    def act(connection: sa.Connection, _: Engine) -> UUID:
        name = _name(connection, home, asset)
        made = identity.split(connection, home.scope, asset, records, reason)
        what = f"split {len(records)} record(s) off {name}"
        return memory.add_act(connection, home.scope, "split", what, reason, act_id=made)

    payload = {"asset": str(asset), "records": [str(record) for record in records], "reason": reason}
    return carry_out(home, "asset.split", act, payload, progress, dry_run=dry_run)


def _name(connection: sa.Connection, home: Home, asset: UUID) -> str:
    current = identity.current_asset(connection, home.scope, asset)
    return register.get(connection, home.scope, current).name


def undo(
    home: Home, act: UUID | None = None, reason: str = "", progress: Progress = quiet
) -> tuple[Changed, memory.Act]:
    """Take back what a person did: the act named, or the latest that still counts; says which it was."""
    taken: list[memory.Act] = []

    def take_back(connection: sa.Connection, bulk: Engine) -> UUID:
        taken.append(memory.take_back(connection, home.scope, act, reason))
        _reverse(connection, home, bulk, taken[0])
        register.mark_stale_by_act(connection, home.scope, taken[0].id)
        return taken[0].id

    changed = carry_out(home, "act.undone", take_back, {"reason": reason}, progress)
    return changed, taken[0]


def _reverse(connection: sa.Connection, home: Home, bulk: Engine, act: memory.Act) -> None:
    """Take back what an act did beside its words on assets, which count no more because it was undone."""
    if act.kind == "mapping":
        _derive_again(connection, home, bulk, mapping.undo(connection, home.scope, act.id))
    elif act.kind == "imports":
        counting.put_back(connection, home, bulk, act)
    elif act.kind == "policy":
        register.withdraw_policy(connection, home.scope, act.id)
    elif act.kind == "add":
        named = set(act.details["imports"])
        read = [one for one in evidence.list_imports(connection, home.scope) if str(one.id) in named]
        counting.set_status(connection, home, bulk, read, "withdrawn")
    elif act.kind == "source":
        source = next(one for one in evidence.list_sources(connection) if str(one.id) == act.details["source"])
        evidence.change_source(connection, source.name, **act.details["before"])
        register.mark_all_stale(connection, home.scope)


def accept_mapping(home: Home, columns: Sequence[mapping.ColumnMapping], progress: Progress = quiet) -> Changed:
    """Apply proposals for columns and read their rows again."""

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        act_id = ids.new()
        for column in columns:
            mapping.accept(connection, home.scope, column, act_id)
        _derive_again(connection, home, bulk, columns)
        return _log(connection, home, act_id, f"accepted {_listed(columns)}")

    return carry_out(home, "mapping.accepted", act, _named(columns), progress)


def reject_mapping(
    home: Home,
    columns: Sequence[mapping.ColumnMapping],
    reason: str = "",
    progress: Progress = quiet,
    *,
    dry_run: bool = False,
) -> Changed:
    """Say that columns do not mean what was proposed or applied."""

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        act_id = ids.new()
        for column in columns:
            mapping.reject(connection, home.scope, column, reason, act_id)
        _derive_again(connection, home, bulk, columns)
        return _log(connection, home, act_id, f"rejected {_listed(columns)}", reason)

    payload = {**_named(columns), "reason": reason}
    return carry_out(home, "mapping.rejected", act, payload, progress, dry_run=dry_run)


def set_mapping(
    home: Home,
    columns: Sequence[mapping.ColumnMapping],
    meaning: mapping.Meaning,
    *,
    new: dict[str, Any] | None = None,
    progress: Progress = quiet,
) -> Changed:
    """Say what columns mean and how they are read; `new` defines an attribute of one's own on the way."""

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        act_id = ids.new()
        if new is not None:
            mapping.add_attribute(connection, home.scope, meaning.attribute, new)
        for column in columns:
            rows, defaults = derive.newest_rows(connection, home, column)
            said = dataclasses.replace(meaning, defaults=defaults, act_id=act_id)
            mapping.assign_column(connection, home.scope, column, said, rows)
        _derive_again(connection, home, bulk, columns)
        return _log(connection, home, act_id, f"said that {_listed(columns)} means {meaning.attribute}")

    return carry_out(home, "mapping.set", act, {**_named(columns), "attribute": meaning.attribute}, progress)


def undo_mapping(home: Home, act_id: UUID | None = None, progress: Progress = quiet) -> Changed:
    """Take back what was said about columns: the act named, or the latest."""

    def act(connection: sa.Connection, bulk: Engine) -> None:
        standing = [one.id for one in mapping.acts(connection) if not one.undone]
        chosen = act_id or (standing[0] if standing else None)
        _derive_again(connection, home, bulk, mapping.undo(connection, home.scope, chosen))
        logged = {one.id for one in memory.list_acts(connection, home.scope) if one.undone_at is None}
        if chosen in logged:
            memory.take_back(connection, home.scope, chosen)

    return carry_out(home, "mapping.undone", act, {"undoes": str(act_id or "the latest")}, progress)


def rekey(home: Home, layout_id: UUID, columns: Sequence[str], progress: Progress = quiet) -> Changed:
    """Change what identifies a row of a layout's family; records get new keys, assets keep their ids."""

    def act(connection: sa.Connection, bulk: Engine) -> None:
        layout = evidence.get_layout(connection, layout_id)
        missing = [column for column in columns if column not in layout.columns]
        if missing:
            raise Rejected(f"{', '.join(missing)}: no such column; there are {', '.join(layout.columns)}")
        for member in evidence.list_layouts(connection, layout.source_id):
            if member.family_id == layout.family_id:
                reason = f"set by {home.scope.actor}"
                evidence.set_key(connection, member.id, columns, reason)
        derive.derive_again(connection, home, bulk, layout_id)

    return carry_out(home, "source.rekeyed", act, {"key": list(columns)}, progress)


def change_source(home: Home, name: str, values: dict[str, Any], progress: Progress = quiet) -> Changed:
    """Change a source's settings and fold everything it may have decided."""

    def act(connection: sa.Connection, bulk: Engine) -> UUID:
        del bulk
        source = evidence.get_source(connection, name)
        before = {field: getattr(source, field) for field in values}
        details = {
            "source": str(source.id),
            "before": {field: list(old) if isinstance(old, tuple) else old for field, old in before.items()},
        }
        evidence.change_source(connection, name, **values)
        register.mark_all_stale(connection, home.scope)
        what = f"changed {', '.join(values)} of the source {name}"
        return memory.add_act(connection, home.scope, "source", what, details=details)

    shown = {key: value for key, value in values.items() if isinstance(value, str | int | float | bool | list)}
    return carry_out(home, "source.changed", act, {"source": name, **shown}, progress)


def _log(connection: sa.Connection, home: Home, act_id: UUID, what: str, reason: str = "") -> UUID:
    return memory.add_act(connection, home.scope, "mapping", what, reason, act_id=act_id)


def _listed(columns: Sequence[mapping.ColumnMapping]) -> str:
    names = [repr(column.column) for column in columns]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"column(s) {', '.join(names[:_NAMED])}{more}"


def _named(columns: Sequence[mapping.ColumnMapping]) -> dict[str, Any]:
    return {"columns": [column.column for column in columns]}


def _derive_again(
    connection: sa.Connection, home: Home, bulk: Engine, columns: Sequence[mapping.ColumnMapping]
) -> None:
    for layout_id in sorted({column.layout_id for column in columns}):
        derive.derive_again(connection, home, bulk, layout_id)
