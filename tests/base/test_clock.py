from datetime import UTC, datetime, timedelta

import pytest

from muniment.base import clock


@pytest.fixture
def stopped():
    moment = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    clock.set_source(lambda: moment)
    yield moment
    clock.set_source(None)


def test_the_clock_answers_from_what_it_was_given(stopped):
    assert clock.now() == stopped


def test_the_system_is_asked_in_utc():
    clock.set_source(None)
    assert clock.now().utcoffset() == timedelta(0)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=60)
