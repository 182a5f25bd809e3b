"""Commands about sources: list, add, set, disable, key.

Called by `app`; a change folds the register again before the command ends.
"""

from typing import Annotated, Any

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen
from muniment.cli.mappings import report

app = typer.Typer(help="The systems that assert facts: their settings and counts.", invoke_without_command=True)

Name = Annotated[str, typer.Argument(help="The source's name.")]
Kind = Annotated[str | None, typer.Option(help="What it is: servicenow, rvtools, aws, spreadsheet, table, ...")]
Reliability = Annotated[float | None, typer.Option(help="How often it is right, 0.5 to 0.99; 0.8 is the usual.")]
Authoritative = Annotated[str | None, typer.Option(help="Attributes it decides alone, separated by commas.")]
Interval = Annotated[int | None, typer.Option(help="Days between its deliveries.")]
Full = Annotated[bool | None, typer.Option("--full/--partial", help="Whether its deliveries list everything.")]
DecimalComma = Annotated[bool | None, typer.Option("--decimal-comma/--decimal-point", help="How it writes numbers.")]
DayFirst = Annotated[bool | None, typer.Option("--day-first/--month-first", help="How it writes 01/02/2026.")]
Timezone = Annotated[str | None, typer.Option(help="Time zone of its times, such as Europe/Berlin.")]


@app.callback()
def sources(context: typer.Context, as_json: screen.Json = False) -> None:
    """List the sources: kind, prior reliability, authority, scope, imports and records."""
    if context.invoked_subcommand is not None:
        return
    from muniment import evidence, graph

    home = screen.open_home()
    with home.scope.transaction() as connection:
        found = evidence.list_sources(connection)
        counts = evidence.count_by_source(connection, home.scope)
        layouts = evidence.list_layouts(connection)
    if as_json:
        screen.dump(
            [
                {
                    **screen.plain(source),
                    **counts.get(source.id, {}),
                    "layouts": [screen.plain(item) for item in layouts if item.source_id == source.id],
                }
                for source in found
            ]
        )
        return
    screen.table(
        "Sources",
        ["name", "kind", ">reliability", "authoritative for", "scope", "active", ">imports", ">records"],
        [
            [
                screen.clean(source.name),
                source.kind,
                "by kind" if source.reliability == graph.NEUTRAL else f"{source.reliability:.2f}",
                ", ".join(source.authoritative),
                "full" if source.full else "partial",
                "yes" if source.active else "no",
                *(str(counts.get(source.id, {}).get(name, 0)) for name in ("imports", "records")),
            ]
            for source in found
        ],
        note="" if found else "An import makes them; `muniment sources add NAME` makes one beforehand.",
    )
    if layouts:
        screen.say("")
    names = {source.id: source.name for source in found}
    screen.table(
        "What identifies a row",
        ["source", "tab", "key columns", "why", "rows are"],
        [
            [
                names[item.source_id],
                item.tab,
                ", ".join(item.key_columns) or "(none)",
                item.key_reason,
                (item.asset_type or "as they say").replace("_", " "),
            ]
            for item in layouts
        ],
        note="`muniment sources key SOURCE COLUMN...` changes it; `muniment sources set` the rest.",
    )


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
    from muniment import evidence, mapping

    home = screen.open_home()
    with home.scope.transaction() as connection:
        values = _values(
            mapping.attributes(connection),
            reliability=reliability,
            authoritative=authoritative,
            interval_days=interval,
            full=full,
            decimal_comma=decimal_comma,
        )
        chosen = mapping.kind(kind or "table").name
        source = evidence.add_source(connection, home.scope, name, chosen, **values)
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
    decimal_comma: DecimalComma = None,
    day_first: DayFirst = None,
    timezone: Timezone = None,
    active: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it may speak.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Change a source's settings; the register follows at once.

    How it writes numbers and dates holds for columns that are mapped from then on.
    """
    from muniment import evidence, flows, mapping

    home = screen.open_home()
    with home.scope.transaction() as connection:
        evidence.get_source(connection, name)
        values = _values(
            mapping.attributes(connection),
            name=rename,
            kind=mapping.kind(kind).name if kind else None,
            reliability=reliability,
            authoritative=authoritative,
            interval_days=interval,
            full=full,
            decimal_comma=decimal_comma,
            day_first=day_first,
            timezone=timezone,
            active=active,
        )
    if not values:
        raise Rejected("nothing to change: `muniment sources set --help` lists the settings")
    with screen.progress(show=not as_json) as progress:
        changed = flows.change_source(home, name, values, progress)
    report(changed, f"changed {name}", as_json=as_json)


@app.command("disable")
def disable(name: Name, as_json: screen.Json = False) -> None:
    """Let a source no longer speak: its claims do not count until `sources set NAME --enable`."""
    from muniment import flows

    home = screen.open_home()
    with screen.progress(show=not as_json) as progress:
        changed = flows.change_source(home, name, {"active": False}, progress)
    report(changed, f"disabled {name}", as_json=as_json)


@app.command("key")
def key(
    name: Name,
    columns: Annotated[list[str], typer.Argument(help="The columns that together identify a row.")],
    tab: Annotated[str, typer.Option(help="Of this tab, where there are several.")] = "",
    as_json: screen.Json = False,
) -> None:
    """Change what identifies a row of a source; its records get new keys, assets keep their ids."""
    from muniment import evidence, flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        source = evidence.get_source(connection, name)
        layouts = evidence.list_layouts(connection, source.id)
    found = {
        layout.family_id: layout
        for layout in layouts
        if layout.tab.lower() == tab.lower() and set(columns) <= set(layout.columns)
    }
    if len(found) != 1:
        listed = "; ".join(f"[{item.tab}] {', '.join(item.columns[:8])} ..." for item in layouts)
        raise Rejected(f"{len(found)} layouts of {name} have these columns; name the --tab. There are: {listed}")
    with screen.progress(show=not as_json) as progress:
        changed = flows.rekey(home, next(iter(found.values())).id, columns, progress)
    report(changed, f"rows of {name} are identified by {', '.join(columns)}", as_json=as_json)


def _values(attributes: dict[str, Any], **given: Any) -> dict[str, Any]:
    values = {key: value for key, value in given.items() if value is not None}
    share = values.get("reliability")
    if share is not None and not 0.5 <= share <= 0.99:  # noqa: PLR2004 - as the help says
        raise Rejected(f"reliability {share}: give a share from 0.5 to 0.99")
    if "authoritative" in values:
        names = [name.strip() for name in values["authoritative"].split(",") if name.strip()]
        unknown = [name for name in names if name not in attributes]
        if unknown:
            raise Rejected(f"{', '.join(unknown)}: no such attribute; `muniment model` lists them")
        values["authoritative"] = names
    if "timezone" in values:
        from muniment import model

        model.Context(timezone=values["timezone"])
    return values
