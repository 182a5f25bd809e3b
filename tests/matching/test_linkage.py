"""Which rows of any one or two tables are one thing, with no settings."""

import random

import pyarrow as pa
import pytest

from muniment import matching

FIRST = [
    "anna",
    "bruno",
    "clara",
    "david",
    "elena",
    "felix",
    "greta",
    "henri",
    "irene",
    "jonas",
    "karla",
    "louis",
    "maria",
    "niels",
    "olivia",
    "peter",
]
LAST = [
    "abbott",
    "baker",
    "castillo",
    "dubois",
    "eriksen",
    "fischer",
    "garcia",
    "hansen",
    "ivanov",
    "jansen",
    "keller",
    "lopez",
    "moreau",
    "novak",
]
TOWNS = ["amsterdam", "bergen", "cordoba", "dresden", "evora", "florence", "geneva", "hamburg", "innsbruck"]


def people(count, seed):
    draw = random.Random(seed)  # noqa: S311
    return [
        {
            "name": draw.choice(FIRST),
            "surname": draw.choice(LAST) + draw.choice(["", "son", "berg", "mann"]),
            "born": f"{draw.randint(1940, 2004)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
            "town": draw.choice(TOWNS),
            "postcode": f"{draw.randint(10000, 99999)}",
        }
        for _ in range(count)
    ]


def mistyped(row, seed):
    draw = random.Random(seed)  # noqa: S311
    changed = dict(row)
    column = draw.choice(["name", "surname", "born", "postcode"])
    text, at = changed[column], draw.randrange(len(changed[column]) - 1)
    changed[column] = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    changed[draw.choice(["town", "name"])] = None
    return changed


def table(rows):
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})


def scored(found, gold):
    pairs = set(zip(found.left.tolist(), found.right.tolist(), strict=True))
    return len(pairs & gold) / len(pairs), len(pairs & gold) / len(gold)


@pytest.fixture(scope="module")
def duplicated():
    rows = people(300, seed=1)
    return table(rows + [mistyped(row, seed) for seed, row in enumerate(rows[:120])])


def test_duplicates_with_typing_errors_are_found(duplicated):
    found = matching.match_records(duplicated)
    precision, recall = scored(found, {(row, 300 + row) for row in range(120)})
    assert precision > 0.98
    assert recall > 0.95
    assert all(found.clusters[a] == found.clusters[b] for a, b in zip(found.left, found.right, strict=True))
    assert len(found.clusters) == 420


def test_the_order_of_rows_and_columns_changes_nothing(duplicated):
    found = matching.match_records(duplicated)
    turned = matching.match_records(duplicated.take(list(range(419, -1, -1))).select(duplicated.column_names[::-1]))
    pairs = {(419 - b, 419 - a) for a, b in zip(turned.left.tolist(), turned.right.tolist(), strict=True)}
    assert pairs == set(zip(found.left.tolist(), found.right.tolist(), strict=True))


def test_columns_of_other_names_and_date_forms_are_aligned():
    rows = people(200, seed=2)
    other = [mistyped(row, seed) for seed, row in enumerate(rows[50:])] + people(50, seed=3)
    theirs = [
        {
            "Wohnort": row["town"],
            "family name": row["surname"],
            "geb": row["born"] and "/".join(reversed(row["born"].split("-"))) if row["born"].count("-") == 2 else None,
            "PLZ": row["postcode"],
            "first": row["name"],
        }
        for row in other
    ]
    found = matching.match_records(table(rows), table(theirs))
    precision, recall = scored(found, {(50 + row, row) for row in range(150)})
    assert {name for name, _ in found.compared} == {"name", "surname", "born", "town", "postcode"}
    assert ("born", "date") in found.compared
    assert precision > 0.98
    assert recall > 0.95


def test_where_each_table_lists_a_thing_once_a_row_has_one_match():
    makers = ["acme", "globex", "initech", "umbrella", "hooli", "stark"]
    draw = random.Random(5)  # noqa: S311
    things = [
        {"title": f"{draw.choice(makers)} {kind} {draw.randint(10, 60)} inch black", "model": f"{kind[:2]}{number}x"}
        for number, kind in enumerate(["monitor", "television", "projector"] * 60, start=100)
    ]
    mine = [{"title": f"{one['title']} {one['model']}", "price": "100"} for one in things]
    theirs = [{"title": f"{one['model']} {' '.join(one['title'].split()[:3])}", "price": "99"} for one in things]
    found = matching.match_records(table(mine), table(theirs))
    precision, recall = scored(found, {(row, row) for row in range(180)})
    assert found.exclusive
    assert len(set(found.left.tolist())) == len(found.left)
    assert min(precision, recall) > 0.95


