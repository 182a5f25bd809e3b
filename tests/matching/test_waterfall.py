"""Waterfalls: sums, keys, and renderings that hold whatever the records say."""

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment import matching


def _waterfall(*steps: tuple[str, str, float], prior: float = 0.0, left: str = "a", right: str = "b"):
    made = tuple(matching.Step(*step) for step in steps)
    total = prior + sum(step.bits for step in made)
    return matching.Waterfall(left, right, prior, made, 4.0, matching.probability(total))


SERVER = _waterfall(
    ("fqdn", "both say web01.example.com", 5.5), ("serial", "both say CZ1", 9.0), ("site", "Berlin against Bonn", -3.0),
    ("hostname", "nothing", 0.0), prior=-2.0,
)  # fmt: skip


def test_the_sum_is_the_prior_and_every_step() -> None:
    assert SERVER.total == pytest.approx(9.5)
    assert SERVER.accepted
    assert not _waterfall(("name", "a against b", -4.0)).accepted


def test_the_match_key_names_what_agrees_then_what_differs_the_strongest_first() -> None:
    assert SERVER.key == "+SERIAL +FQDN -SITE"
    assert matching.match_key([("ip address", 3.0), ("asset tag", -5.0), ("name", -6.0)]) == (
        "+IP_ADDRESS -NAME -ASSET_TAG"
    )


def test_bits_are_odds_in_powers_of_two() -> None:
    assert matching.probability(0) == 0.5
    assert matching.probability(1) == pytest.approx(2 / 3)
    assert matching.probability(-3) == pytest.approx(1 / 9)
    assert (matching.probability(5_000), matching.probability(-5_000)) == (1.0, 0.0)


def test_json_has_all_that_the_sum_is_made_of() -> None:
    told = json.loads(json.dumps(SERVER.as_json()))
    assert told["prior"] + sum(step["bits"] for step in told["steps"]) == pytest.approx(told["total"])
    assert (told["key"], told["accepted"], told["threshold"]) == ("+SERIAL +FQDN -SITE", True, 4.0)


def test_text_says_what_was_compared_and_the_verdict() -> None:
    text = SERVER.as_text()
    assert "+9.0" in text
    assert "both say CZ1" in text
    assert text.splitlines()[-1].endswith("5.5 above the 4.0 of a match: a match, probability .999")


@pytest.mark.parametrize("width", [10, 60, 80, 140])
def test_lines_of_text_keep_their_width(width: int) -> None:
    long = _waterfall(("a very long name of a comparison", "x" * 500, 3.0), ("b", "y" * 500, -30.0), prior=-8)
    assert max(len(line) for line in long.as_text(width).splitlines()[:-1]) <= max(width, 60)


def test_what_records_say_is_text_in_a_picture_never_markup() -> None:
    hostile = '<script>alert("1")</script>&\x1b[31m\x00'
    picture = _waterfall((hostile, hostile, 5.0), left=hostile, right=hostile).as_svg()
    assert "<script" not in picture
    root = ET.fromstring(picture)  # noqa: S314 - our own picture
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "text", "line",
    }  # fmt: skip


@given(
    st.lists(st.tuples(st.text(max_size=40), st.text(max_size=60), st.floats(-90, 90)), max_size=12),
    st.floats(-40, 40),
    st.text(max_size=30),
)
def test_every_waterfall_is_drawn_within_its_picture(
    steps: list[tuple[str, str, float]], prior: float, left: str
) -> None:
    waterfall = _waterfall(*steps, prior=prior, left=left)
    root = ET.fromstring(waterfall.as_svg())  # noqa: S314 - our own picture
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    bars = [element.attrib for element in root.iter() if element.tag.endswith("rect")][1:]
    assert len(bars) == len(steps) + 2
    for bar in bars:
        assert float(bar["x"]) >= 0
        assert float(bar["x"]) + float(bar["width"]) <= width
        assert float(bar["y"]) + float(bar["height"]) <= height
    assert "\x1b" not in waterfall.as_text()
