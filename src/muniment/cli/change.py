"""Commands by which people correct who is who, merge and split, and the undo of every act.

Called by `app`; the work is `flows`', and each act can be taken back.
"""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from muniment.base.errors import NotFound, Rejected
from muniment.cli import screen
from muniment.cli.mappings import report

if TYPE_CHECKING:
    import sqlalchemy as sa

    from muniment import flows, register
    from muniment.base.home import Home

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]


def merge(
    left: screen.AssetName,
    right: screen.AssetName,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Say that two assets are one. The older id stays, the other leads to it; `muniment undo` takes it back."""
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        first = screen.find_asset(connection, home, left)
        second = screen.find_asset(connection, home, right)
    with screen.progress(show=not as_json) as progress:
        changed = flows.merge_assets(home, first.id, second.id, reason, progress, dry_run=dry_run)
    if changed.difference is not None and not as_json:
        simulated(changed.difference, f"merging {screen.clean(first.name)} and {screen.clean(second.name)}")
        return
    report(
        changed,
        f"merged {screen.clean(first.name)} and {screen.clean(second.name)}{acted(changed)}",
        as_json=as_json,
    )


def split(
    name: screen.AssetName,
    records: Annotated[
        list[str],
        typer.Argument(help="The records that are another thing: ids or ends of ids, as `muniment show` lists them."),
    ],
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Say that some records of an asset are another thing. `muniment undo` takes it back."""
    from muniment import flows, identity

    home = screen.open_home()
    with home.scope.transaction() as connection:
        asset = screen.find_asset(connection, home, name)
        members = identity.members(connection, asset.id)
    chosen = [_record(members, text) for text in records]
    with screen.progress(show=not as_json) as progress:
        changed = flows.split_asset(home, asset.id, chosen, reason, progress, dry_run=dry_run)
    if changed.difference is not None and not as_json:
        simulated(changed.difference, f"splitting {screen.clean(asset.name)}")
        return
    report(
        changed,
        f"split {screen.clean(asset.name)}{acted(changed)}",
        as_json=as_json,
    )


def acted(changed: "flows.Changed") -> str:
    """The act's short id, as sentences end with it."""
    return f" (act {screen.short(changed.act)})" if changed.act else ""


def _record(members: list[UUID], text: str) -> UUID:
    found = [record for record in members if text and str(record).endswith(text.strip().lower())]
    if len(found) != 1:
        raise Rejected(
            f"{text!r} is {'no' if not found else 'more than one'} record of the asset: `muniment show` lists them"
        )
    return found[0]


def undo(
    act: Annotated[str | None, typer.Argument(help="The act's id or its end; else the latest that counts.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List what people did instead, the newest first.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many to list.")] = 50,
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Take back what you did, exactly: merge, split, resolve, edit, add, corrections, mappings, imports, sources.

    Values, ids and conflicts are as before.

    Examples: muniment undo   ·   muniment undo --list   ·   muniment undo 1f0c9a2b
    """
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        if list_:
            _list(connection, home, limit, as_json=as_json)
            return
        act_id = _act(connection, home, act) if act else None
    with screen.progress(show=not as_json) as progress:
        changed, taken = flows.undo(home, act_id, reason, progress)
    report(changed, f"undone: {screen.clean(taken.what, 200)} (act {screen.short(taken.id)})", as_json=as_json)


def _act(connection: "sa.Connection", home: "Home", text: str) -> UUID:
    from muniment import memory

    found = [a.id for a in memory.list_acts(connection, home.scope) if str(a.id).endswith(text.strip().lower())]
    if len(found) != 1:
        raise NotFound(f"{text!r} is {'no' if not found else 'more than one'} act: `muniment undo --list` shows them")
    return found[0]


def _list(connection: "sa.Connection", home: "Home", limit: int, *, as_json: bool) -> None:
    from muniment import memory

    acts = memory.list_acts(connection, home.scope)
    if as_json:
        screen.dump(acts[:limit])
        return
    screen.table(
        "What people did",
        ["when (UTC)", "by", "what", "reason", "undone", "act"],
        [
            [
                f"{a.at:%Y-%m-%d %H:%M}",
                screen.clean(a.actor),
                screen.clean(a.what, 200),
                screen.clean(a.reason, 100),
                f"{a.undone_at:%Y-%m-%d %H:%M} by {screen.clean(a.undone_by)}" if a.undone_at else "",
                screen.short(a.id),
            ]
            for a in acts[:limit]
        ],
        note=f"{len(acts) - limit:,} older ones: raise --limit." if len(acts) > limit else "",
    )


def simulated(found: "register.Difference", what: str) -> None:
    """Say what a change would do to the register, had it been made."""
    screen.say(
        f"{what} would create {found.created:,} assets, update {found.updated:,}, remove {found.removed:,}, "
        f"retire {found.retired:,}; open {found.conflicts_opened:,} conflicts and close {found.conflicts_closed:,}; "
        "nothing was changed"
    )
    if found.sample:
        screen.table(
            "Values that would change",
            ["asset", "attribute", "now", "then"],
            [
                [
                    screen.clean(change.asset),
                    change.attribute,
                    "" if change.before is None else screen.words(change.before),
                    "" if change.after is None else screen.words(change.after),
                ]
                for change in found.sample
            ],
        )
