"""Which column of one table is which of another."""

import csv
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv as arrow_csv

from muniment import matching
from muniment.matching import column_pairs


def table(**columns: list[str | None]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


PEOPLE = table(
    fname=["Anna", "Bert", "Carla", "Dirk"],
    dob=["1980-01-02", "1975-05-06", "1990-11-12", "1966-07-08"],
    sex=["f", "m", "f", "m"],
    ctry=["Germany", "France", "Spain", "Italy"],
    wt_kg=["61.5", "80.2", "55.0", "90.1"],
)
SUBJECTS = table(
    weight=["70.5", "62.2", "81.0", "58.0"],
    country_of_residence=["France", "Italy", "Portugal", "Germany"],
    gender=["m", "f", "f", "m"],
    birth_date=["1955-02-03", "1981-03-04", "1977-08-09", "1991-10-11"],
    first_name=["Emil", "Anna", "Fritz", "Carla"],
    shoe_size=["41", "38", "44", "37"],
)


def best(found: tuple[matching.ColumnMatch, ...]) -> dict[str, str]:
    return {one.source: one.target for one in found if one.rank == 1}


def test_columns_are_found_by_abbreviations_synonyms_and_values() -> None:
    assert best(matching.match_columns(PEOPLE, SUBJECTS)) == {
        "fname": "first_name",
        "dob": "birth_date",
        "sex": "gender",
        "ctry": "country_of_residence",
        "wt_kg": "weight",
    }


def test_every_column_has_its_candidates_best_first_with_reasons() -> None:
    found = matching.match_columns(PEOPLE, SUBJECTS, top=3)
    for name in PEOPLE.column_names:
        mine = [one for one in found if one.source == name]
        assert [one.rank for one in mine] == [1, 2, 3]
        assert [one.probability for one in mine] == sorted((one.probability for one in mine), reverse=True)
        assert all(one.reasons for one in mine)


def test_the_order_of_rows_and_the_direction_of_columns_change_no_probability() -> None:
    def chances(one: pa.Table, other: pa.Table) -> dict[tuple[str, str], float]:
        return {(m.source, m.target): round(m.probability, 9) for m in matching.match_columns(one, other)}

    turned = PEOPLE.select(PEOPLE.column_names[::-1]).take([3, 1, 0, 2])
    assert chances(turned, SUBJECTS.select(SUBJECTS.column_names[::-1])) == chances(PEOPLE, SUBJECTS)


def test_a_column_that_nothing_fits_has_low_probabilities() -> None:
    odd = PEOPLE.append_column("gizmo", pa.array(["x7-991", "k2-444", "p1-000", "x9-123"]))
    found = matching.match_columns(odd, SUBJECTS)
    chance = {one.source: one.probability for one in found if one.rank == 1}
    assert chance["gizmo"] < 0.1
    assert min(chance[name] for name in PEOPLE.column_names) > 0.3


def test_values_find_a_column_whose_header_says_nothing() -> None:
    countries = table(col_7=["Germany", "France", "Italy", "Portugal"], col_8=["1", "2", "3", "4"])
    assert best(matching.match_columns(countries, SUBJECTS))["col_7"] == "country_of_residence"


@pytest.mark.parametrize("header", ["国家", "🙂", "___", " ", "%", "x" * 5000, "=cmd|'/c calc'!A1"])
def test_any_header_is_ranked(header: str) -> None:
    odd = pa.table({header: pa.array(["France", "Italy"])})
    assert best(matching.match_columns(odd, SUBJECTS))[header] == "country_of_residence"
    assert len(matching.match_columns(SUBJECTS, odd)) == len(SUBJECTS.column_names)


def test_empty_columns_and_tables_without_rows_are_ranked_by_name() -> None:
    blank = table(gender=[None, None], birth_date=[None, ""])
    assert best(matching.match_columns(blank, SUBJECTS)) == {"gender": "gender", "birth_date": "birth_date"}
    assert best(matching.match_columns(blank.slice(0, 0), SUBJECTS.slice(0, 0))) == {
        "gender": "gender",
        "birth_date": "birth_date",
    }
    assert matching.match_columns(blank.select([]), SUBJECTS) == ()


def test_the_weights_name_the_signals_there_are() -> None:
    one, other = column_pairs.side(PEOPLE), column_pairs.side(SUBJECTS)
    for kind, embed in (("words", None), ("vectors", lambda texts: np.eye(len(texts), 16))):
        held = column_pairs.model()[kind]
        grid = column_pairs.signals(one, other, embed)
        assert set(held["signals"]) == set(grid)
        assert set(held["beside"]) == set(column_pairs.rivals(column_pairs.scores(grid, held)))


def test_a_model_of_meaning_finds_what_words_cannot() -> None:
    places = {"mascot": 0, "emblem": 0, "gadget": 1, "contraption": 1}
    one, other = table(mascot=[None], gadget=[None]), table(contraption=[None], emblem=[None])
    found = matching.match_columns(one, other, embed=lambda texts: np.eye(2)[[places[text] for text in texts]])
    assert best(found) == {"mascot": "emblem", "gadget": "contraption"}


GDC = Path(os.environ.get("MUNIMENT_DATA", Path(__file__).parents[3] / "shared/data")) / "columns/gdc"


@pytest.mark.skipif(not GDC.is_dir(), reason="the third-party data is not here: set MUNIMENT_DATA")
def test_a_clinical_table_is_found_in_a_dictionary_of_736_columns_by_weights_that_never_saw_it() -> None:
    options = arrow_csv.ConvertOptions(strings_can_be_null=True)
    source = arrow_csv.read_csv(GDC / "clark/source.csv", convert_options=options)
    target = arrow_csv.read_csv(GDC / "target_full.csv", convert_options=options)
    one, other = column_pairs.side(source), column_pairs.side(target)
    chances = column_pairs.probabilities(
        column_pairs.signals(one, other), column_pairs.model()["words"]["without"]["clark"]
    )
    right: dict[str, set[str]] = {}
    for row in csv.DictReader((GDC / "clark/groundtruth.csv").read_text(encoding="utf-8").splitlines()):
        right.setdefault(row["source"], set()).add(row["target"])
    found = 0.0
    for name, wanted in right.items():
        scores = chances[one.headers.index(name)]
        best_right = max(scores[other.headers.index(column)] for column in wanted)
        found += 1 / (1 + int((scores > best_right).sum()))
    assert found / len(right) > 0.75
