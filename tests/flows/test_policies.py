import dataclasses
import importlib
import itertools
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from tests.conftest import Delivery, assets, deliver, fingerprint, machine

from muniment import flows, graph, mapping, model, register
from muniment.base import clock, engine
from muniment.base.errors import NotFound, Rejected

RANKED = {"attribute": "owner", "policy": "authoritative", "sources": ["sheet", "cmdb"]}


def disputed():
    """Three machines: cmdb and sheet name other owners and memory, the sheet is silent on the third."""
    cmdb = tuple({**machine(number)["cmdb"], "Owner": "Bob Ray", "RAM MB": "8192"} for number in (1, 2, 3))
    sheet = (machine(1)["sheet"], machine(2)["sheet"], {**machine(3)["sheet"], "Owner": ""})
    scan = tuple(machine(number)["scan"] for number in (1, 2, 3))
    return [Delivery("cmdb", 2, cmdb), Delivery("sheet", 1, sheet), Delivery("scan", 1, scan)]


@pytest.fixture
def piece(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, disputed())
    return home


def values(home, attribute):
    return [asset.values.get(attribute) for asset in assets(home)]


def versions(home):
    return {asset.id: asset.version for asset in assets(home)}


@pytest.mark.parametrize(
    "rule",
    [
        RANKED,
        {"attribute": "memory_mib", "policy": "maximum", "type": "server"},
        {"attribute": "memory_mib", "policy": "maximum"},
        {"group": "organisation", "policy": "newest"},
    ],
)
def test_a_draft_changes_nothing_simulating_says_what_applying_does_and_undoing_is_exact(piece, rule):
    before, numbers = fingerprint(piece, with_ids=True), versions(piece)
    drafted = flows.draft_rule(piece, rule)
    assert len(drafted.changes) == 1
    simulated = flows.apply_policy(piece, dry_run=True)
    assert fingerprint(piece, with_ids=True) == before
    with piece.scope.transaction() as connection:
        register.remember(connection, piece.scope)
        kept = {asset.id: asset.values for asset in register.all_assets(connection, piece.scope)}
    done = flows.apply_policy(piece)
    now = {asset.id: asset.values for asset in assets(piece)}
    changed = {one for one in now if now[one] != kept[one]}
    assert len(changed) == done.updated == simulated.updated == simulated.difference.updated
    assert {one for one, version in versions(piece).items() if version != numbers[one]} == changed
    assert all(version - numbers[one] in (0, 1) for one, version in versions(piece).items())
    flows.undo(piece)
    assert fingerprint(piece, with_ids=True) == before


def test_a_ranking_decides_and_a_lower_source_speaks_where_the_higher_is_silent(piece):
    flows.draft_rule(piece, RANKED)
    done = flows.apply_policy(piece, reason="the plan is kept by hand")
    assert values(piece, "owner") == ["Ann Bell", "Ann Bell", "Bob Ray"]
    with piece.scope.transaction() as connection:
        first, *_, third = assets(piece)
        proof, other = (graph.why(connection, piece, one, "owner") for one in (first, third))
        versioned = register.history(connection, piece.scope, first.id)[-1]
    assert (proof.rule, proof.ruling.origin, proof.ruling.version) == ("authoritative", "engagement", 1)
    assert proof.outranked == "sheet (1) decides, before cmdb (2)"
    assert other.outranked == "sheet (1) is silent; cmdb (2) decides"
    assert done.updated == 0 or versioned.cause["kind"] == "policy.applied"


def test_any_order_of_imports_with_a_policy_gives_the_same_register(engagement, tmp_path):
    found = set()
    for number, order in enumerate(itertools.permutations(disputed())):
        home = engagement()
        if number % 2:  # applied before the evidence comes, or after
            _apply_all(home)
        deliver(home, tmp_path / str(number), order)
        if not number % 2:
            _apply_all(home)
        found.add(fingerprint(home))
    assert len(found) == 1


def _apply_all(home):
    rules = [
        {**RANKED, "stale_after_days": 1},
        {"attribute": "memory_mib", "policy": "minimum"},
        {"attribute": "ip_address", "policy": "newest", "type": "server"},
    ]
    flows.draft_policy(home, {"rules": rules})
    flows.apply_policy(home)


def test_a_rule_holds_from_its_day_on_at_the_next_change(piece, monkeypatch, tmp_path):
    flows.draft_rule(piece, {"attribute": "memory_mib", "policy": "minimum"})
    flows.draft_rule(piece, {"attribute": "memory_mib", "policy": "maximum", "effective_from": "2027-01-01"})
    flows.apply_policy(piece)
    assert values(piece, "memory_mib") == [8192] * 3
    with pytest.raises(Rejected, match="there is no draft"):
        flows.apply_policy(piece)
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 1, tzinfo=UTC))
    assert values(piece, "memory_mib") == [8192] * 3
    deliver(piece, tmp_path / "later", [Delivery("scan", 3, (machine(4)["scan"],))])  # touches none of the three
    assert values(piece, "memory_mib")[:3] == [16384] * 3


