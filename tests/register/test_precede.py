"""Policies in the fold, on small tables by hand: who decides, who is silent or stale, per type and list."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.register.test_fold import Folded, Says, engine, shares

from muniment.register.rules import Rule

assert engine  # a fixture, used by name

RANKED = Rule("authoritative", "owner", sources=("hr", "cmdb"), stale_after_days=30)
SURE = shares("owner", {"hr": 0.5, "cmdb": 0.6, "scan": 0.99, "sheet": 0.99})


def owner(engine, *said, rule=RANKED):
    found = Folded(engine, list(said), SURE, rules=[rule])
    return found.value("owner"), found.proof("owner")["rule"]


def test_the_first_source_of_a_ranking_decides_however_sure_the_others_are(engine):
    said = [Says("scan", {"owner": "Cy"}), Says("cmdb", {"owner": "Bob"}), Says("hr", {"owner": "Ann"})]
    assert owner(engine, *said) == ("Ann", "authoritative")


def test_a_lower_source_speaks_where_a_higher_is_silent(engine):
    said = [Says("scan", {"owner": "Cy"}), Says("cmdb", {"owner": "Bob"}), Says("hr", {"site": "Rome"})]
    assert owner(engine, *said) == ("Bob", "authoritative")


def test_where_nobody_ranked_speaks_the_most_believable_wins(engine):
    assert owner(engine, Says("scan", {"owner": "Cy"})) == ("Cy", "confidence")


@pytest.mark.parametrize(("age", "winner"), [(30, "Ann"), (31, "Bob")])
def test_a_claim_too_much_older_than_the_newest_no_longer_outranks(engine, age, winner):
    said = [Says("hr", {"owner": "Ann"}, age=age), Says("cmdb", {"owner": "Bob"}, age=5), Says("scan", {"owner": "Cy"})]
    assert owner(engine, *said)[0] == winner


def test_staleness_counts_from_the_newest_claim_and_not_from_today(engine):
    said = [Says("hr", {"owner": "Ann"}, age=400), Says("cmdb", {"owner": "Bob"}, age=380)]
    assert owner(engine, *said)[0] == "Ann"


def test_a_source_without_a_rank_speaks_where_all_ranked_are_stale(engine):
    assert owner(engine, Says("hr", {"owner": "Ann"}, age=99), Says("scan", {"owner": "Cy"})) == ("Cy", "confidence")


EXTREMES = [
    ("memory_mib", [2048, 16384, 512], 512, 16384),
    ("cpu_cores", [9, 10, 2], 2, 10),
    ("warranty_until", ["2024-03-09", "2023-12-31", "2024-11-01"], "2023-12-31", "2024-11-01"),
    ("last_boot", ["2024-03-09T01:00:00Z", "2024-03-09T00:30:00Z"], "2024-03-09T00:30:00Z", "2024-03-09T01:00:00Z"),
    ("monthly_cost", [-3.5, 20, 100.25], -3.5, 100.25),
]


@pytest.mark.parametrize(("attribute", "values", "least", "most"), EXTREMES)
def test_the_smallest_and_the_largest_of_sizes_numbers_and_dates_win_and_settle_it(
    engine, attribute, values, least, most
):
    said = [Says(f"source {number}", {attribute: value}) for number, value in enumerate(values)]
    for policy, wins in (("minimum", least), ("maximum", most)):
        found = Folded(engine, said, rules=[Rule(policy, attribute)])
        assert (found.value(attribute), found.proof(attribute)["rule"]) == (wins, policy)
        assert found.conflicts == []


def test_a_list_is_that_of_its_first_source_or_of_the_newest_delivery(engine):
    said = [
        Says("hr", {"ip_address": ["10.0.0.1", "10.0.0.2"]}, age=9),
        Says("scan", {"ip_address": ["10.0.0.2", "10.0.0.3"]}),
    ]
    assert len(Folded(engine, said).value("ip_address")) == 3
    ranked = Folded(engine, said, rules=[Rule("authoritative", "ip_address", sources=("hr",))])
    assert sorted(ranked.value("ip_address")) == ["10.0.0.1", "10.0.0.2"]
    newest = Folded(engine, said, rules=[Rule("newest", "ip_address")])
    assert sorted(newest.value("ip_address")) == ["10.0.0.2", "10.0.0.3"]


def test_a_rule_of_a_type_goes_by_what_the_asset_is_found_to_be(engine):
    claims = [({"memory_mib": 1024}, "a"), ({"memory_mib": 4096}, "b")]
    rules = [Rule("minimum", "memory_mib"), Rule("maximum", "memory_mib", type="virtual_machine")]
    for type_, expected in (("server", 1024), ("virtual_machine", 4096), (None, 1024)):
        said = [Says(source, said, type=type_) for said, source in claims]
        assert Folded(engine, said, rules=rules).value("memory_mib") == expected


def test_who_ranks_first_for_the_type_decides_by_which_rules_the_asset_goes(engine):
    said = [
        Says("hr", {"memory_mib": 1024}, type="server"),
        Says("a", {"memory_mib": 4096}, type="virtual_machine"),
        Says("b", {"memory_mib": 4096}, type="virtual_machine"),
    ]
    rules = [
        Rule("authoritative", "asset_type", sources=("hr",)),
        Rule("minimum", "memory_mib", type="server"),
        Rule("maximum", "memory_mib", type="virtual_machine"),
    ]
    found = Folded(engine, said, rules=rules)
    assert (found.asset["type"], found.value("memory_mib")) == ("server", 1024)


SAID = st.builds(
    Says,
    source=st.sampled_from(["hr", "cmdb", "scan"]),
    claims=st.fixed_dictionaries(
        {},
        optional={
            "owner": st.sampled_from(["Ann", "Bob"]),
            "ip_address": st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2"]), max_size=2, unique=True),
            "memory_mib": st.sampled_from([1024, 2048]),
        },
    ),
    asset=st.sampled_from(["asset 1", "asset 2"]),
    age=st.sampled_from([0, 20, 400]),
    gone=st.booleans(),
    type=st.sampled_from([None, "server", "virtual_machine"]),
)
RULES = st.lists(
    st.sampled_from(
        [
            RANKED,
            Rule("newest", "owner", type="server"),
            Rule("newest", "ip_address"),
            Rule("authoritative", "ip_address", type="virtual_machine", sources=("scan", "hr")),
            Rule("maximum", group="hardware"),
            Rule("minimum", "memory_mib", type="server"),
        ]
    ),
    unique=True,
)


@given(said=st.lists(SAID, min_size=1, max_size=8), rules=RULES, seed=st.integers(0, 2**32))
@settings(max_examples=15)
def test_the_order_in_which_claims_come_never_shows_under_any_policy(engine, said, rules, seed):
    plain = Folded(engine, said, rules=rules)
    shuffled = Folded(engine, said, rules=rules, shuffle=Random(seed))  # noqa: S311
    assert (plain.rows, plain.conflicts, plain.terms) == (shuffled.rows, shuffled.conflicts, shuffled.terms)
