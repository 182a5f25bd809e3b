"""An engagement is deleted whole, and nothing else is."""

import pytest
import sqlalchemy as sa
from tests.conftest import COLUMNS, Delivery, counts, deliver, fingerprint, machine

from muniment import flows
from muniment.base import db


@pytest.fixture
def neighbours(estate, another, tmp_path):
    """Two engagements of one tenant, and one of another tenant, each with its own machines."""
    places = [another(estate, "doomed"), another(estate, "kept"), another(estate, "doomed", tenant="other")]
    for number, place in enumerate(places):
        rows = tuple(machine(number * 10 + one)["cmdb"] for number_ in (number,) for one in (1, 2))
        deliver(place, tmp_path / str(number), [Delivery("cmdb", 3, rows)])
    return places


def files(home):
    return sorted(home.lake.files.find(home.lake.root))


def test_its_rows_and_raw_files_go_and_every_other_engagement_stays(neighbours):
    doomed, kept, other = neighbours
    before = {place.scope.engagement_id: (fingerprint(place, with_ids=True), counts(place)) for place in (kept, other)}
    with doomed.scope.transaction() as connection:
        paths = set(
            connection.scalars(
                sa.text("SELECT lake_path FROM imports WHERE engagement_id = :id"), {"id": doomed.scope.engagement_id}
            )
        )
    there = files(doomed)
    gone = flows.delete_engagement(doomed)
    assert (gone.rows["assets"], gone.rows["records"], gone.rows["imports"]) == (2, 2, 1)
    assert (gone.files, gone.bytes > 0) == (1, True)
    assert {path.removeprefix(f"{doomed.lake.root}/") for path in set(there) - set(files(doomed))} == paths
    with doomed.scope.transaction() as connection:
        for table in db.metadata.sorted_tables:
            if "engagement_id" in table.c:
                query = sa.select(sa.func.count()).select_from(table)
                assert connection.scalar(query.where(table.c.engagement_id == doomed.scope.engagement_id)) == 0
        said = connection.execute(sa.text("SELECT payload FROM events WHERE topic = 'engagement.deleted'")).scalar_one()
    assert said["rows"] == gone.rows
    shared = {"events", "decisions", "feedback", "mappings", "engagements", "writers"}
    for place in (kept, other):
        print_, rows = before[place.scope.engagement_id]
        assert fingerprint(place, with_ids=True) == print_
        now = counts(place, without=tuple(shared))
        assert now == {name: count for name, count in rows.items() if name not in shared}


def test_what_was_learned_from_a_verdict_outlives_the_engagement_it_was_given_in(estate, another, tmp_path):
    place = another(estate, "doomed")
    rows = tuple({"Machine": f"m{number}", "Serial": f"XYZ0000{number}", "Odd": "a"} for number in (1, 2))
    path = tmp_path / "odd.csv"
    path.write_text(
        "Machine,Serial,Odd\n" + "".join(f"{r['Machine']},{r['Serial']},{r['Odd']}\n" for r in rows), encoding="utf-8"
    )
    flows.import_files(place, flows.Request((path,), source="odd"))
    flows.delete_engagement(place)
    with estate.scope.transaction() as connection:
        samples = connection.scalars(
            sa.text(
                "SELECT m.samples FROM mappings m JOIN layouts l ON l.id = m.layout_id"
                " JOIN sources s ON s.id = l.source_id WHERE s.name = 'odd'"
            )
        ).all()
        kept = connection.scalar(sa.text("SELECT count(*) FROM decisions WHERE engagement_id IS NULL"))
    assert samples
    assert all(sample == [] for sample in samples)
    assert kept


def test_a_deletion_leaves_the_name_free_for_a_fresh_start(neighbours, another, tmp_path):
    doomed, _, _ = neighbours
    flows.delete_engagement(doomed)
    again = another(doomed, "doomed")
    assert again.scope.engagement_id != doomed.scope.engagement_id
    deliver(again, tmp_path / "again", [Delivery("cmdb", 3, (machine(1)["cmdb"],))])
    assert counts(again)["assets"] == 1


def test_only_rows_that_a_tenant_may_keep_are_referred_to_by_what_stays():
    """So that a table added later cannot make a deletion fail, or be forgotten by it."""
    assert COLUMNS
    for table in db.metadata.sorted_tables:
        if "engagement_id" in table.c or table.name == "engagements":
            continue
        for key in table.foreign_key_constraints:
            owner = key.referred_table
            assert owner.name != "engagements", f"{table.name} belongs to an engagement: give it engagement_id"
            if "engagement_id" in owner.c:
                assert owner.c.engagement_id.nullable, f"{table.name} keeps rows of {owner.name} alive"
