"""Corrections from an edited export: only what someone changed becomes a person's word, all of it one act.

Called by the doors. Each row is compared with the asset as it was when the export was made; what the register
has changed meanwhile is reported and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from muniment import identity, mapping, memory, model, register
from muniment.base.engine import Engine
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.flows import edited_cells as cells
from muniment.flows.change import Changed, carry_out
from muniment.flows.edited_file import Edited, Row, read_edited
from muniment.flows.progress import Progress, quiet

Outcome = Literal["changed", "already", "cleared", "clash", "refused"]
_DERIVED = {"name": "it is made of the host name and other names: correct these"}
_WORKED_OUT = "it is worked out from the evidence and cannot be written"


@dataclass(frozen=True, slots=True)
class Correction:
    """One cell that differs from what was exported, and what becomes of it.

    `before` is what was exported, `after` what the cell says now, `now` what the register has. `outcome` is changed
    (applied), already (the register says so too), cleared (empty now; applied only where allowed, then
    `applied`), clash (the register changed meanwhile) or refused, with the reason.
    """

    tab: str
    row: int
    column: str
    asset: UUID
    name: str
    attribute: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    now: tuple[Any, ...]
    outcome: Outcome
    applied: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RowLeft:
    """A row that could not be used, and why."""

    tab: str
    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """What an edited export says: cells that differ, rows that could not be used, columns that no export has.

    `changed` is what applying them did; None where nothing was to apply.
    """

    file: str
    rows: int
    cells: tuple[Correction, ...]
    rows_left: tuple[RowLeft, ...]
    unknown_columns: tuple[str, ...]
    changed: Changed | None = None

    @property
    def applied(self) -> int:
        """How many cells become a person's word."""
        return sum(cell.applied for cell in self.cells)


def apply_corrections(
    home: Home,
    path: Path,
    *,
    allow_clear: bool = False,
    reason: str = "",
    dry_run: bool = False,
    progress: Progress = quiet,
) -> Corrections:
    """Read an edited export and make its changed cells a person's word, as one act.

    Args:
        home: whose register.
        path: an export of ours as XLSX, CSV, JSON or JSON lines, edited.
        allow_clear: let emptied cells say that there is no value.
        reason: why, for whoever reads it later.
        dry_run: say what would be applied, keep nothing.
        progress: told while the file is read and the register folded.

    Raises:
        Rejected: the file is no export, or one of another register.
    """
    progress("read", 0, None, path.name)
    passwords = home.settings["workbook_password"].splitlines()
    with home.scope.transaction() as connection:
        edited = read_edited(path, mapping.attributes(connection), [one for one in passwords if one])
        _check_stamp(edited, home, path)
        found = _compare(connection, home, path.name, edited, allow_clear=allow_clear)
    if not found.applied:
        return found
    latest = [found]

    def act(connection: sa.Connection, _: Engine) -> UUID:
        latest[0] = _compare(connection, home, path.name, edited, allow_clear=allow_clear)
        chosen = [cell for cell in latest[0].cells if cell.applied]
        assets = len({cell.asset for cell in chosen})
        what = f"corrected {len(chosen):,} value(s) of {assets:,} asset(s) by {path.name}"
        made = memory.add_act(connection, home.scope, "corrections", what, reason)
        choices = [register.Choice(cell.asset, cell.attribute, cell.after) for cell in chosen]
        register.resolve(connection, home.scope, made, choices, register.Terms(reason))
        return made

    payload = {"file": path.name, "reason": reason}
    changed = carry_out(home, "values.corrected", act, payload, progress, dry_run=dry_run)
    return replace(latest[0], changed=changed)


def _check_stamp(edited: Edited, home: Home, path: Path) -> None:
    stamp, scope = edited.stamp, home.scope
    if stamp is not None and (stamp.tenant, stamp.engagement) != (scope.tenant, scope.engagement):
        raise Rejected(
            f"{path.name} is an export of {stamp.tenant}/{stamp.engagement}, not {scope.tenant}/{scope.engagement}: "
            f"use `--tenant {stamp.tenant} --engagement {stamp.engagement}`"
        )


def _compare(connection: sa.Connection, home: Home, file: str, edited: Edited, *, allow_clear: bool) -> Corrections:
    """What the file says against the register: nothing is written but temporary tables."""
    known = mapping.attributes(connection)
    matched, left = _match(connection, home, edited, known)
    then = _as_exported(connection, home, edited, matched)
    current = register.assets_now(connection, home.scope, matched.values())
    comparison = _Comparison(edited, known, matched, then, current)
    comparison.run()
    found = [
        cell if cell.outcome != "cleared" or not allow_clear else replace(cell, applied=True)
        for cell in comparison.found.values()
    ]
    lost = [RowLeft(reject.tab or "", reject.line or 0, reject.reason) for reject in edited.lost]
    return Corrections(file, len(edited.rows), tuple(found), (*left, *comparison.left, *lost), edited.unknown)


