"""Propose what the columns of a new layout mean, apply what is sure, leave the rest to people.

Called by the mapping phase once per layout. Each proposal is a decision in `memory`; a column that
an earlier layout of the family had keeps its meaning, so the next delivery needs no click.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyarrow as pa
import sqlalchemy as sa

from muniment import matching, memory, model
from muniment.base.tenancy import Scope
from muniment.mapping import store
from muniment.mapping.transform import infer
from muniment.mapping.types import ColumnMapping

DECISION = "mapping"
_NO_REASON = "nothing in the model fits"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability a mapping is applied, proposed, shown as a runner-up."""

    auto: float
    suggest: float
    reject: float


def propose(
    connection: sa.Connection,
    scope: Scope,
    layout_id: UUID,
    rows: pa.Table,
    columns: Sequence[str],
    *,
    tab: str,
    earlier: Sequence[ColumnMapping],
    defaults: Mapping[str, Any],
    thresholds: tuple[float, float, float],
) -> list[ColumnMapping]:
    """Choose a meaning for every column of a layout and store it.

    Args:
        connection: of the phase's transaction.
        scope: who decides, for whom.
        layout_id: the new layout.
        rows: its raw rows, one text column per name in `columns`.
        columns: the columns to map.
        tab: name of the tab, a hint of what the rows are.
        earlier: mappings of an earlier layout of the family; these are kept.
        defaults: the source's settings for numbers and dates.
        thresholds: auto, suggest and reject probability.
    """
    attributes = store.attributes(connection)
    kept = {mapping.column: mapping for mapping in earlier}
    fresh = [column for column in columns if column not in kept]
    profiled = matching.profile(rows, columns, table=tab or None)
    limits = Thresholds(*thresholds)
    ranking = matching.rank(
        [column for column in profiled if column.name in fresh],
        _targets(attributes),
        _learned(connection),
    )
    taken = {mapping.attribute for mapping in earlier if mapping.applied and mapping.attribute}
    proposals = matching.assign(ranking, auto=limits.auto, suggest=limits.suggest)
    samples = {column.name: list(column.profile.samples) for column in profiled}
    chosen = []
    for column in columns:
        if column in kept:
            chosen.append(_kept(kept[column], samples[column]))
            continue
        proposal = proposals[column]
        attribute = attributes.get(proposal.target)
        state: str = proposal.state
        if attribute is not None and not attribute.multi and attribute.name in taken:
            state = "suggested" if state == "auto" else state
        chosen.append(
            {
                "column": column,
                "attribute": proposal.target or None,
                "transform": infer(attribute, column, rows, defaults) if attribute else {},
                "state": state,
                "probability": round(proposal.probability, 4),
                "reasons": list(proposal.reasons) or [_NO_REASON],
                "runner_up": _runner_up(proposal.runner_up, limits.reject),
                "samples": samples[column],
            }
        )
    decisions = memory.decide(
        connection,
        scope,
        DECISION,
        [
            {
                "subject": matching.name_key(row["column"]),
                "choice": row["attribute"] or "",
                "confidence": row["probability"],
                "evidence": {"column": row["column"], "tab": tab, "reasons": row["reasons"]},
            }
            for row in chosen
        ],
    )
    store.add(
        connection,
        scope,
        [
            {"layout_id": layout_id, "decision_id": decision, **row}
            for row, decision in zip(chosen, decisions, strict=True)
        ],
    )
    return store.current(connection, layout_id)


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


def _targets(attributes: Mapping[str, model.Attribute]) -> list[matching.Target]:
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
        )
        for attribute in attributes.values()
    ]


def _learned(connection: sa.Connection) -> list[matching.Learned]:
    return [
        matching.Learned(lesson.subject, lesson.choice, lesson.accepted, lesson.rejected)
        for lesson in memory.lessons(connection, DECISION)
        if lesson.choice
    ]
