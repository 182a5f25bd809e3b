"""Who is who: cases from a file, what a pair's score says, and that no order of the input shows."""

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
    clusters, _ = matching.link(engine, records_table(given_rows), identifiers_table(given_rows), judgements)
    found: dict[int, set[str]] = {}
    for record, cluster in zip(clusters["record"].to_pylist(), clusters["cluster"].to_pylist(), strict=True):
        found.setdefault(cluster, set()).add(rows[record]["id"])
    return {frozenset(ids) for ids in found.values()}


def pair(engine, rows: list[dict]) -> dict:
    """The scored pair of the first two rows."""
    given_rows = numbered(rows)
    _, pairs = matching.link(engine, records_table(given_rows), identifiers_table(given_rows))
    return next(one for one in pairs.to_pylist() if (one["a"], one["b"]) == (0, 1))


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
    clusters, _ = matching.link(engine, records_table(rows), identifiers_table(rows))
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
    assert found["score"] == 9 + 7 - 3


def test_a_second_agreement_of_one_group_counts_a_quarter_and_a_second_name_nothing(engine):
    said = {"uuid": "4211-aa", "serial": "CZC1001", "hostname": "app01", "fqdn": "app01.example.com"}
    assert pair(engine, [{"list": "cmdb", **said}, {"list": "scan", **said}])["score"] == 12 + 9 / 4 + 5.5


def test_a_name_of_more_than_forty_bearers_proposes_no_pair(engine):
    rows = [{"id": f"{number}", "list": f"list {number}", "hostname": "localhost"} for number in range(41)]
    assert len(things(engine, rows)) == 41
    assert len(things(engine, rows[:40])) == 1


def test_a_name_of_more_than_forty_bearers_is_no_disagreement_where_it_is_shared(engine):
    rows = [{"id": f"{number}", "list": f"list {number}", "hostname": "localhost"} for number in range(41)]
    rows[0]["serial"] = rows[1]["serial"] = "CZC1001"
    assert (pair(engine, rows)["score"], pair(engine, rows)["differed"]) == (9, [])


def test_a_value_weighs_less_the_more_things_of_one_list_carry_it(engine):
    clones = [{"list": "cmdb", "serial": "CLONE99", "hostname": f"app{number}"} for number in range(4)]
    scores = [pair(engine, [{"list": "scan", "serial": "CLONE99"}, *clones[:count]])["score"] for count in (1, 2, 4)]
    assert scores == [9, 3, 1]


def test_records_that_share_nothing_are_no_pair(engine):
    rows = numbered([{"list": "x", "serial": "A12345"}, {"list": "y", "serial": "B99999"}])
    _, pairs = matching.link(engine, records_table(rows), identifiers_table(rows))
    assert pairs.num_rows == 0


def test_no_records_are_no_clusters(engine):
    clusters, pairs = matching.link(engine, records_table([]), identifiers_table([]))
    assert (clusters.num_rows, pairs.num_rows) == (0, 0)


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
        clusters, pairs = matching.link(engine, records, identifiers)
        content = [str({key: value for key, value in row.items() if key != "record"}) for row in given_rows]
        found: dict[int, list[str]] = {}
        for number, cluster in enumerate(clusters["cluster"].to_pylist()):
            found.setdefault(cluster, []).append(content[number])
        partitions.append((Counter(tuple(sorted(thing)) for thing in found.values()), pairs.to_pylist()))
    assert partitions[0] == partitions[1]
