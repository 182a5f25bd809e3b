"""Tables of claims: the true values are found, in any order of the rows, and written as a source wrote them."""

import random

import pyarrow as pa
import pytest

from muniment import matching


def resolve(rows):
    """Rows of (object, source, value) about one attribute."""
    return matching.resolve(
        pa.array([row[0] for row in rows]),
        pa.array([row[1] for row in rows]),
        {"value": pa.array([row[2] for row in rows], pa.string())},
    )


def chosen(resolved, attribute="value"):
    numbers, values, _ = resolved.rows[attribute]
    return {resolved.objects[number]: value for number, value in zip(numbers.tolist(), values, strict=True)}


def copied(objects=300):
    """Four sources that are right 82 % of the time, and six that all say what one poor one says."""
    draws = random.Random(7)  # noqa: S311
    rows, truth = [], {}
    for number in range(objects):
        name, pool = f"o{number}", [f"v{draws.randrange(10**6)}" for _ in range(5)]
        truth[name] = pool[0]
        poor = pool[0] if draws.random() < 0.6 else pool[1]
        rows += [(name, f"own{n}", pool[0] if draws.random() < 0.82 else draws.choice(pool[1:])) for n in range(4)]
        rows += [(name, f"copy{n}", poor if draws.random() < 0.97 else draws.choice(pool)) for n in range(6)]
    return rows, truth


def test_copies_of_a_poor_source_do_not_outvote_independent_ones():
    rows, truth = copied()
    found = resolve(rows)
    ours = chosen(found)
    assert sum(ours[name] == fact for name, fact in truth.items()) / len(truth) > 0.93
    poor, own = found.sources.index("copy0"), found.sources.index("own0")
    assert found.copying[poor, found.sources.index("copy1")] > 0.7 > found.copying[poor, own]
    assert found.low[own, 0] < found.accuracy[own, 0] < found.high[own, 0]
    assert found.accuracy[own, 0] == pytest.approx(0.82, abs=0.12)
    assert found.accuracy[poor, 0] == pytest.approx(0.6, abs=0.08)


def test_the_order_of_the_rows_does_not_matter():
    rows, _ = copied(60)
    shuffled = rows.copy()
    random.Random(1).shuffle(shuffled)  # noqa: S311
    first, second = resolve(rows), resolve(shuffled)
    assert chosen(first) == chosen(second)
    assert first.rows["value"][2] == pytest.approx(second.rows["value"][2], abs=1e-6)


def test_a_value_is_written_as_a_source_wrote_it_and_says_most():
    rows = [
        ("a", "s1", " Windows Server 2016 or later (64-bit)"),
        ("a", "s2", "Microsoft Windows Server 2019 Datacenter"),
        ("a", "s3", "Ubuntu 22.04"),
        ("b", "s1", "RHEL 8"),
        ("b", "s2", "Red Hat Enterprise Linux 8.6"),
        ("b", "s3", "N/A"),
    ]
    assert chosen(resolve(rows)) == {
        "a": "Microsoft Windows Server 2019 Datacenter",
        "b": "Red Hat Enterprise Linux 8.6",
    }


def test_a_slip_of_the_finger_speaks_for_what_was_meant_and_is_never_chosen():
    rows = [(f"srv{n}", source, "Carla Dietrich") for n in range(5) for source in ("scan", "list")]
    rows += [("db1", "scan", "Crala Dietrich"), ("db1", "list", "Carla Dietrich")]
    rows += [("db2", "scan", "Carla Dietrihc"), ("db2", "list", "Dietrich, Carla"), ("db2", "cmdb", "Bob Lorenz")]
    found = resolve(rows)
    assert chosen(found)["db1"] == "Carla Dietrich"
    assert chosen(found)["db2"] in {"Carla Dietrich", "Dietrich, Carla"}
    alone = resolve([("db1", "scan", "Crala Dietrich"), ("db1", "list", "Carla Dietrich")])
    assert alone.rows["value"][2].max() < found.rows["value"][2].max()


def test_lists_of_persons_are_decided_person_by_person():
    rows = [
        ("b1", "s1", "Doe, John; Roe, Jane"),
        ("b1", "s2", "John Doe and Jane Roe"),
        ("b1", "s3", "John Doe"),
        ("b1", "s4", "Jane Roe and John Doe"),
        ("b2", "s1", "Ann Poe and Bob Foe"),
        ("b2", "s3", "Ann Poe"),
    ]
    found = matching.resolve(
        pa.array([row[0] for row in rows]),
        pa.array([row[1] for row in rows]),
        {"authors": pa.array([row[2] for row in rows])},
    )
    ours = chosen(found, "authors")
    assert matching.same("people", ours["b1"], "Jane Roe and John Doe")
    assert found.kinds["authors"] == "people"


def test_measurements_that_no_two_share_give_the_middle_of_the_good_ones():
    draws = random.Random(3)  # noqa: S311
    rows, truth = [], {}
    for number in range(120):
        name, fact = f"c{number}", draws.uniform(-5, 30)
        truth[name] = fact
        rows += [(name, f"s{n}", f"{fact + draws.gauss(0, 0.4 if n < 4 else 4):.3f}") for n in range(6)]
    ours = chosen(resolve(rows))
    assert sum(abs(float(ours[name]) - fact) < 1 for name, fact in truth.items()) / len(truth) > 0.95