def test_the_tenants_policy_holds_in_every_engagement_that_says_nothing_itself(home, another, estate):
    one, other = estate, another(estate, "other")
    flows.draft_rule(one, {"attribute": "owner", "policy": "newest"}, owner="tenant")
    flows.apply_policy(one, owner="tenant")
    flows.draft_rule(other, {"attribute": "owner", "policy": "most_reported"})
    flows.apply_policy(other)
    origins = []
    for piece in (one, other):
        with piece.scope.transaction() as connection:
            attribute = graph.ruling(connection, piece.scope, _attribute("owner"), None)
            origins.append((attribute.origin, attribute.rule.policy))
    assert origins == [("tenant", "newest"), ("engagement", "most_reported")]
    flows.undo(one)
    with one.scope.transaction() as connection:
        assert graph.ruling(connection, one.scope, _attribute("owner"), None).origin == "model"
    del home


def _attribute(name):
    from muniment import model

    return model.attribute(name)


def test_drafts_gather_are_discarded_and_versions_come_back(estate):
    with pytest.raises(Rejected, match="there is no draft"):
        flows.apply_policy(estate)
    flows.draft_rule(estate, RANKED)
    drafted = flows.draft_rule(estate, {"attribute": "site", "policy": "newest"})
    assert (drafted.draft.version, len(drafted.changes)) == (2, 2)
    with pytest.raises(Rejected, match="says so already, in version 2"):
        flows.draft_rule(estate, RANKED)
    flows.apply_policy(estate, 1)
    assert flows.discard_draft(estate).changes == ()
    with pytest.raises(NotFound, match="no rule for site"):
        flows.drop_rules(estate, {"attribute": "site"})
    with pytest.raises(NotFound, match="no version 9"):
        flows.apply_policy(estate, 9)
    assert flows.drop_rules(estate, {"attribute": "owner"}).draft.rules == ()
    flows.apply_policy(estate)
    flows.apply_policy(estate, 1)
    with estate.scope.transaction() as connection:
        states = [one.state for one in register.policy_versions(connection, estate.scope)]
    assert states == ["draft", "draft", "draft", "in force"]


def test_a_persons_word_outranks_every_policy(estate):
    first = assets(estate)[0]
    flows.resolve(estate, first.id, "owner", "Di Eck")
    flows.draft_rule(estate, RANKED)
    flows.apply_policy(estate)
    assert values(estate, "owner")[0] == "Di Eck"
    assert dataclasses.is_dataclass(first)


def whole(home):
    """Every row of the register, to the last digit, and what is stored of its conflicts and terms."""
    with home.scope.transaction() as connection:
        return [
            connection.execute(sa.text(f"SELECT * FROM {table} WHERE engagement_id = :one ORDER BY {order}"),
                               {"one": home.scope.engagement_id}).all()
            for table, order in (("assets", "id"), ("conflicts", "asset_id, attribute, kind"),
                                 ("asset_terms", "asset_id, attribute, term"))
        ]  # fmt: skip


def fold_all(home):
    """Fold every asset; says how many came out otherwise."""
    with home.scope.transaction() as connection, engine.bulk() as bulk:
        register.mark_all_stale(connection, home.scope)
        attributes = mapping.attributes(connection)
        expected = graph.expected_reliabilities(connection, attributes)
        learned = register.relearn(connection, home.scope, bulk, attributes, expected)
        done = register.reconcile(
            connection, home.scope, bulk, attributes, graph.in_force(expected, learned), {"kind": "test"},
            learned=learned, policies=register.policies_in_force(connection, home.scope),
        )  # fmt: skip
    return done.created + done.updated + done.retired


@pytest.mark.parametrize("rule", [RANKED, {"attribute": "memory_mib", "policy": "maximum", "type": "server"}])
def test_a_policy_folds_whom_it_concerns_and_the_register_is_as_if_all_had_been_folded(piece, tmp_path, rule):
    deliver(piece, tmp_path / "more", [Delivery("scan", 3, tuple(machine(number)["scan"] for number in range(1, 9)))])
    flows.draft_rule(piece, rule)
    flows.apply_policy(piece)
    restricted = whole(piece)
    assert fold_all(piece) == 0
    assert whole(piece) == restricted


def test_rules_concern_the_attributes_they_decide_otherwise_and_no_others():
    def layer(*rules):
        read = register.read_rules({"rules": list(rules)}, model.attributes())
        return register.Policies((register.Layer("engagement", 1, read),))

    def concerned(before, after):
        return register.concerning(before, after, model.attributes())

    nothing, oldest = layer(), {"attribute": "owner", "policy": "newest"}
    assert concerned(nothing, nothing) == ()
    assert concerned(nothing, layer(oldest)) == ("owner",)
    assert concerned(layer(oldest), layer(oldest, {"attribute": "site", "policy": "newest", "type": "server"})) == (
        "site",
    )
    assert concerned(layer(RANKED), layer({**RANKED, "sources": ["cmdb", "sheet"]})) == ("owner",)
    assert concerned(nothing, layer({"attribute": "asset_type", "policy": "newest"})) == ("asset_type",)
    assert set(concerned(nothing, layer({"group": "organisation", "policy": "newest"}))) >= {"owner", "department"}


def test_folding_in_portions_gives_what_folding_at_once_gives(piece, engagement, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.import_module("muniment.register.reconcile"), "PORTION", 2)
    other = engagement()
    deliver(other, tmp_path / "again", disputed())
    assert fingerprint(other) == fingerprint(piece)
    before = whole(piece)
    assert fold_all(piece) == 0
    assert whole(piece) == before
    with piece.scope.transaction() as connection:
        assert register.stale_count(connection, piece.scope) == 0