def test_a_table_that_lists_things_twice_may_match_twice():
    rows = people(200, seed=6)
    theirs = [mistyped(row, seed) for seed, row in enumerate(rows)] + [
        mistyped(row, -seed - 1) for seed, row in enumerate(rows)
    ]
    found = matching.match_records(table(rows), table(theirs))
    _, recall = scored(found, {(row % 200, row) for row in range(400)})
    assert not found.exclusive
    assert recall > 0.9


def test_a_key_says_what_agrees_and_what_differs(duplicated):
    found = matching.match_records(duplicated)
    assert any("+SURNAME" in key and "+POSTCODE" in key for key in found.keys)
    assert all(word[0] in "+-" for key in found.keys for word in key.split())


def test_a_column_that_numbers_the_rows_is_not_compared():
    rows = people(150, seed=7)
    mine = [{"id": str(number), **row} for number, row in enumerate(rows)]
    theirs = [{"id": str(number), **row} for number, row in enumerate(reversed(rows))]
    found = matching.match_records(table(mine), table(theirs))
    assert "id" not in {name for name, _ in found.compared}
    assert scored(found, {(row, 149 - row) for row in range(150)}) == (1.0, 1.0)


@pytest.mark.parametrize("rows", [[], [{"a": "x"}], [{"a": None}, {"a": None}], [{"a": "x"}, {"a": "x"}]])
def test_tables_with_nothing_to_tell_apart_have_no_matches(rows):
    found = matching.match_records(table(rows) if rows else pa.table({"a": pa.array([], pa.string())}))
    assert len(found.left) == 0
    assert found.clusters.tolist() == list(range(len(rows)))


def test_rows_that_share_little_or_nothing_have_no_matches():
    numbers = table([{"n": text} for text in ["1e999", "nan", "inf", "1", "2"] * 3])
    few = table([{"a": "x", "b": str(number % 5)} for number in range(50)])
    for one in (numbers, few):
        assert len(matching.match_records(one).clusters) == one.num_rows
    assert len(matching.match_records(table([{"a": "oak"}]), table([{"a": "elm"}])).left) == 0


def test_a_weak_bridge_between_two_groups_is_cut():
    import numpy as np

    from muniment.matching import linkage_clusters

    pairs = [(0, 1, 5), (0, 2, 5), (1, 2, 5), (3, 4, 5), (3, 5, 5), (4, 5, 5), (2, 3, 1.5), (0, 3, -4), (1, 4, -4)]
    rows, others, evidence = (np.array(column) for column in zip(*pairs, strict=True))
    group = linkage_clusters.groups(6, rows, others, evidence > 0)
    assert len(set(group.tolist())) == 1
    clusters = linkage_clusters.cluster(group, rows, others, evidence.astype(float), np.zeros(len(rows), np.int8))
    assert clusters.tolist() == [0, 0, 0, 3, 3, 3]


def listings(seed):
    """Places of a guide in a few streets of a few towns, some of them listed twice."""
    draw = random.Random(seed)  # noqa: S311
    streets = [f"{street} {kind}" for street in ("elm", "high", "mill", "park") for kind in ("street", "road")]
    kinds = ["french", "thai", "grill", "pizza", "sushi", "cafe"]
    rows = [
        {
            "name": f"{draw.choice(FIRST)} {draw.choice(LAST)} {draw.choice(['', 'bar', 'house', 'room'])}".strip(),
            "address": f"{draw.randint(1, 99)} {draw.choice(streets)}",
            "town": TOWNS[number % 3],
            "phone": f"{200 + number % 3}-555-{draw.randint(1000, 9999)}",
            "kind": draw.choice(kinds),
        }
        for number in range(400)
    ]
    again = [
        {**row, "name": row["name"].replace("house", "hse"), "phone": row["phone"].replace("-", "/"), "kind": "food"}
        for row in rows[:40]
    ]
    return rows + again


def test_neighbours_that_share_town_and_area_code_are_not_taken_for_each_other():
    precision, recall = scored(matching.match_records(table(listings(9))), {(row, 400 + row) for row in range(40)})
    assert precision > 0.95
    assert recall > 0.95


