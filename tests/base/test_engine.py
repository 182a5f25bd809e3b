"""Every operation that the bulk steps ask of the engine: a change of version that breaks one fails here."""

import pyarrow as pa
import pytest
import sqlglot

from muniment.base.engine import DIALECT, Engine, bulk
from muniment.base.errors import Retryable

ROWS = pa.table({
    "kind": ["a", "a", "b", "b"],
    "day": [3, 3, 1, 2],
    "ref": ["y", "x", "z", "w"],
    "value": ['"10.0.0.1"', '"10.0.0.2"', '["p","q"]', "null"],
})  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with bulk(memory_limit="500MB") as opened:
        opened.register("rows", ROWS)
        yield opened


@pytest.mark.parametrize(
    ("sql", "answer"),
    [
        ("SELECT ref FROM rows QUALIFY row_number() OVER (PARTITION BY kind ORDER BY day DESC, ref) = 1 ORDER BY 1",
         ["w", "x"]),
        ("SELECT min_by(ref, (-day, ref)) FROM rows GROUP BY kind ORDER BY kind", ["x", "w"]),
        ("SELECT min_by(ref, (-day, ref)) FILTER (WHERE day < 3) FROM rows", ["w"]),
        ("SELECT list_sort(list(DISTINCT kind)) FROM rows", [["a", "b"]]),
        ("SELECT list_sum(list_sort(list(day))) FROM rows", [9]),
        ("SELECT string_agg(ref, ',' ORDER BY day, ref DESC) FROM rows", ["z,w,y,x"]),
        ("SELECT string_agg(ref, ',' ORDER BY ref) FILTER (WHERE kind = 'a') FROM rows", ["x,y"]),
        ("SELECT kind FROM (SELECT kind, max(day) AS day FROM rows GROUP BY ALL) ORDER BY 1", ["a", "b"]),
        ("SELECT damerau_levenshtein('serial', 'seiral')", [1]),
        ("SELECT strftime(make_timestamp(20454::BIGINT * 86400000000), '%Y-%m-%d')", ["2026-01-01"]),
        ("SELECT value::JSON ->> '$' FROM rows ORDER BY ref DESC", ['["p","q"]', "10.0.0.1", "10.0.0.2", None]),
        ("""SELECT '["p","q"]'::JSON ->> '$[0]'""", ["p"]),
        ("SELECT to_json(['a', 'ü\"'])::VARCHAR", ['["a","ü\\""]']),
        ("SELECT regexp_full_match(ref, '[w-x]') FROM rows ORDER BY ref", [True, True, False, False]),
        ("SELECT '10.1.2.3' SIMILAR TO '[0-9.]+'", [True]),
        ("SELECT epoch_us(TIMESTAMP '1970-01-01 00:00:01')", [1_000_000]),
        ("SELECT bool_or(day > 2) AND NOT bool_and(day > 2) FROM rows", [True]),
        ("SELECT coalesce(nullif(split_part('a/', '/', 2), ''), 'none')", ["none"]),
        ("SELECT r.ref FROM rows r ANTI JOIN (SELECT 'x' AS ref) o ON o.ref = r.ref ORDER BY 1", ["w", "y", "z"]),
        ("SELECT r.ref FROM rows r SEMI JOIN (SELECT 'x' AS ref) o ON o.ref = r.ref", ["x"]),
        ("SELECT (1, 'b') <= (1, 'c')", [True]),
        ("SELECT left(lower('ABC'), 2)", ["ab"]),
        ("SELECT (day // 2)::INT FROM rows WHERE ref = 'y'", [1]),
    ],
)  # fmt: skip
def test_an_operation_gives_what_the_steps_rely_on(engine, sql, answer):
    found = engine.rows(sql)
    assert found.column(0).to_pylist() == answer


def test_tables_are_derived_from_tables_and_counted(engine):
    engine.derive("late", "SELECT * FROM rows WHERE day > 1")
    assert engine.count("late") == 3
    engine.derive("late", "SELECT * FROM rows WHERE day > 2")
    assert engine.count("late") == 2


def test_a_name_is_given_to_another_table(engine):
    engine.register("again", pa.table({"n": [1]}))
    engine.register("again", pa.table({"n": [1, 2]}))
    assert engine.count("again") == 2


def test_a_folder_with_a_quote_in_its_name_takes_the_spill(tmp_path):
    folder = tmp_path / "o'neil"
    folder.mkdir()
    with bulk(spill=folder) as opened:
        assert opened.rows("SELECT current_setting('temp_directory') AS t")["t"].to_pylist() == [str(folder)]


class Elsewhere:
    """A back end that only has a name, enough to see what text it would be sent."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_the_engine_of_today_is_sent_the_text_as_it_stands():
    odd = "SELECT   1 -- as it is"
    assert Engine(Elsewhere(DIALECT))._translated(odd) == odd  # noqa: SLF001


def test_a_step_can_be_translated_for_another_back_end():
    step = (
        "SELECT *, epoch_us(seen) AS us FROM derived_parts"
        " QUALIFY row_number() OVER (PARTITION BY source_key ORDER BY delivered DESC) = 1"
    )
    sent = Engine(Elsewhere("spark"))._translated(step)  # noqa: SLF001
    assert sent != step
    sqlglot.parse_one(sent, read="spark")
    assert "QUALIFY" not in sent
    assert "ROW_NUMBER() OVER (PARTITION BY source_key ORDER BY delivered DESC" in sent


def test_too_little_memory_is_told_in_a_sentence_with_a_cure():
    with pytest.raises(Retryable, match="close other programs"), bulk(memory_limit="20MB") as small:
        small.derive("wide", "SELECT list(repeat('x', 500) || range) AS one FROM range(2000000)")
