"""Commands about what imports may do: held, approve, reject, withdraw, restore; and of whole sources.

Called by `app` through the groups `imports` and `sources`; each can be tried with --dry-run and taken back.
"""

from typing import Annotated

import typer

from muniment.cli import imports, screen, sources
from muniment.cli.change import acted
from muniment.cli.mappings import report

__all__ = ["imports", "sources"]

Which = Annotated[str, typer.Argument(metavar="IMPORT", help="Its id or the end of it, or its file's name.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, keep nothing.")]


@imports.app.command("held")
def held(as_json: screen.Json = False) -> None:
    """List the imports that wait for your word, with the reason.

    An import is held when it changes far more than its source usually does, or lacks more of what is known.
    `muniment imports approve IMPORT --dry-run` shows what it would do.
    """
    with screen.open_estate() as estate:
        found = estate.held()
    if as_json:
        screen.dump([{**screen.plain(one.details), "source": one.source} for one in found])
        return
    screen.table(
        "Waiting for your word",
        ["when (UTC)", "file", "tab", "source", "approve to", "why", "id"],
        [
            [
                f"{one.details.started_at:%Y-%m-%d %H:%M}",
                screen.clean(one.details.file),
                one.details.tab,
                screen.clean(one.source),
                "let its rows count" if one.details.waiting == "changes" else "retire what it lacks",
                screen.clean(one.details.full_reason, 200),
                screen.short(one.details.id),
            ]
            for one in found
        ],
        note="`muniment imports approve|reject ID` answers; approve --dry-run shows what would happen."
        if found
        else "Imports that do more than usual would be listed here.",
    )


@imports.app.command("approve")
def approve_import(which: Which, reason: Reason = "", dry_run: DryRun = False, as_json: screen.Json = False) -> None:
    """Let a held import do what it waits for: let its rows count, or retire what it lacks."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.approve_import(which, reason=reason, progress=progress, dry_run=dry_run)
    report(changed, f"approved {screen.clean(which)}" + acted(changed), as_json=as_json)


@imports.app.command("reject")
def reject_import(which: Which, reason: Reason = "", as_json: screen.Json = False) -> None:
    """Say no: the rows of a held import never count, or what it lacks is not gone."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.reject_import(which, reason=reason, progress=progress)
    report(changed, f"rejected {screen.clean(which)}" + acted(changed), as_json=as_json)


@imports.app.command("withdraw")
def withdraw_import(which: Which, reason: Reason = "", dry_run: DryRun = False, as_json: screen.Json = False) -> None:
    """Make the register what it would be had this import never been read.

    Its raw rows stay; `muniment imports restore` brings it back exactly.
    Example: muniment imports withdraw wrong-estate.xlsx --dry-run
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.withdraw_import(which, reason=reason, progress=progress, dry_run=dry_run)
    report(changed, f"withdrew {screen.clean(which)}" + acted(changed), as_json=as_json)


@imports.app.command("restore")
def restore_import(which: Which, reason: Reason = "", dry_run: DryRun = False, as_json: screen.Json = False) -> None:
    """Let a withdrawn or rejected import count again; assets come back under their ids."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.restore_import(which, reason=reason, progress=progress, dry_run=dry_run)
    report(changed, f"restored {screen.clean(which)}" + acted(changed), as_json=as_json)


@sources.app.command("withdraw")
def withdraw_source(
    name: sources.Name, reason: Reason = "", dry_run: DryRun = False, as_json: screen.Json = False
) -> None:
    """Make the register what it would be had this source never been read; `sources restore` takes it back."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.withdraw_source(name, reason=reason, progress=progress, dry_run=dry_run)
    report(changed, f"withdrew {screen.clean(name)}" + acted(changed), as_json=as_json)


@sources.app.command("restore")
def restore_source(
    name: sources.Name, reason: Reason = "", dry_run: DryRun = False, as_json: screen.Json = False
) -> None:
    """Let a withdrawn source count again; assets come back under their ids."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.restore_source(name, reason=reason, progress=progress, dry_run=dry_run)
    report(changed, f"restored {screen.clean(name)}" + acted(changed), as_json=as_json)
