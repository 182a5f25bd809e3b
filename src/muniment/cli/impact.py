"""The command that asks forward: what rests on a source, a column or a row.

Called by `app`; it changes nothing.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from muniment.cli import difference, screen

if TYPE_CHECKING:
    from muniment import flows, graph


def impact(
    source: Annotated[str | None, typer.Option(help="A source, by its name.")] = None,
    column: Annotated[str | None, typer.Option(metavar="SOURCE:COLUMN", help="What one column gives.")] = None,
    row: Annotated[
        str | None, typer.Option(metavar="FILE:ROW", help="One row, as `why` names it; FILE[TAB]:ROW in a workbook.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only what rests on it; simulate nothing.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Tell which values rest on a source, a column or a row, and what would change were it wrong.

    What would change is computed in full, as if it had never been read, and nothing of that is kept.
    Examples: muniment impact --source servicenow   ·   muniment impact --column "servicenow:Owned by"   ·
    muniment impact --row cmdb.csv:17
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        found = estate.impact(source=source, column=column, row=row, simulate=not quick, progress=progress)
    if as_json:
        screen.dump(found)
        return
    _print_resting(found)
    if found.then is not None:
        screen.say("")
        difference.show(found.then, f"the register without {found.what}")
    elif not quick:
        screen.say("Nothing would change without it: no record of the register comes from it now.")


def _print_resting(found: "flows.Impact") -> None:
    screen.say(f"Were {screen.clean(found.what, 120)} wrong", "bold")
    changes = found.then.values if found.then else {}
    named = {one.attribute: one for one in found.now.by_attribute}
    rows = [_row(named.get(name), name, changes.get(name, 0)) for name in (*named, *(set(changes) - set(named)))]
    screen.table(
        f"Values of {found.now.assets:,} assets rest on it",
        ["attribute", ">on it alone", ">with others", *([">would change"] if found.then else [])],
        rows if found.then else [row[:-1] for row in rows],
        note="" if rows else "No value of the register is what it says.",
    )
    if found.now.sample and not found.then:
        screen.say("")
        screen.table(
            "For example",
            ["asset", "attribute", "value", "also said by"],
            [
                [
                    screen.clean(one.asset),
                    one.attribute,
                    screen.words(one.value, 80),
                    screen.words(one.others) or "none",
                ]
                for one in found.now.sample
            ],
        )


def _row(rests: "graph.Rests | None", name: str, changed: int) -> list[str]:
    return [name, f"{rests.alone if rests else 0:,}", f"{rests.shared if rests else 0:,}", f"{changed:,}"]
