"""What is learned of sources from claims about the same assets, whatever their order."""

import dataclasses
import json
import random

import pyarrow as pa
import pytest

from muniment import model
from muniment.base import engine as engines
from muniment.register.learn import learn
from muniment.register.policy import Learned, Reliability
from muniment.register.types import Verdicts

DAY = 86_400_000_000
PLACES = ["Paris", "Rome", "Oslo", "Bonn", "Kyiv", "Lima"]


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def estate(number=400):
    """Sites as three sources state them: right 95, 90 and 60 % of the time; one of them ages."""
    draws = random.Random(5)  # noqa: S311
    rows = []
    for place in range(number):
        truth = draws.choice(PLACES)
        for source, right in (("good", 0.95), ("fair", 0.9), ("poor", 0.6)):
            said = truth if draws.random() < right else draws.choice([one for one in PLACES if one != truth])
            rows.append((f"asset {place:04}", source, "site", json.dumps(said), 20_000 * DAY))
    return rows


def learned(engine, rows, priors=(), verdicts=()):
    table = pa.table(
        {
            "asset": [row[0] for row in rows],
            "source": [row[1] for row in rows],
            "attribute": [row[2] for row in rows],
            "value": [row[3] for row in rows],
            "observed": pa.array([row[4] for row in rows], pa.int64()),
        }
    )
    return learn(engine, table, model.attributes(), list(priors), verdicts)


def test_sources_are_weighed_by_what_they_get_right(engine):
    shares = learned(engine, estate()).shares
    for source, right in (("good", 0.95), ("fair", 0.9), ("poor", 0.6)):
        share, low, high, count = shares[source, "site"]
        assert share == pytest.approx(right, abs=0.05)
        assert low < share < high
        assert count == 400


def test_the_order_of_claims_does_not_show(engine):
    rows = estate(120)
    random.Random(1).shuffle(rows)  # noqa: S311
    assert learned(engine, rows).document() == learned(engine, sorted(rows)).document()


def test_nothing_is_learned_where_nobody_else_speaks(engine):
    assert learned(engine, [row for row in estate(20) if row[1] == "good"]) == Learned()


def test_what_is_expected_decides_where_claims_are_few(engine):
    rows = estate(2)
    trusted = learned(engine, rows, [Reliability("poor", "site", 0.97, authoritative=False)]).shares["poor", "site"][0]
    doubted = learned(engine, rows, [Reliability("poor", "site", 0.5, authoritative=False)]).shares["poor", "site"][0]
    assert trusted > doubted + 0.1


def test_verdicts_of_people_teach_what_a_source_is_worth(engine):
    rows = estate(50)
    before = learned(engine, rows).shares["good", "site"][0]
    after = learned(engine, rows, verdicts=[Verdicts("good", "site", 5, 40)]).shares["good", "site"][0]
    assert after < before - 0.2


def owners():
    """The owner of five servers and, once misspelt, of a sixth."""
    said = [(number, source, "Carla Dietrich") for number in range(6) for source in ("good", "fair")]
    said[-1] = (5, "fair", "Crala Dietrich")
    return [(f"asset {one}", source, "owner", json.dumps(text), 20_000 * DAY) for one, source, text in said]


def test_a_value_that_is_met_once_beside_a_usual_one_is_a_slip_of_the_finger(engine):
    assert learned(engine, owners()).slips == {"owner": (("crala|dietrich|", "carla|dietrich|"),)}
    assert learned(engine, owners()[6:]).slips == {}


def test_what_was_learned_is_read_as_it_was_written(engine):
    found = dataclasses.replace(learned(engine, owners()), usual={("a", "server"): ("os", "owner")}, version=3)
    assert Learned.read(json.loads(json.dumps(found.document())), 3) == found
