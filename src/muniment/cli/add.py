"""The command that adds an asset by hand.

Called by `app`; says whether it became a new asset or part of one that was there.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen
from muniment.cli.change import DryRun, Reason, acted, simulated
from muniment.cli.resolve import assignments

if TYPE_CHECKING:
    from muniment import flows, register


def add(
    kind: Annotated[str, typer.Option("--type", help="What it is, such as server or application.")],
    set_: Annotated[list[str] | None, typer.Option("--set", help="ATTRIBUTE=VALUE; can be repeated.")] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Add an asset that no source lists. You are its source: what you say is evidence like any other.

    Where a name or serial says that it is an asset already known, it becomes part of that one; you are told which.

    Example: muniment add --type server --set hostname=web09 --set serial=CZ1234 --set owner="Ann Bell" --reason "found
    in rack 7"
    """
    if not set_:
        raise Rejected("say what it is called: --set hostname=web09")
    values = assignments(set_)
    with screen.open_estate(create=True) as estate, screen.progress(show=not as_json) as progress:
        done = estate.add(kind, values, reason=reason, dry_run=dry_run, progress=progress)
    if as_json:
        screen.dump(done)
        return
    named = next(iter(values.values()))
    if done.changed.difference is not None:
        simulated(done.changed.difference, f"adding {screen.clean(named)}")
    elif done.asset is not None and not done.linked:
        screen.say(f"added {screen.clean(done.asset.name)} {screen.short(done.asset.id)}{acted(done.changed)}")
    if done.linked:
        _warn(done)
    elif done.alike:
        screen.say(f"there is also {_listed(done.alike)}: `muniment merge` says that they are one", style="yellow")


def _warn(done: "flows.Added") -> None:
    if done.asset is None:
        screen.say(f"it would become part of an asset that is known: {_listed(done.alike)}", style="yellow")
        return
    others = ", ".join(screen.clean(source) for source in done.asset.sources)
    screen.say(
        f"this is a known asset: {screen.clean(done.asset.name)} {screen.short(done.asset.id)}, of {others}; what you"
        f" said became part of its evidence{acted(done.changed)}. If it is another thing: `muniment split`, or"
        " `muniment undo`",
        style="yellow",
    )


def _listed(alike: "tuple[register.Recalled, ...]") -> str:
    return ", ".join(f"{screen.clean(one.name)} ({one.type.replace('_', ' ')}) {screen.short(one.id)}" for one in alike)