@pytest.mark.parametrize("single", [True, False])
def test_verdicts_hold_and_move_the_other_pairs(single):
    rows = listings(11)
    tables = [table(rows)] if single else [table(rows[:400]), table(rows[400:])]
    gap = 0 if single else 400
    sure = {(row, 400 + row - gap): row % 2 == 0 for row in range(10)}
    odd = {(390, 300 if single else 30): True}
    before, found = (matching.match_records(*tables, threshold=0, verdicts=said) for said in ({}, {**sure, **odd}))
    chance = dict(zip(zip(found.left.tolist(), found.right.tolist(), strict=True), found.probability, strict=True))
    first = dict(zip(zip(before.left.tolist(), before.right.tolist(), strict=True), before.probability, strict=True))
    for (one, other), same in {**sure, **odd}.items():
        assert chance[min(one, other) if single else one, max(one, other) if single else other] == pytest.approx(
            float(same)
        )
    moved = [pair for pair in chance if pair in first and pair not in sure and abs(chance[pair] - first[pair]) > 1e-6]
    assert moved
    if single:
        assert found.clusters[1] != found.clusters[401]
        assert found.clusters[300] == found.clusters[390]


def test_a_verdict_on_a_row_that_is_not_there_is_refused(duplicated):
    with pytest.raises(IndexError, match="no pair of rows 0 and 9999"):
        matching.match_records(duplicated, verdicts={(0, 9999): True})


def test_the_bits_of_an_explanation_add_up_to_the_probability(duplicated):
    found = matching.match_records(duplicated, threshold=0, also=[(5, 77)])
    cells = duplicated.to_pylist()
    for rows in ((0, 300), (301, 1), (5, 77)):
        told = matching.explain_rows(found, rows, (cells[rows[0]], cells[rows[1]]))
        assert 1 / (1 + 2**-told.total) == pytest.approx(told.probability, abs=1e-4)
        assert len(told.steps) >= len(found.compared)
    with pytest.raises(LookupError):
        matching.explain_rows(matching.match_records(duplicated), (5, 77), (cells[5], cells[77]))


def test_where_nothing_is_twice_nothing_matches():
    rows = people(600, seed=21)
    assert len(matching.match_records(table(rows)).left) == 0
    assert len(matching.match_records(table(rows[:300]), table(rows[300:])).left) == 0


def test_rows_that_are_wholly_the_same_match_even_by_one_column():
    rows = [{"who": f"{row['name']} {row['surname']} {row['town']}"} for row in people(500, seed=22)]
    said = [row["who"] for row in rows + rows[:120]]
    gold = {(one, other) for one in range(620) for other in range(one + 1, 620) if said[one] == said[other]}
    precision, recall = scored(matching.match_records(table(rows + rows[:120])), gold)
    assert min(precision, recall) > 0.9


def test_years_a_decade_apart_are_not_nearly_the_same_and_a_slip_is_not_wholly_different():
    import numpy as np

    from muniment.matching.linkage_fields import Field
    from muniment.matching.linkage_levels import Levels

    texts = ["1060", "1950", "1958", "1959", "1960", "2001"]
    codes = np.arange(6)
    level = Levels(Field("year", "year", "number", texts, codes, codes))
    far, near, slip, different = level(np.array([1, 2, 0, 0]), np.array([4, 3, 4, 5])).tolist()
    assert different < slip <= far < near


def test_shared_model_numbers_count_by_how_rare_they_are():
    import numpy as np

    from muniment.matching.linkage_fields import Field
    from muniment.matching.linkage_levels import Levels

    texts = ["ddr3x e5506", "ddr3x x5470", "e5506 zz991", "kx1033", *(f"ddr3x q{number}" for number in range(100, 140))]
    codes = np.arange(len(texts))
    level = Levels(Field("models", "", "models", texts, codes, codes))
    rare, common, other = level(np.array([0, 0, 0]), np.array([2, 1, 3])).tolist()
    assert rare > common > other


def test_addresses_are_codes_and_no_amounts():
    mine = [{"machine": f"srv{number}", "ip": f"10.20.{number % 3}.{number}"} for number in range(60)]
    theirs = [{"machine": f"srv{number}.example.org", "ip": f"10.20.{number % 3}.{number}"} for number in range(60)]
    found = matching.match_records(table(mine), table(theirs))
    assert ("ip", "code") in found.compared
