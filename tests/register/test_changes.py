"""Which changes of what a source says deserve a look: cases as data, through what is remembered of them."""

import itertools
import json
import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment import evidence, model
from muniment.base import engine as engines
from muniment.register import changes

CASES = tomllib.loads((Path(__file__).parent / "cases" / "changes.toml").read_text(encoding="utf-8"))["case"]
DAY = 86_400_000_000


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def said(attribute: str, text: str) -> list[str]:
    if text == "-":
        return []
    number = model.attribute(attribute).type == "size"
    return [int(value) if number else value for value in text.split(";")]


def told(attribute: str, records: dict[str, list[str]]) -> pa.Table:
    """What each delivery said of each record: one row per key and moment."""
    rows = [
        {
            "source_key": key, "delivered": day * DAY, "import_id": f"import {day}", "derived": "{}",
            "claims": json.dumps({attribute: values} if (values := said(attribute, text)) else {}),
            "claims_hash": text,
        }
        for key, texts in records.items()
        for day, text in enumerate(texts)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows)


def found(engine, attribute: str, records: dict[str, list[str]], subnets: list[str] | None = None) -> list[dict]:
    """What is suspicious after the last delivery."""
    engine.register("told", told(attribute, records))
    ended = evidence.find_ended(engine, *changes.remembered(model.attributes())).to_pylist()
    first = {key: next((day for day, text in enumerate(texts) if text != "-"), None) for key, texts in records.items()}
    rows = [
        {
            "source_id": "s", "family_id": "f", "source_key": one["source_key"], "attribute": one["attribute"],
            "before": one["values"], "now": json.dumps(said(attribute, records[one["source_key"]][-1])) or None,
            "until": str(one["until"]), "changed_at": str(one["changed_at"]), "until_file": one["until_import"],
            "changed_file": one["changed_import"], "gone": "f", "read_off": "f",
            "subnets": json.dumps(subnets) if subnets else None,
        }
        for one in ended
        if one["changed_at"] // DAY > (first[one["source_key"]] or 0)  # nothing before the first claim is kept
    ]  # fmt: skip
    last = max(len(texts) for texts in records.values()) - 1
    spoken = [{"family_id": "f", "attribute": attribute, "first": "0", "last": str(last * DAY), "records": "1"}]
    deliveries = [{"family_id": "f", "moment": str(day * DAY)} for day in range(last + 1)]
    schema = pa.schema([(name, pa.string()) for name in _COLUMNS])
    changes.find(
        engine,
        pa.Table.from_pylist(rows, schema),
        pa.Table.from_pylist(spoken * len(records)),
        pa.Table.from_pylist(deliveries),
        pa.schema([(name, pa.string()) for name in _REPLACED]).empty_table(),
        model.attributes(),
    )
    return engine.rows("SELECT * FROM suspicions ORDER BY source_key, attribute").to_pylist()


_REPLACED = (
    "source_id", "family_id", "source_key", "attribute", "before", "after", "until", "changed_at", "until_file",
    "changed_file",
)  # fmt: skip
_COLUMNS = (
    "source_id", "family_id", "source_key", "attribute", "before", "now", "until", "changed_at", "until_file",
    "changed_file", "gone", "read_off", "subnets",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_change_is_found_or_left_alone(engine, case):
    texts = case["says"].split(" > ")
    records = {f"k{number:03}": texts for number in range(case.get("records", 1))}
    records |= {f"z{number:03}": [texts[0]] * len(texts) for number in range(case.get("others", 40 - 2 * len(records)))}
    suspicions = found(engine, case["attribute"], records, case.get("subnets"))
    assert [one["rule"] for one in suspicions] == ([case["found"]] if case["found"] else [])
    if case["found"]:
        (one,) = suspicions
        assert one["source_key"] == "k000"
        assert one["kind"] == ("missing_in_new" if texts[-1] == "-" else "suspicious_change")
        assert int(one["assets"]) == case.get("assets", 1)
        assert one["detail"] == case.get("detail", "")
        assert json.loads(one["after"]) == sorted(said(case["attribute"], texts[-1]))


def test_what_was_said_last_and_first_otherwise_is_named(engine):
    (one,) = found(engine, "serial", {"k": ["A1", "A1", "B2", "B2"]})
    assert (one["until_file"], one["changed_file"]) == ("import 1", "import 2")
    assert (one["until"], one["changed_at"]) == (str(DAY), str(2 * DAY))
    assert (json.loads(one["before"]), json.loads(one["after"])) == (["A1"], ["B2"])


@settings(max_examples=30)
@given(texts=st.lists(st.sampled_from(("A", "B", "-", "A;B")), min_size=1, max_size=9))
def test_what_is_remembered_is_bounded_and_tells_the_latest(engine, texts):
    engine.register("told", told("serial", {"k": texts}))
    ended = evidence.find_ended(engine, ["serial"], []).to_pylist()
    steps = [(one, two) for one, two in itertools.pairwise(texts) if one != two]
    assert len(ended) == min(len(steps), 5)
    assert [json.loads(one["values"]) for one in ended] == [said("serial", one) for one, _ in steps][-5:]
