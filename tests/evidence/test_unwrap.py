"""Values are taken out of what interfaces wrap around them; what only looks so is left."""

import pytest

from muniment.evidence.unwrap import unwrap


@pytest.mark.parametrize(
    ("record", "plain"),
    [
        ({"id": {"S": "1"}, "ram": {"N": "16"}, "on": {"BOOL": True}, "no": {"NULL": True}},
         {"id": "1", "ram": "16", "on": True, "no": None}),
        ({"tags": {"L": [{"S": "a"}, {"M": {"key": {"S": "k"}}}]}, "ips": {"SS": ["x", "y"]}},
         {"tags": ["a", {"key": "k"}], "ips": ["x", "y"]}),
        ({"Item": {"id": {"S": "1"}}}, {"id": "1"}),
        ({"name": "a", "owner": {"display_value": "Ann", "link": "https://x"}}, {"name": "a", "owner": "Ann"}),
        ({"ram": {"display_value": "16 GB", "value": "16384"}}, {"ram": "16 GB"}),
    ],
)  # fmt: skip
def test_wrapped_values_become_plain(record, plain):
    assert unwrap(record) == plain


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"id": {"S": "1"}, "name": "plain"},
        {"size": {"M": "medium", "L": "large"}},
        {"Item": "a thing"},
        {"owner": {"display_value": "Ann", "mail": "a@x"}},
        {"owner": {"link": "https://x", "value": "abc"}},
    ],
)
def test_what_is_not_wrapped_stays_as_it_is(record):
    assert unwrap(record) == record
