"""Which column of one table is which of another."""

import pyarrow as pa
import pytest

from muniment import matching


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
