"""What is wrong beyond values that differ: types, what is missing, dates and things that cannot be."""

import json

import pytest
from tests.register.test_fold import Folded, Says, tables

from muniment import model
from muniment.base import engine as engines
from muniment.register.fold import fold
from muniment.register.policy import Learned, attribute_table, learned_tables, share_table
from muniment.register.precede import rule_tables
from muniment.register.rules import Policies


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


SUSPICIOUS = {
    "installed after it was last looked at": ("installed_on", {"installed_on": "2031-05-04"}, "server"),
    "end of life before it was installed": (
        "end_of_life_on",
        {"installed_on": "2020-05-04", "end_of_life_on": "2019-01-01"},
        "server",
    ),
    "a warranty that ends before the purchase": (
        "warranty_until",
        {"purchased_on": "2022-05-04", "warranty_until": "2021-05-04"},
        "server",
    ),
    "a virtual machine in a rack": ("rack_position", {"rack_position": "U12"}, "virtual_machine"),
    "a database with a BIOS": ("bios_version", {"bios_version": "P89"}, "database"),
}
HARMLESS = {
    "a server in a rack": ({"rack_position": "U12"}, "server"),
    "a warranty that ends in the future": ({"purchased_on": "2022-05-04", "warranty_until": "2031-05-04"}, "server"),
    "installed the day it is looked at": ({"installed_on": "2024-10-04"}, "server"),
}


@pytest.mark.parametrize("what", SUSPICIOUS)
def test_what_cannot_be_is_suspicious(engine, what):
    attribute, claims, kind = SUSPICIOUS[what]
    found = Folded(engine, [Says("a", claims, type=kind)]).conflict
    assert (found["attribute"], found["kind"], found["state"]) == (attribute, "suspicious_change", "open")
    assert found["severity"] == model.attribute(attribute).severity
    assert found["claims"][0]["sources"] == ["a"]
    assert found["hint"].startswith("a says ")


@pytest.mark.parametrize("what", HARMLESS)
def test_what_can_be_is_not(engine, what):
    claims, kind = HARMLESS[what]
    assert Folded(engine, [Says("a", claims, type=kind)]).conflicts == []


@pytest.mark.parametrize(("other", "severity"), [("virtual_machine", "low"), ("application", None)])
def test_records_that_disagree_what_a_thing_is_are_a_conflict(engine, other, severity):
    found = Folded(engine, [Says("a", {"owner": "Ann"}), Says("b", {"owner": "Ann"}, type=other)]).conflict
    assert (found["attribute"], found["kind"]) == ("asset_type", "type_mismatch")
    assert found["severity"] == (severity or model.attribute("asset_type").severity)
    assert {claim["value"] for claim in found["claims"]} == {"server", other}


def test_what_a_source_usually_gives_and_does_not_here_is_missing(engine):
    said = [Says("a", {"owner": "Ann", "rack": "R1"}), Says("b", {"owner": "Ann"})]
    records, claims = tables(said)
    known = Learned(usual={("b", "server"): ("owner", "rack"), ("a", "server"): ("os",)})
    attributes = model.attributes()
    rules = rule_tables(attributes, Policies())
    weights = share_table([])
    fold(engine, records, claims, attribute_table(attributes), weights, rules, learned=learned_tables(known))
    (row,) = engine.rows("SELECT * FROM found_conflicts").to_pylist()
    assert (row["attribute"], row["kind"], row["severity"]) == ("rack", "missing_in_existing", "low")
    assert json.loads(row["claims"])[0]["value"] == "R1"
    assert "b usually give(s) it" in row["hint"]


def test_doubt_about_something_important_matters_more_and_clear_evidence_less(engine):
    doubt = [Says("a", {"environment": "test", "criticality": "critical"}), Says("b", {"environment": "production"})]
    plain = [Says(one.source, {**one.claims, "criticality": "low"}) for one in doubt]
    ranks = [Folded(engine, said).conflicts[0]["rank"] for said in (doubt, plain)]
    assert ranks[0] == max(0, ranks[1] - 1)
