from datetime import UTC, datetime, timedelta

import pytest

from muniment.base import clock
from muniment.base.errors import Rejected
from muniment.cli import moment


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-01", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2026-03-01T12:30", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30+02:00", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_day_means_its_end_and_a_time_is_utc(text, meant):
    assert moment.read(text) == meant


def test_so_long_ago_counts_from_now():
    assert abs(clock.now() - timedelta(days=7) - moment.read("7 days ago")) < timedelta(minutes=1)
    assert moment.read(None) is None


@pytest.mark.parametrize("text", ["soon", "", "2026-13-01", "2999-01-01", "2999-01-01T00:00"])
def test_what_is_no_past_moment_is_refused(text):
    with pytest.raises(Rejected):
        moment.read(text)


def test_commands_look_into_the_past(change):
    before = "1 minute ago"
    assert "nothing" not in change("diff", "1 minute ago").out
    assert change("assets", "--as-of", "2020-01-01", "--json").json == []
    assert len(change("assets", "--as-of", "2020-01-01T00:00", "--json").json) == 0
    shown = change("show", "app01", "--as-of", "2020-01-01")
    assert shown.code == 3
    assert "'app01' was not in the register at 2020-01-02" in shown.err
    assert change("diff", before, "--asset", "app01", "--json").code == 0
    assert change("export", "--as-of", "2020-01-01").out.count("\n") == 1
    assert change("diff", "2026-01-02", "2026-01-01").code == 2


def test_yesterday_is_a_day_ago():
    assert abs(moment.read("yesterday") - moment.read("1 day ago")) < timedelta(minutes=1)


def test_a_day_after_which_no_calendar_goes_on_lies_in_the_future():
    with pytest.raises(Rejected, match="lies in the future"):
        moment.read("9999-12-31")
