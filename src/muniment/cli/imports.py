"""Commands about bringing files in: import, imports, rejects, problems.

Called by `app`; draws progress on standard error, so that standard output can be piped.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from muniment.base import clock
from muniment.base.errors import Rejected
from muniment.cli import screen

if TYPE_CHECKING:
    from muniment import estate, flows

app = typer.Typer(help="Past imports; `imports resume` carries an interrupted one on.", invoke_without_command=True)


Paths = Annotated[
    list[str],
    typer.Argument(
        help="Files, archives, or folders of them (csv, xlsx, json, xml, parquet, sqlite, zip, tar.gz, ...);"
        " `-` for standard input; or the URL of a database."
    ),
]
Tables = Annotated[
    list[str] | None, typer.Option("--table", help="Of a database: a table or view to import; again for more.")
]
Name = Annotated[str, typer.Option(help="Of standard input: what to call it.")]
Ending = Annotated[
    str, typer.Option("--format", help="Of standard input: csv, json, ... where the content does not tell.")
]
Source = Annotated[str | None, typer.Option(help="Name of the system they come from; else told by their columns.")]
Kind = Annotated[str | None, typer.Option(help="Kind of export (servicenow, rvtools, ...); else told by the columns.")]
Full = Annotated[
    bool | None,
    typer.Option(
        "--full/--partial",
        help="Whether they list everything the source has: with --full, what is missing is gone.",
        show_default="what the source says",
    ),
]
Observed = Annotated[datetime | None, typer.Option(help="When the source saw it (UTC); else the file's own date.")]
Engagement = Annotated[str | None, typer.Option(help="The piece of work to import into.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="File with the passwords of protected workbooks, one per line; else you are asked on a terminal."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do it all, show what would change, keep nothing.")]


def import_(
    paths: Paths,
    tables: Tables = None,
    name: Name = "",
    file_format: Ending = "",
    source: Source = None,
    kind: Kind = None,
    full: Full = None,
    observed: Observed = None,
    engagement: Engagement = None,
    password_file: PasswordFile = None,
    dry_run: DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Import exports into the register.

    Formats, encodings, kinds of source and the meaning of columns are recognised; what is not sure
    waits for you (`muniment mappings`) without stopping the import. An interrupted import is carried
    on by the next one. Importing the same file again changes nothing.

    Of a database name the tables; leave the password out of the URL and set MUNIMENT_SOURCE_PASSWORD.

    Examples: muniment import exports/   ·   muniment import cmdb.csv --source "ServiceNow EMEA" --full
    ·   zcat scan.gz | muniment import - --name scan.csv
    ·   muniment import postgresql://reader@cmdb/assets --table cmdb_ci_server
    """
    options: estate.ImportOptions = {
        "source": source, "kind": kind, "full": full, "observed_at": _past(observed), "dry_run": dry_run,
    }  # fmt: skip
    with (
        screen.open_estate(
            create=True, engagement=engagement, workbook_password=_passwords(paths, password_file)
        ) as opened,
        screen.progress(show=not as_json) as progress,
    ):
        if "-" in paths:
            ending = f".{file_format.lower().lstrip('.')}" if file_format else ""
            _alone(paths)
            stream = _standard_input()
            summary = opened.import_stream(stream, f"{name or 'stream'}{ending}", progress=progress, **options)
        elif any("://" in path for path in paths):
            summary = opened.import_tables(_alone(paths), *tables or (), progress=progress, **options)
        else:
            summary = opened.import_files(*paths, progress=progress, **options)
    if as_json:
        screen.dump(summary.to_json())
    else:
        _print(summary)


def _passwords(paths: list[str], file: Path | None) -> str | None:
    """Passwords of workbooks: from a file, or asked for each file named that is protected, if somebody can be."""
    if file is not None:
        try:
            return file.read_text("utf-8-sig")
        except (OSError, ValueError) as error:
            raise Rejected(f"the file of passwords {file.name} cannot be read: check its path and encoding") from error
    from muniment import evidence

    locked = [path for path in paths if "://" not in path and path != "-" and evidence.is_protected(Path(path))]
    if not locked or not sys.stdin.isatty() or screen.configuration()["workbook_password"]:
        return None
    asked = (typer.prompt(f"Password of {Path(path).name}", hide_input=True, err=True, default="") for path in locked)
    return "\n".join(asked)


