"""Commands by which people settle values and mark assets: resolve, accept, edit, tag, note.

Called by `app`; each says what it did, and `muniment undo` takes it back.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen
from muniment.cli.change import DryRun, Reason, acted, simulated
from muniment.cli.mappings import report

if TYPE_CHECKING:
    from muniment import flows, register

Attribute = Annotated[str, typer.Argument(help="The attribute, as `muniment show` names it.")]


def resolve(
    name: screen.AssetName,
    attribute: Attribute,
    value: Annotated[str | None, typer.Argument(help="The right value; several of a list by commas.")] = None,
    source: Annotated[str | None, typer.Option("--from", help="Take what this source says instead.")] = None,
    reason: Reason = "",
    until: Annotated[str | None, typer.Option(help="Let it hold until this date, such as 2027-01-31.")] = None,
    until_agreed: Annotated[bool, typer.Option("--until-agreed", help="Let it hold until all sources agree.")] = False,
    dry_run: DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Settle a value by your word: it outranks every source and outlives every import.

    Examples: muniment resolve app01 owner "Ann Bell" --reason "asked her"   ·
    muniment resolve app01 memory_mib --from vcenter --until-agreed
    """
    from muniment import flows

    if (value is None) == (source is None):
        raise Rejected("give either the value, or --from SOURCE to take what that source says")
    home = screen.open_home()
    with home.scope.transaction() as connection:
        asset = screen.find_asset(connection, home, name)
    with screen.progress(show=not as_json) as progress:
        changed = flows.resolve(
            home, asset.id, attribute, value, source=source,
            terms=_terms(reason, until, agreed=until_agreed), progress=progress, dry_run=dry_run,
        )  # fmt: skip
    _say(changed, f"resolved {attribute} of {screen.clean(asset.name)}", as_json=as_json)


def _terms(reason: str, until: str | None, *, agreed: bool) -> "register.Terms":
    from muniment import register
    from muniment.base import clock

    if until is None:
        return register.Terms(reason, None, agreed)
    try:
        moment = datetime.fromisoformat(until).replace(tzinfo=UTC)
    except ValueError:
        raise Rejected(f"--until {until}: write a date such as 2027-01-31") from None
    if moment <= clock.now():
        raise Rejected(f"--until {until} is over: give a day to come")
    return register.Terms(reason, moment, agreed)


def accept(
    name: screen.AssetName,
    attribute: Attribute,
    reason: Reason = "",
    as_json: screen.Json = False,
) -> None:
    """Leave a conflict as it is: the winner stays, and it is raised again only when a source says something new.

    Example: muniment accept app01 ip_address --reason "both addresses are real"
    """
    from muniment import flows

    home = screen.open_home()
    with home.scope.transaction() as connection:
        asset = screen.find_asset(connection, home, name)
    with screen.progress(show=not as_json) as progress:
        changed = flows.accept(home, asset.id, attribute, reason, progress)
    _say(changed, f"accepted the conflict about {attribute} of {screen.clean(asset.name)}", as_json=as_json)


def edit(
    name: screen.AssetName,
    set_: Annotated[list[str] | None, typer.Option("--set", help="ATTRIBUTE=VALUE; can be repeated.")] = None,
    unset: Annotated[list[str] | None, typer.Option(help="An attribute that has no value; can be repeated.")] = None,
    reason: Reason = "",
    dry_run: DryRun = False,
    as_json: screen.Json = False,
) -> None:
    """Correct values of an asset by hand, all with one undo; your word outranks every source.

    Example: muniment edit app01 --set owner="Ann Bell" --set environment=test --unset end_of_life --reason "her mail"
    """
    from muniment import flows

    home = screen.open_home()
    values = assignments(set_ or [])
    with home.scope.transaction() as connection:
        asset = screen.find_asset(connection, home, name)
    with screen.progress(show=not as_json) as progress:
        changed = flows.edit(
            home, asset.id, values, unset or [], reason=reason, progress=progress, dry_run=dry_run
        )  # fmt: skip
    _say(changed, f"edited {screen.clean(asset.name)}", as_json=as_json)


def tag(
    name: screen.AssetName,
    tags: Annotated[list[str], typer.Argument(metavar="+TAG... -TAG...", help="+TAG puts one on, -TAG takes it off.")],
    as_json: screen.Json = False,
) -> None:
    """Put tags on an asset, or take them off; `muniment assets --tag pci` finds them.

    Example: muniment tag app01 +pci -pilot
    """
    from muniment import flows

    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        asset = estate.asset(name)
        off = [text[1:] for text in tags if text.startswith("-")]
        on = [text.removeprefix("+") for text in tags if not text.startswith("-")]
        changed = flows.annotate(estate.home, asset.id, tags=on, untags=off, progress=progress)
    _noted(changed, f"tagged {screen.clean(asset.name)} {screen.clean(' '.join(tags))}", as_json=as_json)


def note(
    name: screen.AssetName,
    text: Annotated[str, typer.Argument(help="What is to be remembered of it.")],
    as_json: screen.Json = False,
) -> None:
    """Write a note on an asset; `muniment show` prints it with its author and time.

    Example: muniment note app01 "moves with the web shop, ask Ann first"
    """
    from muniment import flows

    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        asset = estate.asset(name)
        changed = flows.annotate(estate.home, asset.id, note=text, progress=progress)
    _noted(changed, f"noted on {screen.clean(asset.name)}", as_json=as_json)


def _noted(changed: "flows.Changed", what: str, *, as_json: bool) -> None:
    if as_json:
        screen.dump(changed)
    else:
        screen.say(what + acted(changed))


def assignments(texts: list[str]) -> dict[str, str]:
    """What `--set ATTRIBUTE=VALUE` options say.

    Raises:
        Rejected: one has no "=", or an attribute is set twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        attribute, sign, value = text.partition("=")
        attribute = attribute.strip().lower()
        if not sign:
            raise Rejected(f'--set {text}: write ATTRIBUTE=VALUE, such as owner="Ann Bell"')
        if attribute in found:
            raise Rejected(f"--set {attribute}=... is given twice: a list is written with commas")
        found[attribute] = value
    return found


def _say(changed: "flows.Changed", what: str, *, as_json: bool) -> None:
    if changed.difference is not None and not as_json:
        simulated(changed.difference, what)
        return
    report(changed, what + acted(changed), as_json=as_json)
