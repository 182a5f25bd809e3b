"""Commands about the match model: what identifiers weigh; show, estimate, simulate, apply, history.

Called by `identity`. What is estimated decides nothing until it is applied, and `undo` takes that back.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.base.errors import Rejected
from muniment.cli import change, screen
from muniment.cli.mappings import report

if TYPE_CHECKING:
    from muniment import matching

app = typer.Typer(
    help="What agreement on a serial, a name or an address weighs: estimated from the estate, simulated, applied.",
    no_args_is_help=True,
)

File = Annotated[
    Path | None, typer.Argument(help="A model as `estimate --json` prints it; else one is estimated from the estate.")
]
Version = Annotated[int | None, typer.Option(help="An earlier version; 0 is the shipped model.")]
_LARGEST = 1_000_000


@app.command("show")
def show(as_json: screen.Json = False) -> None:
    """Show what decides who is who: bits for each identifier that agrees or differs.

    Example: muniment identity model show
    """
    with screen.open_estate() as estate:
        found = estate.match_model()
    if as_json:
        screen.dump({"version": found.version, **found.model.document()})
        return
    made = "as shipped" if found.version == 0 else f"version {found.version}, {found.model.origin}"
    screen.table(
        f"The match model: {made}",
        ["identifier", "kind of evidence", "bits where it agrees", "where it differs"],
        [
            [kind.replace("_", " "), weight.group, f"{weight.agree:+g}", f"{-weight.disagree:+g}"]
            for kind, weight in found.model.weights.items()
        ],
        note=f"Two records that share a value begin with {found.model.prior:g} bits and match from"
        f" {found.model.threshold:g}; a value that several things of one list carry counts less.",
    )


@app.command("estimate")
def estimate(as_json: screen.Json = False) -> None:
    """Estimate the weights from this estate's records and your verdicts; decides nothing.

    Example: muniment identity model estimate --json > model.json, then: muniment identity model simulate model.json
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json):
        found, current = estate.estimate_match_model(), estate.match_model()
    if as_json:
        screen.dump(found.document())
        return
    _told(current.model.differences(found), found.basis)


def _told(differences: tuple[str, ...], basis: Any) -> None:
    screen.say(f"Estimated from {basis['records']:,} records and {basis['verdicts']:,} verdicts", "bold")
    for one in differences or ("It says what is in force.",):
        screen.say(f"  {one}")
    if differences:
        screen.say("`muniment identity model simulate` shows what it would merge and split, `apply` does it.")


@app.command("simulate")
def simulate(file: File = None, version: Version = None, as_json: screen.Json = False) -> None:
    """Show what a model would merge and split, and what that changes in the register. Nothing is kept.

    Example: muniment identity model simulate
    """
    chosen = _chosen(file, version)
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.apply_match_model(chosen, dry_run=True, progress=progress)
    report(changed, "linking by this match model", as_json=as_json)


@app.command("apply")
def apply_(
    file: File = None,
    version: Version = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever reads it later.")] = "",
    as_json: screen.Json = False,
) -> None:
    """Link all records by a model; `muniment undo` takes it back exactly.

    Examples: muniment identity model apply --reason "names are re-used here"
    ·   muniment identity model apply --version 0
    """
    chosen = _chosen(file, version)
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.apply_match_model(chosen, reason, progress=progress)
    report(changed, f"applied the match model{change.acted(changed)}", as_json=as_json)


def _chosen(file: Path | None, version: int | None) -> dict[str, Any] | int | None:
    if file is None:
        return version
    if version is not None:
        raise Rejected("give a file or --version, not both")
    try:
        if file.stat().st_size > _LARGEST:
            raise Rejected(f"{file} is too large to be a match model")
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Rejected(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Rejected(f"{file} is no match model: {error}") from error
    if not isinstance(document, dict):
        raise Rejected(f"{file} is no match model: it is no JSON object")
    return document


@app.command("history")
def history(as_json: screen.Json = False) -> None:
    """List the versions of the match model, what each changed, who applied it, and which is in force."""
    with screen.open_estate() as estate:
        found = estate.match_model_history()
    if as_json:
        screen.dump([
            {"version": one.version, "state": one.state, "at": one.at, "actor": one.actor, "reason": one.reason,
             "model": one.model.document()}
            for one in found
        ])  # fmt: skip
        return
    rows = [
        [
            str(one.version),
            one.state,
            f"{one.at:%Y-%m-%d %H:%M}" if one.at else "",
            screen.clean(one.actor) or "shipped",
            screen.clean("; ".join(_changes(found[-1].model, one.model)), 1_000),
            screen.clean(one.reason, 200),
        ]
        for one in found
    ]
    screen.table(
        "Versions of the match model", [">version", "state", "when (UTC)", "by", "unlike the shipped", "reason"], rows
    )


def _changes(shipped: matching.MatchModel, model: matching.MatchModel) -> tuple[str, ...]:
    return shipped.differences(model)
