"""Raw rows to records: keys, which row of a key is kept, moments, lists, and what was not understood."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from muniment import evidence, model
from muniment.base import engine as engines
from muniment.evidence import Layout, Raw, Rule

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
MEANINGS = {
    "Id": "source_id", "Name": "hostname", "Serial": "serial", "Address": "ip_address", "RAM": "memory_mib",
    "Owner": "owner", "Seen": "last_seen", "Changed": "changed_on", "OS": "os", "Kind": "asset_type",
    "Engine": "database_engine", "Model": "model", "Old owner": "owner", "Old address": "ip_address",
}  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with engines.bulk() as bulk:
        yield bulk


def layout(columns, key=(), *, detail=False, asset_type=None, stated=False, tab="hosts") -> Layout:
    return Layout(
        uuid.UUID(int=1), uuid.UUID(int=2), tab, "0", uuid.UUID(int=3), tuple(columns), "csv", asset_type,
        tuple(key), "", detail, stated,
    )  # fmt: skip


def raw(engine, rows: list[dict], *, day: int = 0, lag: int = 0, name: str = "first") -> Raw:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    count = len(rows)
    cells = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in columns}
    lines = {"_line": pa.array(range(count), pa.int64()), "_payload": pa.nulls(count, pa.string())}
    return Raw(name, AT + timedelta(days=day), evidence.stamped(engine, pa.table({**lines, **cells}), columns), lag)


def records(engine, raws, *, key=(), transforms=None, **of_layout) -> list[dict]:
    """The records, their JSON read, for rows (dicts) or raws of several imports."""
    raws = [one if isinstance(one, Raw) else raw(engine, one) for one in raws]
    columns = list(dict.fromkeys(name for one in raws for name in one.rows.column_names if name in MEANINGS))
    rules = [Rule(column, MEANINGS[column], (transforms or {}).get(column, {})) for column in columns]
    found = evidence.records(engine, raws, layout(columns, key, **of_layout), rules, model.attributes()).to_pylist()
    return [{**one, **{name: json.loads(one[name]) for name in ("claims", "derived", "notes")}} for one in found]


def moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def test_a_row_becomes_a_record_of_normalised_claims(engine):
    (one,) = records(engine, [[{"Id": "1", "Name": "APP01", "RAM": "16 GB", "Owner": None}]], key=["Id"])
    assert one["claims"] == {"source_id": ["1"], "hostname": ["app01"], "memory_mib": [16384]}
    assert (one["source_key"], one["row_number"], one["import_id"], one["filled"]) == ("hosts:=1", 1, "first", 3)


def test_a_column_without_a_rule_stays_in_the_raw_rows(engine):
    (one,) = records(engine, [[{"Id": "1", "Weight": "3 kg"}]], key=["Id"])
    assert one["claims"] == {"source_id": ["1"]}


def test_a_cell_is_read_as_its_rule_says(engine):
    rows = [[{"Id": "1", "RAM": "1,5"}]]
    (one,) = records(engine, rows, key=["Id"], transforms={"RAM": {"unit": "GiB", "decimal_comma": True}})
    assert one["claims"]["memory_mib"] == [1536]
    rule = Rule("RAM", "memory_mib", {"unit": "GiB", "decimal_comma": True})
    assert evidence.cell(rule, "1,5", model.attributes()).values == (1536,)


@pytest.mark.parametrize(
    ("row", "key", "expected"),
    [
        ({"Id": " A1 ", "Name": "app01"}, ("Id", "Name"), "hosts:=a1|app01"),
        ({"Id": None, "Serial": "CZC1001", "Name": "app01"}, ("Id",), 'hosts:~serial:"czc1001"|hostname:"app01"'),
        ({"Id": " ", "Name": "app01", "Address": "10.0.0.1"}, ("Id",), 'hosts:~hostname:"app01"|ip_address:"10.0.0.1"'),
        ({"Serial": "CZC1001", "Address": "10.0.0.1"}, (), 'hosts:~serial:"czc1001"'),
    ],
    ids=["key columns", "hardware and name", "address without hardware", "no address beside hardware"],
)
def test_a_key_is_made_of_the_key_columns_else_of_what_identifies_the_row(engine, row, key, expected):
    assert records(engine, [[row]], key=key)[0]["source_key"] == expected


def test_a_row_that_nothing_identifies_is_known_by_its_content(engine):
    found = records(engine, [[{"Owner": "Ann"}, {"Owner": "Bob"}, {"Owner": "Ann"}]])
    assert sorted(one["rows_merged"] for one in found) == [1, 2]
    assert all(one["source_key"].startswith("hosts:row ") for one in found)


def test_of_rows_with_one_key_the_fullest_is_kept(engine):
    rows = [{"Id": "1"}, {"Id": "1", "Owner": "Ann", "Name": "app01"}, {"Id": "1", "Owner": "Bob"}]
    for order in (rows, rows[::-1]):
        (one,) = records(engine, [order], key=["Id"])
        assert (one["claims"]["owner"], one["rows_merged"]) == (["Ann"], 3)


def test_a_later_delivery_goes_before_a_fuller_row_and_a_later_look_too(engine):
    first = raw(engine, [{"Id": "1", "Name": "app01", "Owner": "Ann"}])
    later = raw(engine, [{"Id": "1", "Owner": "Bob"}], day=1, name="second")
    for order in ([first, later], [later, first]):
        (one,) = records(engine, order, key=["Id"])
        assert (one["claims"]["owner"], one["import_id"]) == (["Bob"], "second")
    rows = [{"Id": "1", "Name": "app01", "Seen": "2026-01-01"}, {"Id": "1", "Seen": "2026-02-01"}]
    assert "hostname" not in records(engine, [rows], key=["Id"])[0]["claims"]


def test_a_row_is_as_old_as_it_says_else_as_its_delivery_less_what_such_sources_lag(engine):
    rows = [
        {"Id": "1", "Seen": "2026-02-01T00:00:00Z", "Changed": "2026-02-20T00:00:00Z"},
        {"Id": "2", "Changed": "2026-02-20T00:00:00Z"},
        {"Id": "3"},
        {"Id": "4", "Seen": "2031-01-01T00:00:00Z"},
    ]
    found = [moment(one["observed"]) for one in records(engine, [raw(engine, rows, lag=30)], key=["Id"])]
    lagging = AT - timedelta(days=30)
    assert found == [datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC), lagging, lagging]


def test_a_detail_layout_collects_lists_and_names_its_rows(engine):
    rows = [
        {"Id": "1", "Address": "10.0.0.1", "Owner": "Ann", "Name": "app01"},
        {"Id": "1", "Address": "10.0.0.2", "Owner": "Bob"},
        {"Id": "2", "Address": "10.0.0.9"},
    ]
    one, two = records(engine, [rows], key=["Id"], detail=True)
    assert sorted(one["claims"]["ip_address"]) == ["10.0.0.1", "10.0.0.2"]
    assert (one["claims"]["owner"], one["notes"]["rows"], two["notes"]["rows"]) == (["Ann"], [1, 2], [3])
    (plain, _) = records(engine, [rows], key=["Id"])
    assert (plain["claims"]["ip_address"], "rows" in plain["notes"]) == (["10.0.0.1"], False)


def test_a_detail_layout_collects_from_the_latest_delivery_only(engine):
    first = raw(engine, [{"Id": "1", "Address": "10.0.0.1"}])
    later = raw(engine, [{"Id": "1", "Address": "10.0.0.2"}, {"Id": "1", "Address": "10.0.0.3"}], day=1, name="second")
    (one,) = records(engine, [first, later], key=["Id"], detail=True)
    assert sorted(one["claims"]["ip_address"]) == ["10.0.0.2", "10.0.0.3"]


def test_what_is_read_off_another_cell_is_derived_and_not_claimed(engine):
    (one,) = records(engine, [[{"Id": "1", "OS": "Windows Server 2019"}]], key=["Id"])
    assert one["claims"]["os"] == ["Microsoft Windows Server 2019"]
    assert one["derived"]["os_family"] == ["windows"]
    assert "os_family" not in one["claims"]


def test_a_cell_that_is_not_understood_is_a_problem_and_gives_no_value(engine):
    (one,) = records(engine, [[{"Id": "1", "RAM": "many", "Owner": "Ann"}]], key=["Id"])
    assert "memory_mib" not in one["claims"]
    (problem,) = one["notes"]["problems"]
    assert (problem["column"], problem["attribute"], problem["raw"]) == ("RAM", "memory_mib", "many")
    assert problem["problem"].startswith("'many' is no size")


def test_a_placeholder_is_noted_and_gives_no_value(engine):
    (one,) = records(engine, [[{"Id": "1", "Serial": "To Be Filled By O.E.M."}]], key=["Id"])
    assert "serial" not in one["claims"]
    assert one["notes"]["problems"] == []
    assert [note["column"] for note in one["notes"]["notes"]] == ["Serial"]


def test_a_type_in_the_row_is_stated_and_outranks_that_of_the_layout(engine):
    rows = [{"Id": "1", "Kind": "Linux Server"}, {"Id": "2", "Kind": "gizmo"}]
    one, two = records(engine, [rows], key=["Id"], asset_type="virtual_machine")
    assert (one["asset_type"], one["type_stated"]) == ("server", True)
    assert one["derived"]["subtype"] == ["linux_server"]
    assert (two["asset_type"], two["type_stated"]) == ("virtual_machine", False)


def test_a_model_tells_what_a_row_is_where_neither_row_nor_kind_says_it(engine):
    rows = [
        {"Id": "1", "Model": "ThinkPad T14"},
        {"Id": "2", "Model": "X-9000"},
        {"Id": "3", "Model": "iPad", "Kind": "VM"},
    ]
    found = records(engine, [rows], key=["Id"], asset_type="server")
    assert [(one["asset_type"], one["type_stated"]) for one in found] == [
        ("end_user_device", False), ("server", False), ("virtual_machine", True),
    ]  # fmt: skip
    found = records(engine, [rows], key=["Id"], asset_type="server", stated=True)
    assert [one["asset_type"] for one in found] == ["server", "server", "virtual_machine"]


def test_what_runs_a_client_system_is_guessed_no_server(engine):
    systems = ["Windows 11 Enterprise", "Windows Server 2022", "macOS 14.2", "Ubuntu 22.04", "Windows"]
    rows = [{"Id": str(number), "OS": system} for number, system in enumerate(systems)]
    types = [one["asset_type"] for one in records(engine, [rows], key=["Id"], asset_type="server")]
    assert types == ["end_user_device", "server", "end_user_device", "server", "server"]
    for told in ({"asset_type": "virtual_machine"}, {"asset_type": "server", "stated": True}):
        assert {one["asset_type"] for one in records(engine, [rows], key=["Id"], **told)} == {told["asset_type"]}


def test_in_a_list_of_everything_a_row_with_a_database_engine_is_a_database(engine):
    rows = [{"Id": "1", "Engine": "PostgreSQL"}, {"Id": "2", "Owner": "Ann"}]
    types = [one["asset_type"] for one in records(engine, [rows], key=["Id"], asset_type="server")]
    assert types == ["database", "server"]
    hosts = [{**rows[0], "RAM": "16 GB"}, rows[1]]
    assert [one["asset_type"] for one in records(engine, [hosts], key=["Id"], asset_type="server")] == ["server"] * 2


def test_equal_claims_have_equal_digests_whatever_their_row(engine):
    rows = [{"Id": "1", "Owner": "Ann"}]
    (one,), (two,) = (records(engine, [raw(engine, rows, day=day)], key=["Id"]) for day in (0, 9))
    (three,) = records(engine, [[{"Id": "1", "Owner": "Bob"}]], key=["Id"])
    assert one["claims_hash"] == two["claims_hash"] != three["claims_hash"]


def test_no_rows_are_no_records(engine):
    nothing = Raw("first", AT, raw(engine, [{"Id": "1"}]).rows[:0])
    assert records(engine, [nothing], key=["Id"]) == []


def test_a_fallback_speaks_only_where_no_other_column_of_the_row_does(engine):
    last = {"fallback": True}
    rows = [
        {"Old owner": "Bob", "Owner": "Ann", "Old address": "10.0.0.9", "Address": "10.0.0.1"},
        {"Old owner": "Bob", "Owner": "", "Old address": "10.0.0.9", "Address": None},
    ]
    given = [one["claims"] for one in records(engine, [rows], transforms={"Old owner": last, "Old address": last})]
    assert sorted((one["owner"], one["ip_address"]) for one in given) == [
        (["Ann"], ["10.0.0.1"]),
        (["Bob"], ["10.0.0.9"]),
    ]
    (first, *_) = [one["claims"] for one in records(engine, [rows[:1]])]
    assert (first["owner"], first["ip_address"]) == (["Bob"], ["10.0.0.9", "10.0.0.1"])