def _as_exported(
    connection: sa.Connection, home: Home, edited: Edited, matched: Mapping[int, UUID]
) -> dict[int, register.Recalled]:
    """What each row was made of: its version, else the moment of the export, else the asset as it is."""
    at = edited.stamp.exported_at if edited.stamp else None
    wanted = {}
    for place, asset in matched.items():
        row = edited.rows[place]
        wanted[row.asset or asset] = row.version
    then = register.assets_then(connection, home.scope, wanted, at)
    now = register.assets_now(connection, home.scope, matched.values())
    found = {}
    for place, asset in matched.items():
        found[place] = then.get(edited.rows[place].asset or asset) or now[asset]
    return found


# Which asset a row is of


def _match(
    connection: sa.Connection, home: Home, edited: Edited, known: Mapping[str, model.Attribute]
) -> tuple[dict[int, UUID], list[RowLeft]]:
    """The asset of each row, by its id, else by what identifies it."""
    named = {row.asset for row in edited.rows if row.asset is not None}
    there = register.assets_now(connection, home.scope, named)
    moved = {asset: _moved(connection, home, asset) for asset in named - set(there)}
    matched: dict[int, UUID] = {}
    without: dict[int, dict[str, list[str]]] = {}
    for place, row in enumerate(edited.rows):
        asset = row.asset if row.asset in there else moved.get(row.asset) if row.asset else None
        if asset is not None:
            matched[place] = asset
        else:
            without[place] = _identifying(row, known)
    wanted = [
        (place, attribute, value)
        for place, values in without.items()
        for attribute, several in values.items()
        for value in several
    ]
    bearing = register.bearers(connection, home.scope, wanted) if wanted else {}
    left = []
    for place, values in without.items():
        found = _agreed(bearing.get(place, {}), known)
        if len(found) == 1:
            matched[place] = found.pop()
        else:
            row = edited.rows[place]
            left.append(RowLeft(row.tab, row.line, _why_left(row, values, len(found))))
    return matched, left


def _moved(connection: sa.Connection, home: Home, asset: UUID) -> UUID | None:
    try:
        return identity.current_asset(connection, home.scope, asset)
    except NotFound:
        return None


def _identifying(row: Row, known: Mapping[str, model.Attribute]) -> dict[str, list[str]]:
    found = {}
    for attribute, cell in row.cells.items():
        if cell is not None and known[attribute].role in {"exclusive", "name"}:
            values = [str(value) for value in cells.read(known[attribute], cell).values]
            found[attribute] = values
    if (name := row.fixed.get("name")) is not None:
        found.setdefault("name", [str(name)])
        found.setdefault("hostname", [str(name)])
    return dict(sorted(found.items(), key=lambda item: known[item[0]].role))  # exclusive before name


def _agreed(bearing: Mapping[str, set[UUID]], known: Mapping[str, model.Attribute]) -> set[UUID]:
    """The assets that bear what identifies a row: identifiers before names, one that has most of them wins."""
    for role in ("exclusive", "name"):
        hits = [asset for attribute, assets in bearing.items() if known[attribute].role == role for asset in assets]
        if hits:
            most = max(hits.count(asset) for asset in hits)
            best = {asset for asset in hits if hits.count(asset) == most}
            named = {
                asset for attribute, assets in bearing.items() if known[attribute].role == "name" for asset in assets
            }
            return best & named or best
    return set()


def _why_left(row: Row, values: Mapping[str, Sequence[str]], count: int) -> str:
    said = ", ".join(f"{attribute} {several[0]}" for attribute, several in list(values.items())[:3] if several)
    if count:
        return f"{count} assets answer to {said}: put the id of the right one into the column id"
    if row.asset is not None:
        return f"no asset has the id {row.asset}" + (f" or answers to {said}" if said else "")
    return f"no asset answers to {said}: `muniment add` or an import makes one" if said else "nothing says which asset"


# What a row says


