import pytest

from muniment import memory
from muniment.base.embeddings.endpoint import Endpoint, Patience

KIND = "mapping"


def learn(home, subject, choice, verdict="accepted"):
    with home.scope.transaction() as connection:
        offered = {"subject": subject, "choice": choice, "confidence": 0.5, "evidence": {}}
        (decision,) = memory.decide(connection, home.scope, KIND, [offered])
        memory.give_feedback(connection, home.scope, decision, verdict, choice)


def like(home, *names, **options):
    with home.scope.transaction() as connection:
        found = memory.lessons_like(connection, home.scope, KIND, names, **options)
    return {
        name: [(one.lesson.subject, one.lesson.choice, one.lesson.rejected) for one in alike]
        for name, alike in found.items()
    }


@pytest.fixture
def learned(home):
    learn(home, "kostenstelle nummer", "cost_centre")
    learn(home, "physical host", "host")
    learn(home, "physical host", "rack", verdict="rejected")
    return home


def test_a_new_name_meets_what_was_learned_of_names_like_it(learned):
    assert like(learned, "kostenstelle nr", "physical host name", "colour") == {
        "kostenstelle nr": [("kostenstelle nummer", "cost_centre", 0)],
        "physical host name": [("physical host", "host", 0), ("physical host", "rack", 1)],
    }


def test_a_lesson_learned_later_is_found_too_and_none_is_embedded_twice(learned):
    like(learned, "x")
    learn(learned, "raumnummer", "room")
    assert like(learned, "raum nummer") == {"raum nummer": [("raumnummer", "room", 0)]}
    with learned.scope.transaction() as connection:
        assert [held for _, held in memory.list_spaces(connection, learned.scope)] == [3]


def test_nothing_learned_by_one_tenant_is_offered_to_another(learned, another):
    twin = another(learned, "default", "another tenant")
    assert like(twin, "kostenstelle nummer") == {}
    learn(twin, "something else", "owner")
    assert like(twin, "kostenstelle nummer") == {}
    assert like(another(learned, "another piece"), "kostenstelle nummer") != {}


def test_where_the_model_cannot_be_reached_the_built_in_one_judges_in_a_space_of_its_own(learned, speaker):
    away = Endpoint("http://127.0.0.1:9/v1", "m", "", Patience(attempts=1))
    assert like(learned, "kostenstelle nr", embedder=away) == {
        "kostenstelle nr": [("kostenstelle nummer", "cost_centre", 0)]
    }
    there = Endpoint(speaker.url, "m", "")
    assert like(learned, "physical host", embedder=there, floor=0.99) == {
        "physical host": [("physical host", "host", 0), ("physical host", "rack", 1)]
    }
    with learned.scope.transaction() as connection:
        spaces = memory.list_spaces(connection, learned.scope)
    assert sorted(space.model.name for space, _ in spaces) == sorted([there.name, "built-in/lexical-1"])
