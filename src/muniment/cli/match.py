"""Commands that match and resolve files of one's own, without a register: match claims, records, columns.

Called by `app`; needs no home and no database, and stores nothing.
"""

import csv
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muniment import flows, matching

app = typer.Typer(help="Resolve files of one's own, without a register.", no_args_is_help=True)

_SHOWN_ROWS = 40
_SHOWN_SOURCES = 25
_SHOWN_LETTERS = 300
_FORMATS = ("csv", "json", "table")


@app.command()
def claims(
    file: Annotated[Path, typer.Argument(help="The table of claims: CSV, TSV, XLSX, JSON, any encoding.")],
    object_: Annotated[str, typer.Option("--object", help="Column that says whom a row is about.")],
    source: Annotated[str, typer.Option("--source", help="Column that says who claims it.")],
    attribute: Annotated[
        list[str] | None, typer.Option("--attribute", help="Only this column (may be repeated); else all others.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", help="Known values (object, attributes): prints how many are right.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="csv (all values), json (also sources) or table.")] = "table",
) -> None:
    """Find the true values in a table of claims that contradict each other.

    One row per object and source, one column per attribute (or: object, source, attribute, value). Learns how
    often each source is right, and which sources copy, from the claims alone; dates, times, numbers with units,
    names of persons and lists of them are compared by what they mean. Each value is printed exactly as one of
    the sources wrote it, with the confidence that it is right.

    Examples: muniment match claims flights.csv --object flight --source website   ·
    muniment match claims books.tsv --object isbn --source shop --truth gold.csv --format csv
    """
    from muniment import flows

    if format_ not in _FORMATS:
        raise Rejected(f"{format_!r} is not a format: use one of {', '.join(_FORMATS)}")
    resolved, rejects = flows.match_claims(file, object_, source, attribute or ())
    judged = flows.judge(resolved, truth, object_) if truth else []
    if rejects:
        typer.echo(f"{rejects:,} rows could not be read and are left out", err=True)
    if format_ == "json":
        _json(resolved, judged)
    elif format_ == "csv":
        _csv(resolved)
        for one in judged:
            typer.echo(_told(one), err=True)
    else:
        _tables(resolved, judged)


@app.command()
def records(
    left: Annotated[Path, typer.Argument(help="A table: CSV with any delimiter, TSV, XLSX, JSON, any encoding.")],
    right: Annotated[
        Path | None, typer.Argument(help="The table to link it to; without it, duplicates within LEFT are found.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="Column to leave out, of either file (may be repeated).")
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", min=0.0, max=1.0, help="Print pairs from this probability.")
    ] = 0.5,
    format_: Annotated[
        str, typer.Option("--format", help="csv, json or table; svg for a picture with --explain.")
    ] = "table",
    judgements: Annotated[
        Path | None,
        typer.Option("--judgements", help="A file of left_row, right_row, same (yes or no): what you know of pairs."),
    ] = None,
    ask: Annotated[int, typer.Option("--ask", min=0, help="List so many pairs, whose verdict teaches most.")] = 0,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="L,R", help="Why a left and a right row match, or do not.")
    ] = None,
) -> None:
    """Find the rows of one or two tables that are one and the same thing.

    No settings, no labels: what the columns hold, which column of one file is which of the other, what each is
    worth and how likely each pair is, are all told from the rows. A pair of probability .5 or more is a match;
    --threshold 0 prints all candidates.
    Rows are numbered from 0, the header not counted. The key says what spoke for a pair and what against it:
    +NAME +DOB -CITY. For one file every row also gets its cluster, numbered by its first row.

    --ask 20 lists the pairs worth a verdict, as a file to fill in: write yes or no under `same`, and give it back
    with --judgements. What you said holds, and all other pairs are weighed anew by it.

    Examples: muniment match records customers.csv   ·
    muniment match records shop.csv catalogue.xlsx --ignore id --format csv > pairs.csv   ·
    muniment match records shop.csv catalogue.xlsx --explain 17,203   ·
    muniment match records customers.csv --ask 20 --format csv > ask.csv
    """
    from muniment import flows

    pair = _pair(explain, format_, ask)
    linked = flows.match_records(
        left,
        right,
        ignore or (),
        threshold,
        judgements=judgements,
        also=[pair] if pair else (),
        every=bool(pair or ask),
    )
    if linked.rejects:
        typer.echo(f"{linked.rejects:,} rows could not be read: they match nothing, and are counted", err=True)
    if pair:
        _why(flows.explain_records(linked, *pair), format_)
    elif ask:
        _questions(linked, flows.records_to_ask(linked, ask), format_)
    else:
        _matches(linked.found, format_)


def _pair(explain: str | None, format_: str, ask: int) -> tuple[int, int] | None:
    """The rows to be explained, once what was asked for makes sense."""
    if format_ not in (*_FORMATS, *(() if explain is None else ("svg",))):
        raise Rejected(f"{format_!r} is not a format: use one of {', '.join(_FORMATS)}, or svg with --explain")
    if explain is None:
        return None
    if ask:
        raise Rejected("--ask and --explain are two questions: use one of them")
    found = re.fullmatch(r"\s*(\d{1,12})\s*[,:; ]\s*(\d{1,12})\s*", explain)
    if not found:
        raise Rejected(f"{explain!r} is no pair of rows: say --explain 17,203 (left row, right row, from 0)")
    return int(found[1]), int(found[2])


def _why(told: "matching.Waterfall", format_: str) -> None:
    if format_ == "json":
        screen.dump(told.as_json())
    else:
        typer.echo(told.as_svg() if format_ == "svg" else told.as_text())


def _questions(linked: "flows.LinkedTables", places: list[int], format_: str) -> None:
    """Pairs to be judged, with what their rows say: as a file to fill in, or for the eye."""
    found = linked.found
    asked = [
        (int(found.left[place]), int(found.right[place]), f"{found.probability[place]:.4f}", found.keys[place])
        for place in places
    ]
    texts = [(_spoken(linked.row(0, one)), _spoken(linked.row(1, other))) for one, other, *_ in asked]
    names = ("left_row", "right_row", "same", "probability", "key", "left", "right")
    rows = [(one, other, "", chance, key, *text) for (one, other, chance, key), text in zip(asked, texts, strict=True)]
    if format_ == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    elif format_ == "json":
        screen.dump({"ask": [{**dict(zip(names, row, strict=True)), "probability": float(row[3])} for row in rows]})
    else:
        shown = [(str(one), str(other), chance, key, *text) for one, other, _, chance, key, *text in rows]
        screen.table("Worth a verdict", ("left row", "right row", "probability", "key", "left", "right"), shown)
        screen.say("--format csv gives a file to fill in (yes or no under same) and to give back with --judgements.")


def _spoken(row: dict[str, str | None]) -> str:
    """A row on one line, begun so that no spreadsheet takes it for a formula."""
    return "row: " + " · ".join(" ".join(cell.split()) for cell in row.values() if cell)[:_SHOWN_LETTERS]


def _matches(found: "matching.Matched", format_: str) -> None:
    names = ("left_row", "right_row", "probability", "key", *(() if found.clusters is None else ("cluster",)))
    if format_ == "table":
        _pair_table(found)
    elif format_ == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(_pairs(found))
    else:
        pairs = [dict(zip(names, (*row[:2], float(row[2]), *row[3:]), strict=True)) for row in _pairs(found)]
        body = {"pairs": pairs, "compared": [{"column": name, "kind": kind} for name, kind in found.compared]}
        screen.dump(body if found.clusters is None else {**body, "clusters": found.clusters.tolist()})


@app.command()
def columns(
    source: Annotated[Path, typer.Argument(help="A table: CSV with any delimiter, TSV, XLSX, JSON, any encoding.")],
    target: Annotated[Path, typer.Argument(help="Another table, or the word 'model': the attributes of the register.")],
    top: Annotated[int, typer.Option("--top", min=1, help="Candidates for each column of SOURCE.")] = 10,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="Column to leave out, of either file (may be repeated).")
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="csv, json or table.")] = "table",
) -> None:
    """Find which column of TARGET each column of SOURCE is, best first, with the reasons.

    No settings, no labels: headers (words, abbreviations, spelling), values (shared, alike, their kinds and ranges)
    and the other columns speak. The probability is of one pair by itself and comparable over all pairs: a column
    that nothing fits has low ones, and two columns may have the same best candidate. Where the setting
    embedding_model names another model than the built-in one, headers are also compared by its vectors.

    Examples: muniment match columns delivery.csv warehouse.xlsx   ·
    muniment match columns rvtools.xlsx model --top 3 --format csv > candidates.csv
    """
    from muniment import flows
    from muniment.base import embeddings

    if format_ not in _FORMATS:
        raise Rejected(f"{format_!r} is not a format: use one of {', '.join(_FORMATS)}")
    embedder = embeddings.open_embedder(screen.configuration())
    found, rejects = flows.match_columns(source, target, ignore or (), top, embedder)
    if rejects:
        typer.echo(f"{rejects:,} rows could not be read and are left out", err=True)
    names = ("source_column", "target_column", "rank", "probability", "reason")
    if format_ == "table":
        best = [
            (*map(screen.clean, (one.source, one.target)), screen.confidence(one.probability), _reason(one.reasons[:2]))
            for one in found
            if one.rank == 1
        ]
        note = "" if top == 1 else f"The best of up to {top} candidates each; --format csv gives all."
        screen.table("Columns", ("source column", "target column", "probability", "reason"), best, note=note)
        return
    rows = [(one.source, one.target, one.rank, f"{one.probability:.6f}", "; ".join(one.reasons)) for one in found]
    if format_ == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
        return
    screen.dump([dict(zip(names, (*row[:3], float(row[3]), row[4]), strict=True)) for row in rows])


