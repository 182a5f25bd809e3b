"""The table of rates: complete, ordered, and the same in the docs."""

import hashlib
from dataclasses import fields
from pathlib import Path

import pytest

from muniment import generate
from muniment.generate import __main__ as tool
from muniment.generate import dirt

PAGE = Path(__file__).parents[2] / "docs" / "estate.md"


def test_the_docs_hold_the_table_of_the_code():
    page = PAGE.read_text(encoding="utf-8")
    assert tool.BEGIN in page
    assert tool.with_rates(page) == page, "run: python -m muniment.generate docs docs/estate.md"


def test_the_rates_of_version_1_are_frozen():
    frozen = "91f8d15d4c270a5bc3a877fa87d26e1ac940aacb57de929c92c90e6cbb69ff14"
    assert hashlib.sha256(generate.dirt_tables().encode()).hexdigest() == frozen


def test_every_rate_is_explained():
    assert list(dirt.MEANINGS) == [one.name for one in fields(generate.Dirt)]


@pytest.mark.parametrize("name", [one.name for one in fields(generate.Dirt)])
def test_a_dirtier_level_has_no_lower_rate(name):
    low, medium, high = (getattr(generate.DIRT[level], name) for level in generate.LEVELS)
    assert 0 <= low < medium < high <= 1


def test_every_source_has_rates_for_every_group_it_writes():
    for source, groups in dirt.SOURCE_RATES.items():
        assert set(dirt.GROUPS) - set(groups) <= {"configured"}, source
        assert all(0 <= rate <= 1 for rates in groups.values() for rate in rates)


def test_every_source_has_freshness_and_coverage():
    assert set(dirt.FRESHNESS) == set(dirt.COVERAGE) == set(dirt.SOURCE_RATES) == set(generate.SOURCES)
