"""Commands about conflicts: list them, group them by cause, settle a whole group by one decision.

Called by `app`. `resolve` and `accept` settle a single one.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.cli import change, difference, moment, screen

if TYPE_CHECKING:
    from muniment import flows, register

app = typer.Typer(help="Where sources disagree, and decisions that settle many at once.", invoke_without_command=True)


@app.callback()
def conflicts(
    context: typer.Context,
    severity: Annotated[str | None, typer.Option(help="critical, high, medium or low.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="value_mismatch, type_mismatch, missing_in_new, missing_in_existing, suspicious_change, contradicted."
        ),
    ] = None,
    attribute: Annotated[str | None, typer.Option(help="Only this attribute.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only this asset.")] = None,
    state: Annotated[str, typer.Option(help="open, resolved, accepted, or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the most severe first.")] = 20,
    as_of: moment.AsOf = None,
    as_json: screen.Json = False,
) -> None:
    """List where sources disagree or changed suspiciously, the most severe first, with hints how to settle it.

    Examples: muniment conflicts --kind suspicious_change   ·   muniment conflicts --as-of "7 days ago"

    `muniment conflicts groups` finds what many of them have in common.
    """
    if context.invoked_subcommand is not None:
        return
    at = moment.read(as_of)
    with screen.open_estate() as estate:
        wanted = None if state == "all" else state
        found = estate.conflicts(
            severity=severity, kind=kind, attribute=attribute, asset=asset, state=wanted, limit=limit, as_of=at
        )
        counts = estate.count_conflicts(kind=kind, attribute=attribute, asset=asset, as_of=at)
    if severity:
        counts = {severity: counts.get(severity, 0)}
    if as_json:
        screen.dump({"open": counts, "conflicts": screen.plain(found)})
        return
    total = sum(counts.values())
    shown = f"{total:,}" if len(found) == total else f"{len(found):,} of {total:,}"
    of = "".join(
        [
            f" of kind {kind}" if kind else "",
            f" of {attribute}" if attribute else "",
            f" of {screen.clean(asset)}" if asset else "",
        ]
    )
    of += f" on {at:%Y-%m-%d %H:%M} (UTC)" if at else ""
    title = (
        f"Conflicts{of}: {shown} (" + ", ".join(f"{count:,} {name}" for name, count in counts.items()) + ")"
        if found and state == "open"
        else f"Conflicts{of}" + ("" if state == "open" else f", {state}")
    )
    agreed = f"The sources {'agreed' if at else 'agree'}." if state == "open" else ""
    hint = "`muniment diff` tells what has changed since." if at else _SETTLE
    _show(title, found, hint if found else agreed)


_SETTLE = "`muniment resolve ASSET ATTRIBUTE VALUE` settles one, `accept` leaves it."


def _show(title: str, found: Sequence["register.Conflict"], note: str) -> None:
    screen.table(
        title,
        ["severity", "asset", "attribute", "claims, the winner first", "state and hint"],
        [
            [
                c.severity,
                screen.clean(c.asset),
                c.attribute,
                " | ".join(_claim(claim) for claim in c.claims[:4]),
                _state(c),
            ]
            for c in found
        ],
        note=note,
    )


def _claim(claim: Mapping[str, Any]) -> str:
    past = f" until {claim['until']}" if claim.get("until") else ""
    return f"{screen.words(claim['value'], 40)} ({screen.words(claim['sources'])}{past})"


def _state(conflict: "register.Conflict") -> str:
    settled = conflict.decision
    if settled is None:
        many = conflict.dependents
        needed = f" ({screen.counted(many, 'asset')} {'depends' if many == 1 else 'depend'} on it)" if many else ""
        return screen.clean(conflict.hint, 250) + needed
    reason = f": {screen.clean(settled['reason'], 150)}" if settled["reason"] else ""
    return f"{settled['how']} by {screen.clean(settled['by'])} on {settled['at']}{reason}"


@app.command("groups")
def groups(
    attribute: Annotated[str | None, typer.Option(help="Only this attribute.")] = None,
    source: Annotated[str | None, typer.Option(help="Only what would be corrected in this source.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Group the open conflicts by what would reconcile them: a unit, a date's order, a shifted column, a code.

    Each comes with the correction proposed: where a source nearly always differs in that way its column is read
    otherwise, else the values are resolved as the other sources say. `apply` carries it out.
    """
    from muniment import flows

    home = screen.open_home()
    with screen.progress(show=not as_json):
        found = flows.conflict_groups(home)
    found = [
        one
        for one in found
        if (attribute is None or one.group.attribute == attribute) and (source is None or one.group.source == source)
    ]
    with home.scope.transaction() as connection:
        from muniment import register

        total = sum(register.count_conflicts(connection, home.scope).values())
    grouped = sum(one.group.conflicts for one in found)
    if as_json:
        screen.dump({"open": total, "grouped": grouped, "groups": [_plain(one) for one in found]})
        return
    screen.table(
        f"{len(found):,} groups with {grouped:,} of {total:,} open conflicts" if found else "Groups of conflicts",
        ["group", ">conflicts", "cause", "for example", "correction"],
        [
            [
                screen.clean(one.group.name, 80),
                f"{one.group.conflicts:,}",
                screen.clean(one.group.told, 120),
                _example(one.group),
                screen.clean(one.told, 150),
            ]
            for one in found
        ],
        note="`muniment conflicts apply GROUP --dry-run` shows what a correction would change."
        if found
        else "No three open conflicts have a cause in common.",
    )


def _example(group: "register.Group") -> str:
    name, said, others = group.sample[0]
    return f"{screen.clean(name, 40)}: {screen.words(said, 30)}, others {screen.words(others, 30)}"


def _plain(one: "flows.Proposal") -> dict[str, object]:
    group = one.group
    return {
        "group": group.name,
        "source": group.source,
        "attribute": group.attribute,
        "cause": group.cause,
        "detail": group.detail,
        "conflicts": group.conflicts,
        "agreeing": group.agreeing,
        "others": group.others,
        "told": group.told,
        "correction": one.told,
        "by": "mapping" if one.rereads else "resolution",
        "columns": [
            {"column": reread.column.column, "attribute": reread.attribute, "transform": reread.transform}
            for reread in one.rereads
        ],
        "sample": [{"asset": name, "said": said, "others": others} for name, said, others in group.sample],
    }


@app.command("apply")
def apply(
    group: Annotated[str, typer.Argument(help="Its name, or the beginning; `muniment conflicts groups` lists them.")],
    reason: change.Reason = "",
    dry_run: change.DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Settle all conflicts of a group by its correction; `muniment undo` takes it back whole.

    Example: muniment conflicts apply scan/memory_mib/x1024 --dry-run
    """
    from muniment import flows

    home = screen.open_home()
    with screen.progress(show=not as_json) as progress:
        changed, chosen = flows.settle_group(home, group, reason, progress, dry_run=dry_run)
    what = screen.clean(chosen.told, 200)
    if as_json:
        screen.dump(changed)
    elif changed.difference is not None:
        difference.show(changed.difference, what)
    else:
        screen.say(f"{what}: {changed.updated:,} assets updated{change.acted(changed)}")
