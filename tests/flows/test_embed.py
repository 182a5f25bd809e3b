"""Assets are found by likeness, by one model, also after a kill, a change of model, and without a network."""

import subprocess
import sys

import pytest
import sqlalchemy as sa
from tests.conftest import Delivery, counts, deliver, fingerprint, machine
from tests.speaker import good_answer, says

from muniment import estate as front
from muniment import evidence, flows, graph, register
from muniment.base.embeddings.endpoint import Endpoint, Patience
from muniment.base.errors import NotFound, Permanent, Rejected, Retryable
from muniment.base.home import Home
from muniment.base.settings import Settings
from muniment.flows import embed

BUILT_IN = "built-in/lexical-1"
LATER = {"cmdb-2.csv", "cmdb-4.csv"}
WINDOWS = ("Windows Server 2019", "Test", 21)
DELIVERED = Delivery("cmdb", 3, (machine(1)["cmdb"], machine(2)["cmdb"]))
KILLED = """
import sys
from muniment import flows
from muniment.base import home, settings
from muniment.flows import embed
embed._BATCH = 1
flows.rebuild_embeddings(home.open_home(settings.load(dict(pair.split("=", 1) for pair in sys.argv[1:]))))
"""


def with_settings(home: Home, **values) -> Home:
    return Home(Settings({**home.settings.values, **values}, home.settings.origins), home.scope)


@pytest.fixture
def mixed(estate, tmp_path):
    """Four Linux machines of production, and two of Windows for tests."""
    system, environment, start = WINDOWS
    rows = [{**machine(start + n)["cmdb"], "OS": system, "Environment": environment, "Owner": "Eve"} for n in (0, 1)]
    deliver(estate, tmp_path / "windows", [Delivery("cmdb", 2, tuple(rows))])
    return estate


@pytest.fixture
def remote(mixed, speaker):
    """The same by a model of an endpoint."""
    return with_settings(mixed, embedding_url=speaker.url, embedding_model="gte-large")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(Endpoint.__init__, "__defaults__", ("", Patience(seconds=10, attempts=1)))


def asset(home, name):
    with home.scope.transaction() as connection:
        return front.find_asset(connection, home.scope, name)


def names(answer):
    return [item.asset.name for item in answer.found]


def spaces(home):
    return {
        (state.space.model.name, state.space.state, state.held, state.waiting)
        for state in flows.embedding_states(home)[1]
        if state.space.kind == graph.ASSET_SPACE
    }


def test_assets_of_one_kind_are_alike_with_the_words_they_share(mixed):
    answer = flows.similar_assets(mixed, asset(mixed, "app21"), 5)
    assert (answer.model.name, answer.fallback) == (BUILT_IN, "")
    first, *others = answer.found
    assert first.asset.name == "app22"
    assert {"windows", "test"} <= set(first.shared)
    assert len(others) == 4
    assert all(first.similarity > other.similarity for other in others)


def test_a_text_finds_what_is_described_so(mixed):
    answer = flows.assets_like(mixed, "red hat linux in production", 4)
    assert sorted(names(answer)) == ["app01", "app02", "app03", "app04"]
    assert {"red", "hat", "linux", "production"} <= set(answer.found[0].shared)
    assert names(flows.assets_like(mixed, "windows server", 2, "virtual_machine")) == []


def test_only_what_changed_is_embedded_again_and_what_went_is_taken_out(mixed, tmp_path):
    done = flows.rebuild_embeddings(mixed)
    assert (done.model.name, done.model.dimension, done.made, done.removed, done.held) == (BUILT_IN, 512, 6, 0, 6)
    deliver(mixed, tmp_path / "changed", [Delivery("cmdb", 4, ({**machine(21)["cmdb"], "OS": "Ubuntu 22.04"},))])
    assert flows.rebuild_embeddings(mixed).made == 1
    assert names(flows.assets_like(mixed, "ubuntu", 1)) == ["app21"]
    with mixed.scope.transaction() as connection:
        brought = [
            one for one in evidence.list_imports(connection, mixed.scope) if one.file in {"cmdb-2.csv", "cmdb-4.csv"}
        ]
    flows.withdraw(mixed, brought, "two imports")
    done = flows.rebuild_embeddings(mixed)
    assert (done.made, done.removed, done.held) == (0, 2, 4)


def test_nothing_of_the_register_changes(mixed):
    before = fingerprint(mixed, with_ids=True), counts(mixed, without=("vectors", "vector_spaces"))
    flows.similar_assets(mixed, asset(mixed, "app21"))
    assert (fingerprint(mixed, with_ids=True), counts(mixed, without=("vectors", "vector_spaces"))) == before


def test_without_an_asset_nothing_is_like_anything(home):
    with pytest.raises(NotFound, match="no asset yet"):
        flows.assets_like(home, "linux")


def test_an_endpoint_is_told_what_assets_are_and_no_person_address_or_serial(remote, speaker):
    answer = flows.similar_assets(remote, asset(remote, "app21"), 3)
    assert answer.model.name == f"{speaker.host}/gte-large"
    told = " ".join(text for asked in speaker.requests for text in asked["input"])
    assert "Windows Server 2019" in told
    for hidden in ("Eve", "Ann", "CZC00021X", "10.1.0.21", "00:50:56"):
        assert hidden.lower() not in told.lower()


