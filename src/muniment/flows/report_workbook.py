"""A report as a workbook: every number of the page, in tabs that can be filtered.

Called by `report`. Text is always written as text: nothing a source said is a formula or a link.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from muniment import graph
from muniment.flows.export_columns import text
from muniment.flows.export_tables import workbook_formats
from muniment.flows.report_page import by_source, health

if TYPE_CHECKING:
    from muniment.flows.report_contents import Report

_LONGEST = 32_000
_NARROW = 12
_WIDE = 34


def workbook(report: "Report", out: BinaryIO) -> None:
    """Write the report as XLSX to an open binary file."""
    import xlsxwriter

    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}) as book:
        book.set_properties({"title": "Register of assets", "subject": f"{report.tenant} · {report.engagement}"})
        book.set_custom_property("muniment.fingerprint", report.fingerprint, "text")
        formats = workbook_formats(book)
        _summary(book, report, formats)
        for name, header, rows in _tabs(report):
            _tab(book, name, header, rows, formats)


def _summary(book: Any, report: "Report", formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet("Summary")
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, _WIDE)
    sheet.set_column(1, 1, _NARROW)
    sheet.set_column(2, 3, 60)
    sheet.write_string(0, 0, "Register of assets", formats["title"])
    sheet.write_string(1, 0, f"{report.tenant} · {report.engagement} · {report.made_at:%Y-%m-%d}", formats["quiet"])
    facts = {
        "Assets in use": sum(report.live.values()),
        "Records": sum(one.records for one in report.origins),
        "Sources": len(report.origins),
        "Open conflicts": sum(report.severities.values()),
        **{f"  {severity}": count for severity, count in report.severities.items()},
    }
    row = 3
    for name, value in facts.items():
        sheet.write_string(row, 0, name, formats["text"])
        sheet.write_number(row, 1, value, formats["whole"])
        row += 1
    for title, items in (("What needs a decision", report.decisions), ("What to do next", report.next_steps)):
        row += 1
        sheet.write_string(row, 0, title, formats["strong"])
        for one in items:
            row += 1
            sheet.write_string(row, 0, one.what, formats["wrapped"])
            sheet.write_number(row, 1, one.count, formats["whole"])
            sheet.write_string(row, 2, one.why, formats["wrapped"])
            sheet.write_string(row, 3, one.how, formats["wrapped"])
        row += 1
    sheet.write_string(row + 1, 0, f"Fingerprint {report.fingerprint}", formats["quiet"])
    _print(sheet)


Rows = Iterable[Sequence[Any]]


def _tabs(report: "Report") -> Iterable[tuple[str, Sequence[str], Rows]]:
    label = report.label
    yield "Assets", ("Type", "State", "Assets"), report.states
    live = report.live
    yield (
        "Coverage",
        ("Type", "Attribute", "Assets with a value", "Assets in use", "Share %"),
        (
            (kind, label(attribute), count, live[kind], round(100 * count / live[kind], 1))
            for (kind, attribute), count in sorted(report.filled.items())
        ),
    )
    sums = by_source(report)
    yield (
        "Sources",
        ("Source", "Kind", "Files", "Records", "As of", "Values", "Agreed", "Alone", "Contradicted", "Not chosen"),
        (
            (one.name, one.kind, one.files, one.records, f"{one.observed_at:%Y-%m-%d}",
             *(sums[one.name][place] for place in (3, 1, 0, 2, 4)))
            for one in report.origins
        ),
    )  # fmt: skip
    yield from _health_tabs(report)
    yield (
        "Source by attribute",
        ("Source", "Attribute", "Assets filled", "Agreed", "Alone", "Contradicted", "Not chosen"),
        (
            (one.source, label(one.attribute), one.filled, one.agreed, one.unique, one.contradicted, one.lost)
            for one in report.contributions
        ),
    )
    yield (
        "Conflicts by attribute",
        ("Attribute", "Severity", "Conflicts"),
        ((label(one.attribute), one.severity, one.count) for one in report.disputes),
    )
    yield (
        "Who against whom",
        ("Source", "Against", "Conflicts"),
        ((one.one, one.other, one.count) for one in report.opponents),
    )
    yield (
        "Most severe conflicts",
        ("Severity", "Asset", "Attribute", "Value in use", "Said by", "Other values", "Hint"),
        (
            (one.severity, one.asset, label(one.attribute), text(one.claims[0]["value"]),
             ", ".join(one.claims[0]["sources"]),
             " | ".join(f"{text(claim['value'])} ({', '.join(claim['sources'])})" for claim in one.claims[1:]),
             one.hint)
            for one in report.top
        ),
    )  # fmt: skip
    if report.changes is not None:
        yield (
            f"Changed since {report.since:%Y-%m-%d}",
            ("Attribute", "Came", "Changed", "Went"),
            ((label(name), *moved) for name, moved in report.changes.by_attribute.items()),
        )


def _health_tabs(report: "Report") -> Iterable[tuple[str, Sequence[str], Rows]]:
    sources = health(report)
    yield (
        "Health of sources",
        ("Source", "Score %", "Part", "Part %", "Weight", "Read from"),
        (
            (one.source, _percent(one.score), part.name, _percent(part.score), graph.WEIGHTS[part.name], part.told)
            for one in sources
            for part in one.parts
        ),
    )
    yield (
        "Alerts",
        ("Source", "Alert", "What wants a look"),
        ((one.source, alert.kind, alert.text) for one in sources for alert in one.alerts),
    )


def _percent(score: float | None) -> float | str:
    return "not known" if score is None else round(100 * score, 1)


def _tab(book: Any, name: str, header: Sequence[str], rows: Rows, formats: dict[str, Any]) -> None:
    sheet = book.add_worksheet(name)
    widths = [max(len(title) + 3, _NARROW) for title in header]
    for place, title in enumerate(header):
        sheet.write_string(0, place, title, formats["header"])
    last = 0
    for last, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, int | float) and not isinstance(value, bool):
                sheet.write_number(last, place, value, formats["whole" if isinstance(value, int) else "number"])
            else:
                shown = str(text(value))[:_LONGEST]
                sheet.write_string(last, place, shown, formats["wrapped"])
                widths[place] = min(max(widths[place], len(shown) + 2), 48)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last, len(header) - 1)
    sheet.repeat_rows(0)
    _print(sheet)


def _print(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&8&F · &A&R&8Page &P of &N")
