"""Commands about looking after a home: what it holds, deleting an engagement, emptying it, moving it.

Called by `app`; whatever cannot be taken back asks first.
"""

import sys
from typing import Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen

app = typer.Typer(
    help="Look after the home: what it holds, delete an engagement, empty it.", invoke_without_command=True
)

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.callback()
def home(context: typer.Context, as_json: screen.Json = False) -> None:
    """Show the home: size by part, versions, tenants and engagements with their counts.

    Example: muniment home
    """
    if context.invoked_subcommand is not None:
        return
    from muniment import estate

    found = estate.census(screen.configuration())
    if as_json:
        screen.dump({**screen.plain(found), "home": str(found.home)})
        return
    screen.say(screen.clean(str(found.home), 300), "bold")
    for label, text in (
        ("Database", f"{size(found.parts['database'])}, {found.database}, PostgreSQL {found.server}"),
        ("Lake", f"{size(found.parts['lake'])} of raw rows in {found.lake}"),
        ("Backups", size(found.parts["backups"])),
        ("Exports", size(found.parts["exports"])),
        ("Spill", size(found.parts["spill"])),
        ("Versions", f"muniment {found.program}, schema {found.schema}"),
    ):
        screen.say(f"  {label:<9} {text}")
    screen.say("")
    screen.table(
        "Engagements",
        ["tenant", "engagement", ">imports", ">records", ">assets", ">conflicts"],
        [
            [
                screen.clean(one.tenant),
                screen.clean(one.engagement),
                *(f"{count:,}" for count in (one.imports, one.records, one.assets, one.conflicts)),
            ]
            for one in found.engagements
        ],
        note="`muniment home delete-engagement NAME` removes one, `muniment move --to URL` moves them all.",
    )


@app.command("delete-engagement")
def delete_engagement(
    name: Annotated[str, typer.Argument(help="The engagement of this tenant to remove.")],
    yes: Yes = False,
    as_json: screen.Json = False,
) -> None:
    """Remove an engagement: its rows and its raw files. Others are not touched; there is no undo.

    Sources, mappings and what was learned from verdicts are the tenant's and stay.

    Example: muniment --tenant acme home delete-engagement "cloud move"
    """
    from muniment import estate

    settings = screen.configuration()
    held = estate.census(settings).engagements
    for one in held:
        if (one.tenant, one.engagement) == (settings["tenant"], name) and not yes:
            what = f"{one.assets:,} assets, {one.records:,} records and {one.imports:,} imports of {one.tenant}/{name}"
            _confirm(f"This removes {what} for good.", name)
    with screen.progress(show=not as_json) as progress:
        gone = estate.delete_engagement(settings, name, progress)
    if as_json:
        screen.dump(gone)
        return
    screen.say(f"{gone.tenant}/{gone.engagement} is gone: {gone.files:,} raw files ({size(gone.bytes)}) and", "bold")
    screen.table(
        "Rows", ["what", ">rows"], [[table.replace("_", " "), f"{count:,}"] for table, count in gone.rows.items()]
    )
    if gone.samples:
        screen.say(f"Samples of {gone.samples:,} columns that only it had are blank now.")


@app.command("reset")
def reset(yes: Yes = False, as_json: screen.Json = False) -> None:
    """Empty the home: every tenant, engagement, raw row and backup. Only its settings stay. There is no undo.

    Example: muniment home reset
    """
    from muniment import estate

    settings = screen.configuration()
    if not yes:
        _confirm(f"This removes everything in {settings.home}.", "everything")
    gone = estate.reset(settings)
    if as_json:
        screen.dump(gone)
    else:
        screen.say(f"emptied: {', '.join(f'{part} {size(count)}' for part, count in gone.removed.items())}")


@app.command("drop-embedded")
def drop_embedded(yes: Yes = False, as_json: screen.Json = False) -> None:
    """Remove the embedded database that the home was moved away from. There is no undo.

    Example: muniment home drop-embedded
    """
    from muniment import estate

    settings = screen.configuration()
    if not yes:
        _confirm(f"This removes the old database in {settings.home}.", "old")
    gone = estate.drop_embedded(settings)
    if as_json:
        screen.dump({"bytes": gone})
    else:
        screen.say(f"the old database is gone: {size(gone)}")


def move(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="postgresql://user:password@host/database")],
    lake: Annotated[str | None, typer.Option(help="Also move the raw files to this folder or URL.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Move the home into another PostgreSQL (15 or newer, with pgvector, empty).

    Everything is copied from one snapshot in one transaction and compared by fingerprint before the home
    points to it. The old database is only read, and stays until `muniment home drop-embedded` removes it.

    Example: muniment move --to postgresql://muniment:secret@db.example.com/muniment
    """
    from muniment import estate

    settings = screen.configuration()
    with screen.progress(show=not as_json) as progress:
        done = estate.move(settings, to, lake, progress)
    if as_json:
        screen.dump(done)
        return
    how = f"{sum(done.rows.values()):,} rows are now in" if done.copied else "an equal copy was already in"
    screen.say(f"{how} {done.database}", "bold")
    for name, value in done.fingerprints.items():
        screen.say(f"  {screen.clean(name)} is the same in both: {value[:16]}…")
    if lake:
        screen.say(f"  {done.files:,} raw files are now in {screen.clean(lake, 300)}; the old ones are still there")
    if done.file:
        screen.say(f"{done.file} names it; `muniment home drop-embedded` removes an embedded database left behind.")
    else:
        screen.say("MUNIMENT_DATABASE_URL (and MUNIMENT_LAKE_URL) have the last word: set them to the new places.")


def _confirm(what: str, word: str) -> None:
    """Have a person type a word before something that cannot be taken back.

    Raises:
        Rejected: it was not typed.
    """
    if not sys.stdin.isatty():
        raise Rejected(f"{what} Nobody is here to confirm it: give --yes")
    typed = typer.prompt(f"{what} Type {word!r} to go on", default="", show_default=False, err=True)
    if typed.strip() != word:
        raise Rejected("not confirmed: nothing was removed")


def size(count: int) -> str:
    """Bytes as people read them."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if amount >= 1_000:  # noqa: PLR2004 - SI
            amount, unit = amount / 1_000, larger
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
