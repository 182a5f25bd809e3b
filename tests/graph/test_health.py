"""How sources do: each part from what was delivered, and alerts as events of the import that found them."""

from datetime import timedelta

import pytest
from tests.conftest import DAY_ONE, Delivery, deliver, machine

from muniment import evidence, flows
from muniment.base import events
from muniment.base.errors import NotFound
from muniment.estate import Estate


def one(home, name="cmdb"):
    (found,) = Estate(home).health(name)
    return found, {part.name: part for part in found.parts}


def alerted(home):
    with home.scope.transaction() as connection:
        return [event.payload for event in events.newest(connection, home.scope, "source.alerted")]


def rows(count=20, **changed):
    return tuple({**machine(number)["cmdb"], **changed} for number in range(1, count + 1))


def test_a_source_that_agrees_and_is_complete_scores_well_and_what_is_not_known_is_left_out(estate):
    found, parts = one(estate)
    assert (parts["agreement"].score, parts["completeness"].score, parts["deliveries"].score) == (1.0, 1.0, 1.0)
    assert parts["freshness"].score is parts["steadiness"].score is None
    assert found.score == 1.0
    assert (found.imports, found.alerts, found.completeness["serial"]) == (1, (), 1.0)
    scan, _ = one(estate, "scan")
    assert scan.known_alone > found.known_alone


def test_a_source_late_against_its_own_habit_is_told_and_scores_less(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [Delivery("cmdb", day, rows(3)) for day in (1, 8, 15)])
    found, parts = one(home)
    assert found.interval_days == 7.0
    assert 0 < parts["freshness"].score < 1
    assert [alert.kind for alert in found.alerts] == ["late"]
    assert "every 7 days is usual" in found.alerts[0].text
    Estate(home).change_source("cmdb", interval_days=100_000)
    try:
        assert one(home)[1]["freshness"].score == 1.0
        assert one(home)[0].alerts == ()
    finally:
        with home.scope.transaction() as connection:
            evidence.change_source(connection, "cmdb", interval_days=None)


def test_a_delivery_whose_columns_and_values_drifted_alerts_once(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [Delivery("cmdb", 1, rows())])
    assert alerted(home) == []
    path = Delivery("cmdb", 2, rows(Owner="", OS="10.9.8.7")).write(tmp_path)
    text = path.read_text().replace("Environment,", "Surroundings,")
    path.write_text(text)
    summary = flows.import_files(home, flows.Request((path,), source="cmdb", observed_at=DAY_ONE + timedelta(days=2)))
    found, parts = one(home)
    told = " ".join(alert.text for alert in found.alerts)
    assert "columns gone since the delivery before: Environment" in told
    assert "columns new since the delivery before: Surroundings" in told
    assert "column 'Owner': empty in 100%, before in 0%" in told
    assert "column 'OS': was text, is IP addresses" in told
    assert parts["steadiness"].score == pytest.approx(1 - 4 / 9, abs=0.01)
    (event,) = alerted(home)
    assert (event["source"], [one["text"] for one in event["alerts"]]) == ("cmdb", [one.text for one in found.alerts])
    assert any("`muniment sources health` shows" in step for step in summary.next_steps)
    same = Delivery("scan", 1, (machine(1)["scan"],))
    deliver(home, tmp_path / "later", [same])
    assert len(alerted(home)) == 1


def test_a_withdrawn_delivery_no_longer_counts_as_drift(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [Delivery("cmdb", 1, rows()), Delivery("cmdb", 2, rows(Owner=""))])
    assert any(alert.kind == "values" for alert in one(home)[0].alerts)
    Estate(home).withdraw_import("cmdb-2.csv")
    found, parts = one(home)
    assert found.drift == ()
    assert parts["deliveries"].score == 0.5


def test_a_source_that_the_others_contradict_is_told(engagement, tmp_path):
    home = engagement()
    wrong = tuple({**machine(n)["sheet"], "Memory MB": str(100 + n), "Owner": f"No One{n}"} for n in range(1, 21))
    deliver(home, tmp_path, [Delivery("cmdb", 1, rows()), Delivery("sheet", 1, wrong)])
    found, parts = one(home, "sheet")
    assert parts["agreement"].score < 0.7
    assert [alert.kind for alert in found.alerts] == ["agreement"]


def test_a_dry_run_keeps_no_alert_and_an_unknown_source_is_said(engagement, tmp_path):
    home = engagement()
    deliver(home, tmp_path, [Delivery("cmdb", 1, rows())])
    path = Delivery("cmdb", 2, rows(Owner="")).write(tmp_path)
    flows.import_files(home, flows.Request((path,), source="cmdb", dry_run=True))
    assert alerted(home) == []
    with pytest.raises(NotFound, match="no source is called"):
        Estate(home).health("nobody")
