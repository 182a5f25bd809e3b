"""Values that can both be true: they share votes, the one that says more wins, and nobody has to decide."""

import pyarrow as pa
import pytest
from tests.register.test_fold import Folded, Says, shares

from muniment.base import engine as engines
from muniment.register.fold import fold
from muniment.register.policy import Learned, attribute_table, copying_table, learned_tables, share_table


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def test_the_value_that_says_more_wins_and_agreement_is_no_conflict(engine):
    found = Folded(
        engine,
        [
            Says("a", {"os": "Ubuntu"}),
            Says("b", {"os": "Ubuntu"}),
            Says("c", {"os": "Ubuntu 22.04"}),
        ],
    )
    assert found.value("os") == "Ubuntu 22.04"
    assert found.conflicts == []
    assert found.proof("os")["sources"] == ["a", "b", "c"]
    assert found.proof("os")["agreeing"][0]["value"] == "Ubuntu"
    assert "rivals" not in found.proof("os")


def test_rounding_of_a_size_is_no_conflict_and_supports_the_value_of_most_weight(engine):
    said = [Says("a", {"memory_mib": 16384}), Says("b", {"memory_mib": 15974}), Says("c", {"memory_mib": 32768})]
    found = Folded(engine, said, shares("memory_mib", {"a": 0.9, "b": 0.6, "c": 0.93}))
    assert found.value("memory_mib") == 16384
    assert [claim["value"] for claim in found.conflict["claims"]] == [16384, 32768]


def test_a_person_is_one_in_any_spelling(engine):
    found = Folded(
        engine, [Says("a", {"owner": "Doe, John"}), Says("b", {"owner": "John Doe"}), Says("c", {"owner": "J. Doe"})]
    )
    assert found.conflicts == []


def test_what_is_less_precise_supports_only_what_it_can_mean(engine):
    said = [
        Says("a", {"os": "Windows Server"}),
        Says("b", {"os": "Windows Server 2016"}),
        Says("c", {"os": "Ubuntu 22.04"}),
    ]
    found = Folded(engine, said, shares("os", {"a": 0.8, "b": 0.8, "c": 0.85}))
    assert found.value("os") == "Windows Server 2016"
    assert [rival["value"] for rival in found.proof("os")["rivals"]] == ["Ubuntu 22.04"]


def test_sources_that_repeat_each_other_have_one_voice(engine):
    from tests.register.test_fold import tables

    from muniment import model
    from muniment.register.precede import rule_tables
    from muniment.register.rules import Policies

    said = [Says("cmdb", {"site": "Paris"}), Says("sheet", {"site": "Paris"}), Says("scan", {"site": "Rome"})]
    weights = shares("site", {"cmdb": 0.8, "sheet": 0.8, "scan": 0.85})

    def winner(copying):
        records, claims = tables(said)
        fold(
            engine, records, claims, attribute_table(model.attributes()), share_table(weights),
            rule_tables(model.attributes(), Policies()), learned=learned_tables(Learned(copying=copying)),
        )  # fmt: skip
        return engine.rows("SELECT value::JSON ->> '$' AS v FROM winners WHERE attribute = 'site'")["v"][0].as_py()

    assert winner({}) == "Paris"
    assert winner({("cmdb", "sheet"): 0.95, ("sheet", "cmdb"): 0.95}) == "Rome"
    assert isinstance(copying_table({}), pa.Table)
