"""Commands about templates: list, show, make, switch, export, bring in, compare, check against a file.

Called by `app`. A template is applied by the next import whose layout it fits; nothing here changes assets.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import NotFound, Rejected
from muniment.cli import screen

if TYPE_CHECKING:
    import sqlalchemy as sa

    from muniment import mapping

app = typer.Typer(
    help="Named, versioned sets of mappings for a kind of source; one that fits is applied whole.",
    invoke_without_command=True,
)

Name = Annotated[str, typer.Argument(help="Its name; `muniment templates` lists them.")]
_LARGEST = 5_000_000


@app.callback()
def templates(context: typer.Context, as_json: screen.Json = False) -> None:
    """List the templates: shipped ones and your own, in their newest version."""
    from muniment import mapping

    if context.invoked_subcommand is not None:
        return
    with screen.open_home().scope.transaction() as connection:
        found = mapping.templates(connection)
    if as_json:
        screen.dump(found)
        return
    rows = [
        [
            one.name,
            str(one.version),
            one.kind,
            one.tab.replace("*", "any"),
            str(len(one.columns)),
            "shipped" if one.shipped else "yours",
            "on" if one.enabled else "off",
        ]
        for one in found
    ]
    screen.table("Templates", ["name", ">version", "kind", "tab", ">columns", "from", "state"], rows)


def _found(connection: "sa.Connection", name: str) -> "mapping.Template":
    from muniment import mapping

    for one in mapping.templates(connection):
        if one.name == name:
            return one
    raise NotFound(f"no template is called {name!r}: `muniment templates` lists them")


@app.command("show")
def show(name: Name, as_json: screen.Json = False) -> None:
    """Show what a template says of each column."""
    from muniment import model

    with screen.open_home().scope.transaction() as connection:
        one = _found(connection, name)
    if as_json:
        screen.dump(one)
        return
    rows = [
        [
            screen.clean(column, 60),
            body.get("attribute") or ("(left out)" if "attribute" in body else "(undecided)"),
            screen.clean(model.written(body.get("transform", {})), 100),
            "needed" if column in one.needs else "",
        ]
        for column, body in sorted(one.columns.items())
    ]
    title = f"{one.name} version {one.version}: {screen.clean(one.title)}"
    screen.table(title, ["column", "gives", "read", ""], rows)


@app.command("make")
def make(
    name: Annotated[str, typer.Argument(help="How it is to be called; an own one of that name gets a new version.")],
    source: Annotated[str, typer.Option(help="The source whose accepted and applied mappings it is made of.")],
    tab: Annotated[str | None, typer.Option(help="Its tab, where the source has several.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Make a template of what the columns of a source mean.

    Example: muniment templates make our-cmdb --source servicenow
    """
    from muniment import evidence, flows, mapping

    home = screen.open_home()
    with home.scope.transaction() as connection:
        found = evidence.get_source(connection, source)
        layouts = {one.family_id: one for one in evidence.list_layouts(connection, found.id)}
        chosen = [one for one in layouts.values() if tab is None or one.tab.lower() == tab.lower()]
        if len(chosen) != 1:
            raise Rejected(f"{source} has {len(chosen)} layouts of that kind: --tab names one of "
                           f"{', '.join(sorted(one.tab or '(no tab)' for one in layouts.values()))}")  # fmt: skip
        (layout,) = chosen
        columns = mapping.current(connection, layout.id)
        rows, _ = flows.newest_rows(connection, home, columns[0])
        one = mapping.make(name, found.kind, layout.tab, columns, rows, layout.key_columns)
        stored = mapping.add_template(connection, home.scope, one)
    _report(stored, as_json=as_json)


def _report(stored: "mapping.Template", *, as_json: bool) -> None:
    if as_json:
        screen.dump(stored)
        return
    screen.say(f"{stored.name} version {stored.version}: {len(stored.columns)} columns of {stored.kind}")


@app.command("on")
def on(name: Name) -> None:
    """Switch a template on."""
    _switch(name, enabled=True)


@app.command("off")
def off(name: Name) -> None:
    """Switch a template off: no import applies it; what it gave before stays."""
    _switch(name, enabled=False)


def _switch(name: str, *, enabled: bool) -> None:
    from muniment import mapping

    home = screen.open_home()
    with home.scope.transaction() as connection:
        mapping.switch_template(connection, home.scope, _found(connection, name), enabled=enabled)
    screen.say(f"{name} is {'on' if enabled else 'off'}")


@app.command("export")
def export(name: Name) -> None:
    """Print a template as JSON, for another home: `muniment templates export NAME > FILE`."""
    with screen.open_home().scope.transaction() as connection:
        screen.dump(_found(connection, name).document())


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A JSON file, as `templates export` writes it.")],
    name: Annotated[str | None, typer.Option(help="Call it so.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Bring in a template; one of the same name gets a new version."""
    from muniment import mapping

    try:
        if file.stat().st_size > _LARGEST:
            raise Rejected(f"{file} is too large to be a template")
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Rejected(f"{file} is no template: {error}") from error
    if name is not None and isinstance(document, dict):
        document["name"] = name
    home = screen.open_home()
    with home.scope.transaction() as connection:
        stored = mapping.add_template(connection, home.scope, mapping.template(document))
    _report(stored, as_json=as_json)


@app.command("diff")
def diff(name: Name, other: Annotated[str, typer.Argument(help="The one to compare with.")]) -> None:
    """Tell what another template has new, lacks, or gives another meaning."""
    from muniment import mapping

    with screen.open_home().scope.transaction() as connection:
        difference = mapping.compare_templates(_found(connection, name), _found(connection, other))
    screen.say(screen.clean(str(difference), 4_000))


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="A file as it would be imported.")],
    name: Annotated[str | None, typer.Argument(help="The template; every one of the file's kind, if left out.")] = None,
) -> None:
    """Tell which template fits a file, and of one that does not which columns are new, gone or changed in kind."""
    from muniment import evidence, mapping

    with screen.open_home().scope.transaction() as connection:
        known = [_found(connection, name)] if name else mapping.templates(connection)
    rows = []
    for table in evidence.read(file):
        kind = mapping.recognise(table.columns, table.format)
        tab = table.tab or ""
        fits, _ = mapping.fitting(known, kind.name, tab, table.rows, table.columns)
        for one in known:
            if name or one.kind == kind.name:
                difference = mapping.compare(one, table.rows, table.columns)
                told = "fits, would be applied" if one == fits else "not applied"
                rows.append([screen.clean(tab), one.name, told, screen.clean(str(difference), 1_000)])
    screen.table("Templates for this file", ["tab", "template", "verdict", "difference"], rows)