def right(resolved, attribute, truth):
    ours = chosen(resolved, attribute)
    return sum(ours.get(name) == fact for name, fact in truth.items()) / len(truth)


def test_a_source_that_cuts_its_lists_short_does_not_make_the_whole_ones_wrong():
    draws = random.Random(5)  # noqa: S311
    names = [f"{first} {last}" for first in ("Ann", "Bob", "Cleo", "Dan") for last in ("Poe", "Foe", "Roe")]
    rows, truth = [], {}
    for number in range(150):
        cast = draws.sample(names, draws.choice((2, 3)))
        truth[f"m{number}"] = "; ".join(cast)
        rows += [(f"m{number}", "whole", "; ".join(cast)), (f"m{number}", "first", cast[0])]
        if number % 3 == 0:
            rows.append((f"m{number}", "some", "; ".join(cast[-2:])))
    rows += [(f"alone{number}", "whole", "; ".join(names[:3])) for number in range(400)]
    found = matching.resolve(
        *(pa.array([row[place] for row in rows]) for place in (0, 1)), {"cast": pa.array([row[2] for row in rows])}
    )
    assert right(found, "cast", truth) > 0.95


def test_of_two_meanings_of_a_year_the_one_with_most_claims_is_kept():
    draws = random.Random(8)  # noqa: S311
    rows, truth = [], {}
    for number in range(300):
        year = draws.randrange(1930, 2020)
        truth[f"f{number}"] = str(year)
        rows.append((f"f{number}", "archive", str(year)))
        if number % 10 < 2:
            rows += [(f"f{number}", "prizes", str(year + 1)), (f"f{number}", "fans", str(year + 1))]
    rows += [(f"g{number}", "fans", "1999") for number in range(20)]
    found = resolve(rows)
    assert right(found, "value", truth) == 1.0
    doubted = dict(zip(chosen(found), found.rows["value"][2].tolist(), strict=True))
    assert doubted["g1"] < 0.5 < doubted["f0"] < doubted["f5"] + 0.2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_sources_that_disagree_are_not_believed_beyond_what_they_tell(seed):
    draws = random.Random(seed)  # noqa: S311
    pool = [f"region {letter}" for letter in "abcdefgh"]
    shares = [draws.uniform(0.6, 0.95) for _ in range(2)]
    rows, truth = [], {}
    for number in range(500):
        fact = truth[f"o{number}"] = draws.choices(pool, range(1, 9))[0]
        rows += [
            (f"o{number}", f"s{n}", fact if draws.random() < share else draws.choice(pool))
            for n, share in enumerate(shares)
        ]
    found = resolve(rows)
    said = {}
    for name, _, value in rows:
        said.setdefault(name, set()).add(value)
    _, _, shown = found.rows["value"]
    doubtful = [share for name, share in zip(found.objects, shown.tolist(), strict=True) if len(said[name]) > 1]
    assert max(doubtful) < 0.6
    assert found.accuracy[0, 0] == pytest.approx(found.accuracy[1, 0], abs=0.05)
    agreed = [share for name, share in zip(found.objects, shown.tolist(), strict=True) if len(said[name]) == 1]
    assert sum(agreed) / len(agreed) > 0.9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_confidences_of_three_sources_are_as_often_right_as_they_say(seed):
    draws = random.Random(seed)  # noqa: S311
    shares = [draws.uniform(0.6, 0.95) for _ in range(3)]
    rows, truth = [], {}
    for number in range(600):
        fact = truth[f"o{number}"] = f"v{draws.randrange(10**6)}"
        wrong = [f"v{draws.randrange(10**6)}" for _ in range(5)]
        rows += [
            (f"o{number}", f"s{n}", fact if draws.random() < share else draws.choice(wrong))
            for n, share in enumerate(shares)
        ]
    found = resolve(rows)
    shown = found.rows["value"][2]
    ours = right(found, "value", truth)
    vote = {}
    for name, _, value in rows:
        vote.setdefault(name, []).append(value)
    majority = sum(max(said, key=said.count) == truth[name] for name, said in vote.items()) / len(vote)
    assert ours >= majority - 0.01
    assert shown.mean() == pytest.approx(ours, abs=0.04)


def test_a_source_that_stands_alone_is_believed_as_far_as_sources_usually_are():
    found = resolve([("a", "s1", "12"), ("b", "s1", "7")])
    assert found.rows["value"][2] == pytest.approx([0.8, 0.8], abs=0.03)


def test_claims_without_object_source_or_value_are_left_out():
    found = resolve([("a", "s1", "x"), ("", "s1", "y"), ("a", None, "y"), ("b", "s2", "N/A"), ("a", "s1", None)])
    assert chosen(found) == {"a": "x"}


def test_a_table_that_claims_nothing_gives_nothing():
    assert resolve([("a", "s1", None)]).rows == {}


def test_sources_that_claim_nothing_are_known_to_copy_nobody():
    found = resolve([("a", "s1", "x"), ("a", "s2", "x"), ("a", "zz", None)])
    assert found.copying.shape == (len(found.sources),) * 2
    assert resolve([("a", "s1", None)]).copying.nnz == 0


def test_more_sources_than_are_compared_keep_their_own_places():
    found = resolve([(f"o{number % 9}", f"s{number:05}", f"w{number % 4}") for number in range(2100)])
    assert found.copying.shape == (2100, 2100)
