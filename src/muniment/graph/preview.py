"""What a transform makes of the cells of a column, step by step, with nothing stored.

Called by `muniment mappings show` and `test`. Reads the newest delivery of the column from the lake and reads
its cells as an import would.
"""

from __future__ import annotations

import dataclasses
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


def preview(
    rows: pa.Table,
    rule: evidence.Rule,
    attributes: Mapping[str, model.Attribute],
    limit: int = 10,
    *,
    masked: bool = True,
) -> Preview:
    """Read a column by a rule; the samples are the most frequent cells, those with problems first.

    Args:
        rows: the raw rows.
        rule: column, attribute and transform.
        attributes: every attribute there is.
        limit: how many samples.
        masked: False leaves passwords in the samples, for reading only, never for showing.
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
    samples = [_sample(rule, *one) for one in found[:limit]]
    return Preview(
        rule.attribute,
        dict(rule.transform),
        tuple(model.step_written(step) for step in rule.transform.get("steps", ())),
        rows.num_rows,
        texts.null_count,
        sum(count for _, count, given in found if given.values),
        sum(count for _, count, given in found if given.problem),
        tuple(_hidden(rule.column, sample) if masked else sample for sample in samples),
    )


def _sample(rule: evidence.Rule, raw: str, count: int, given: model.Normalised) -> Sample:
    passed, _ = model.stages(rule.transform, raw)
    stages = tuple(stage.texts for stage in passed)
    return Sample(raw, count, stages, given.values, given.note, given.problem)


def _hidden(column: str, sample: Sample) -> Sample:
    """A sample as it may be shown: without passwords, and nothing of a column that holds secrets."""
    stages = tuple(tuple(model.masked(text, column) for text in texts) for texts in sample.stages)
    values = (model.HIDDEN,) if sample.values and model.is_secret(column) else sample.values
    return dataclasses.replace(
        sample,
        raw=model.masked(sample.raw, column),
        stages=stages,
        values=values,
        problem=evidence.said(column, sample.problem),
    )
