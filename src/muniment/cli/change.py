"""Commands by which people correct who is who: merge, split, undo.

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

    from muniment.base.home import Home

Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]


def merge(left: screen.AssetName, right: screen.AssetName, reason: Reason = "", as_json: screen.Json = False) -> None:
    """Say that two assets are one. The older id stays, the other leads to it; `muniment undo` takes it back."""
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        first = screen.find_asset(connection, home, left)
        second = screen.find_asset(connection, home, right)
    with screen.progress(show=not as_json) as progress:
        changed = flows.merge_assets(home, first.id, second.id, reason, progress)
    report(
        changed,
        f"merged {screen.clean(first.name)} and {screen.clean(second.name)} (act {changed.act})",
        as_json=as_json,
    )


def split(
    name: screen.AssetName,
    records: Annotated[
        list[str],
        typer.Argument(help="The records that are another thing: ids or ends of ids, as `muniment show` lists them."),
    ],
    reason: Reason = "",
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
        changed = flows.split_asset(home, asset.id, chosen, reason, progress)
    report(changed, f"split {screen.clean(asset.name)} (act {changed.act})", as_json=as_json)


def _record(members: list[UUID], text: str) -> UUID:
    found = [record for record in members if text and str(record).endswith(text.strip().lower())]
    if len(found) != 1:
        raise Rejected(
            f"{text!r} is {'no' if not found else 'more than one'} record of the asset: `muniment show` lists them"
        )
    return found[0]


def undo(
    act: Annotated[str | None, typer.Argument(help="The act's id or its end; else the latest that counts.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the merges and splits instead.")] = False,
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Take back a merge or a split, exactly: values, ids and conflicts are as they were."""
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        if list_:
            _list(connection, home, as_json=as_json)
            return
        act_id = _act(connection, home, act) if act else None
    with screen.progress(show=not as_json) as progress:
        changed = flows.undo(home, act_id, reason, progress)
    report(changed, f"undone {screen.short(changed.act) if changed.act else ''}".strip(), as_json=as_json)


def _act(connection: "sa.Connection", home: "Home", text: str) -> UUID:
    from muniment import identity

    found = [a.id for a in identity.judgement_acts(connection, home.scope) if str(a.id).endswith(text.lower())]
    if len(found) != 1:
        raise NotFound(
            f"{text!r} is {'no' if not found else 'more than one'} merge or split: `muniment undo --list` shows them"
        )
    return found[0]


def _list(connection: "sa.Connection", home: "Home", *, as_json: bool) -> None:
    from muniment import identity

    acts = identity.judgement_acts(connection, home.scope)
    if as_json:
        screen.dump(acts)
        return
    screen.table(
        "Merges and splits",
        ["when (UTC)", "what", "records", "by", "reason", "undone", "act"],
        [
            [
                f"{a.at:%Y-%m-%d %H:%M}",
                a.kind,
                screen.clean(
                    "; ".join(f"{left.key} {'=' if same else '≠'} {right.key}" for left, right, same in a.pairs),
                    100,
                ),
                screen.clean(a.actor),
                screen.clean(a.reason),
                "yes" if a.undone else "",
                screen.short(a.id),
            ]
            for a in acts
        ],
    )
