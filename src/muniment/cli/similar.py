"""Commands that search by likeness: similar, assets --like, embeddings.

Called by `app`; they make the vectors that are missing and change nothing else.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from muniment.cli import screen

if TYPE_CHECKING:
    from muniment import flows

app = typer.Typer(
    no_args_is_help=True,
    help="Look after the vectors that likeness is judged by.\n\n"
    "They are made when `muniment similar` or `muniment assets --like` first needs them.",
)


def similar(
    name: screen.AssetName,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many.")] = 10,
    kind: Annotated[str | None, typer.Option("--type", help="Only this type, such as virtual_machine.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Show the assets most like one: by what they are and are for, not by their addresses or numbers.

    Example: muniment similar web01 --limit 5
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        asset = estate.asset(name)
        found = estate.similar(asset, limit=limit, type=kind, progress=progress)
    _show(f"Like {asset.name}", found, as_json=as_json)


def like(text: str, limit: int, kind: str | None, *, as_json: bool) -> None:
    """What `assets --like` does."""
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        found = estate.like(text, limit=limit, type=kind, progress=progress)
    _show(f"Like {screen.clean(text)!r}", found, as_json=as_json)


def _show(title: str, answer: "flows.Likeness", *, as_json: bool) -> None:
    if as_json:
        screen.dump(answer)
        return
    note = f"By the model {answer.model.name}."
    if answer.fallback:
        note = f"By the built-in model {answer.model.name}, because {answer.fallback}."
    screen.table(
        title,
        [">alike", "name", "type", "os", "environment", "both have", "id"],
        [
            [
                f"{max(item.similarity, 0):.0%}",
                screen.clean(item.asset.name),
                item.asset.type.replace("_", " "),
                *(screen.words(item.asset.values.get(name, ""), 40) for name in ("os", "environment")),
                screen.words(item.shared),
                screen.short(item.asset.id),
            ]
            for item in answer.found
        ],
        note=note,
    )


@app.command("show")
def show(as_json: screen.Json = False) -> None:
    """Show which model makes vectors, and which vectors there are.

    Example: muniment embeddings show
    """
    with screen.open_estate() as estate:
        model, states = estate.embeddings()
    if as_json:
        screen.dump({"model": model, "spaces": states})
        return
    screen.table(
        "Vectors",
        ["of", "model", ">dimension", "state", ">made", ">waiting", "since"],
        [
            [
                "assets" if state.space.engagement_id else "learned columns of the tenant",
                state.space.model.name,
                str(state.space.model.dimension),
                state.space.state,
                f"{state.held:,}",
                f"{state.waiting:,}" if state.space.engagement_id else "",
                f"{state.space.made_at:%Y-%m-%d}",
            ]
            for state in states
        ],
        note=f"The settings name {model}: `muniment embeddings rebuild` makes what is missing.",
    )


@app.command("rebuild")
def rebuild(
    everything: Annotated[
        bool, typer.Option("--all", help="Also of assets that did not change, for a model that did.")
    ] = False,
    as_json: screen.Json = False,
) -> None:
    """Make the vectors of all assets by the model in the settings; those of other models go when all are there.

    Interrupted, it goes on where it was when it is called again.

    Example: MUNIMENT_EMBEDDING_MODEL=local muniment embeddings rebuild
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        done = estate.rebuild_embeddings(everything=everything, progress=progress)
    if as_json:
        screen.dump(done)
        return
    screen.say(
        f"{done.made:,} vectors made by {done.model.name} ({done.model.dimension} dimensions), "
        f"{done.removed:,} taken out, {done.held:,} there."
    )
