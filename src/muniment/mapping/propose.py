"""Propose what the columns of a new layout mean, apply what is sure, leave the rest to people.

Called by the mapping phase once per layout. Each proposal is a decision in `memory`; a column that
an earlier layout of the family had keeps its meaning, so the next delivery needs no click.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from muniment import memory, model
from muniment.base.tenancy import Scope
from muniment.mapping import store
from muniment.mapping.templates import Template
from muniment.mapping.thousands import doubt
from muniment.mapping.transform import infer
from muniment.mapping.types import DECISION, ColumnMapping

if TYPE_CHECKING:
    import pyarrow as pa

    from muniment import matching

_NO_REASON = "nothing in the model fits"
_BY_KIND = "known for this kind of source"
_DETAIL = "a detail of this kind of source: kept, but no attribute of the asset"
_NOT_SHOWN = "its header says that it holds secrets: nothing of it is shown or proposed"
_TOLD = 0.99


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a layout that is to be mapped, and what is known beside them.

    `rows` has one text column per name in `columns`; `tab` is a hint of what the rows are; `earlier`
    are mappings of an earlier layout of the family, which are kept; `defaults` is how the source
    writes numbers and dates; `known` says what columns (lower case) mean in this kind of source, "" for
    those that are details and no attributes.
    """

    layout_id: UUID
    rows: pa.Table
    columns: Sequence[str]
    tab: str
    earlier: Sequence[ColumnMapping]
    defaults: Mapping[str, Any]
    known: Mapping[str, str]
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability a mapping is applied, proposed, shown as a runner-up."""

    auto: float
    suggest: float
    reject: float


def propose(connection: sa.Connection, scope: Scope, sheet: Sheet, thresholds: Thresholds) -> list[ColumnMapping]:
    """Choose a meaning for every column of a layout, store it, and return what is in force."""
    from muniment import matching

    attributes = store.attributes(connection)
    kept = {mapping.column: mapping for mapping in sheet.earlier}
    profiled = matching.profile(sheet.rows, sheet.columns, table=sheet.tab or None)
    samples = {column.name: list(column.profile.samples) for column in profiled}
    fresh = any(column.name not in kept for column in profiled)
    asked = [
        column
        for column in profiled
        if sheet.known.get(column.name.lower(), "" if model.is_secret(column.name) else None) != ""
    ]
    ranking = matching.rank(asked, targets(attributes), _learned(connection)) if fresh else {}
    proposals = matching.assign(ranking, auto=thresholds.auto, suggest=thresholds.suggest)
    alike = _alike(connection, scope, [column for column in ranking if column not in kept], attributes)
    taken = {mapping.attribute for mapping in sheet.earlier if mapping.applied}
    chosen = [
        _kept(kept[column], samples[column])
        if column in kept
        else _proposed(sheet, proposals[column], attributes, samples[column], taken, thresholds)
        if column in proposals
        else _no_attribute(column, samples[column])
        for column in sheet.columns
    ]
    for row in chosen:
        row["reasons"] = [*row["reasons"], *alike.get(row["column"], ())]
    decisions = memory.decide(
        connection,
        scope,
        DECISION,
        [
            {
                "subject": matching.name_key(row["column"]),
                "choice": row["attribute"] or "",
                "confidence": row["probability"],
                "evidence": {"column": row["column"], "tab": sheet.tab, "reasons": row["reasons"]},
            }
            for row in chosen
        ],
    )
    store.add(
        connection,
        scope,
        [
            {"layout_id": sheet.layout_id, "decision_id": decision, **row}
            for row, decision in zip(chosen, decisions, strict=True)
        ],
    )
    return store.current(connection, sheet.layout_id)


def _proposed(
    sheet: Sheet,
    proposal: matching.Proposal,
    attributes: Mapping[str, model.Attribute],
    samples: list[str],
    taken: Collection[str | None],
    thresholds: Thresholds,
) -> dict[str, Any]:
    told = sheet.known.get(proposal.column.lower())
    attribute = attributes.get(told or proposal.target)
    state: str = "auto" if told else proposal.state
    if attribute is not None and not attribute.multi and attribute.name in taken and state == "auto" and not told:
        state = "suggested"  # an earlier layout gives it to another column
    transform = infer(attribute, proposal.column, sheet.rows, sheet.defaults) if attribute else {}
    by_template = sheet.template.columns.get(proposal.column.strip().lower()) if sheet.template else None
    uncertain = attribute and doubt(attribute, proposal.column, sheet.rows, sheet.defaults)
    if by_template and "transform" in by_template:
        transform, differs = _by_template(by_template["transform"], transform)
        uncertain = uncertain or differs
    reasons = [_told_by(sheet, proposal.column)] if told else list(proposal.reasons) or [_NO_REASON]
    if uncertain:
        state = "suggested" if state == "auto" else state
        reasons = [uncertain, *reasons]
    return {
        "column": proposal.column,
        "attribute": told or proposal.target or None,
        "transform": transform,
        "state": state,
        "probability": _TOLD if told else round(proposal.probability, 4),
        "reasons": reasons,
        "runner_up": _runner_up(proposal.runner_up, thresholds.reject),
        "samples": samples,
    }


def _by_template(written: Mapping[str, Any], seen: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """How a template reads a column, with thousands as its cells write them, and what it says against its cells."""
    if not seen.get("decimal_comma") or written.get("decimal_comma"):
        return dict(written), None
    differs = None
    if written.get("unit") != seen.get("unit"):
        differs = f"the template reads it in {written.get('unit')}, its cells look like {seen.get('unit') or 'MiB'}"
    return {**written, "decimal_comma": True}, differs if "unit" in written else None


def _no_attribute(column: str, samples: list[str]) -> dict[str, Any]:
    return {
        "column": column,
        "attribute": None,
        "transform": {},
        "state": "unmapped",
        "probability": 0.0,
        "reasons": [_NOT_SHOWN if model.is_secret(column) else _DETAIL],
        "runner_up": None,
        "samples": samples,
    }


def _told_by(sheet: Sheet, column: str) -> str:
    if sheet.template is not None and column.strip().lower() in sheet.template.columns:
        return f"template {sheet.template.name} version {sheet.template.version}"
    return _BY_KIND


def _kept(mapping: ColumnMapping, samples: list[str]) -> dict[str, Any]:
    return {
        "column": mapping.column,
        "attribute": mapping.attribute,
        "transform": dict(mapping.transform),
        "state": mapping.state,
        "probability": mapping.probability,
        "reasons": [*(reason for reason in mapping.reasons if reason != _AS_BEFORE), _AS_BEFORE],
        "runner_up": mapping.runner_up,
        "samples": samples,
    }


_AS_BEFORE = "as in the earlier layout of this source"


def _runner_up(candidate: matching.Candidate | None, limit: float) -> dict[str, Any] | None:
    if candidate is None or candidate.probability < limit / 10:
        return None
    return {"attribute": candidate.target, "probability": round(candidate.probability, 4)}


def targets(attributes: Mapping[str, model.Attribute] | None = None) -> list[matching.Target]:
    """Attributes as what a column may mean; those of the shipped model where none are given."""
    from muniment import matching

    attributes = model.attributes() if attributes is None else attributes

    return [
        matching.Target(
            attribute.name,
            attribute.label,
            attribute.description,
            attribute.synonyms,
            attribute.type,
            attribute.unit,
            attribute.multi,
            frozenset(attribute.spellings) | frozenset(value.lower() for value in attribute.values),
            attribute.group,
            attribute.wider,
        )
        for attribute in attributes.values()
    ]


def _alike(
    connection: sa.Connection, scope: Scope, columns: Collection[str], attributes: Mapping[str, model.Attribute]
) -> dict[str, list[str]]:
    """What people said of headers like those of columns, in words; what of the very same the ranking knows."""
    from muniment import matching

    found = {}
    keys = {column: matching.name_key(column) for column in columns}
    learned = memory.lessons_like(connection, scope, DECISION, list(keys.values()))
    for column, key in keys.items():
        told = [
            f"people {'took' if one.lesson.accepted > one.lesson.rejected else 'did not take'} {one.lesson.subject!r},"
            f" a header {one.similarity:.0%} like this one, for {attributes[one.lesson.choice].label}"
            for one in learned.get(key, [])
            if one.lesson.subject != key and one.lesson.choice in attributes
        ]
        if told:
            found[column] = told
    return found


def _learned(connection: sa.Connection) -> list[matching.Learned]:
    from muniment import matching

    return [
        matching.Learned(lesson.subject, lesson.choice, lesson.accepted, lesson.rejected)
        for lesson in memory.lessons(connection, DECISION)
    ]
