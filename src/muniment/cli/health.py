"""The command that tells how the sources do: a score with its parts, what drifted, what wants a look.

Called by `app` through the group `sources`; it changes nothing.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from muniment.cli import screen, sources

if TYPE_CHECKING:
    from muniment import graph

__all__ = ["sources"]


@sources.app.command("health")
def health(
    name: Annotated[str | None, typer.Argument(help="Only this source, in full.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Show how well each source does: deliveries, freshness, completeness, agreement, steadiness, and alerts.

    The score is the mean of its parts, weighted; a part that is not known yet is left out. Steadiness compares the
    columns and their values with the delivery before.
    Examples: muniment sources health   ·   muniment sources health servicenow
    """
    with screen.open_estate() as estate:
        found = estate.health(name)
    if as_json:
        screen.dump(found)
    elif name is not None and found:
        _print_one(found[0])
    else:
        _print_all(found)


def _print_all(found: "list[graph.Health]") -> None:
    parts = [part.name for part in found[0].parts] if found else []
    screen.table(
        "Health of the sources",
        ["source", ">score", *(f">{part}" for part in parts), ">it alone knows", ">alerts"],
        [
            [
                screen.clean(one.source),
                _share(one.score),
                *(_share(part.score) for part in one.parts),
                _share(one.known_alone),
                f"{len(one.alerts)}",
            ]
            for one in found
        ],
        note="`muniment sources health NAME` says what each part was read from."
        if found
        else "No source has delivered here: import a file first.",
    )
    for one in found:
        for alert in one.alerts[:_FEW]:
            screen.say(f"{screen.clean(one.source)}: {screen.clean(alert.text, 300)}", "yellow")
        if len(one.alerts) > _FEW:
            screen.say(
                f"{screen.clean(one.source)}: {len(one.alerts) - _FEW} more: `muniment sources health` with its name"
            )


_FEW = 3


def _share(score: float | None) -> str:
    return "not known" if score is None else f"{score:.0%}"


def _print_one(one: "graph.Health") -> None:
    from muniment import graph

    screen.say(f"{screen.clean(one.source)}: {_share(one.score)}", "bold")
    screen.table(
        "Parts",
        ["part", ">score", ">weight", "read from"],
        [
            *(
                [part.name, _share(part.score), f"{graph.WEIGHTS[part.name]:.2f}", screen.clean(part.told, 200)]
                for part in one.parts
            ),
            ["it alone knows", _share(one.known_alone), "", "of its values; shown, not counted"],
        ],
    )
    for alert in one.alerts:
        screen.say(screen.clean(alert.text, 300), "yellow")
    screen.say("")
    listed = sorted(one.completeness.items(), key=lambda item: (item[1], item[0]))
    screen.table("Completeness", ["attribute", ">filled"], [[name, f"{share:.0%}"] for name, share in listed])
    moved = [column for column in one.drift if column["findings"]]
    if one.drift:
        screen.say("")
        screen.table(
            "Since the delivery before",
            ["file", "column", "what differs"],
            [
                [
                    screen.clean(column["file"]) + (f" [{screen.clean(column['tab'])}]" if column["tab"] else ""),
                    screen.clean(column["column"]),
                    screen.clean("; ".join(column["findings"]), 300),
                ]
                for column in moved
            ],
            note="" if moved else f"{len(one.drift)} columns look as they did.",
        )
