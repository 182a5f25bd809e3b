import contextlib
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from muniment.base import clock, events


@pytest.fixture
def noon():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    clock.set_source(lambda: moment)
    yield moment
    clock.set_source(None)


def logged(home):
    with home.scope.transaction() as connection:
        return connection.execute(sa.select(events.events).order_by(events.events.c.id)).all()


def test_an_event_says_what_when_by_whom_and_in_what_order(home, noon):
    with home.scope.transaction() as connection:
        events.append(connection, home.scope, "import.started", {"flow": "x"})
        events.append(connection, home.scope, "import.finished", {"rows": 3, "file": "blåbær"})
    first, second = logged(home)
    assert (first.topic, first.payload, first.actor, first.at) == ("import.started", {"flow": "x"}, "tester", noon)
    assert first.engagement_id == home.scope.engagement_id
    assert (second.topic, second.payload) == ("import.finished", {"rows": 3, "file": "blåbær"})


def test_an_event_of_a_transaction_that_failed_never_happened(home):
    with contextlib.suppress(ZeroDivisionError), home.scope.transaction() as connection:
        events.append(connection, home.scope, "import.started", {})
        raise ZeroDivisionError
    assert logged(home) == []
