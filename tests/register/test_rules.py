"""Rules of policies: what a document may say, and which rule holds where."""

from datetime import date

import pytest

from muniment import model
from muniment.base.errors import Rejected
from muniment.register.rules import Layer, Policies, Rule, differences, holding, misfit, read_rules

OWNER = {"attribute": "owner", "policy": "authoritative", "sources": ["hr", "cmdb"], "stale_after_days": 30}


def read(*rules, sources=("hr", "cmdb", "scan")):
    return read_rules({"rules": list(rules)}, model.attributes(), sources)


def test_a_document_comes_back_as_it_was_read_in_any_order():
    rules = (OWNER, {"group": "hardware", "policy": "newest", "type": "server", "effective_from": "2027-01-01"})
    assert read(*rules) == read(*reversed(rules))
    assert all(rule.document() in rules for rule in read(*rules))
    assert read(*(rule.document() for rule in read(*rules))) == read(*rules)


WRONG = {
    "has one value, so union cannot keep several: use confidence": {"attribute": "owner", "policy": "union"},
    "is a list, which maximum cannot choose": {"attribute": "ip_address", "policy": "maximum"},
    "is a text, which has no minimum": {"attribute": "owner", "policy": "minimum"},
    "minimum fits no attribute of organisation": {"group": "organisation", "policy": "minimum"},
    "no source is called 'hrr'; there is cmdb, hr, scan": {**OWNER, "sources": ["hrr"]},
    "authoritative takes 1 to": {"attribute": "owner", "policy": "authoritative"},
    "belong to authoritative": {"attribute": "owner", "policy": "newest", "stale_after_days": 3},
    "'best' is no policy: choose": {"attribute": "owner", "policy": "best"},
    "'colour' is no attribute": {"attribute": "colour", "policy": "newest"},
    "'paint' is no group: there is": {"group": "paint", "policy": "newest"},
    "'teapot' is no asset type": {"attribute": "owner", "policy": "newest", "type": "teapot"},
    "decided for all types alike": {"attribute": "asset_type", "policy": "newest", "type": "server"},
    "either an attribute or a group": {"policy": "newest"},
    "is no day": {"attribute": "owner", "policy": "newest", "effective_from": "soon"},
    "whole number from 1": {**OWNER, "stale_after_days": True},
    "a rule is a JSON object of": {"attribute": "owner", "policy": "newest", "colour": "red"},
}


@pytest.mark.parametrize("says", WRONG)
def test_what_is_not_possible_is_refused_by_number_with_the_cure(says):
    with pytest.raises(Rejected, match=r"^rule 2: ") as refused:
        read(OWNER, WRONG[says])
    assert says in str(refused.value)


@pytest.mark.parametrize("document", [None, [], {"rules": {}}, {"rules": [], "more": 1}, {"rules": [OWNER, OWNER]}])
def test_a_document_of_another_shape_is_refused(document):
    with pytest.raises(Rejected, match=r"a policy is a JSON object|there is another one for owner"):
        read_rules(document, model.attributes())


def origin(policies, attribute, type_=None, deciding=()):
    found = policies.ruling(model.attribute(attribute), type_, deciding)
    return found.origin, found.rule.policy


def test_the_more_exact_rule_holds_and_the_engagement_before_the_tenant():
    engagement = Layer("engagement", 2, read({"group": "placement", "policy": "most_reported"}))
    tenant = Layer(
        "tenant",
        1,
        read(
            {"attribute": "memory_mib", "policy": "maximum", "type": "server"},
            {"attribute": "memory_mib", "policy": "newest"},
            {"group": "hardware", "policy": "minimum"},
            {"attribute": "site", "policy": "newest"},
        ),
    )
    policies = Policies((engagement, tenant))
    assert origin(policies, "memory_mib", "server") == ("tenant", "maximum")
    assert origin(policies, "memory_mib", "storage") == origin(policies, "memory_mib") == ("tenant", "newest")
    assert origin(policies, "cpu_cores") == ("tenant", "minimum")
    assert origin(policies, "model") == ("model", "confidence")  # a text has no minimum
    assert origin(policies, "site") == ("engagement", "most_reported")
    assert origin(policies, "owner") == ("model", "confidence")


def test_settings_of_sources_hold_before_a_group_and_after_an_attribute():
    policies = Policies((Layer("engagement"), Layer("tenant", 1, read({"group": "hardware", "policy": "newest"}))))
    assert origin(policies, "memory_mib", None, ["scan"]) == ("source settings", "authoritative")
    said = Policies((Layer("tenant", 1, read({"attribute": "memory_mib", "policy": "newest"})),))
    assert origin(said, "memory_mib", None, ["scan"]) == ("tenant", "newest")


def test_a_rule_holds_from_its_day_and_replaces_the_one_before():
    rules = read(
        {"attribute": "owner", "policy": "newest"},
        {"attribute": "owner", "policy": "most_reported", "effective_from": "2027-01-01"},
    )
    assert [rule.policy for rule in holding(rules, date(2026, 12, 31))] == ["newest"]
    assert [rule.policy for rule in holding(rules, date(2027, 1, 1))] == ["most_reported"]


def test_differences_are_sentences():
    one, two = read(OWNER), read({"attribute": "owner", "policy": "newest"}, {"attribute": "site", "policy": "newest"})
    assert differences(one, two) == (
        "owner: newest instead of authoritative: hr, then cmdb; stale after 30 days",
        "site: now newest",
    )
    assert differences(two, one)[1] == "site: no longer newest"


def test_every_policy_of_the_model_fits_its_attribute():
    assert not [misfit(one.policy, one) for one in model.attributes().values() if misfit(one.policy, one)]
    assert Rule("newest", "owner").about == "owner"
