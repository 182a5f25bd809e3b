import pytest

from muniment import mapping, model
from muniment.base.errors import Rejected


@pytest.mark.parametrize(
    ("columns", "file_format", "name"),
    [
        (["sys_id", "Name"], "csv", "servicenow"),
        (["VM", "Powerstate", "DNS Name"], "xlsx", "rvtools"),
        (["InstanceId", " InstanceType "], "json", "aws"),
        (["Asset Tag", "Category", "Model"], "csv", "snipeit"),
        (["Host", "Owner"], "csv", "table"),
        (["Host", "Owner"], "xlsx", "spreadsheet"),
        (["host", "owner"], "jsonl", "document"),
        ([], "something", "table"),
    ],
)
def test_a_kind_is_known_by_its_columns_else_by_its_format(columns, file_format, name):
    assert mapping.recognise(columns, file_format).name == name


def test_the_longer_signature_wins():
    every = [(kind, columns) for kind in mapping.kinds().values() for columns in kind.signature]
    for kind, columns in every:
        beaten = [len(other) for one, other in every if one is not kind and other <= columns]
        if not beaten or max(beaten) < len(columns):
            assert mapping.recognise(sorted(columns), "csv") == kind


def test_every_kind_knows_only_attributes_types_and_groups_of_the_model():
    groups = {attribute.group for attribute in model.attributes().values()}
    for kind in mapping.kinds().values():
        assert set(kind.columns.values()) <= {*model.attributes(), ""}
        assert {tab.asset_type for tab in kind.tabs.values() if tab.asset_type} <= set(model.asset_types())
        assert set(kind.reliability) <= groups
        assert all(0.5 <= kind.share_right(group) < 1 for group in groups)
        assert all(column == column.lower() for column in kind.columns)


def test_a_tab_is_known_in_any_case_and_any_other_by_the_rule_for_any():
    rvtools = mapping.kind("rvtools")
    assert (rvtools.tab("vInfo").asset_type, rvtools.tab("vNetwork").detail) == ("virtual_machine", True)
    assert (rvtools.tab("vSwitch").skip, rvtools.tab("vSnapshot").part_of) == (True, "vinfo")
    assert mapping.kind("table").tab("Sheet1") == mapping.Tab()


def test_what_is_not_known_of_a_kind_has_a_default():
    assert mapping.kind("nmap").share_right("cost") == 0.75


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(Rejected, match="'excel' is not a kind of source: use one of servicenow, rvtools"):
        mapping.kind("excel")
