"""JSON: the records are found in any wrapping, flattened, and kept as written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment import evidence
from muniment.base.errors import Rejected
from muniment.evidence.containers import Member
from muniment.evidence.flatten import LEAF_LIMIT
from muniment.evidence.read_json import read_json


def read(value, encoding="utf-8"):
    text = value if isinstance(value, (str, bytes)) else json.dumps(value)
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return list(read_json(Member("a.json", data, None, archived=False)))


def one(value):
    (table,) = read(value)
    return table


def records(table):
    """The cells of each row that are not null."""
    rows = table.rows.drop(["_line", "_payload"]).to_pylist()
    return [{name: cell for name, cell in row.items() if cell is not None} for row in rows]


def test_a_list_of_objects_is_a_table_numbered_from_one():
    table = one([{"name": "a", "os": "x"}, {"name": "b", "ip": "y"}])
    assert table.columns == ("name", "os", "ip")
    assert table.rows.to_pylist() == [
        {"_line": 1, "_payload": '{"name": "a", "os": "x"}', "name": "a", "os": "x", "ip": None},
        {"_line": 2, "_payload": '{"name": "b", "ip": "y"}', "name": "b", "os": None, "ip": "y"},
    ]
    assert (table.tab, table.format, table.rejects) == (None, "json", ())


def test_scalars_are_the_text_they_were_written_as():
    text = '[{"a": 1.10, "b": 1e400, "c": 12345678901234567890, "d": true, "e": null, "f": "", "g": -0}]'
    table = one(text)
    assert records(table) == [{"a": "1.10", "b": "1e400", "c": "12345678901234567890", "d": "true", "g": "-0"}]
    assert table.columns == ("a", "b", "c", "d", "e", "f", "g")
    assert table.rows.column("_payload").to_pylist() == [text[1:-1]]


def test_nested_values_become_paths():
    record = {
        "id": 1,
        "net": {"dns": {"first": "x"}},
        "ips": ["a", 2, None],
        "none": [None],
        "empty": [],
        "mixed": [{"a": 1}, "b"],
        "nics": [
            {"mac": "m1", "ips": ["1", "2"], "on": True},
            {"ips": ["3"], "on": False},
        ],
    }
    assert records(one([record])) == [
        {
            "id": "1",
            "net.dns.first": "x",
            "ips": '["a", 2, null]',
            "mixed": '[{"a": 1}, "b"]',
            "nics[].mac": '["m1", null]',
            "nics[].ips": '["1", "2", "3"]',
            "nics[].on": "[true, false]",
        }
    ]


def test_pairs_become_columns_by_their_key():
    record = {
        "Tags": [{"Key": "Env", "Value": "prod"}, {"Key": "App", "Value": "crm"}],
        "attributes": [{"name": "x", "value": 1}, {"value": 2, "name": "x"}],
        "labels": [{"key": "a", "value": "b", "more": 1}],
    }
    assert records(one([record])) == [
        {
            "Tags.Env": "prod",
            "Tags.App": "crm",
            "attributes.x": "[1, 2]",
            "labels[].key": '["a"]',
            "labels[].value": '["b"]',
            "labels[].more": "[1]",
        }
    ]


def test_two_paths_of_one_name_keep_both_values():
    assert records(one([{"a.b": 1, "a": {"b": 2}, "_line": 3, " a.b ": 4}])) == [
        {"a.b": "1", "a.b (2)": "2", "a.b (3)": "4", "_line (2)": "3"}
    ]


@pytest.mark.parametrize(
    ("value", "tab", "count"),
    [
        ({"assets": [{"a": 1}, {"a": 2}]}, "assets", 2),
        ({"count": 1, "next": None, "results": [{"name": "x"}]}, "results", 1),
        ({"data": {"page": {"hosts": [{"name": "x"}]}}}, "data.page.hosts", 1),
        ({"name": "estate", "servers": [{"name": "x"}, {"name": "y"}]}, "servers", 2),
        ({"Reservations": [{"Instances": [{"a": 1}]}, {"Instances": [{"a": 2}, {"a": 3}]}]}, None, 3),
        ([{"Instances": [{"a": 1}, {"a": 2}]}], "[].Instances", 2),
        ({"_meta": {"hostvars": {"h1": {"os": "x", "ip": 1}, "h2": {"os": "y"}}}}, "_meta.hostvars", 2),
    ],
)
def test_the_records_are_found_in_their_envelope(value, tab, count):
    table = one(value)
    assert table.tab == (tab or "Reservations[].Instances")
    assert table.rows.num_rows == count


def test_what_stands_beside_the_records_is_told():
    assert one({"total": 1, "rows": [{"a": 1}]}).details["outside the records"] == '{"total": 1}'


def test_a_record_keeps_what_its_wrapper_says():
    table = one({"Reservations": [{"OwnerId": "42", "Groups": [], "Instances": [{"Id": "i-1"}]}]})
    assert records(table) == [{"Reservations.OwnerId": "42", "Id": "i-1"}]
    assert json.loads(table.rows["_payload"][0].as_py()) == {"Reservations": {"OwnerId": "42"}, "Id": "i-1"}


def test_several_lists_are_several_tables():
    tables = read({"devices": [{"a": 1}], "sites": [{"b": 1}, {"b": 2}], "vms": []})
    assert [(table.tab, table.rows.num_rows) for table in tables] == [
        ("devices", 1),
        ("sites", 2),
        ("vms", 0),
    ]


def test_objects_keyed_by_name_are_records_with_their_key():
    table = one({"host1": {"os": "x", "ip": "1"}, "host2": {"os": "y", "ip": "2", "more": 1}})
    assert records(table) == [
        {"_key": "host1", "os": "x", "ip": "1"},
        {"_key": "host2", "os": "y", "ip": "2", "more": "1"},
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"ansible_facts": {f"fact{n}": n for n in range(20)} | {"ansible_mounts": [{"m": 1}]}},
        {"hostname": "x", "disks": [{"size": 1}], "databases": [{"name": "d"}]},
        {"os": "x", "nics": [{"mac": "a"}], "volumes": [{"id": 1}]},
        {"metadata": {"name": "x"}, "spec": {"cpu": 4}},
        {"ansible_facts": {"hostname": "x"}},
    ],
)
def test_one_object_with_parts_is_one_record(value):
    table = one(value)
    assert (table.rows.num_rows, table.tab) == (1, None)


def test_lists_of_hosts_with_parts_stay_hosts():
    table = one([{"name": "h1", "vms": [{"name": "v1"}]}, {"name": "h2", "vms": []}])
    assert records(table) == [{"name": "h1", "vms[].name": '["v1"]'}, {"name": "h2"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_a_bad_line_of_json_lines_is_a_reject_and_the_rest_is_read(end):
    text = end.join(['{"a": 1}', '{"a": 2,}', "[3]", '{"a": NaN}', '{"a": 5}', '{"a": 6, "a": 7}', ""])
    table = one(text)
    step = 2 if end == "\n\n" else 1
    assert table.format == "jsonl"
    assert table.rows.column("_line").to_pylist() == [1, 1 + 4 * step]
    assert [reject.line for reject in table.rejects] == [1 + step, 1 + 2 * step, 1 + 3 * step, 1 + 5 * step]
    syntax, shape, nan, repeated = table.rejects
    assert syntax.reason.startswith(f"line {1 + step} column 9 is not JSON")
    assert syntax.excerpt == '{"a": 2,}'
    assert "is a list, not an object" in shape.reason
    assert ("NaN" in nan.reason, nan.column) == (True, "a")
    assert ('the key "a" twice' in repeated.reason, repeated.column) == (True, "a")


def test_json_lines_are_told_even_if_the_first_line_is_broken():
    table = one('{"a": }\n{"a": 1}\n{"a": 2}\n')
    assert (table.format, table.rows.num_rows, len(table.rejects)) == ("jsonl", 2, 1)


def test_one_object_over_several_lines_is_no_json_lines():
    assert one('{\n"a": {"b": 1},\n"c": 2\n}').format == "json"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_read(encoding):
    (table,) = read('[{"größe": "5 €"}]', encoding)
    assert records(table) == [{"größe": "5 €"}]


def test_broken_json_says_where():
    with pytest.raises(Rejected, match=r"a.json is not JSON: .* in line 2 column 8: correct or export"):
        read('{"a": 1,\n "b": [}')


def test_a_list_cut_off_gives_all_but_its_last_record():
    text = json.dumps([{"name": f"h{n}", "nics": [{"mac": n}]} for n in range(5)], indent=1)
    table = one(text[: text.index("h4") + 1])
    assert [record["name"] for record in records(table)] == ["h0", "h1", "h2", "h3"]
    (reject,) = table.rejects
    assert reject.reason.startswith("not JSON: ")
    assert reject.line == text.splitlines().index('  "name": "h4",') + 1


def test_a_broken_record_in_a_list_does_not_stop_the_rest():
    text = '[{"id": "a", "nic": {"mac": 1}},\n{"id": "b", nic: {"mac": 2}},\n{"id": "c", "nic": {"mac": 3}},]'
    table = one(text)
    assert [record["id"] for record in records(table)] == ["a", "c"]
    assert table.rows.column("_line").to_pylist() == [1, 3]
    assert [(reject.line, reject.excerpt[:10]) for reject in table.rejects] == [(2, '{"id": "b"')]


def test_documents_one_after_the_other_are_read():
    table = one('{\n"a": 1\n}\n{\n"a": 2\n}\n')
    assert records(table) == [{"a": "1"}, {"a": "2"}]


def test_elements_that_are_no_objects_are_rejects():
    table = one([{"a": 1}, 2, ["x"], "text"])
    assert table.rows.num_rows == 1
    assert [reject.reason for reject in table.rejects] == [
        "element 2 is a plain value, not an object",
        "element 3 is a list, not an object",
        "element 4 is a plain value, not an object",
    ]


def test_text_no_database_takes_costs_its_record():
    table = one('[{"a": "x\\u0000y"}, {"a": "\\ud800"}, {"\\u0000": 1}, {"a": "\\\\u0000"}]')
    assert records(table) == [{"a": "\\u0000"}]
    assert [reject.line for reject in table.rejects] == [1, 2, 3]


def test_depth_is_bounded_and_never_crashes():
    def nested(depth):
        return '{"a":' * depth + "1" + "}" * depth

    assert one(f"[{nested(64)}]").rejects == ()
    assert "nested deeper than 64 levels" in one(f"[{nested(65)}]").rejects[0].reason
    with pytest.raises(Rejected, match=r"a.json is nested too deeply"):
        read(f"[{nested(100_000)}]")
    deep_list = '[{"a": ' + "[" * 65 + "1" + "]" * 65 + "}]"
    assert "nested deeper" in one(deep_list).rejects[0].reason


def test_fields_beyond_the_limit_stay_in_the_raw_record_and_are_told():
    table = one([{f"c{n}": n for n in range(LEAF_LIMIT + 3)}])
    assert len(table.columns) == LEAF_LIMIT
    assert f"c{LEAF_LIMIT + 2}" in json.loads(table.rows["_payload"][0].as_py())
    (reject,) = table.rejects
    assert (reject.line, reject.reason[:32]) == (None, "more than 5,000 different fields")


@pytest.mark.parametrize("text", ["[]", "{}", "[{}, {}]", '{"results": []}', '{"count": 0, "rows": []}', "  "])
def test_no_records_are_an_empty_file(text):
    with pytest.raises(Rejected, match=r"a.json is (empty|not JSON)"):
        read(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(elements=st.lists(st.dictionaries(st.text(), JSON, min_size=1), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_the_payload_is_the_record(elements):
    # a plain member of its own keeps it from being taken for a wrapper of other records
    elements = [{"serial": "x", **element} for element in elements]
    table = one(elements)
    kept = {line - 1 for line in table.rows.column("_line").to_pylist()}
    refused = {reject.line - 1 for reject in table.rejects}
    assert kept | refused == set(range(len(elements)))
    for line, payload in zip(sorted(kept), table.rows.column("_payload").to_pylist(), strict=True):
        assert json.loads(payload) == elements[line]
    for line in refused:
        assert "\\u0000" in json.dumps(elements[line])


def test_the_same_fields_are_the_same_layout():
    first, second = one([{"a": {"b": 1}, "c": 2}]), one([{"C": 2, "a": {"B": 1}}])
    assert evidence.layout_of(first) == evidence.layout_of(second)
