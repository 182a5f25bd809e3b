"""Commands about what columns mean: list, accept, reject, set.

Called by `app`; a change reads the affected rows again before the command ends.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.base.errors import NotFound, Rejected
from muniment.cli import difference, screen

if TYPE_CHECKING:
    import sqlalchemy as sa

    from muniment import evidence, flows, mapping

app = typer.Typer(help="What the columns of the sources mean; accept, reject or set it.", invoke_without_command=True)

Column = Annotated[str, typer.Argument(help="The column, as its header is written.")]
Source = Annotated[str | None, typer.Option(help="Only in this source.")]
Tab = Annotated[str | None, typer.Option(help="Only in this tab.")]


@app.callback()
def mappings(
    context: typer.Context,
    source: Source = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits for your word.")] = False,
    as_json: screen.Json = False,
) -> None:
    """List the columns: samples, what they were taken for, why, and the runner-up.

    States: auto (applied by itself), suggested (waits for you), accepted, rejected, unmapped.
    """
    if context.invoked_subcommand is not None:
        return
    home = screen.open_home()
    with home.scope.transaction() as connection:
        found = _columns(connection, source=source)
    if waiting:
        found = [(name, layout, column) for name, layout, column in found if column.state == "suggested"]
    if as_json:
        screen.dump([{**screen.plain(column), "source": name, "tab": layout.tab} for name, layout, column in found])
        return
    screen.table(
        "Columns",
        ["source", "tab", "column", "samples", "means", ">probability", "state", "why", "runner-up"],
        [
            [
                name,
                layout.tab,
                screen.clean(column.column, 40),
                screen.words(column.samples[:3], 40),
                column.attribute or "",
                f"{int(column.probability * 100) / 100:.2f}",
                column.state,
                screen.clean("; ".join(column.reasons[:2]), 100),
                _runner_up(column),
            ]
            for name, layout, column in found
        ],
        note="" if found else "Nothing waits." if waiting else "`muniment import FILE...` brings some.",
    )
    if any(column.state == "suggested" for _, _, column in found):
        screen.say("\n`muniment mappings accept COLUMN`, `reject COLUMN`, or `set COLUMN ATTRIBUTE` decides.")


def _runner_up(column: "mapping.ColumnMapping") -> str:
    other = column.runner_up
    return f"{other['attribute']} {other['probability']:.2f}" if other else ""


def _columns(
    connection: "sa.Connection",
    *,
    source: str | None = None,
    tab: str | None = None,
    column: str | None = None,
) -> "list[tuple[str, evidence.Layout, mapping.ColumnMapping]]":
    """The mappings in force with their source and layout; of a family only the newest layout."""
    from muniment import evidence, mapping

    sources = {item.id: item.name for item in evidence.list_sources(connection)}
    layouts = {layout.family_id: layout for layout in evidence.list_layouts(connection)}
    newest = {layout.id: layout for layout in layouts.values()}
    return [
        (sources[newest[item.layout_id].source_id], newest[item.layout_id], item)
        for item in mapping.current(connection)
        if item.layout_id in newest
        and (source is None or sources[newest[item.layout_id].source_id] == source)
        and (tab is None or newest[item.layout_id].tab.lower() == tab.lower())
        and (column is None or item.column.lower() == column.strip().lower())
    ]


def _chosen(
    connection: "sa.Connection", column: str, source: str | None, tab: str | None
) -> "list[mapping.ColumnMapping]":
    found = _columns(connection, source=source, tab=tab, column=column)
    if not found:
        raise NotFound(f"no column is called {column!r}: `muniment mappings` lists them")
    if len({item.attribute for _, _, item in found}) > 1:
        places = "; ".join(
            f"{name}{f' [{layout.tab}]' if layout.tab else ''}: {item.attribute}" for name, layout, item in found
        )
        raise Rejected(f"{column!r} means different things in {len(found)} places ({places}): add --source or --tab")
    return [item for _, _, item in found]


@app.command("accept")
def accept(
    column: Annotated[str | None, typer.Argument(help="The column; leave it out with --above.")] = None,
    above: Annotated[float | None, typer.Option(help="Accept every suggestion at least this probable.")] = None,
    source: Source = None,
    tab: Tab = None,
    as_json: screen.Json = False,
) -> None:
    """Apply what was proposed for a column; its rows are read again at once."""
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        if above is not None:
            found = _columns(connection, source=source, tab=tab)
            chosen = [c for _, _, c in found if c.state == "suggested" and c.probability >= above]
        elif column is None:
            raise Rejected("name a column, or give --above with a probability")
        else:
            chosen = _chosen(connection, column, source, tab)
    if not chosen:
        raise NotFound("no suggestion is that probable: `muniment mappings --waiting` shows what waits")
    with screen.progress(show=not as_json) as progress:
        changed = flows.accept_mapping(home, chosen, progress)
    report(changed, f"accepted {len(chosen)} column(s)", as_json=as_json)


@app.command("reject")
def reject(
    column: Column,
    reason: Annotated[str, typer.Option(help="Why, for whoever reads it later.")] = "",
    source: Source = None,
    tab: Tab = None,
    as_json: screen.Json = False,
) -> None:
    """Say that a column does not mean what it was taken for; it stays in the raw rows."""
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        chosen = _chosen(connection, column, source, tab)
    with screen.progress(show=not as_json) as progress:
        changed = flows.reject_mapping(home, chosen, reason, progress)
    report(changed, f"rejected {column}", as_json=as_json)


@app.command("set")
def set_(
    column: Column,
    attribute: Annotated[str, typer.Argument(help="The attribute it means; `muniment model` lists them.")],
    new: Annotated[bool, typer.Option("--new", help="Add the attribute as one of your own.")] = False,
    kind: Annotated[
        str, typer.Option("--type", help="Type of a new attribute: text, integer, number, date, ...")
    ] = "text",
    multi: Annotated[bool, typer.Option("--multi", help="A new attribute may have several values.")] = False,
    source: Source = None,
    tab: Tab = None,
    as_json: screen.Json = False,
) -> None:
    """Say what a column means, whatever was proposed."""
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        chosen = _chosen(connection, column, source, tab)
    definition: dict[str, Any] | None = {"type": kind, "multi": multi} if new else None
    with screen.progress(show=not as_json) as progress:
        for place, item in enumerate(chosen):
            changed = flows.set_mapping(
                home, item, attribute, new=definition if place == 0 else None, progress=progress
            )
    report(changed, f"{column} means {attribute}", as_json=as_json)


def report(changed: "flows.Changed", what: str, *, as_json: bool) -> None:
    """Say what a change did to the register."""
    if as_json:
        screen.dump(changed)
        return
    if changed.difference is not None:
        difference.show(changed.difference, what)
        return
    screen.say(
        f"{what}: {changed.created:,} assets created, {changed.updated:,} updated, {changed.merged:,} merged, "
        f"{changed.split:,} split, {changed.retired:,} retired"
    )