def _alone(paths: list[str]) -> str:
    if len(paths) > 1:
        raise Rejected("import a stream or a database on its own: files and other sources in a second command")
    return paths[0]


def _standard_input() -> BinaryIO:
    if sys.stdin.isatty():
        raise Rejected("`-` reads standard input, and nothing is piped into it: `cat x.csv | muniment import -`")
    return sys.stdin.buffer


def _past(observed: datetime | None) -> datetime | None:
    if observed is None:
        return None
    moment = observed.replace(tzinfo=UTC)
    if moment > clock.now():
        raise Rejected(f"--observed {moment:%Y-%m-%d} is in the future: give the day the source was asked")
    return moment


def _print(summary: "flows.Summary") -> None:
    screen.table(
        "What would change" if summary.dry_run else "Imported",
        ["file", "tab", "kind", "source", ">rows", ">rejected", "status"],
        [
            [
                *(screen.clean(str(entry.get(name, ""))) for name in _COLUMNS),
                entry["status"] + (f": {screen.clean(entry['reason'], 200)}" if entry.get("reason") else ""),
            ]
            for entry in summary.files
        ],
    )
    screen.say(f"\n{_sentence(summary)}", "bold")
    for entry in summary.files:
        if entry.get("left_out"):
            screen.say(f"  Left out of {screen.clean(entry['file'])}: {screen.clean(entry['left_out'], 300)}", "dim")
    for entry in summary.held:
        screen.say(
            f"  Waits: {' '.join(filter(None, (screen.clean(entry['file']), entry['tab'], entry['reason'])))}", "yellow"
        )
    for label, text in _facts(summary):
        screen.say(f"  {label:<15} {text}")
    if summary.next_steps:
        screen.say("\nNext:", "bold")
        for step in summary.next_steps:
            screen.say(f"  {step}")


def _sentence(summary: "flows.Summary") -> str:
    """The import in one sentence: what the rows became, and how much waits for a person."""
    total, rows = sum(summary.assets.values()), screen.counted(summary.rows_read, "row")
    if summary.mode == "initial":
        what = f"{rows} became {screen.counted(total, 'asset')}"
    else:
        counts = {
            "new": summary.assets_created,
            "changed": summary.assets_updated,
            "merged": summary.assets_merged,
            "split": summary.assets_split,
            "retired": summary.assets_retired,
        }
        done = [f"{count:,} {what}" for what, count in counts.items() if count]
        what = f"{rows}: {', '.join(done) or 'nothing changed'}; {screen.counted(total, 'asset')} now"
        if not summary.rows_read and not done:
            what = f"No new rows: the register stays at {screen.counted(total, 'asset')}"
    conflicts = sum(summary.conflicts.values())
    wants = f"{screen.counted(summary.columns_suggested, 'column')} and {screen.counted(conflicts, 'conflict')}"
    return f"{what}; {wants} want you."


_COLUMNS = ("file", "tab", "kind", "source", "rows", "rejected")


