"""Commands about who is who: what became of ids, what stands for one, verdicts on pairs.

Called by `app`. What is shown was decided by identity; only `judge` and `review` say something to it.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import change, identity_model, moment, screen
from muniment.cli.mappings import report

if TYPE_CHECKING:
    from datetime import datetime

    from muniment import flows, graph

app = typer.Typer(
    help="Who is who: why records are one thing, what became of ids, and your verdicts on doubtful pairs.",
    no_args_is_help=True,
)

app.add_typer(identity_model.app, name="model")

_WORDS = {
    "merged": "became part of",
    "split": "was split off",
    "created": "created",
    "restored": "came back",
    "retired": "retired: no source lists it any more",
    "in use again": "in use again",
    "removed": "taken out of the register: no record of it is left",
}


@app.command("history")
def history(
    asset: Annotated[
        str | None, typer.Argument(metavar="[ASSET]", help="Only of this one: a name, or an id, past or present.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="A cursor of an earlier answer, or a moment: 2026-03-01T12:30, '7 days ago'.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 1_000,
    as_lines: Annotated[bool, typer.Option("--jsonl", help="Print one JSON object per line, for programs.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Tell what became of ids: created, merged into others, split off, come back, retired; for other systems to follow.

    Every entry has a cursor; give the last one as --since to get only what came after it.

    Examples: muniment identity history app01   ·   muniment identity history --jsonl --since CURSOR
    """
    with screen.open_estate() as estate:
        found = estate.identity_history(asset, since=_since(since), limit=limit)
    if as_lines:
        for entry in found.entries:
            typer.echo(json.dumps(screen.plain(entry), ensure_ascii=False, default=str))
        return
    if as_json:
        screen.dump(found)
        return
    screen.table(
        "What became of ids",
        ["when (UTC)", "id", "name", "what", "through", "by"],
        [
            [
                f"{one.at:%Y-%m-%d %H:%M}",
                screen.short(one.asset),
                screen.clean(one.name),
                _what(one),
                screen.clean(one.through, 120),
                screen.clean(one.actor),
            ]
            for one in found.entries
        ],
        note=f"More: raise --limit, or go on with --since {found.cursor}"
        if found.more
        else f"\nWhat comes next: muniment identity history --since {found.cursor}",
    )


def _what(one: graph.Entry) -> str:
    words = _WORDS[one.kind]
    if one.other is None:
        return words
    name = f"{screen.clean(one.other_name or '')} {screen.short(one.other)}".strip()
    return f"{words} {name}"


def _since(text: str | None) -> str | datetime | None:
    from muniment import graph

    return text if text is None or graph.is_cursor(text) else moment.read(text)


@app.command("resolve")
def resolve(
    ids: Annotated[
        list[str], typer.Argument(metavar="ID...", help="Ids, or their ends of six signs or more; - reads them.")
    ],
    as_json: screen.Json = False,
) -> None:
    """Say what stands for an id now: itself, the one it was merged into, or nothing.

    Examples: muniment identity resolve 3f0c9a2b   ·   cut -d, -f1 old.csv | muniment identity resolve - --json
    """
    wanted = [one for text in ids for one in ([line.strip() for line in sys.stdin] if text == "-" else [text]) if one]
    if not wanted:
        raise Rejected("no id was given: name one, or write them to standard input, one per line")
    with screen.open_estate() as estate:
        found = [estate.resolve_id(one) for one in wanted]
    if as_json:
        screen.dump(found)
        return
    for one in found:
        screen.say(_stands(one))


def _stands(one: graph.Standing) -> str:
    asked = screen.short(one.asked) if one.path or one.state == "removed" else str(one.asked)
    if one.state == "removed":
        told = f"{asked} {screen.clean(one.name or '')} is gone: no record of it is left, and nothing stands for it"
    elif one.state == "stands":
        told = f"{asked} is {screen.clean(one.name or '')}"
    else:
        hops = "; ".join(
            f"{hop.at:%Y-%m-%d %H:%M} {screen.short(hop.given_up)} became {screen.short(hop.stands)}"
            + (f" ({screen.clean(hop.through, 120)})" if hop.through else "")
            for hop in one.path
        )
        told = f"{asked} is now {one.asset} {screen.clean(one.name or '')}: {hops}"
    if one.split_off:
        parts = ", ".join(f"{screen.clean(name)} {screen.short(part)}" for part, name in one.split_off)
        told += f"; split off it: {parts}"
    return told


@app.command("judge")
def judge(
    left: Annotated[str, typer.Argument(metavar="A", help="An asset, or a record by its id or the end of it.")],
    right: Annotated[str, typer.Argument(metavar="B", help="The other.")],
    same: Annotated[bool, typer.Option("--same", help="They are one thing.")] = False,
    different: Annotated[bool, typer.Option("--different", help="They are two things.")] = False,
    unsure: Annotated[bool, typer.Option("--unsure", help="They cannot be told: review asks no more.")] = False,
    reason: change.Reason = "",
    dry_run: change.DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Say that two assets or records are the same thing, or different things. It outlives every import.

    `muniment undo` takes it back.

    Example: muniment identity judge app01 app01-old --different --reason "two boxes, one name"
    """
    chosen: list[flows.Verdict] = []
    if same:
        chosen.append("same")
    if different:
        chosen.append("different")
    if unsure:
        chosen.append("unsure")
    if len(chosen) != 1:
        raise Rejected("say one of --same, --different and --unsure")
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.judge(left, right, chosen[0], reason=reason, dry_run=dry_run, progress=progress)
    told = {"same": "are the same thing", "different": "are different things", "unsure": "cannot be told"}[chosen[0]]
    sides = f"{screen.clean(left)} and {screen.clean(right)}"
    if changed.difference is not None and not as_json:
        change.simulated(changed.difference, f"judging that {sides} {told}")
        return
    report(changed, f"{sides} {told}{change.acted(changed)}", as_json=as_json)
