import time
from datetime import UTC, datetime
from uuid import RFC_4122

from muniment.base import ids


def test_an_id_is_a_uuid_of_version_seven():
    one = ids.new()
    assert (one.version, one.variant) == (7, RFC_4122)


def test_an_id_begins_with_the_moment_it_was_made():
    before = time.time_ns() // 1_000_000
    made = ids.new().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000
    assert datetime.fromtimestamp(made / 1000, UTC).year >= 2026


def test_ids_of_one_moment_differ_also_in_their_short_form():
    made = [ids.new() for _ in range(2_000)]
    assert len(set(made)) == 2_000
    assert len({ids.short(one) for one in made}) > 1_990


def test_the_short_form_is_the_end_of_the_id():
    one = ids.new()
    assert len(ids.short(one)) == 8
    assert str(one).endswith(ids.short(one))
