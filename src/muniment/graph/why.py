"""Why a value is what it is: winner, rivals, rule, and the raw cell of every claim.

Called by the doors. Reads the raw row back from the lake and runs it through the same mapping and
normaliser, so the proof is made anew each time and cannot drift from the data.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, identity, mapping, model, register
from muniment.base.errors import NotFound
from muniment.base.home import Home
from muniment.graph.outranked import Spoken, outranked, too_old
from muniment.graph.reliability import reliabilities, ruling


@dataclass(frozen=True, slots=True)
class Step:
    """One step between the cell and the value, as it is written, and the texts after it."""

    step: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A raw cell and how it was read: file, row, column, the text as written, what it gave.

    `part` names the tab and lines that a cell was joined from, such as "vNetwork lines 2, 3".
    """

    file: str
    tab: str
    row: int
    line: int | None
    column: str
    raw: str | None
    mapped_to: str
    mapping_state: str
    mapping_probability: float
    mapped_by: str
    transform: Mapping[str, Any]
    steps: tuple[Step, ...]
    gave: tuple[Any, ...]
    note: str | None
    problem: str | None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one record says of the attribute, with its source, import and cells.

    `share_right` is how often the source is right about the attribute: learned from so many claims, with its 95 %
    interval; an expectation where `learned_from` is 0. `rank` is the source's place (from 1) where the policy ranks
    sources, `stale` whether the claim is too old for it to count.
    """

    values: tuple[Any, ...]
    source: str
    source_key: str
    known_as: str
    record: UUID
    observed_at: datetime
    import_id: UUID
    imported_at: datetime
    share_right: float
    interval: tuple[float, float] | None
    learned_from: int
    authoritative: bool
    gone: bool
    wins: bool
    cells: tuple[Cell, ...]
    rank: int | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """The proof of one value of one asset; `ruling` is the policy that decided, `outranked` whom it put behind."""

    asset: UUID
    name: str
    attribute: str
    label: str
    value: Any
    rule: str
    confidence: float
    choices: tuple[Mapping[str, Any], ...]
    claims: tuple[Claim, ...]
    severity: str
    conflict: str | None
    ruling: register.Ruling
    outranked: str
    resolution: register.Resolution | None = None


def why(connection: sa.Connection, home: Home, asset: register.Asset, attribute: str) -> Why:
    """Prove the value of an attribute of an asset.

    Raises:
        NotFound: the asset has no value for it; the message says whether the attribute exists.
    """
    known = mapping.attributes(connection)
    word = _word(connection, home, asset, attribute)
    if attribute not in asset.values and word is None:
        there = ", ".join(sorted(asset.values))
        what = "no value for" if attribute in known else "no attribute called"
        raise NotFound(f"{asset.name} has {what} {attribute}; it has {there}")
    definition = known[attribute]
    said = {"rule": "resolved", "confidence": 1.0, "sources": [word.actor] if word else []}
    proof = asset.provenance.get(attribute, said)
    value = asset.values.get(attribute)
    won = value or [] if definition.multi else [value]
    claims = _claims(connection, home, asset, definition, won)
    decides = ruling(connection, home.scope, definition, asset.type)
    told = "" if word else outranked(decides, [_spoken(claim) for claim in claims])
    claims = _ranked(decides, claims)
    found = register.list_conflicts(connection, home.scope, asset_id=asset.id, attribute=attribute, limit=1)
    choices = proof.get("each") or [
        {"value": value, "confidence": proof["confidence"], "sources": proof["sources"]},
        *proof.get("rivals", []),
    ]
    return Why(
        asset.id,
        asset.name,
        attribute,
        definition.label,
        value,
        proof["rule"],
        proof["confidence"],
        tuple(choices),
        tuple(claims),
        definition.severity,
        found[0].hint if found else None,
        decides,
        told,
        word,
    )


def _spoken(claim: Claim) -> Spoken:
    return Spoken(claim.source, claim.observed_at, claim.values, gone=claim.gone, wins=claim.wins)


def _ranked(decides: register.Ruling, claims: list[Claim]) -> list[Claim]:
    """The claims with their places, where sources are ranked."""
    if decides.rule.policy != "authoritative":
        return claims
    old = too_old(decides, [_spoken(claim) for claim in claims])
    return [
        dataclasses.replace(
            claim,
            rank=decides.ranks[claim.source] + 1 if claim.source in decides.ranks else None,
            stale=stale,
            authoritative=claim.source in decides.ranks,
        )
        for claim, stale in zip(claims, old, strict=True)
    ]


def _word(connection: sa.Connection, home: Home, asset: register.Asset, attribute: str) -> register.Resolution | None:
    """The resolution that decides the attribute; one that says there is no value leaves no provenance."""
    decides = asset.provenance.get(attribute, {}).get("resolution")
    for one in register.list_resolutions(connection, home.scope, asset_id=asset.id, attribute=attribute):
        nothing = not one.values and (one.verdict, one.state) == ("resolved", "standing")
        if str(one.id) == decides or (decides is None and attribute not in asset.values and nothing):
            return one
    return None


def _claims(
    connection: sa.Connection,
    home: Home,
    asset: register.Asset,
    attribute: model.Attribute,
    won: Sequence[Any],
) -> list[Claim]:
    weighed = reliabilities(connection, home.scope, {attribute.name: attribute})
    shares = {(item.source, item.attribute): item for item in weighed}
    sources = {source.id: source for source in evidence.list_sources(connection)}
    imports = {item.id: item for item in evidence.list_imports(connection, home.scope)}
    claims = []
    for record in evidence.get_records(connection, identity.members(connection, asset.id)):
        values = record.claims.get(attribute.name) or record.derived.get(attribute.name)
        if values is None:
            continue
        source, delivery = sources[record.source_id], imports[record.import_id]
        share = shares[source.name, attribute.name]
        claims.append(
            Claim(
                tuple(values),
                source.name,
                record.source_key,
                record.known_as,
                record.id,
                record.observed_at,
                delivery.id,
                delivery.started_at,
                round(share.share_right, 4),
                share.interval,
                share.learned_from,
                share.authoritative,
                record.gone,
                any(value in won[:1] for value in values),
                tuple(_cells(connection, home, record, delivery, attribute.name)),
            )
        )
    claims.sort(key=lambda claim: (not claim.wins, -claim.share_right, claim.source, claim.source_key))
    return claims


def behind(connection: sa.Connection, home: Home, record: evidence.Record, attribute: str) -> list[Cell]:
    """The raw cells that give a record its values of an attribute."""
    imports = {item.id: item for item in evidence.list_imports(connection, home.scope)}
    return _cells(connection, home, record, imports[record.import_id], attribute)


def _cells(
    connection: sa.Connection,
    home: Home,
    record: evidence.Record,
    delivery: evidence.Import,
    attribute: str,
) -> list[Cell]:
    known = mapping.attributes(connection)
    columns = [column for column in mapping.current(connection, record.layout_id) if column.applied]
    numbers = record.notes.get("rows") or [record.row_number]
    cells = []
    for number in numbers:
        row = home.lake.row(delivery.lake_path, number)
        for column in columns:
            for target, transform in column.readings:
                rule = evidence.Rule(column.column, target, transform)
                raw = evidence.text(rule, row)
                if raw is None:
                    continue
                given = evidence.cell(rule, raw, known)
                gave = given.values if target == attribute else given.derived.get(attribute, ())
                if gave or (target == attribute and given.problem):
                    cells.append(_cell((delivery, number, row), column, rule, raw, given._replace(values=gave)))
    direct = [cell for cell in cells if cell.mapped_to == attribute]
    return direct if direct and not known[attribute].multi else cells


def _cell(
    place: tuple[evidence.Import, int, Mapping[str, Any]],
    column: mapping.ColumnMapping,
    rule: evidence.Rule,
    raw: str,
    given: model.Normalised,
) -> Cell:
    delivery, number, row = place
    others, _ = model.joined_columns(rule.transform)
    passed, _ = model.stages(rule.transform, raw)
    return Cell(
        delivery.file,
        delivery.tab,
        number,
        row.get("_line"),
        " + ".join((column.column, *others)),
        model.masked(raw, rule.column),
        rule.attribute,
        column.state,
        column.probability,
        column.actor,
        dict(rule.transform),
        tuple(
            Step(model.step_written(stage.step), tuple(model.masked(text, rule.column) for text in stage.texts))
            for stage in passed
        ),
        given.values,
        given.note,
        evidence.said(rule.column, given.problem),
        _part(row.get("_payload"), column.column),
    )


_JOINED = {"line", "cells"}


def _part(payload: str | None, column: str) -> str:
    """Where the cell of a joined tab stands, from what the payload keeps of it."""
    tab, sign, _ = column.partition("[].")
    if not sign or payload is None:
        return ""
    rows = json.loads(payload).get(tab)
    if not isinstance(rows, list) or not all(set(row) == _JOINED for row in rows):
        return ""
    lines = ", ".join(str(row["line"]) for row in rows)
    return f"{tab} line{'s' if len(rows) > 1 else ''} {lines}"
