"""`muniment identity review`: on a real pseudo-terminal and as JSON; what was said counts and is not asked again."""

import os

import pytest
from tests.cli.test_review import Terminal
from tests.conftest import Delivery, assets, deliver, machine

from muniment import flows, identity
from muniment.estate import Estate


@pytest.fixture
def doubtful(estate, tmp_path):
    """Four machines, and a scanned one that shares an address with the first: one pair worth a question."""
    row = {**machine(9)["scan"], "Address": machine(1)["scan"]["Address"]}
    deliver(estate, tmp_path / "more", [Delivery("scan", 2, (row,), full=False)])
    return estate


def asked(home):
    return [(one.left.id, one.right.id) for one in flows.questions(home, 100)]


def test_a_pair_that_was_judged_or_left_unsure_is_not_asked_again(doubtful):
    first, second = asked(doubtful)[:2]
    flows.note_verdict(doubtful, *first, "unsure")
    flows.note_verdict(doubtful, *second, "same")
    assert not {first, second} & set(asked(doubtful))
    Estate(doubtful).undo()
    assert second in asked(doubtful)


def test_questions_show_both_sides_and_the_evidence(door, doubtful):
    found = door(doubtful)("identity", "review", "--json", "--limit", "3").json
    assert len(found) == 3
    for one in found:
        assert one["waterfall"]["key"]
        assert {"attribute", "left", "right", "agree"} == set(one["values"][0])


def test_what_follows_from_a_verdict_is_not_asked(doubtful):
    question = flows.questions(doubtful, 1)[0]
    a, b = question.left.id, question.right.id
    assert flows.still_open(question, [])
    assert flows.still_open(question, [(a, b, "unsure")])
    assert not flows.still_open(question, [(b, a, "same")])
    assert not flows.still_open(question, [(b, a, "different")])


def test_keys_answer_undo_and_quit_and_the_verdicts_count(doubtful):
    terminal = Terminal(doubtful, "identity", "review", "--limit", "3")
    try:
        terminal.until("s same  d different")
        terminal.press("d")
        terminal.until("different (act ")
        terminal.until("s same  d different")
        terminal.press("b")
        terminal.until("undone")
        terminal.until("s same  d different")
        terminal.press("d")
        terminal.until("different (act ")
        terminal.until("s same  d different")
        terminal.press("q")
        terminal.until("1 answered")
        assert terminal.end() == 0
    finally:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
        os.close(terminal.master)
    acts = [act for act in Estate(doubtful).acts() if act.kind == "judgement"]
    assert [act.undone_at is None for act in acts] == [True, False]
    with doubtful.scope.transaction() as connection:
        (said,) = [one for one in identity.judgement_acts(connection, doubtful.scope) if not one.undone]
    assert [same for *_, same in said.pairs] == [False]


def test_without_a_terminal_it_says_what_to_use_instead(change):
    refused = change("identity", "review")
    assert refused.code == 2
    assert "identity judge" in refused.err


def test_nothing_to_ask_about_is_said(fresh, home):
    assert assets(home) == []
    assert flows.questions(home, 5) == []
    assert fresh("identity", "review", "--json").json == []
