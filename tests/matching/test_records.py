"""Who is who: cases from a file, what a pair's score says, and that no order of the input shows."""

import dataclasses
import json
import tomllib
from collections import Counter
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment import matching
from muniment.base import engine as engines

CASES = tomllib.loads((Path(__file__).parent / "cases/records.toml").read_text())["case"]
PRIOR = matching.SHIPPED.prior
ABOUT = {"id", "list", "source", "family"}


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def records_table(rows: list[dict]) -> pa.Table:
    return pa.table(
        {
            "record": pa.array([row["record"] for row in rows], pa.int64()),
            "source": pa.array([row.get("source", row["list"]) for row in rows], pa.string()),
            "list": pa.array([row["list"] for row in rows], pa.string()),
            "family": pa.array([row.get("family", "machine") for row in rows], pa.string()),
        }
    )


def identifiers_table(rows: list[dict]) -> pa.Table:
    cells = [
        (row["record"], kind, value)
        for row in rows
        for kind, values in row.items()
        if kind not in {*ABOUT, "record"}
        for value in ([values] if isinstance(values, str) else values)
    ]
    return pa.table(
        {
            "record": pa.array([cell[0] for cell in cells], pa.int64()),
            "kind": pa.array([cell[1] for cell in cells], pa.string()),
            "value": pa.array([cell[2] for cell in cells], pa.string()),
        }
    )


def numbered(rows: list[dict]) -> list[dict]:
    return [{**row, "record": number} for number, row in enumerate(rows)]


def things(engine, rows: list[dict], judgements=()) -> set[frozenset[str]]:
    """Which ids are one thing; the rows' order is the records' numbering."""
    given_rows = numbered(rows)
    linked = matching.link(engine, records_table(given_rows), identifiers_table(given_rows), judgements=judgements)
    clusters = linked.clusters
    found: dict[int, set[str]] = {}
    for record, cluster in zip(clusters["record"].to_pylist(), clusters["cluster"].to_pylist(), strict=True):
        found.setdefault(cluster, set()).add(rows[record]["id"])
    return {frozenset(ids) for ids in found.values()}


def pair(engine, rows: list[dict]) -> dict:
    """The scored pair of the first two rows."""
    given_rows = numbered(rows)
    linked = matching.link(engine, records_table(given_rows), identifiers_table(given_rows))
    return next(one for one in linked.pairs.to_pylist() if (one["a"], one["b"]) == (0, 1))


