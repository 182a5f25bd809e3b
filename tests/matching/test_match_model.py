"""The match model as a document: what is read back, and what is refused."""

import json

import pytest

from muniment.base.errors import Rejected
from muniment.matching import match_model


def test_a_model_is_read_back_as_it_was_written():
    written = json.loads(json.dumps(match_model.SHIPPED.document()))
    assert match_model.from_document(written) == match_model.SHIPPED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prior", float("nan")),
        ("threshold", float("-inf")),
        ("prior", 10**400),
        ("bridge", None),
        ("nearly", True),
        ("block_limit", 0),
        ("calibration", [[0, 0.5]]),
        ("calibration", [[0, 0.5], [0, 0.7]]),
        ("calibration", [[0, 0], [1, 1]]),
        ("origin", 7),
        ("basis", {"records": float("nan")}),
        ("basis", []),
    ],
)
def test_a_number_that_is_none_is_named_and_refused(name, value):
    with pytest.raises(Rejected, match=f"damaged at {name}: "):
        match_model.from_document(match_model.SHIPPED.document() | {name: value})


@pytest.mark.parametrize("value", [{"agree": "9"}, {"disagree": -1e308}, {"group": "\x1b[31m"}, {"more": 1}])
def test_a_weight_that_is_none_is_named_and_refused(value):
    document = match_model.SHIPPED.document()
    document["weights"]["serial"] |= value
    with pytest.raises(Rejected, match="damaged at serial: "):
        match_model.from_document(document)


def test_weights_that_are_a_list_are_refused():
    with pytest.raises(Rejected, match="`weights` is no object"):
        match_model.from_document(match_model.SHIPPED.document() | {"weights": []})