def _reason(reasons: "Sequence[str]") -> str:
    return screen.clean("; ".join(reasons), _SHOWN_LETTERS)


def _pairs(found: "matching.Matched") -> "list[tuple[int | str, ...]]":
    """Left row, right row, probability, key and, for one table, the cluster of both rows, else of the left one."""
    chance = [f"{one:.4f}" for one in found.probability.tolist()]
    columns = [found.left.tolist(), found.right.tolist(), chance, list(found.keys)]
    if found.clusters is not None:
        columns.append(found.clusters[found.left].tolist())
    return list(zip(*columns, strict=True))


def _pair_table(found: "matching.Matched") -> None:
    rows = _pairs(found)
    shown = [tuple(map(str, row)) for row in rows[:_SHOWN_ROWS]]
    note = f"{len(shown)} of {len(rows):,} pairs; --format csv gives all." if len(shown) < len(rows) else ""
    names = ("left row", "right row", "probability", "key", *(() if found.clusters is None else ("cluster",)))
    screen.table("Matches", names, shown, note=note)
    screen.say("Compared: " + ", ".join(f"{screen.clean(name)} ({kind})" for name, kind in found.compared))


def _csv(resolved: "matching.Resolved") -> None:
    """Every value as claimed: unlike the exports of the register, cells are not made safe for spreadsheets."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("object", "attribute", "value", "confidence"))
    for attribute, (numbers, values, shares) in resolved.rows.items():
        names = (resolved.objects[number] for number in numbers.tolist())
        for name, value, share in zip(names, values, shares.tolist(), strict=True):
            writer.writerow((name, attribute, value, f"{share:.4f}"))


def _json(resolved: "matching.Resolved", judged: "list[flows.Accuracy]") -> None:
    listed = [
        {"object": resolved.objects[number], "attribute": attribute, "value": value, "confidence": round(share, 4)}
        for attribute, (numbers, values, shares) in resolved.rows.items()
        for number, value, share in zip(numbers.tolist(), values, shares.tolist(), strict=True)
    ]
    body = {"values": listed, "sources": _sources(resolved), "kinds": resolved.kinds}
    screen.dump({**body, "truth": [screen.plain(one) for one in judged]} if judged else body)


def _sources(resolved: "matching.Resolved") -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    likely = (resolved.copying >= 0.5).tolil().rows  # noqa: PLR2004 - more likely than not
    for place, name in enumerate(resolved.sources):
        copies = [resolved.sources[mate] for mate in likely[place]]
        for number, attribute in enumerate(resolved.kinds):
            if resolved.count[place, number] > 0:
                found.append(
                    {
                        "source": name,
                        "attribute": attribute,
                        "right": round(float(resolved.accuracy[place, number]), 4),
                        "interval": [round(float(end[place, number]), 4) for end in (resolved.low, resolved.high)],
                        "claims": round(float(resolved.count[place, number])),
                        "copies_with": copies,
                    }
                )
    return found


def _told(one: "flows.Accuracy") -> str:
    share = f"{one.right / one.known:.2%}" if one.known else "nothing to judge"
    missing = f", {one.missing:,} without a claim" if one.missing else ""
    return f"{screen.clean(one.attribute)}: {share} right ({one.right:,} of {one.known:,}{missing})"


def _tables(resolved: "matching.Resolved", judged: "list[flows.Accuracy]") -> None:
    rows = [
        (
            *map(screen.clean, (resolved.objects[number], attribute)),
            screen.clean(value, _SHOWN_LETTERS),
            screen.confidence(share),
        )
        for attribute, (numbers, values, shares) in resolved.rows.items()
        for number, value, share in list(zip(numbers.tolist(), values, shares.tolist(), strict=True))[:_SHOWN_ROWS]
    ]
    total = sum(len(values) for _, values, _ in resolved.rows.values())
    note = f"{len(rows):,} of {total:,} values; --format csv gives all." if len(rows) < total else ""
    screen.table("Values", ("object", "attribute", "value", "confidence"), rows, note=note)
    listed = sorted(_sources(resolved), key=lambda one: (str(one["attribute"]), -float(str(one["right"]))))
    weighed = [
        (
            *(screen.clean(one[name]) for name in ("source", "attribute")),
            _share(one),
            screen.words(one["copies_with"], _SHOWN_LETTERS),
        )
        for one in listed[:_SHOWN_SOURCES]
    ]
    more = f"{len(weighed)} of {len(listed)}; --format json gives all." if len(weighed) < len(listed) else ""
    screen.table("Sources", ("source", "attribute", "right", "copies or is copied by"), weighed, note=more)
    for one in judged:
        screen.say(_told(one))


def _share(one: dict[str, object]) -> str:
    low, high = one["interval"]  # type: ignore[misc]
    return f"{one['right']:.2f} ({low:.2f} to {high:.2f}, n = {one['claims']})"  # type: ignore[has-type]
