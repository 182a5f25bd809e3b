"""Estimated match models follow what an estate shows, stay as shipped where it shows little, and take verdicts."""

import pyarrow as pa
import pytest

from muniment import matching
from muniment.base import engine as engines


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def estate(things: int, renamed: int) -> tuple[pa.Table, pa.Table]:
    """Two lists of the same things by serial; the first few bear another name in the second list."""
    cells = []
    for thing in range(things):
        for place in range(2):
            record = thing * 2 + place
            name = f"old{thing:04}" if place and thing < renamed else f"app{thing:04}"
            cells += [
                (record, "serial", f"CZC{thing:05}"),
                (record, "uuid", f"4211-{thing}"),
                (record, "hostname", name),
            ]
    records = pa.table({
        "record": pa.array(range(things * 2), pa.int64()), "source": ["cmdb", "scan"] * things,
        "list": ["cmdb", "scan"] * things, "family": ["machine"] * (things * 2),
    })  # fmt: skip
    columns = list(zip(*cells, strict=True))
    return records, pa.table({
        "record": pa.array(columns[0], pa.int64()), "kind": list(columns[1]), "value": list(columns[2]),
    })  # fmt: skip


def test_where_things_are_often_renamed_a_name_that_differs_says_less(engine):
    steady = matching.estimate(engine, *estate(600, renamed=0))
    renaming = matching.estimate(engine, *estate(600, renamed=300))
    names = [model.weights["hostname"].disagree for model in (renaming, matching.SHIPPED, steady)]
    assert names == sorted(names)
    assert names[0] < names[1] < names[2]


def test_a_small_estate_stays_near_what_is_shipped(engine):
    small = matching.estimate(engine, *estate(5, renamed=5))
    for kind, weight in matching.SHIPPED.weights.items():
        assert small.weights[kind].agree == pytest.approx(weight.agree, abs=0.3)
        assert small.weights[kind].disagree == pytest.approx(weight.disagree, abs=0.3)


def test_verdicts_count_as_many_pairs(engine):
    records, identifiers = estate(60, renamed=0)
    words = [matching.Judgement(0, other, same=True) for other in range(2, 22, 2)]
    judged = matching.estimate(engine, records, identifiers, words)
    assert (
        judged.weights["serial"].disagree < matching.estimate(engine, records, identifiers).weights["serial"].disagree
    )
    assert judged.basis["verdicts"] == 10


def test_the_same_records_give_the_same_model_and_it_says_what_it_was_made_from(engine):
    one, other = (matching.estimate(engine, *estate(50, renamed=10)) for _ in range(2))
    assert one == other
    assert (one.origin, one.basis["records"]) == ("estimated", 100)
