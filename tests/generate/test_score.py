"""The measure: what is contested, what the majority gets right, what can be known."""

import pytest

from muniment import generate
from muniment.generate import Claim, Truth


def claims(*said, attribute="owner", asset="T1"):
    """Claims of several sources about one thing: (source, value)."""
    return tuple(Claim(asset, attribute, source, "f", "", 1, value, correct=False, kind="") for source, value in said)


def vote(*said, fact="A", attribute="owner"):
    return generate.majority_accuracy(
        Truth({"T1": {"asset_type": "server", attribute: fact}}, claims(*said, attribute=attribute))
    )


def test_agreeing_sources_contest_nothing():
    assert vote(("a", "A"), ("b", "a")).contested == 0


def test_one_source_that_contradicts_itself_contests_nothing():
    assert vote(("a", "A"), ("a", "B")).contested == 0


def test_the_majority_wins_right_or_wrong():
    assert vote(("a", "A"), ("b", "A"), ("c", "B")).accuracy == 1
    assert vote(("a", "B"), ("b", "B"), ("c", "A")).accuracy == 0


def test_a_tie_counts_as_the_chance_of_drawing_right():
    assert vote(("a", "A"), ("b", "B")).accuracy == 0.5
    assert vote(("a", "A"), ("b", "B"), ("c", "C")).accuracy == pytest.approx(1 / 3)


def test_a_source_has_one_vote_per_value_however_often_it_repeats_it():
    assert vote(("a", "B"), ("a", "B"), ("a", "B"), ("b", "A"), ("c", "A")).accuracy == 1


def test_placeholders_have_no_vote():
    assert vote(("a", "A"), ("b", "")).contested == 0


def test_lists_are_never_contested_but_count_for_the_ceiling():
    truth = Truth(
        {"T1": {"asset_type": "server", "ip_address": ("10.0.0.1", "10.0.0.2")}},
        claims(("a", ("10.0.0.1",)), ("b", ("10.0.0.9",)), attribute="ip_address"),
    )
    every, addresses = generate.oracle_ceiling(truth)
    assert (every.contested, addresses.values, addresses.stated) == (0, 1, 0)


def test_the_ceiling_counts_values_that_somebody_states_truly():
    truth = Truth(
        {"T1": {"asset_type": "server", "owner": "A"}, "T2": {"asset_type": "server", "owner": "A"}},
        (*claims(("a", "A"), ("b", "B")), *claims(("a", "B"), asset="T2")),
    )
    every = generate.oracle_ceiling(truth)[0]
    assert (every.values, every.stated, every.contested, every.contested_stated) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("attribute", "one", "other", "equal"),
    [
        ("memory_mib", 262144, 262109, True),
        ("memory_mib", 262144, 250000, False),
        ("cpu_count", 4, 5, False),
        ("name", "srv01", "SRV01.corp.example", True),
        ("owner", "srv01", "srv01.corp.example", False),
        ("uuid", "421a2c57-cd81-4f1f-bac0-1ca769b38dac", "572c1a42-81cd-1f4f-bac0-1ca769b38dac", True),
        ("serial", "421a2c57", "572c1a42", False),
    ],
)
def test_what_counts_as_the_same(attribute, one, other, equal):
    assert generate.same(attribute, one, other) is equal
    assert generate.same(attribute, other, one) is equal


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sources", [generate.DEFAULT_SOURCES, generate.SOURCES])
def test_at_high_dirt_the_majority_resolves_85_to_88_per_cent(seed, sources):
    found = generate.majority_accuracy(generate.truth_of(generate.EstateSpec(300, seed, sources, "high")))
    assert found.contested > 500
    assert 0.85 <= found.accuracy <= 0.88


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_at_high_dirt_the_majority_resolves_as_much_of_a_large_estate(seed):
    found = generate.majority_accuracy(generate.truth_of(generate.EstateSpec(10_000, seed, dirt="high")))
    assert found.contested > 20_000
    assert 0.85 <= found.accuracy <= 0.88


def test_more_dirt_contests_more_and_is_resolved_less():
    found = [
        generate.majority_accuracy(generate.truth_of(generate.EstateSpec(1000, 4, dirt=level)))
        for level in generate.LEVELS
    ]
    assert found[0].contested < found[1].contested < found[2].contested
    assert found[0].accuracy > found[1].accuracy > found[2].accuracy
