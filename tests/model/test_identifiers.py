"""The two byte orders of a machine's UUID."""

from hypothesis import given
from hypothesis import strategies as st

from muniment import model


def test_the_first_three_fields_are_swapped():
    written, swapped = model.uuid_byte_orders("564d8e1f-0a2b-3c4d-5e6f-708192a3b4c5")
    assert written == "564d8e1f-0a2b-3c4d-5e6f-708192a3b4c5"
    assert swapped == "1f8e4d56-2b0a-4d3c-5e6f-708192a3b4c5"


@given(st.uuids())
def test_swapping_twice_gives_the_uuid_again(value):
    swapped = model.uuid_byte_orders(str(value))[1]
    assert model.uuid_byte_orders(swapped)[1] == str(value)
