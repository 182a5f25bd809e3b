"""Commands that hand the register out: export, fingerprint.

Called by `app`; writes a whole file or none, and never overwrites one unasked.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen


def export(
    format_: Annotated[str, typer.Option("--format", help="csv, json (one list) or parquet.")] = "csv",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; else standard output.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Only this type.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Export the register: one row per asset, one column per attribute.

    In CSV, lists are joined by "; " and cells that a spreadsheet would run as a formula get a leading
    apostrophe. JSON and Parquet keep lists and types.
    """  # fmt: skip
    from muniment import flows

    if output is not None and output.exists() and not force:
        raise Rejected(f"{output} exists: give another name, or --force to replace it")
    if format_ == "parquet" and output is None and sys.stdout.isatty():
        raise Rejected("Parquet is no text: give --output FILE")
    home = screen.open_home()
    with home.scope.transaction() as connection:
        if output is None:
            flows.export(connection, home, sys.stdout.buffer, format_, kind)
            return
        part = output.with_name(f"{output.name}.part")
        try:
            with part.open("wb") as handle:
                count = flows.export(connection, home, handle, format_, kind)
            part.replace(output)
        except OSError as error:
            raise Rejected(f"{output} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
    screen.say(f"{count:,} assets written to {output}")


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
