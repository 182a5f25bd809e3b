"""Commands that hand the register out: export, report, fingerprint.

Called by `app`; writes a whole file or none, and never overwrites one unasked.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import look, moment, screen

if TYPE_CHECKING:
    from muniment import flows


_SUFFIXES = {
    ".csv": "csv",
    ".xlsx": "xlsx",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_BINARY = ("xlsx", "parquet")


def export(
    query: Annotated[str, typer.Argument(help="Words that begin a value, as in `muniment assets`.")] = "",
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="csv, xlsx, json, jsonl, parquet, azure-migrate, aws-migration-hub or aws-mgn; "
            "else what the output's name ends in, else csv.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Only this type.")] = None,
    source: Annotated[str | None, typer.Option(help="Only what this source knows.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="ATTRIBUTE=VALUE; can be repeated.")] = None,
    columns: Annotated[
        str | None, typer.Option(help="Only these attributes, in this order: owner,os,memory_mib.")
    ] = None,
    as_of: moment.AsOf = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Export the register, or the part of it that `muniment assets` would list.

    Examples: muniment export -o register.xlsx   ·   muniment export --format azure-migrate -o azure.csv
    ·   muniment export web --type server --columns owner,os

    A workbook has one tab per type. In CSV, lists are joined by "; " and cells that a spreadsheet would run as
    a formula get a leading apostrophe. The formats for Azure and AWS take servers only; those that lack a required
    field are left out and named.
    """  # fmt: skip
    if output is None and Path(query).suffix.lower() in _SUFFIXES:
        raise Rejected(f"{query!r} is what to search for: `muniment export -o {query}` writes a file of that name")
    if output is not None and output.exists() and not force:
        raise Rejected(f"{output} exists: give another name, or --force to replace it")
    ending = output.suffix.lower() if output else ""
    if format_ is None and ending not in {"", *_SUFFIXES}:
        raise Rejected(f"{output} ends in none of {', '.join(_SUFFIXES)}: say the --format, or another ending")
    chosen = format_ or _SUFFIXES.get(ending, "csv")
    if chosen in _BINARY and output is None and sys.stdout.isatty():
        raise Rejected(f"{chosen} is no text: give --output FILE")
    with screen.open_estate() as estate:
        done = estate.export(
            output or sys.stdout.buffer,
            chosen,
            words=query,
            type=kind,
            source=source,
            where=look.conditions(where or []),
            as_of=moment.read(as_of),
            columns=[name.strip() for name in (columns or "").split(",") if name.strip()],
        )
    if output is not None:
        screen.say(f"{done.count:,} assets written to {output}")
    _say_left_out(done)


def report(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File to write: .html or .xlsx tells the format.")
    ] = Path("report.html"),
    since: Annotated[
        str | None, typer.Option(help="Tell what changed since this date (2026-05-31); else since the last report.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write the report for a client: coverage, sources, conflicts, changes, what to decide and do.

    Example: muniment report -o report.html   ·   muniment report -o report.xlsx --since 2026-05-31

    The HTML is one file without scripts that needs nothing else; it is made to be read on a screen and printed on A4.
    The workbook has the same numbers, and every source by attribute, in tabs to filter.
    """  # fmt: skip
    if output.exists() and not force:
        raise Rejected(f"{output} exists: give another name, or --force to replace it")
    with screen.open_estate() as estate:
        made = estate.report(output, None, _moment(since))
    conflicts = sum(made.severities.values())
    screen.say(f"Report on {sum(made.live.values()):,} assets and {conflicts:,} conflicts written to {output}")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Rejected(f"--since {text}: write a date such as 2026-05-31, or 2026-05-31T12:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _say_left_out(done: "flows.Exported") -> None:
    """Name what a migration format could not take, on standard error."""
    if not done.left_out:
        return
    typer.echo(f"{sum(done.left_out.values()):,} servers left out:", err=True)
    for reason, count in done.left_out.items():
        named = [screen.clean(one.name) for one in done.examples if one.reason == reason]
        such = f", such as {', '.join(named)}" if named else ""
        typer.echo(f"  {count:,} {reason}{such}", err=True)


def fingerprint(
    ids: Annotated[bool, typer.Option("--ids", help="Cover the assets' ids as well.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Print one number for the whole register: equal registers have equal fingerprints.

    A sha256 over assets, values, provenance and open conflicts, without ids, times and history.
    """
    from muniment import register

    home = screen.open_home()
    with home.scope.transaction() as connection:
        value = register.fingerprint(connection, home.scope, with_ids=ids)
    if as_json:
        screen.dump({"fingerprint": value, "with_ids": ids})
    else:
        typer.echo(value)
