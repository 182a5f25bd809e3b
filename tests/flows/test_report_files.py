"""The report for a client: its numbers are the register's, and nothing a source said gets out of its cell."""

import io
import re
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser

import openpyxl
import pytest
from tests.conftest import Delivery, assets, deliver, machine, write_csv

from muniment import evidence, flows, graph, register
from muniment.base.errors import Rejected

HOSTILE = '<script>alert(1)</script><img src="https://evil.example/x" onerror=alert(1)>'
VOID = {"meta", "col", "br", "link", "img"}


class Page(HTMLParser):
    """Reads a page: its tags, its text, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], Counter(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def html(home, **options):
    out = io.BytesIO()
    made = flows.report(home, out, "html", **options)
    return made, out.getvalue().decode()


def checked(text):
    page = Page(text)
    assert page.open == []
    assert not {"script", "img", "link", "iframe", "object", "style-src"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "href", "style"}]
    assert not re.findall(r"url\(|@import|https?://", "".join(re.findall(r"<style>.*?</style>", text, re.DOTALL)))
    return page


@pytest.fixture
def disputed(estate, tmp_path):
    """Four machines; for two of them the spreadsheet names another owner, and one is of hostile words."""
    rows = tuple({**machine(number)["sheet"], "Owner": HOSTILE if number == 1 else "Bob Ash"} for number in (1, 2))
    deliver(estate, tmp_path, [Delivery("sheet", 9, rows)])
    return estate


def test_the_numbers_are_those_of_the_register(disputed):
    made, text = html(disputed)
    everything = assets(disputed)
    assert made.live == Counter(asset.type for asset in everything if asset.state != "retired")
    assert {key: count for key, count in made.filled.items() if key[1] == "owner"} == {
        (kind, "owner"): sum(asset.type == kind and "owner" in asset.values for asset in everything)
        for kind in made.live
    }
    with disputed.scope.transaction() as connection:
        assert made.severities == {
            **dict.fromkeys(register.SEVERITIES, 0),
            **register.count_conflicts(connection, disputed.scope),
        }
        assert made.fingerprint == register.fingerprint(connection, disputed.scope)
    page = checked(text)
    figures = [data for data in page.texts if data.strip().isdigit()]
    assert figures[:3] == [str(len(everything)), "12", str(sum(made.severities.values()))]


def test_what_each_source_says_is_counted_from_the_proofs(disputed):
    made, _ = html(disputed)
    found = {(one.source, one.attribute): one for one in made.contributions}
    owner = {source: found[source, "owner"] for source in ("cmdb", "sheet")}
    assert [(one.filled, one.agreed, one.contradicted, one.unique) for one in owner.values()] == [(4, 2, 2, 0)] * 2
    assert sum(one.lost for one in owner.values()) == 2
    assert found["scan", "mac_address"].unique == 4
    for one in made.contributions:
        assert one.filled == one.unique + one.agreed + one.contradicted
    assert {(one.one, one.other): one.count for one in made.opponents}["cmdb", "sheet"] == 2


def test_hostile_values_are_shown_and_never_obeyed(disputed):
    _, text = html(disputed)
    page = checked(text)
    assert "<script>alert(1)</script>" in "".join(page.texts)
    assert "&lt;script&gt;" in text


def test_a_second_report_tells_what_changed_since_the_first(disputed, tmp_path):
    first, text = html(disputed)
    assert first.changes is None
    assert "This is the first report" in text
    deliver(disputed, tmp_path / "later", [Delivery("sheet", 20, ({**machine(3)["sheet"], "Tags": "green"},))])
    second, text = html(disputed)
    assert second.since < second.made_at
    assert second.changes.changed == 1
    assert (second.changes.created, second.changes.retired, second.changes.removed) == (0, 0, 0)
    assert second.changes.by_attribute == {"tags": (0, 1, 0)}
    assert [(one.asset, one.attribute, one.before, one.after) for one in second.changes.sample] == [
        ("app03", "tags", ["blue"], ["green"])
    ]
    assert "green" in "".join(checked(text).texts)
    third, _ = html(disputed)
    assert third.changes.changed == 0
    assert html(disputed, since=second.since)[0].changes.changed == 1


def test_a_report_of_one_asset_or_none_is_a_whole_page(home, tmp_path):
    made, text = html(home)
    assert made.live == {}
    assert "no assets in use yet" in "".join(checked(text).texts)
    name = "n" * 500
    write_csv(
        tmp_path / "one.csv",
        [{"Serial Number": "CZC77001X", "Hostname": "only1", "Description": name}],
        datetime(2026, 3, 1, tzinfo=UTC),
    )
    flows.import_files(home, flows.Request((tmp_path / "one.csv",), source="list"))
    made, text = html(home)
    assert sum(made.live.values()) == 1
    assert made.top == ()
    assert "No open conflict" in "".join(checked(text).texts)


def test_the_workbook_has_every_number_and_no_formula(disputed):
    out = io.BytesIO()
    made = flows.report(disputed, out, "xlsx")
    book = openpyxl.load_workbook(out)
    assert book.sheetnames[:4] == ["Summary", "Assets", "Coverage", "Sources"]
    assert sum(row[2] for row in book["Assets"].iter_rows(min_row=2, values_only=True)) == sum(made.live.values())
    assert book["Source by attribute"].max_row - 1 == len(made.contributions)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert any(HOSTILE in str(cell.value) for cell in cells)


def test_a_report_of_another_kind_or_from_the_future_is_refused(home):
    with pytest.raises(Rejected, match="html or xlsx, not 'pdf'"):
        flows.report(home, io.BytesIO(), "pdf")
    with pytest.raises(Rejected, match="not in the past"):
        flows.report(home, io.BytesIO(), "html", datetime(2999, 1, 1, tzinfo=UTC))


def test_each_source_is_told_with_its_health_part_by_part_in_page_and_workbook(disputed):
    made, text = html(disputed)
    with disputed.scope.transaction() as connection:
        found = {one.source: one for one in graph.health(connection, disputed.scope)}
    assert {one.source: one.score for one in made.health} == {name: one.score for name, one in found.items()}
    page = checked(text)
    start = page.texts.index("How the sources do")
    for one in found.values():
        place = page.texts.index(one.source, start)
        shown = [each for each in page.texts[place : place + 40] if each.strip()][: len(one.parts) + 2]
        assert shown[1:] == [report_share(score) for score in (one.score, *(part.score for part in one.parts))]
        assert all(alert.text in html_text(page) for alert in one.alerts[:4])
    out = io.BytesIO()
    flows.report(disputed, out, "xlsx")
    book = openpyxl.load_workbook(out)
    rows = list(book["Health of sources"].iter_rows(min_row=2, values_only=True))
    assert {(row[0], row[2], row[5]) for row in rows} == {
        (one.source, part.name, part.told) for one in found.values() for part in one.parts
    }
    assert book["Alerts"].max_row - 1 == sum(len(one.alerts) for one in found.values())


def report_share(score):
    return "not known" if score is None else f"{score:.0%}"


def html_text(page):
    return " ".join(page.texts)


def test_a_source_is_as_of_the_day_it_last_looked_not_of_the_day_of_its_file(estate):
    made, text = html(estate)
    scan = next(one for one in made.origins if one.name == "scan")
    with estate.scope.transaction() as connection:
        delivered = max(one.observed_at for one in evidence.list_imports(connection, estate.scope)
                        if one.source_id == evidence.get_source(connection, "scan").id)  # fmt: skip
    assert scan.observed_at.date().isoformat() == machine(1)["scan"]["Last seen"][:10]
    assert scan.observed_at < delivered
    assert scan.observed_at.date().isoformat() in text
