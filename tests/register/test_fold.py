"""The fold on small tables by hand: which claim wins, how sure it is, what is in conflict."""

import dataclasses
import json
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment import model
from muniment.base import engine as engines
from muniment.register.fold import fold
from muniment.register.policy import HALF_LIFE_DAYS, Reliability, attribute_table, share_table
from muniment.register.precede import rule_tables
from muniment.register.rules import Layer, Policies

DAY = 86_400_000_000
TODAY = 20_000


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


@dataclasses.dataclass(frozen=True)
class Says:
    """One record and what it claims."""

    source: str
    claims: dict
    derived: dict = dataclasses.field(default_factory=dict)
    asset: str = "asset"
    age: int = 0
    gone: bool = False
    type: str | None = "server"
    type_stated: bool = True
    ref: str = ""


def tables(said: list[Says]) -> tuple[pa.Table, pa.Table]:
    names = [one.ref or f"{one.source} {number}" for number, one in enumerate(said)]
    records = pa.table(
        {
            "record": names,
            "asset_id": [one.asset for one in said],
            "source": [one.source for one in said],
            "ref": names,
            "observed": pa.array([(TODAY - one.age) * DAY for one in said], pa.int64()),
            "gone": [one.gone for one in said],
            "asset_type": pa.array([one.type for one in said], pa.string()),
            "type_stated": [one.type_stated for one in said],
        }
    )
    claims = [
        (name, attribute, json.dumps(value), stated)
        for name, one in zip(names, said, strict=True)
        for stated, given_claims in ((True, one.claims), (False, one.derived))
        for attribute, values in given_claims.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return records, pa.table(
        {
            "record": pa.array([claim[0] for claim in claims], pa.string()),
            "attribute": pa.array([claim[1] for claim in claims], pa.string()),
            "value": pa.array([claim[2] for claim in claims], pa.string()),
            "stated": pa.array([claim[3] for claim in claims], pa.bool_()),
        }
    )


def shares(attribute: str, given_shares: dict[str, float], *authoritative: str) -> list[Reliability]:
    return [Reliability(name, attribute, share, name in authoritative) for name, share in given_shares.items()]


class Folded:
    """What the fold made of it, by asset."""

    def __init__(self, engine, said, weights=(), policies=None, shuffle=None, rules=()):
        attributes = dict(model.attributes())
        for name, policy in (policies or {}).items():
            attributes[name] = dataclasses.replace(attributes[name], policy=policy)
        records, claims = tables(said)
        if shuffle is not None:
            records, claims = (
                table.take(pa.array(shuffle.sample(range(len(table)), len(table)), pa.int64()))
                for table in (records, claims)
            )
        rules = rule_tables(attributes, Policies((Layer("engagement", 1, tuple(rules)),)), weights)
        fold(engine, records, claims, attribute_table(attributes), share_table(list(weights)), rules)
        self.rows = engine.rows("SELECT * FROM folded ORDER BY id").to_pylist()
        self.conflicts = engine.rows("SELECT * FROM found_conflicts ORDER BY asset_id, attribute").to_pylist()
        self.terms = engine.rows("SELECT * FROM found_terms ORDER BY ALL").to_pylist()

    @property
    def asset(self) -> dict:
        (row,) = self.rows
        return row

    def value(self, attribute: str):
        return json.loads(self.asset["values"]).get(attribute)

    def proof(self, attribute: str) -> dict:
        return json.loads(self.asset["provenance"])[attribute]

    @property
    def conflict(self) -> dict:
        (row,) = self.conflicts
        return {**row, "claims": json.loads(row["claims"])}


OWNERS = [
    Says("old and sure", {"owner": "Ann"}, age=10),
    Says("weak 1", {"owner": "Bob"}, age=5),
    Says("weak 2", {"owner": "Bob"}, age=5),
    Says("latest", {"owner": "Cy"}),
]
OWNER_SHARES = shares("owner", {"old and sure": 0.99, "weak 1": 0.5, "weak 2": 0.5, "latest": 0.5})


@pytest.mark.parametrize(("policy", "winner"), [("newest", "Cy"), ("confidence", "Ann"), ("most_reported", "Bob")])
def test_the_policy_of_an_attribute_chooses_the_winner(engine, policy, winner):
    found = Folded(engine, OWNERS, OWNER_SHARES, {"owner": policy})
    assert (found.value("owner"), found.proof("owner")["rule"]) == (winner, policy)


@pytest.mark.parametrize("policy", ["newest", "confidence", "most_reported"])
def test_an_authoritative_source_decides_alone(engine, policy):
    weights = shares("owner", {"old and sure": 0.99, "weak 1": 0.99, "weak 2": 0.99, "latest": 0.5}, "latest")
    said = [dataclasses.replace(one, age=0 if one.source != "latest" else 400) for one in OWNERS]
    found = Folded(engine, said, weights, {"owner": policy})
    assert (found.value("owner"), found.proof("owner")["rule"]) == ("Cy", "authoritative")


def test_a_list_keeps_what_every_source_says_the_surest_first(engine):
    said = [
        Says("a", {"ip_address": ["10.0.0.9", "10.0.0.1"]}),
        Says("b", {"ip_address": ["10.0.0.9"]}),
        Says("c", {"ip_address": ["10.0.0.5"]}),
    ]
    found = Folded(engine, said, shares("ip_address", {"a": 0.6, "b": 0.6, "c": 0.9}))
    assert found.value("ip_address") == ["10.0.0.9", "10.0.0.5", "10.0.0.1"]
    each = found.proof("ip_address")["each"]
    assert [(one["value"], one["sources"]) for one in each] == [
        ("10.0.0.9", ["a", "b"]),
        ("10.0.0.5", ["c"]),
        ("10.0.0.1", ["a"]),
    ]
    assert [one["confidence"] for one in each][1:] == [0.9, 0.6]
    assert each[0]["confidence"] > 0.9


@pytest.mark.parametrize("share", [0.5, 0.75, 0.9, 0.97])
def test_the_confidence_of_a_single_claim_is_the_share_of_its_source(engine, share):
    found = Folded(engine, [Says("a", {"owner": "Ann"})], shares("owner", {"a": share}))
    assert found.proof("owner")["confidence"] == found.asset["confidence"] == share


def test_a_source_that_nobody_weighed_is_right_three_times_in_four(engine):
    assert Folded(engine, [Says("a", {"owner": "Ann"})]).proof("owner")["confidence"] == 0.75


def test_agreement_raises_and_contradiction_lowers_confidence(engine):
    alone = Folded(engine, [Says("a", {"owner": "Ann"})]).proof("owner")["confidence"]
    agreed = Folded(engine, [Says("a", {"owner": "Ann"}), Says("b", {"owner": "Ann"})]).proof("owner")
    argued = Folded(engine, [Says("a", {"owner": "Ann"}), Says("b", {"owner": "Bob"})]).proof("owner")
    assert argued["confidence"] < alone < agreed["confidence"]
    assert agreed["sources"] == ["a", "b"]


def test_two_records_of_one_source_are_one_voice(engine):
    twice = Folded(engine, [Says("a", {"owner": "Ann"}), Says("a", {"owner": "Ann"})])
    assert twice.proof("owner")["confidence"] == 0.75


def test_a_claim_loses_half_its_share_in_a_half_life(engine):
    life = HALF_LIFE_DAYS["organisation"]
    said = [Says("old", {"owner": "Ann"}, age=life), Says("new", {"owner": "Bob"})]
    found = Folded(engine, said, shares("owner", {"old": 0.9, "new": 0.5}))
    assert found.value("owner") == "Bob"  # 0.45 against 0.5
    younger = [dataclasses.replace(said[0], age=life // 2), said[1]]
    assert Folded(engine, younger, shares("owner", {"old": 0.9, "new": 0.5})).value("owner") == "Ann"


def test_age_alone_weighs_nothing_where_nobody_is_younger(engine):
    found = Folded(engine, [Says("a", {"owner": "Ann"}, age=5000)])
    assert found.proof("owner")["confidence"] == 0.75


def test_a_derived_value_counts_only_where_nobody_claims_the_attribute(engine):
    derived = [Says(name, {}, {"os_family": "windows"}) for name in ("a", "b", "c")]
    assert Folded(engine, derived).value("os_family") == "windows"
    found = Folded(engine, [*derived, Says("d", {"os_family": "linux"})])
    assert (found.value("os_family"), found.conflicts) == ("linux", [])


def test_a_guessed_type_gives_way_to_a_stated_one(engine):
    guesses = [Says(name, {}, type="server", type_stated=False) for name in ("a", "b", "c")]
    assert Folded(engine, guesses).asset["type"] == "server"
    found = Folded(engine, [*guesses, Says("d", {"subtype": "template"}, type="virtual_machine")]).asset
    assert (found["type"], found["subtype"]) == ("virtual_machine", "template")


def test_an_asset_of_no_type_and_no_values_is_merely_discovered(engine):
    found = Folded(engine, [Says("a", {}, type=None)]).asset
    assert (found["type"], found["state"], found["name"], found["confidence"]) == (
        "other",
        "discovered",
        "(unnamed)",
        0,
    )


def test_a_record_that_is_gone_speaks_only_where_no_other_is_left(engine):
    gone = Says("a", {"owner": "Ann"}, gone=True)
    left = Says("b", {"hostname": "app01"})
    both = Folded(engine, [gone, left])
    assert (both.value("owner"), both.asset["state"], both.asset["record_count"]) == (None, "reconciled", 2)
    assert both.asset["sources"] == ["a", "b"]
    last = Folded(engine, [gone, dataclasses.replace(left, gone=True)])
    assert (last.value("owner"), last.value("hostname"), last.asset["state"]) == ("Ann", ["app01"], "retired")


def test_a_conflict_lists_the_winner_first_with_severity_and_what_was_seen_when(engine):
    said = [Says("a", {"owner": "Ann"}), Says("b", {"owner": "Ann"}), Says("c", {"owner": "Bob"})]
    conflict = Folded(engine, said).conflict
    assert model.attribute("owner").severity == "high"
    assert (conflict["attribute"], conflict["kind"]) == ("owner", "value_mismatch")
    assert conflict["severity"] == "medium"  # two against one is clear
    assert [(claim["value"], claim["sources"], claim["seen"]) for claim in conflict["claims"]] == [
        ("Ann", ["a", "b"], "2024-10-04"),
        ("Bob", ["c"], "2024-10-04"),
    ]
    assert [claim["value"] for claim in Folded(engine, said).proof("owner")["rivals"]] == ["Bob"]


SURE = shares("owner", {"a": 0.99, "b": 0.5, "c": 0.5})
HINTS = {
    "b saw another value later than a saw the winning one": [
        Says("a", {"owner": "Ann"}, age=3),
        Says("b", {"owner": "Bob"}),
    ],
    "more sources report another value": [
        Says("a", {"owner": "Ann"}),
        Says("b", {"owner": "Bob"}),
        Says("c", {"owner": "Bob"}),
    ],
    "2 sources agree against 1 other value(s): correct it in c": [
        Says("a", {"owner": "Ann"}),
        Says("b", {"owner": "Ann"}),
        Says("c", {"owner": "Bob"}),
    ],
    "one source against another (a, b)": [Says("a", {"owner": "Ann"}), Says("b", {"owner": "Bob"})],
}


@pytest.mark.parametrize("hint", HINTS)
def test_a_conflict_hints_at_what_to_look_at(engine, hint):
    assert hint in Folded(engine, HINTS[hint], SURE).conflict["hint"]


def test_sources_that_agree_are_no_conflict(engine):
    agreed = [Says("a", {"owner": "Ann"}), Says("b", {"owner": "Ann"})]
    assert Folded(engine, agreed).conflicts == []


def test_moments_and_measurements_that_moved_on_are_no_conflict(engine):
    said = [
        Says("a", {"last_seen": "2024-01-01T00:00:00Z", "cpu_usage_percent": 10}, age=1),
        Says("b", {"last_seen": "2024-01-02T00:00:00Z", "cpu_usage_percent": 20}),
    ]
    found = Folded(engine, said)
    assert (found.value("last_seen"), found.conflicts) == ("2024-01-02T00:00:00Z", [])


def test_an_identifying_list_conflicts_where_a_source_shares_nothing_with_the_others(engine):
    apart = [Says("a", {"serial": ["A1"]}), Says("b", {"serial": ["B1"]})]
    assert Folded(engine, apart).conflict["attribute"] == "serial"
    overlapping = [Says("a", {"serial": ["A1", "B1"]}), Says("b", {"serial": ["B1"]})]
    assert Folded(engine, overlapping).conflicts == []
    plain = [Says("a", {"tags": ["red"]}), Says("b", {"tags": ["blue"]})]
    assert Folded(engine, plain).conflicts == []


def test_an_asset_is_named_by_what_its_type_is_called(engine):
    claims = {"serial": ["A1"], "hostname": ["app01"], "name": "Payroll"}
    assert Folded(engine, [Says("a", claims)]).asset["name"] == "app01"
    assert Folded(engine, [Says("a", claims, type="application")]).asset["name"] == "Payroll"
    assert Folded(engine, [Says("a", {"serial": ["A1"]})]).asset["name"] == "A1"


def test_terms_are_the_winners_in_lower_case_and_not_the_rivals(engine):
    said = [
        Says("a", {"owner": "Ann Bell", "ip_address": ["10.0.0.1"], "notes": "long"}),
        Says("b", {"owner": "Bob"}),
    ]
    found = Folded(engine, said, SURE)
    assert [(term["attribute"], term["term"]) for term in found.terms if term["attribute"] != "asset_type"] == [
        ("ip_address", "10.0.0.1"),
        ("owner", "ann bell"),
    ]


def test_a_tie_goes_to_the_smaller_value_whoever_says_it(engine):
    for first, second in (("a", "b"), ("b", "a")):
        said = [Says(first, {"owner": "Bob"}), Says(second, {"owner": "Ann"})]
        assert Folded(engine, said).value("owner") == "Ann"


ONE = st.builds(
    Says,
    source=st.sampled_from(["a", "b", "c"]),
    claims=st.fixed_dictionaries(
        {},
        optional={
            "owner": st.sampled_from(["Ann", "Bob"]),
            "ip_address": st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2"]), max_size=2, unique=True),
            "serial": st.lists(st.sampled_from(["A1", "B1"]), min_size=1, max_size=1),
            "status": st.sampled_from(["active", "retired"]),
        },
    ),
    derived=st.fixed_dictionaries({}, optional={"os_family": st.sampled_from(["linux", "windows"])}),
    asset=st.sampled_from(["asset 1", "asset 2"]),
    age=st.sampled_from([0, 1, 400]),
    gone=st.booleans(),
    type=st.sampled_from([None, "server", "virtual_machine"]),
)


@given(said=st.lists(ONE, min_size=1, max_size=8), seed=st.integers(0, 2**32))
@settings(max_examples=15)
def test_the_order_in_which_claims_come_never_shows(engine, said, seed):
    plain = Folded(engine, said)
    shuffled = Folded(engine, said, shuffle=Random(seed))  # noqa: S311
    assert (plain.rows, plain.conflicts, plain.terms) == (shuffled.rows, shuffled.conflicts, shuffled.terms)
