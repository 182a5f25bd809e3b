"""What a transform makes of the cells of a column, step by step, with nothing stored.

Called by `muniment mappings show` and `test`. Reads the newest delivery of the column from the lake and reads
its cells as an import would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from muniment import evidence, model

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Sample:
    """One distinct cell: how many rows have it, the texts after each step, and what it gives."""

    raw: str
    rows: int
    stages: tuple[tuple[str, ...], ...]
    values: tuple[Any, ...]
    note: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a column gives for one attribute. `steps` are in the small syntax; counts are of rows."""

    attribute: str
    transform: Mapping[str, Any]
    steps: tuple[str, ...]
    rows: int
    empty: int
    read: int
    problems: int
    samples: tuple[Sample, ...]


def preview(rows: pa.Table, rule: evidence.Rule, attributes: Mapping[str, model.Attribute], limit: int = 10) -> Preview:
    """Read a column by a rule; the samples are the most frequent cells, those with problems first.

    Args:
        rows: the raw rows.
        rule: column, attribute and transform.
        attributes: every attribute there is.
        limit: how many samples.
    """
    import pyarrow.compute as pc

    texts = evidence.texts(rows, rule)
    read = model.reader(attributes[rule.attribute], rule.transform, evidence.referred(rows, rule))
    counted = pc.value_counts(texts.drop_null())
    found = []
    for raw, count in zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True):
        given = read(raw)
        found.append((raw, count, given))
    found.sort(key=lambda one: (one[2].problem is None, -one[1], one[0]))
    return Preview(
        rule.attribute,
        dict(rule.transform),
        tuple(model.step_written(step) for step in rule.transform.get("steps", ())),
        rows.num_rows,
        texts.null_count,
        sum(count for _, count, given in found if given.values),
        sum(count for _, count, given in found if given.problem),
        tuple(_sample(rule, *one) for one in found[:limit]),
    )


def _sample(rule: evidence.Rule, raw: str, count: int, given: model.Normalised) -> Sample:
    passed, _ = model.stages(rule.transform, raw)
    return Sample(raw, count, tuple(stage.texts for stage in passed), given.values, given.note, given.problem)
