"""Parquet and Arrow: every type as text, nested columns as those of JSON, and bombs."""

import datetime as dt
import decimal
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from muniment import evidence
from muniment.base.errors import Rejected

NOON = dt.datetime(2024, 1, 2, 12, 0, tzinfo=dt.UTC)
MACHINES = [
    {"name": "a", "nics": [{"ip": "10.0.0.1", "up": True}, {"ip": "10.0.0.2", "up": None}], "os": {"v": {"major": 8}}},
    {"name": "b", "tags": [{"key": "env", "value": "prod"}], "ram": 64, "share": 0.5},
]


def parquet(table, path):
    pq.write_table(table, path, row_group_size=2)


def stream(table, path):
    with pa.ipc.new_stream(str(path), table.schema) as out:
        out.write_table(table, max_chunksize=2)


def arrow(table, path):
    feather.write_feather(table, str(path), chunksize=2)


FORMS = {"parquet": parquet, "arrow": arrow, "arrows": stream}


@pytest.fixture(params=FORMS)
def read(tmp_path, request):
    def read_table(table):
        path = tmp_path / f"a.{request.param}"
        FORMS[request.param](table, path)
        (found,) = evidence.read(path)
        assert found.format == request.param.removesuffix("s")
        return found

    return read_table


def cells(table):
    return [tuple(row.values())[2:] for row in table.rows.to_pylist()]


def test_every_flat_type_is_the_text_it_stands_for(read):
    table = read(
        pa.table(
            {
                "word": pa.array(["a", "", None, "a"]).dictionary_encode(),
                "float": [64.0, None, 1.5, float("nan")],
                "integer": pa.array([2**63 - 1, None, -1, 0], pa.int64()),
                "decimal": [decimal.Decimal("12.50"), None, decimal.Decimal("0.10"), None],
                "true": [True, False, None, True],
                "day": [dt.date(2024, 1, 2), None, None, None],
                "moment": [NOON, NOON.replace(microsecond=120_000), None, NOON],
                "bytes": [b"ab", b"", b"a", None],
            }
        )
    )
    assert cells(table)[:3] == [
        ("a", "64", "9223372036854775807", "12.50", "true", "2024-01-02", "2024-01-02 12:00:00Z", "ab"),
        (None, None, None, None, "false", None, "2024-01-02 12:00:00.12Z", None),
        (None, "1.5", "-1", "0.10", None, None, None, "a"),
    ]
    assert table.rows["_line"].to_pylist() == [1, 2, 3, 4]


def test_nested_columns_are_those_of_the_same_records_in_json(read, tmp_path):
    table = pa.Table.from_pylist(MACHINES, schema=pa.Table.from_pylist([MACHINES[0] | MACHINES[1]]).schema)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(table.to_pylist()), encoding="utf-8")
    (document,) = evidence.read(path)
    assert read(table).rows.equals(document.rows)


def test_maps_and_json_inside_a_column_are_laid_out(read):
    table = read(
        pa.table(
            {
                "tags": pa.array([[("env", "prod"), ("tier", "1")], None], pa.map_(pa.string(), pa.string())),
                "facts": pa.array(['{"os": {"name": "rhel"}}', "not json"], pa.json_()),
                "point": pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
            }
        )
    )
    assert [{k: v for k, v in row.items() if v and k[0] != "_"} for row in table.rows.to_pylist()] == [
        {"tags.env": "prod", "tags.tier": "1", "facts.os.name": "rhel", "point": "[1, 2]"},
        {"facts": "not json"},
    ]


def test_a_word_repeated_without_end_is_refused_before_it_is_written_out(tmp_path):
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(2_000_000, np.int32)), pa.array(["x" * 100_000]))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": words}), path)
    assert path.stat().st_size < 200_000
    with pytest.raises(Rejected, match=r"a.parquet looks like a bomb"):
        list(evidence.read(path))
    nested = pa.table({"a": pa.StructArray.from_arrays([words], ["b"])})
    pq.write_table(nested, path)
    with pytest.raises(Rejected, match=r"a.parquet looks like a bomb"):
        list(evidence.read(path))


def test_more_cells_or_columns_than_can_be_held_are_refused(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": pa.nulls(500_000_000, pa.int8())}), path)
    with pytest.raises(Rejected, match="more than 400,000,000 cells"):
        list(evidence.read(path))
    pq.write_table(pa.table({f"c{number}": pa.array([1]) for number in range(10_001)}), path)
    with pytest.raises(Rejected, match="10,001 columns, at most 10,000"):
        list(evidence.read(path))


@pytest.mark.parametrize(
    "data", [b"PAR1", b"PAR1" + b"\xff" * 50 + b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0x"]
)
def test_a_damaged_file_is_refused(tmp_path, data):
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    with pytest.raises(Rejected, match=r"^a.parquet is damaged"):
        list(evidence.read(path))


def test_bytes_that_are_no_text_are_hexadecimal_digits(read):
    assert cells(read(pa.table({"id": [b"\xff\x00", None]}))) == [("ff00",), (None,)]