class _Comparison:
    """The cells of all rows against what was exported and what is now."""

    def __init__(
        self,
        edited: Edited,
        known: Mapping[str, model.Attribute],
        matched: Mapping[int, UUID],
        then: Mapping[int, register.Recalled],
        now: Mapping[UUID, register.Recalled],
    ) -> None:
        self.edited = edited
        self.known = known
        self.matched = matched
        self.then = then
        self.now = now
        self.found: dict[tuple[UUID, str], Correction] = {}
        self.left: list[RowLeft] = []

    def run(self) -> None:
        """Find the cells that differ, choose for each column how it is written, and judge them."""
        different: dict[tuple[str, str], list[tuple[int, tuple[Any, ...], Any]]] = {}
        for place in self.matched:
            for attribute, before, cell in self._cells(place):
                if not cells.is_as_written(before, cell if cell is not None else ""):
                    tab = self.edited.rows[place].tab
                    different.setdefault((tab, attribute), []).append((place, before, cell))
        for (_, attribute), changes in different.items():
            pairs = [(before, cell) for _, before, cell in changes if cell is not None]
            definition = self.known[attribute]
            way = cells.likely_context(definition, pairs)
            for place, before, cell in changes:
                self._judge(place, definition, before, cell, way)
        self.found = dict(sorted(self.found.items(), key=lambda item: (item[1].tab, item[1].row, item[1].column)))

    def _cells(self, place: int) -> list[tuple[str, tuple[Any, ...], Any]]:
        """(attribute, what was exported, the cell) of one row, with the fixed columns that can be corrected."""
        row, was = self.edited.rows[place], self.then[place]
        found = [(name, cells.as_tuple(_value(was, name)), cell) for name, cell in row.cells.items()]
        for fixed, attribute, before in (("type", "asset_type", was.type), ("subtype", "subtype", was.subtype)):
            if fixed in row.fixed and attribute not in row.cells:
                found.append((attribute, cells.as_tuple(before), row.fixed[fixed]))
        for fixed, before in (("name", was.name), ("state", was.state)):
            cell = row.fixed.get(fixed)
            if cell is not None and not cells.is_as_written((before,), cell):
                self._refuse_fixed(place, fixed, before, cell)
        return found

    def _refuse_fixed(self, place: int, fixed: str, before: str, cell: Any) -> None:
        row = self.edited.rows[place]
        asset = self.now[self.matched[place]]
        self.found[asset.id, f"*{fixed}"] = Correction(
            row.tab, row.line, self.edited.headers.get((row.tab, f"*{fixed}"), fixed), asset.id, asset.name, fixed,
            (before,), (str(cell),), (before,), "refused", reason=_DERIVED.get(fixed, _WORKED_OUT),
        )  # fmt: skip

    def _judge(
        self, place: int, attribute: model.Attribute, before: tuple[Any, ...], cell: Any, way: model.Context
    ) -> None:
        row, asset = self.edited.rows[place], self.now[self.matched[place]]
        now = cells.as_tuple(_value(asset, attribute.name))
        verdict = _verdict(attribute, before, now, (cell, way))
        if verdict is None:
            return
        outcome, after, reason = verdict
        fixed = {"asset_type": "*type", "subtype": "*subtype"}.get(attribute.name, "")
        column = self.edited.headers.get((row.tab, attribute.name)) or self.edited.headers[row.tab, fixed]
        self._add(
            Correction(
                row.tab, row.line, column, asset.id, asset.name, attribute.name, before, after, now, outcome,
                applied=outcome == "changed", reason=reason,
            )
        )  # fmt: skip

    def _add(self, cell: Correction) -> None:
        """Keep a cell; where two rows of one asset say different things, the second is left alone."""
        first = self.found.get((cell.asset, cell.attribute))
        if first is None:
            self.found[cell.asset, cell.attribute] = cell
        elif first.after != cell.after:
            reason = f"{cell.attribute} of {cell.name} says something else in row {first.row}, which counts"
            self.left.append(RowLeft(cell.tab, cell.row, reason))


def _value(asset: register.Recalled, attribute: str) -> Any:
    if attribute == "asset_type":
        return asset.type
    if attribute == "subtype":
        return asset.subtype
    return asset.values.get(attribute)


def _verdict(
    attribute: model.Attribute, before: tuple[Any, ...], now: tuple[Any, ...], cell: tuple[Any, model.Context]
) -> tuple[Outcome, tuple[Any, ...], str] | None:
    """What becomes of a cell (and how its column is written): outcome, values, reason; None where it says nothing."""
    text, way = cell
    given = model.Normalised() if text is None else cells.read(attribute, text, way)
    spoilt = cells.spoilt(attribute, text)
    if cells.is_habit(attribute, before, text) or cells.says_the_same(attribute, before, given):
        return None
    if spoilt or given.problem:
        return "refused", cells.as_tuple(text), spoilt or given.problem or ""
    if cells.says_the_same(attribute, now, given):
        return "already", given.values, ""
    if not cells.says_the_same(attribute, now, model.Normalised(before)):
        return "clash", given.values, f"the register says {cells.shown(now) or 'nothing'} meanwhile"
    return ("changed", given.values, "") if given.values else ("cleared", (), given.note or "")
