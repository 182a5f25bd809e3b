"""Commands about what columns mean: list, show, accept, reject, set, try out, take back.

Called by `app`; a change reads the affected rows again before the command ends.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.base.errors import NotFound, Rejected
from muniment.cli import difference, screen

if TYPE_CHECKING:
    import sqlalchemy as sa

    from muniment import evidence, flows, graph, mapping

app = typer.Typer(help="What the columns of the sources mean; accept, reject or set it.", invoke_without_command=True)

Column = Annotated[str, typer.Argument(help="The column, as its header is written.")]
Source = Annotated[str | None, typer.Option(help="Only in this source.")]
Tab = Annotated[str | None, typer.Option(help="Only in this tab.")]
Transform = Annotated[
    str | None,
    typer.Option(help="How its cells are read: steps separated by |, or a JSON document; `mappings transforms`."),
]


@app.callback()
def mappings(
    context: typer.Context,
    source: Source = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits for your word.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many columns.")] = None,
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
    count, found = len(found), found[:limit]
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
                _means(column),
                f"{int(column.probability * 100) / 100:.2f}",
                column.state,
                screen.clean("; ".join(column.reasons[:2]), 100),
                _runner_up(column),
            ]
            for name, layout, column in found
        ],
        note=_remark(count, len(found), waiting=waiting),
    )
    if any(column.state == "suggested" for _, _, column in found):
        screen.say("\n`muniment mappings accept COLUMN`, `reject COLUMN`, or `set COLUMN ATTRIBUTE` decides.")


def _remark(count: int, shown: int, *, waiting: bool) -> str:
    if shown:
        return f"{shown} of {count} columns; --limit shows more." if shown < count else ""
    return "Nothing waits." if waiting else "`muniment import FILE...` brings some."


def _means(column: "mapping.ColumnMapping") -> str:
    more = [entry["attribute"] for entry in column.transform.get("also", ())]
    return ", ".join([column.attribute or "", *more])


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
    transform: Transform = None,
    new: Annotated[
        str | None, typer.Option(help="Add the attribute as one of your own, of this type: text, integer, date, ...")
    ] = None,
    multi: Annotated[bool, typer.Option("--multi", help="A new attribute may have several values.")] = False,
    source: Source = None,
    tab: Tab = None,
    as_json: screen.Json = False,
) -> None:
    """Say what a column means, and how its cells are read.

    What is not said of the reading (unit, order of day and month, ...) is inferred from the cells.

    Examples: muniment mappings set "CPU/RAM" cpu_count --transform "split / take 1"   ·   muniment mappings set
    First owner --transform 'join "Last name"'   ·   muniment mappings set Site site --transform "check one_of Rome"
    """
    from muniment import flows, mapping, model

    document = None if transform is None else model.parse(transform)
    home = screen.open_home()
    with home.scope.transaction() as connection:
        chosen = _chosen(connection, column, source, tab)
    definition: dict[str, Any] | None = {"type": new, "multi": multi} if new else None
    meaning = mapping.Meaning(attribute, document)
    with screen.progress(show=not as_json) as progress:
        changed = flows.set_mapping(home, chosen, meaning, new=definition, progress=progress)
    report(changed, f"{column} means {attribute}", as_json=as_json)


@app.command("add")
def add(
    column: Column,
    attribute: Annotated[str, typer.Argument(help="The attribute it gives as well.")],
    transform: Transform = None,
    source: Source = None,
    tab: Tab = None,
    as_json: screen.Json = False,
) -> None:
    """Have a column give another attribute beside those it gives already.

    Example: muniment mappings add "CPU/RAM" memory_mib --transform "split / take 2 | unit GiB"
    """
    from muniment import flows, mapping, model

    document = None if transform is None else model.parse(transform)
    home = screen.open_home()
    with home.scope.transaction() as connection:
        chosen = _chosen(connection, column, source, tab)
    meaning = mapping.Meaning(attribute, document, also=True)
    with screen.progress(show=not as_json) as progress:
        changed = flows.set_mapping(home, chosen, meaning, progress=progress)
    report(changed, f"{column} gives {attribute} too", as_json=as_json)


@app.command("show")
def show(
    column: Column,
    source: Source = None,
    tab: Tab = None,
    limit: Annotated[int, typer.Option(min=1, help="How many different cells.")] = 8,
    as_json: screen.Json = False,
) -> None:
    """Show how the cells of a column are read: before, after each step, and the values they give."""
    from muniment import evidence, flows, graph, mapping

    home = screen.open_home()
    shown = []
    with home.scope.transaction() as connection:
        for name, layout, item in _columns(connection, source=source, tab=tab, column=column):
            rows, _ = flows.newest_rows(connection, home, item)
            known = mapping.attributes(connection)
            rules = [evidence.Rule(item.column, target, transform) for target, transform in item.readings]
            found = [graph.preview(rows, rule, known, limit) for rule in rules]
            shown.append((name, layout.tab, item, found))
    if not shown:
        raise NotFound(f"no column is called {column!r}: `muniment mappings` lists them")
    if as_json:
        screen.dump(
            [
                {**screen.plain(item), "source": name, "tab": tab_, "gives": screen.plain(found)}
                for name, tab_, item, found in shown
            ]
        )
        return
    for name, tab_, item, found in shown:
        place = screen.clean(f"{name} [{tab_}]" if tab_ else name, 100)
        why = screen.clean("; ".join(item.reasons[:2]), 200)
        screen.say(f"{screen.clean(item.column)} in {place}: {item.state}, {why}", "bold")
        if not found:
            screen.say(f"  gives nothing; its cells are such as {screen.words(item.samples[:3], 100)}")
        for one in found:
            _print_preview(one)


@app.command("test")
def try_out(
    column: Column,
    attribute: Annotated[str | None, typer.Argument(help="The attribute; the one it means, if left out.")] = None,
    transform: Transform = None,
    source: Source = None,
    tab: Tab = None,
    limit: Annotated[int, typer.Option(min=1, help="How many different cells.")] = 12,
    as_json: screen.Json = False,
) -> None:
    """Try out a meaning and a transform on the cells of a column; nothing is stored.

    Example: muniment mappings test "CPU/RAM" memory_mib --transform "split / take 2 | unit GiB"
    """
    from muniment import evidence, flows, graph, mapping, model

    document = None if transform is None else model.parse(transform)
    home = screen.open_home()
    with home.scope.transaction() as connection:
        item = _chosen(connection, column, source, tab)[0]
        target = attribute or item.attribute
        if target is None:
            raise Rejected(f"{column!r} means nothing so far: name the attribute to try")
        rows, defaults = flows.newest_rows(connection, home, item)
        reading = mapping.reading_of(connection, item, mapping.Meaning(target, document, defaults=defaults), rows)
        found = graph.preview(rows, evidence.Rule(item.column, target, reading), mapping.attributes(connection), limit)
    if as_json:
        screen.dump(found)
        return
    _print_preview(found)
    said = f" --transform '{transform}'" if transform else ""
    screen.say(f"Nothing is stored; `muniment mappings set {column!r} {target}{said}` does it.")


def _print_preview(found: "graph.Preview") -> None:
    from muniment import model

    rest = {key: value for key, value in found.transform.items() if key not in {"steps", "also"}}
    screen.say(f"  gives {found.attribute}, read {screen.clean(model.written(rest), 300) or 'as it is'}")
    screen.table(
        "",
        [">rows", "cell", *(screen.clean(step, 40) for step in found.steps), "gives", "remark"],
        [
            [
                f"{sample.rows:,}",
                screen.clean(sample.raw, 40),
                *(screen.words(stage, 40) for stage in sample.stages),
                *("" for _ in range(len(found.steps) - len(sample.stages))),
                screen.words(sample.values, 40),
                screen.clean(sample.problem or sample.note or "", 80),
            ]
            for sample in found.samples
        ],
    )
    screen.say(
        f"  {found.rows:,} rows: {found.read:,} give a value, {found.empty:,} are empty,"
        f" {found.problems:,} have a problem"
    )


@app.command("transforms")
def transforms(as_json: screen.Json = False) -> None:
    """List what a transform may say: steps, ways of reading, checks. --json gives the JSON Schema."""
    from muniment import model

    if as_json:
        screen.dump(model.schema())
        return
    for title, words in (("Steps", model.STEPS), ("Reading", model.READINGS), ("Checks", model.CHECKS)):
        rows = [[word.name, word.example, word.help] for word in words.values()]
        screen.table(title, ["name", "example", "what it does"], rows)


@app.command("undo")
def undo(
    listed: Annotated[bool, typer.Option("--list", help="Only list what can be taken back.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Take back the latest accept, reject or set; again for the one before."""
    from muniment import flows, mapping

    home = screen.open_home()
    if listed:
        with home.scope.transaction() as connection:
            acts = [act for act in mapping.acts(connection) if not act.undone]
        if as_json:
            screen.dump(acts)
            return
        rows = [
            [f"{act.at:%Y-%m-%d %H:%M}", act.actor, act.what, screen.words([name for _, name in act.columns], 80)]
            for act in acts
        ]
        screen.table("Can be taken back, the latest first", ["when (UTC)", "by", "what", "columns"], rows)
        return
    with screen.progress(show=not as_json) as progress:
        changed = flows.undo_mapping(home, progress=progress)
    report(changed, "taken back", as_json=as_json)


def report(changed: "flows.Changed", what: str, *, as_json: bool) -> None:
    """Say what a change did to the register."""
    if as_json:
        screen.dump(changed)
        return
    if changed.difference is not None:
        difference.show(changed.difference, what)
        return
    counts = {
        "created": changed.created,
        "updated": changed.updated,
        "merged": changed.merged,
        "split": changed.split,
        "retired": changed.retired,
    }
    happened = [(count, name) for name, count in counts.items() if count]
    said = ", ".join(
        f"{count:,} {name}" if place else f"{screen.counted(count, 'asset')} {name}"
        for place, (count, name) in enumerate(happened)
    )
    gone = f"{changed.removed:,} left the register: nothing speaks of them any more" if changed.removed else ""
    screen.say(f"{what}: {'; '.join(filter(None, (said, gone))) or 'no asset changed'}")