def _facts(summary: "flows.Summary") -> list[tuple[str, str]]:
    optional = (
        ("older than known", summary.records_superseded),
        ("duplicate rows", summary.rows_merged),
        ("gone", summary.records_gone),
        ("in the register that name nothing yet", summary.records_silent),
    )
    records = f"{summary.records_new:,} new, {summary.records_changed:,} changed, "
    records += f"{summary.records_unchanged:,} unchanged"
    records += "".join(f", {count:,} {what}" for what, count in optional if count)
    assets = f"{summary.assets_created:,} created, {summary.assets_updated:,} updated, "
    assets += f"{summary.assets_merged:,} merged, {summary.assets_split:,} split, {summary.assets_retired:,} retired"
    types = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in summary.assets.items())
    columns = f"{summary.columns_mapped} mapped, {summary.columns_suggested} suggested, "
    columns += f"{summary.columns_unmapped} unmapped"
    conflicts = ", ".join(f"{count:,} {severity}" for severity, count in summary.conflicts.items())
    missed = f"{summary.rows_rejected:,} rows or files rejected, {summary.cells_not_understood:,} cells"
    phases = ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in summary.seconds.items())
    return [
        ("Records", records),
        ("Assets", assets),
        ("By type", types or "none"),
        ("Columns", columns),
        ("Conflicts", conflicts or "none"),
        ("Not understood", missed),
        ("Took", f"{sum(summary.seconds.values()):.1f} s ({phases})"),
    ]


@app.callback()
def imports(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 30,
    as_json: screen.Json = False,
) -> None:
    """List past imports, newest first: file, source, rows, what came of them."""
    if context.invoked_subcommand is not None:
        return
    with screen.open_estate() as opened:
        found = opened.imports(limit)
        open_flows = opened.interrupted()
    if as_json:
        screen.dump([{**screen.plain(one.details), "source": one.source} for one in found])
        return
    screen.table(
        "Imports",
        [
            "when (UTC)",
            "file",
            "tab",
            "source",
            ">rows",
            ">rejected",
            ">new",
            ">changed",
            "full",
            "status",
            "id",
        ],
        [
            [
                f"{one.details.started_at:%Y-%m-%d %H:%M}",
                one.details.file,
                one.details.tab,
                one.source,
                *(str(one.details.counts.get(name, "")) for name in ("rows", "rejected", "new", "changed")),
                "full" if one.details.full else "partial",
                f"{one.details.status}, waits"
                if one.details.waiting and one.details.status != "held"
                else one.details.status,
                screen.short(one.details.id),
            ]
            for one in found
        ],
        note="" if found else "`muniment import FILE...` makes the first.",
    )
    for flow in open_flows:
        screen.say(
            f"Interrupted after phase {flow.phase or 'none'}: `muniment imports resume {flow.id}` carries it on, "
            "and so does the next import."
        )


@app.command("resume")
def resume(
    flow: Annotated[
        str | None, typer.Argument(help="The id that `muniment imports` shows; else what is interrupted.")
    ] = None,
    as_json: screen.Json = False,
) -> None:
    """Carry on an import that was interrupted."""
    with screen.open_estate() as opened, screen.progress(show=not as_json) as progress:
        summary = opened.resume(flow, progress)
    if as_json:
        screen.dump(summary.to_json())
    else:
        _print(summary)


def rejects(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 50,
    as_json: screen.Json = False,
) -> None:
    """List rows and files that could not be read: file, line, column, reason, and how they begin."""
    with screen.open_estate() as opened:
        found = opened.rejects(limit)
    if as_json:
        screen.dump(found)
        return
    screen.table(
        "Rejected",
        ["file", "tab", ">line", "column", "reason", "begins"],
        [
            [
                r.file,
                r.tab or "",
                str(r.line or ""),
                r.column or "",
                screen.clean(r.reason, 200),
                screen.clean(r.excerpt, 40),
            ]
            for r in found
        ],
        note="" if found else "Every row could be read.",
    )


def problems(
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 50, as_json: screen.Json = False
) -> None:
    """List cells that could not be understood: file, row, column, text, why. They stay in the raw rows."""
    with screen.open_estate() as opened:
        found = opened.problems(limit)
    if as_json:
        screen.dump(found)
        return
    screen.table(
        "Not understood",
        ["file", "tab", ">row", "column", "attribute", "as written", "why"],
        [
            [
                p["file"],
                p["tab"],
                str(p["row"]),
                p["column"],
                p["attribute"],
                screen.clean(p["raw"], 30),
                screen.clean(p["problem"], 120),
            ]
            for p in found
        ],
        note="" if found else "Every mapped cell was understood.",
    )