@pytest.mark.parametrize("backwards", [False, True], ids=["as listed", "backwards"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_records_become_the_things_their_identifiers_speak_for(engine, case, backwards):
    rows = case["records"][:: -1 if backwards else 1]
    number = {row["id"]: at for at, row in enumerate(rows)}
    judgements = [
        matching.Judgement(number[left], number[right], same)
        for same, pairs in ((True, case.get("same", ())), (False, case.get("different", ())))
        for left, right in pairs
    ]
    assert things(engine, rows, judgements) == {frozenset(thing.split()) for thing in case["things"]}


def test_a_cluster_is_named_by_its_smallest_record(engine):
    rows = numbered([{"list": "x", "serial": "A12345"}, {"list": "y", "serial": "B12345"}])
    rows += [{**row, "record": row["record"] + 2, "list": row["list"] + "2"} for row in rows]
    clusters = matching.link(engine, records_table(rows), identifiers_table(rows)).clusters
    assert dict(zip(clusters["record"].to_pylist(), clusters["cluster"].to_pylist(), strict=True)) == {
        0: 0,
        1: 1,
        2: 0,
        3: 1,
    }


def test_a_pair_says_what_agreed_and_what_differed(engine):
    left = {"list": "cmdb", "serial": "CZC1001", "hostname": "app01", "mac_address": "m1"}
    right = {"list": "scan", "serial": "CZC1001", "hostname": "web07", "mac_address": "m1"}
    found = pair(engine, [left, right])
    assert (found["agreed"], found["differed"]) == (["mac_address", "serial"], ["hostname"])
    assert found["score"] == PRIOR + 9 + 7 - 3


def test_a_second_agreement_of_one_group_counts_a_quarter_and_a_second_name_nothing(engine):
    said = {"uuid": "4211-aa", "serial": "CZC1001", "hostname": "app01", "fqdn": "app01.example.com"}
    assert pair(engine, [{"list": "cmdb", **said}, {"list": "scan", **said}])["score"] == PRIOR + 12 + 9 / 4 + 5.5


def test_a_name_of_more_than_forty_bearers_proposes_no_pair(engine):
    rows = [{"id": f"{number}", "list": f"list {number}", "hostname": "localhost"} for number in range(41)]
    assert len(things(engine, rows)) == 41
    assert len(things(engine, rows[:40])) == 1


def test_a_name_of_more_than_forty_bearers_is_no_disagreement_where_it_is_shared(engine):
    rows = [{"id": f"{number}", "list": f"list {number}", "hostname": "localhost"} for number in range(41)]
    rows[0]["serial"] = rows[1]["serial"] = "CZC1001"
    assert (pair(engine, rows)["score"], pair(engine, rows)["differed"]) == (PRIOR + 9, [])


def test_a_value_weighs_less_the_more_things_of_one_list_carry_it(engine):
    clones = [{"list": "cmdb", "serial": "CLONE99", "hostname": f"app{number}"} for number in range(4)]
    scores = [pair(engine, [{"list": "scan", "serial": "CLONE99"}, *clones[:count]])["score"] for count in (1, 2, 4)]
    assert scores == [PRIOR + 9, PRIOR + 3, PRIOR + 1]


def test_records_that_share_nothing_are_no_pair(engine):
    rows = numbered([{"list": "x", "serial": "A12345"}, {"list": "y", "serial": "B99999"}])
    assert matching.link(engine, records_table(rows), identifiers_table(rows)).pairs.num_rows == 0


def test_no_records_are_no_clusters(engine):
    linked = matching.link(engine, records_table([]), identifiers_table([]))
    assert (linked.clusters.num_rows, linked.pairs.num_rows) == (0, 0)


def scored(engine, rows: list[dict], pairs: list[tuple[int, int]]) -> matching.Scored:
    given_rows = numbered(rows)
    return matching.score_between(
        engine, records_table(given_rows), identifiers_table(given_rows), matching.SHIPPED, pairs
    )


def test_prior_and_bits_of_a_pair_sum_up_to_its_score(engine):
    left = {"list": "cmdb", "serial": "CZC1001", "uuid": "4211-aa", "hostname": "app01", "mac_address": ["m1", "m2"]}
    right = {"list": "cmdb", "serial": "CZC1002", "uuid": "4211-aa", "hostname": "web07", "mac_address": ["m2"]}
    found = scored(engine, [left, right, {"list": "scan", "hostname": "db09"}], [(1, 0), (0, 2)])
    for one in found.pairs.to_pylist():
        parts = [part for part in found.parts.to_pylist() if (part["a"], part["b"]) == (one["a"], one["b"])]
        assert one["score"] == pytest.approx(PRIOR + sum(part["bits"] for part in parts))
    assert {(part["kind"], part["outcome"]) for part in found.parts.to_pylist() if part["b"] == 1} == {
        ("uuid", "agreed"), ("mac_address", "agreed"), ("serial", "nearly"), ("hostname", "differed"),
        ("list", "same list"),
    }  # fmt: skip


def test_records_that_share_nothing_are_scored_when_asked_for(engine):
    rows = [{"list": "x", "serial": "A12345", "hostname": "app01"}, {"list": "y", "serial": "B99999"}]
    found = scored(engine, rows, [(0, 1)])
    assert found.pairs["score"].to_pylist() == [PRIOR - 7]
    part = found.parts.to_pylist()[0]
    assert (part["kind"], part["left_value"], part["right_value"]) == ("serial", "A12345", "B99999")


def test_more_bits_are_never_less_probable_and_a_match_is_more_than_an_even_chance():
    model = matching.SHIPPED
    chances = [model.probability(bits / 4) for bits in range(-200, 200)]
    assert chances == sorted(chances)
    assert chances[0] < 1e-9 < 1 - 1e-9 < chances[-1]
    assert model.probability(model.threshold) > 0.5


def test_a_model_survives_being_written_down():
    document = json.loads(json.dumps(matching.SHIPPED.document()))
    assert matching.from_document(document) == matching.SHIPPED
    heavier = {**document, "weights": {**document["weights"], "serial": {**document["weights"]["serial"], "agree": 10}}}
    changed = matching.from_document(heavier)
    assert changed.digest != matching.SHIPPED.digest
    assert matching.SHIPPED.differences(changed) == ("serial: agreement 9 -> 10, disagreement -7 -> -7 bits",)


def test_another_model_decides_otherwise(engine):
    rows = numbered([{"list": "cmdb", "hostname": "app01"}, {"list": "scan", "hostname": "app01"}])
    strict = dataclasses.replace(matching.SHIPPED, threshold=3.0)
    linked = [matching.link(engine, records_table(rows), identifiers_table(rows), model)
              for model in (matching.SHIPPED, strict)]  # fmt: skip
    assert [len(set(one.clusters["cluster"].to_pylist())) for one in linked] == [1, 2]


TWO_GROUPS = [
    {"list": "cmdb", "serial": "CZC1001", "hostname": "app01", "mac_address": "m1"},
    {"list": "scan", "serial": "CZC1001", "hostname": "app01", "mac_address": "m1"},
    {"list": "vcenter", "uuid": "4211-aa", "hostname": "web07", "mac_address": "m2"},
    {"list": "monitor", "uuid": "4211-aa", "mac_address": ["m2"], "hostname": "app02"},
    {"list": "sheet", "uuid": "4211-aa", "hostname": ["web07", "old01"]},
    {"list": "tickets", "serial": "CZC1001", "hostname": ["app01", "old01"]},
]


def test_a_weak_bridge_between_two_strong_groups_is_cut_and_explained(engine):
    rows = numbered(TWO_GROUPS)
    linked = matching.link(engine, records_table(rows), identifiers_table(rows))
    assert linked.clusters["cluster"].to_pylist() == [0, 0, 2, 2, 2, 0]
    assert {cut.reason for cut in linked.cuts} == {"weak bridge"}


def test_the_steps_of_a_cluster_are_its_merges_in_order_and_what_was_cut(engine):
    rows = numbered(TWO_GROUPS)
    linked = matching.link(engine, records_table(rows), identifiers_table(rows))
    found = matching.steps(linked, matching.SHIPPED, [0])
    assert [step.reason for step in found] == ["linked"] * 4 + ["weak bridge"]
    assert [step.merged for step in found] == [True] * 4 + [False]
    scores = [step.score for step in found]
    assert scores == sorted(scores, reverse=True)


def test_a_step_says_which_judgement_joined_or_kept_apart(engine):
    rows = numbered([{"list": "cmdb", "serial": "CZC1001"}, {"list": "scan", "serial": "CZC1001"}, {"list": "x"}])
    judged = [matching.Judgement(0, 1, same=False), matching.Judgement(2, 0, same=True)]
    linked = matching.link(engine, records_table(rows), identifiers_table(rows), judgements=judged)
    found = matching.steps(linked, matching.SHIPPED, [2])
    assert [(step.a, step.b, step.merged, step.reason) for step in found] == [
        (0, 1, False, "judged"), (0, 2, True, "judged"),
    ]  # fmt: skip


def shuffle(table: pa.Table, random: Random) -> pa.Table:
    return table.take(pa.array(random.sample(range(len(table)), len(table)), pa.int64()))


ROWS = st.lists(
    st.fixed_dictionaries(
        {"list": st.sampled_from(["cmdb", "scan", "sheet"])},
        optional={
            "serial": st.sampled_from(["CZC1001", "CZC1002", "XYZ7777"]),
            "hostname": st.sampled_from(["app01", "app02", "app03"]),
            "ip_address": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
            "mac_address": st.sampled_from(["m1", "m2"]),
            "uuid": st.sampled_from(["u1", "u2"]),
        },
    ),
    min_size=2,
    max_size=10,
)


@given(rows=ROWS, seed=st.integers(0, 2**32))
@settings(max_examples=12)
def test_the_order_in_which_records_come_never_shows(engine, rows, seed):
    partitions = []
    for shuffled in (False, True):
        given_rows = list(rows)
        random = Random(seed)  # noqa: S311
        if shuffled:
            random.shuffle(given_rows)
        given_rows = numbered(sorted(given_rows, key=lambda row: sorted(row.items())))
        records, identifiers = records_table(given_rows), identifiers_table(given_rows)
        if shuffled:  # also the order of the tables' rows
            records, identifiers = shuffle(records, random), shuffle(identifiers, random)
        linked = matching.link(engine, records, identifiers)
        clusters, pairs = linked.clusters, linked.pairs
        content = [str({key: value for key, value in row.items() if key != "record"}) for row in given_rows]
        found: dict[int, list[str]] = {}
        for number, cluster in enumerate(clusters["cluster"].to_pylist()):
            found.setdefault(cluster, []).append(content[number])
        partitions.append((Counter(tuple(sorted(thing)) for thing in found.values()), pairs.to_pylist()))
    assert partitions[0] == partitions[1]
