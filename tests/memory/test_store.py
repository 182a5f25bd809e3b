import pytest
import sqlalchemy as sa

from muniment import memory
from muniment.base import ids
from muniment.memory import Lesson


def decide(connection, scope, *choices, kind="mapping"):
    return memory.decide(
        connection,
        scope,
        kind,
        [{"subject": subject, "choice": choice, "confidence": 0.9, "evidence": {}} for subject, choice in choices],
    )


def test_decisions_come_back_in_the_order_of_their_choices(home):
    with home.scope.transaction() as connection:
        given = decide(connection, home.scope, ("ram", "memory_mib"), ("owner", "owner"))
        stored = dict(connection.execute(sa.text("SELECT id, subject FROM decisions")).all())
        assert [stored[one] for one in given] == ["ram", "owner"]
        assert decide(connection, home.scope) == []


def test_verdicts_are_counted_per_subject_and_choice(home):
    with home.scope.transaction() as connection:
        one, two, three = decide(connection, home.scope, ("ram", "memory_mib"), ("ram", "memory_mib"), ("ram", "model"))
        memory.give_feedback(connection, home.scope, one, "accepted", "memory_mib")
        memory.give_feedback(connection, home.scope, two, "accepted", "memory_mib")
        memory.give_feedback(connection, home.scope, three, "rejected", "model")
        assert memory.lessons(connection, "mapping") == [
            Lesson("ram", "memory_mib", 2, 0),
            Lesson("ram", "model", 0, 1),
        ]


def test_the_last_verdict_on_a_choice_counts_and_a_withdrawn_one_does_not(home):
    with home.scope.transaction() as connection:
        (one,) = decide(connection, home.scope, ("ram", "memory_mib"))
        memory.give_feedback(connection, home.scope, one, "accepted", "memory_mib")
        memory.give_feedback(connection, home.scope, one, "rejected", "memory_mib", "it is a serial")
        assert memory.lessons(connection, "mapping") == [Lesson("ram", "memory_mib", 0, 1)]
        memory.give_feedback(connection, home.scope, one, "withdrawn", "memory_mib")
        assert memory.lessons(connection, "mapping") == []


def test_a_decision_that_nobody_judged_teaches_nothing(home):
    with home.scope.transaction() as connection:
        decide(connection, home.scope, ("ram", "memory_mib"))
        assert memory.lessons(connection, "mapping") == []


def test_each_kind_of_decision_has_lessons_of_its_own(home):
    with home.scope.transaction() as connection:
        (one,) = decide(connection, home.scope, ("ram", "memory_mib"), kind="other")
        memory.give_feedback(connection, home.scope, one, "accepted", "memory_mib")
        assert memory.lessons(connection, "mapping") == []
        assert memory.lessons(connection, "other") == [Lesson("ram", "memory_mib", 1, 0)]


def test_lessons_are_shared_by_engagements_and_kept_from_other_tenants(home, another):
    with home.scope.transaction() as connection:
        (one,) = decide(connection, home.scope, ("ram", "memory_mib"))
        memory.give_feedback(connection, home.scope, one, "accepted", "memory_mib")
    with another(home, "second").scope.transaction() as connection:
        assert len(memory.lessons(connection, "mapping")) == 1
    with another(home, "default", "stranger").scope.transaction() as connection:
        assert memory.lessons(connection, "mapping") == []


@pytest.mark.parametrize("verdict", ["maybe", ""])
def test_only_known_verdicts_on_known_decisions_are_kept(home, verdict):
    with home.scope.transaction() as connection:
        (one,) = decide(connection, home.scope, ("ram", "memory_mib"))
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            memory.give_feedback(connection, home.scope, one, verdict, "memory_mib")
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            memory.give_feedback(connection, home.scope, ids.new(), "accepted", "memory_mib")
