import pytest

from muniment.base.embeddings.endpoint import Endpoint, Patience
from muniment.base.home import Home
from muniment.base.settings import Settings


def test_similar_shows_how_alike_by_which_words_and_by_which_model(change):
    answer = change("similar", "app01", "--limit", 2)
    assert answer.code == 0
    assert "app02" in answer.out or "app03" in answer.out or "app04" in answer.out
    assert "linux" in answer.out
    assert "By the model built-in/lexical-1." in answer.out


def test_similar_as_json_gives_assets_with_their_similarity(change):
    body = change("similar", "app01", "--json").json
    assert body["model"] == {"name": "built-in/lexical-1", "dimension": 512}
    assert body["fallback"] == ""
    assert sorted(one["asset"]["name"] for one in body["found"]) == ["app02", "app03", "app04"]
    assert all(0.5 < one["similarity"] <= 1.001 for one in body["found"])


def test_assets_can_be_found_by_words_that_describe_them(change):
    found = change("assets", "--like", "linux in production", "--limit", 1, "--json").json["found"]
    assert len(found) == 1
    assert {"linux", "production"} <= set(found[0]["shared"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("assets", "web", "--like", "x"), "--like goes with --type"),
        (("assets", "--like", "x", "--source", "cmdb"), "--like goes with --type"),
        (("assets", "--like", " "), "1 to 8,000 characters"),
        (("similar", "nothing"), "no asset is called"),
        (("similar", "app01", "--type", "toaster"), "toaster"),
    ],
)
def test_what_cannot_be_asked_is_said(change, arguments, said):
    answer = change(*arguments)
    assert answer.code in {2, 3}
    assert said in answer.err


def test_embeddings_shows_what_there_is_and_rebuild_makes_it(change):
    assert "assets" not in change("embeddings", "show").out
    assert "4 vectors made by built-in/lexical-1 (512 dimensions)" in change("embeddings", "rebuild").out
    shown = change("embeddings", "show").out
    assert "active" in shown
    assert "The settings name built-in/lexical-1" in shown
    assert change("embeddings", "rebuild", "--json").json["made"] == 0
    assert change("embeddings", "rebuild", "--all", "--json").json["made"] == 4
    spaces = change("embeddings", "show", "--json").json["spaces"]
    assert [(one["held"], one["waiting"]) for one in spaces if one["space"]["kind"] == "asset"] == [(4, 0)]


def test_an_endpoint_that_is_away_is_named_and_the_key_is_not(door, estate, monkeypatch):
    monkeypatch.setattr(Endpoint.__init__, "__defaults__", ("", Patience(attempts=1)))
    away = {"embedding_url": "https://127.0.0.1:9/v1", "embedding_model": "m", "embedding_key": "sk-planted"}
    run = door(Home(Settings({**estate.settings.values, **away}, {}), estate.scope))
    answer = run("similar", "app01")
    assert "By the built-in model built-in/lexical-1, because 127.0.0.1:9 cannot be reached" in answer.out
    failed = run("embeddings", "rebuild")
    assert failed.code == 5
    assert "sk-planted" not in answer.out + answer.err + failed.out + failed.err