def test_no_text_is_sent_twice(remote, speaker):
    flows.assets_like(remote, "windows", 3)
    sent = len(speaker.requests)
    flows.assets_like(remote, "windows", 3)
    with remote.scope.transaction() as connection:
        connection.execute(sa.text("DELETE FROM vector_spaces"))
    flows.assets_like(remote, "windows", 3)
    assert len(speaker.requests) == sent


def test_another_model_is_built_beside_the_old_one_which_then_goes(mixed, remote, speaker):
    flows.rebuild_embeddings(mixed)
    assert spaces(mixed) == {(BUILT_IN, "active", 6, 0)}
    flows.rebuild_embeddings(remote)
    assert spaces(remote) == {(f"{speaker.host}/gte-large", "active", 6, 0)}


def test_a_rebuild_that_was_killed_goes_on_and_the_old_vectors_answer_meanwhile(mixed, remote, speaker):
    flows.rebuild_embeddings(mixed)
    values = {**remote.settings.values, "engagement": remote.scope.engagement}
    order = [f"{name}={value}" for name, value in values.items() if value]
    process = subprocess.Popen([sys.executable, "-c", KILLED, *order])

    def kill(*_):
        process.kill()

    speaker.then(says(good_answer), says(good_answer), kill)
    assert process.wait() == -9
    model = f"{speaker.host}/gte-large"
    assert spaces(remote) == {(BUILT_IN, "active", 6, 0), (model, "building", 2, 4)}
    assert flows.assets_like(mixed, "windows", 1).model.name == BUILT_IN
    sent = len(speaker.requests)
    done = flows.rebuild_embeddings(remote)
    assert (done.made, done.held) == (4, 6)
    assert sum(len(asked["input"]) for asked in speaker.requests[sent:]) == 4
    assert spaces(remote) == {(model, "active", 6, 0)}


def test_where_the_endpoint_is_away_the_built_in_model_answers_and_says_so(remote, speaker):
    speaker.then(says({}, 503))
    answer = flows.assets_like(remote, "windows server", 2)
    assert sorted(names(answer)) == ["app21", "app22"]
    assert answer.model.name == BUILT_IN
    assert "HTTP 503" in answer.fallback
    assert spaces(remote) == {(BUILT_IN, "standby", 6, 0)}
    back = flows.assets_like(remote, "windows server", 2)
    assert (back.model.name, back.fallback) == (f"{speaker.host}/gte-large", "")
    assert spaces(remote) == {(f"{speaker.host}/gte-large", "active", 6, 0)}


def test_an_endpoint_that_goes_away_between_assets_and_question_is_not_mixed_with_another_model(remote, speaker):
    speaker.then(says(good_answer), says({}, 503))
    answer = flows.assets_like(remote, "windows server", 2)
    assert (answer.model.name, sorted(names(answer))) == (BUILT_IN, ["app21", "app22"])
    assert "HTTP 503" in answer.fallback


@pytest.mark.parametrize(("code", "kind"), [(503, Retryable), (401, Permanent)])
def test_a_rebuild_never_falls_back_and_keeps_what_it_has(remote, speaker, monkeypatch, code, kind):
    monkeypatch.setattr(embed, "_BATCH", 2)
    speaker.then(says(good_answer), says({}, code))
    with pytest.raises(kind):
        flows.rebuild_embeddings(remote)
    assert spaces(remote) == {(f"{speaker.host}/gte-large", "building", 2, 4)}
    assert flows.rebuild_embeddings(remote).made == 4


def test_a_model_that_changes_its_dimension_is_refused_until_all_is_made_anew(remote, speaker, tmp_path):
    flows.rebuild_embeddings(remote)
    deliver(remote, tmp_path / "more", [Delivery("cmdb", 5, (machine(40)["cmdb"],))])
    speaker.then(says(lambda texts: good_answer(texts, 30)))
    with pytest.raises(Rejected, match="rebuild --all"):
        flows.rebuild_embeddings(remote)
    speaker.then(says(lambda texts: good_answer(texts, 30)))
    done = flows.rebuild_embeddings(remote, everything=True)
    assert (done.model.dimension, done.made, done.held) == (30, 7, 7)


def test_a_tenant_with_twin_assets_sees_only_its_own(mixed, another, tmp_path):
    twin = another(mixed, "estate", "another tenant")
    neighbour = another(mixed, "neighbour")
    for place in (twin, neighbour):
        deliver(place, tmp_path / place.scope.tenant / place.scope.engagement, [DELIVERED])
        flows.rebuild_embeddings(place)
    for place in (mixed, twin, neighbour):
        with place.scope.transaction() as connection:
            mine = {one.id for one in register.all_assets(connection, place.scope)}
        found = flows.assets_like(place, "red hat linux in production", 50).found
        assert {item.asset.id for item in found} == mine
        seen = {state.space.engagement_id for state in flows.embedding_states(place)[1]}
        assert seen <= {place.scope.engagement_id, None}


def test_deleting_an_engagement_takes_its_vectors_and_what_was_kept_of_its_texts(remote, another, tmp_path):
    doomed = Home(remote.settings, another(remote, "doomed").scope)
    deliver(doomed, tmp_path / "doomed", [DELIVERED])
    flows.rebuild_embeddings(doomed)
    flows.rebuild_embeddings(remote)
    gone = flows.delete_engagement(doomed).rows
    assert (gone["vectors"], gone["vector_spaces"], gone["embedding_cache"]) == (2, 1, 2)
    assert [held for _, _, held, _ in spaces(remote)] == [6]
