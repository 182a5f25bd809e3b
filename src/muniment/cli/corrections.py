"""The command that reads an edited export back: preview what changed, apply it as one act.

Called by `app`; the comparison is `flows`'.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.cli import screen
from muniment.cli.change import DryRun, Reason, acted

if TYPE_CHECKING:
    from muniment import flows

_MOST = 50
_WORDS = {
    "changed": "",
    "already": "the register says so already",
    "cleared": "emptied: --allow-clear takes it",
    "clash": "changed meanwhile",
    "refused": "refused",
}


def corrections(
    file: Annotated[Path, typer.Argument(help="An export that was edited: XLSX, CSV, JSON or JSON lines.")],
    allow_clear: Annotated[
        bool, typer.Option("--allow-clear", help="Let an emptied cell say that there is no value.")
    ] = False,
    reason: Reason = "",
    dry_run: DryRun = False,
    limit: Annotated[int, typer.Option(min=1, help="How many cells to list.")] = _MOST,
    as_json: screen.Json = False,
) -> None:
    """Take corrections from an export that someone edited: only the cells they changed become a person's word.

    Rows are found by the asset's id, else by serial, name and the like. What a spreadsheet does by itself (dates and
    numbers written anew, zeros in front lost) is no change; what changed in the register since is left alone.

    Examples: muniment corrections register.xlsx --dry-run   ·   muniment corrections register.xlsx --reason "owner list
    of May"
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        found = estate.apply_corrections(
            file, allow_clear=allow_clear, reason=reason, dry_run=dry_run, progress=progress
        )  # fmt: skip
    if as_json:
        screen.dump(found)
        return
    _table(found, limit)
    for left in found.rows_left[:limit]:
        place = f"{screen.clean(left.tab)}, row {left.row}" if left.tab else f"row {left.row}"
        screen.say(f"{place} was left out: {screen.clean(left.reason, 300)}")
    if len(found.rows_left) > limit:
        screen.say(f"... and {len(found.rows_left) - limit:,} more rows: raise --limit")
    if found.unknown_columns:
        named = ", ".join(screen.clean(column) for column in found.unknown_columns[:20])
        screen.say(f"no export has these columns, they were left out: {named}")
    _conclude(found, dry_run=dry_run)


def _table(found: "flows.Corrections", limit: int) -> None:
    tabs = any(cell.tab for cell in found.cells)
    screen.table(
        "Cells that differ from what was exported",
        ["row", "asset", "attribute", "was", "is to be", "remark"],
        [
            [
                f"{screen.clean(cell.tab)} {cell.row}" if tabs else f"{cell.row}",
                screen.clean(cell.name),
                cell.attribute,
                screen.words(cell.before),
                screen.words(cell.after),
                _remark(cell),
            ]
            for cell in found.cells[:limit]
        ],
        note=f"{len(found.cells) - limit:,} more: raise --limit."
        if len(found.cells) > limit
        else ""
        if found.cells
        else "The file says what the register said.",
    )


def _remark(cell: "flows.Correction") -> str:
    word = "emptied" if cell.applied and cell.outcome == "cleared" else _WORDS[cell.outcome]
    return f"{word}: {screen.clean(cell.reason, 200)}" if word and cell.reason else word


def _conclude(found: "flows.Corrections", *, dry_run: bool) -> None:
    counts = {name: sum(cell.outcome == name and not cell.applied for cell in found.cells) for name in _WORDS}
    said = [
        f"{counts[name]:,} {words}"
        for name, words in (
            ("already", "said already"),
            ("cleared", "emptied and left as they were"),
            ("clash", "changed meanwhile and left alone"),
            ("refused", "refused"),
        )
        if counts[name]
    ]
    assets = len({cell.asset for cell in found.cells if cell.applied})
    done = f"{'would correct' if dry_run else 'corrected'} {found.applied:,} value(s) of {assets:,} asset(s)"
    act = acted(found.changed) if found.changed and not dry_run else ""
    screen.say(
        "; ".join([f"{found.rows:,} rows read: {done}", *said]) + (act and f"{act}; `muniment undo` takes it back")
    )
    if dry_run and found.changed and found.changed.difference:
        change = found.changed.difference
        screen.say(
            f"it would close {change.conflicts_closed:,} conflicts and open {change.conflicts_opened:,}; "
            "nothing was changed"
        )
