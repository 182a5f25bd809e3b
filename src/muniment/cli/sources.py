"""Commands about sources: list, add, set, disable, key.

Called by `app`; a change folds the register again before the command ends.
"""

from typing import Annotated

import typer

from muniment.cli import screen
from muniment.cli.mappings import report

app = typer.Typer(help="The systems that assert facts: their settings and counts.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="The source's name.")]
Kind = Annotated[str | None, typer.Option(help="What it is: servicenow, rvtools, aws, spreadsheet, table, ...")]
Reliability = Annotated[float | None, typer.Option(help="How often it is right, 0.5 to 0.99; 0.8 is the usual.")]
Authoritative = Annotated[str | None, typer.Option(help="Attributes it decides alone, separated by commas.")]
Interval = Annotated[int | None, typer.Option(help="Days between its deliveries.")]
Full = Annotated[bool | None, typer.Option("--full/--partial", help="Whether its deliveries list everything.")]
ScopeBy = Annotated[
    str | None,
    typer.Option(help="Attribute whose values one delivery speaks for, such as site; else its account or vCenter."),
]
DecimalComma = Annotated[bool | None, typer.Option("--decimal-comma/--decimal-point", help="How it writes numbers.")]
DayFirst = Annotated[bool | None, typer.Option("--day-first/--month-first", help="How it writes 01/02/2026.")]
Timezone = Annotated[str | None, typer.Option(help="Time zone of its times, such as Europe/Berlin.")]


@app.callback()
def sources(context: typer.Context, as_json: screen.Json = False) -> None:
    """List the sources: kind, prior reliability, authority, scope, imports and records."""
    if context.invoked_subcommand is not None:
        return
    from muniment import graph

    with screen.open_estate() as estate:
        found = estate.sources()
    if as_json:
        screen.dump(
            [
                {
                    **screen.plain(one.source),
                    "imports": one.imports,
                    "records": one.records,
                    "layouts": screen.plain(one.layouts),
                }
                for one in found
            ]
        )
        return
    screen.table(
        "Sources",
        ["name", "kind", ">reliability", "authoritative for", "scope", "active", ">imports", ">records"],
        [
            [
                screen.clean(one.source.name),
                one.source.kind,
                "by kind" if one.source.reliability == graph.NEUTRAL else f"{one.source.reliability:.2f}",
                ", ".join(one.source.authoritative),
                "not said" if one.source.full is None else "full" if one.source.full else "partial",
                "yes" if one.source.active else "no",
                str(one.imports),
                str(one.records),
            ]
            for one in found
        ],
        note="" if found else "An import makes them; `muniment sources add NAME` makes one beforehand.",
    )
    layouts = [(one.source.name, layout) for one in found for layout in one.layouts]
    if layouts:
        screen.say("")
    screen.table(
        "What identifies a row",
        ["source", "tab", "key columns", "why", "rows are"],
        [
            [
                screen.clean(name),
                item.tab,
                ", ".join(item.key_columns) or "(none)",
                item.key_reason,
                (item.asset_type or "as they say").replace("_", " "),
            ]
            for name, item in layouts
        ],
        note="`muniment sources key SOURCE COLUMN...` changes it; `muniment sources set` the rest.",
    )


@app.command()
def reliability(
    name: Annotated[str | None, typer.Argument(help="Only this source.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Show how often each source is right about each attribute, learned from the claims of all sources.

    Sources are compared where they speak about the same assets; the number comes with its 95 % interval and
    the claims it was learned from. What was never compared keeps what is expected of that kind of source.

    Example: muniment sources reliability servicenow
    """
    with screen.open_estate() as estate:
        found = estate.reliabilities(name)
    if as_json:
        screen.dump(found)
        return
    screen.table(
        "How often sources are right",
        ["source", "attribute", "right"],
        [[screen.clean(one.source), one.attribute, screen.share(one)] for one in found],
        note="" if found else "It is learned where two sources speak about the same assets: import another one.",
    )


@app.command()
def contribution(
    name: Annotated[str | None, typer.Argument(help="Only this source, attribute by attribute.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only for this asset, attribute by attribute.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Show what each source gives: values won, known to it alone, confirmed by another, contradicted.

    Examples: muniment sources contribution   ·   muniment sources contribution servicenow --asset app01
    """
    with screen.open_estate() as estate:
        if name is not None:
            estate.source(name)
        found = [one for one in estate.contributions(asset) if name in {None, one.source}]
    if as_json:
        screen.dump([{**screen.plain(one), "won": one.won} for one in found])
        return
    detailed = name is not None or asset is not None
    rows: dict[tuple[str, ...], list[int]] = {}
    for one in found:
        sums = rows.setdefault((one.source, one.attribute) if detailed else (one.source,), [0] * 5)
        for place, count in enumerate((one.filled, one.won, one.unique, one.agreed, one.contradicted)):
            sums[place] += count
    screen.table(
        f"What the sources give{f' of {screen.clean(asset)}' if asset else ''}",
        ["source", *(["attribute"] if detailed else []), ">values", ">won", ">it alone knows", ">agreed",
         ">contradicted"],
        [[*map(screen.clean, key), *(f"{count:,}" for count in sums)] for key, sums in rows.items()],
        note="Won: the register has it. Agreed: another source says the same. Contradicted: others speak, none agrees."
        if rows
        else "Nothing is said: import a file first.",
    )  # fmt: skip


@app.command("add")
def add(
    name: Name,
    kind: Kind = "table",
    reliability: Reliability = None,
    authoritative: Authoritative = None,
    interval: Interval = None,
    full: Full = None,
    decimal_comma: DecimalComma = None,
    as_json: screen.Json = False,
) -> None:
    """Add a source before its first import; `sources set` knows further settings."""
    with screen.open_estate(create=True) as estate:
        source = estate.add_source(
            name,
            kind or "table",
            reliability=reliability,
            authoritative=_names(authoritative),
            interval_days=interval,
            full=full,
            decimal_comma=decimal_comma,
        )
    if as_json:
        screen.dump(source)
    else:
        screen.say(f"added {name}; import into it with --source {name!r}")


@app.command("set")
def set_(
    name: Name,
    rename: Annotated[str | None, typer.Option(help="Another name.")] = None,
    kind: Kind = None,
    reliability: Reliability = None,
    authoritative: Authoritative = None,
    interval: Interval = None,
    full: Full = None,
    scope_by: ScopeBy = None,
    decimal_comma: DecimalComma = None,
    day_first: DayFirst = None,
    timezone: Timezone = None,
    active: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it may speak.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Change a source's settings; the register follows at once.

    How it writes numbers and dates holds for columns that are mapped from then on.
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.change_source(
            name,
            progress=progress,
            name=rename,
            kind=kind,
            reliability=reliability,
            authoritative=_names(authoritative),
            interval_days=interval,
            full=full,
            scope_by=scope_by,
            decimal_comma=decimal_comma,
            day_first=day_first,
            timezone=timezone,
            active=active,
        )
    report(changed, f"changed {name}", as_json=as_json)


@app.command("disable")
def disable(name: Name, as_json: screen.Json = False) -> None:
    """Let a source no longer speak: its claims do not count until `sources set NAME --enable`."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.change_source(name, progress=progress, active=False)
    report(changed, f"disabled {name}", as_json=as_json)


@app.command("key")
def key(
    name: Name,
    columns: Annotated[list[str], typer.Argument(help="The columns that together identify a row.")],
    tab: Annotated[str, typer.Option(help="Of this tab, where there are several.")] = "",
    as_json: screen.Json = False,
) -> None:
    """Change what identifies a row of a source; its records get new keys, assets keep their ids."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.rekey(name, columns, tab=tab, progress=progress)
    report(changed, f"rows of {name} are identified by {', '.join(columns)}", as_json=as_json)


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]
