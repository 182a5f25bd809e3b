import pytest

from muniment import model
from muniment.model.hardware import type_of_model


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Macbook Pro 13"', ("end_user_device", "laptop")),
        ("PowerEdge R740xd", ("server", "")),
        ("[Storage] EMC", ("storage", "san_array")),
        ("VMware Virtual Platform", ("virtual_machine", "vmware")),
        ("Standard PC (Q35 + ICH9, 2009)", ("virtual_machine", "kvm")),
        ("Catalyst 9300-48P", ("network_device", "switch")),
        ("System Product Name", None),
        ("Emcore 3", None),
        ("massa id", None),
    ],
)
def test_a_model_is_of_a_kind_of_thing_or_tells_nothing(text, expected):
    assert type_of_model(text) == expected


def test_the_types_in_the_table_are_those_of_the_model():
    from muniment.model.hardware import _families

    for _, asset_type, subtype in _families():
        assert asset_type in model.asset_types()
        assert subtype in {"", *model.asset_types()[asset_type].subtypes}
