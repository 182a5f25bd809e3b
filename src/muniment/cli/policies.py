"""Commands about policies: which source decides about what; show, set, simulate, apply, history, export, import.

Called by `app`. What is set is a draft; `apply` puts it in force as one act, and `undo` takes it back.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen
from muniment.cli.mappings import report

if TYPE_CHECKING:
    from muniment import estate, flows, register

app = typer.Typer(
    help="Which source decides about what: rules per attribute and asset type, drafted, simulated, applied.",
    invoke_without_command=True,
)

Attribute = Annotated[str | None, typer.Argument(help="The attribute; or give --group.")]
Group = Annotated[str | None, typer.Option(help="All attributes of this group that the policy fits.")]
Type = Annotated[str | None, typer.Option(help="Only of assets of this type, such as virtual_machine.")]
ForTenant = Annotated[bool, typer.Option("--for-tenant", help="The tenant's policy, which all its engagements follow.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]
Version = Annotated[int | None, typer.Option(help="This version; else the newest.")]
_LARGEST = 5_000_000


@app.callback()
def policy(context: typer.Context, as_json: screen.Json = False) -> None:
    """Show the rules in force, the drafts that wait, and what the settings of sources say.

    Example: muniment policy set owner authoritative --sources hr,cmdb --stale-after 180,
    then: muniment policy simulate, muniment policy apply
    """
    if context.invoked_subcommand is None:
        _show(as_json=as_json)


@app.command("show")
def show(attribute: Attribute = None, type_: Annotated[str | None, typer.Option("--type", help="Of assets of this "
         "type.")] = None, as_json: screen.Json = False) -> None:  # fmt: skip
    """Show the rules in force and the drafts; of an attribute, what decides about it and who said so.

    Example: muniment policy show owner --type server
    """
    if attribute is None:
        _show(as_json=as_json)
        return
    with screen.open_estate() as estate:
        found = estate.policy_of(attribute, type_)
    if as_json:
        screen.dump(found)
        return
    of = f" of {type_}" if type_ else ""
    screen.say(f"{attribute}{of}: {screen.clean(str(found.rule), 1_000)} ({said_by(found)})")


def _show(*, as_json: bool) -> None:
    with screen.open_estate() as estate:
        state = estate.policy()
    if as_json:
        screen.dump(state)
        return
    rows = [
        [*_told(rule), _since(rule), f"the {layer.owner}'s version {layer.version}"]
        for layer in state.in_force
        for rule in layer.rules
    ]
    rows += [
        [name, "any", "authoritative", screen.clean(", ".join(sources), 200), "", "always", "the settings of sources"]
        for name, sources in sorted(state.source_settings.items())
    ]
    screen.table(
        "Rules in force",
        ["attribute", "asset type", "policy", "sources, the first first", ">stale after", "from", "said by"],
        rows,
        note="For everything else the model's own rules hold: `muniment model` shows them."
        if rows
        else "The model's own hold, as `muniment model` shows; `muniment policy set --help` says how to change them.",
    )
    for draft in state.drafts:
        screen.say("")
        _drafted(draft)
    if not state.followed:
        screen.say("")
        screen.say("The register does not follow these rules yet: `muniment policy apply` folds it by them.", "yellow")
    if state.unknown_sources:
        named = screen.clean(", ".join(state.unknown_sources), 300)
        screen.say(f"No source is called {named}: rules that name them wait for one, or were left by a renamed one.")


def _told(rule: "register.Rule") -> list[str]:
    stale = f"{rule.stale_after_days:,} days" if rule.stale_after_days is not None else ""
    about = rule.attribute or f"all of {rule.group}"
    return [about, rule.type or "any", rule.policy, screen.clean(", ".join(rule.sources), 200), stale]


def _since(rule: "register.Rule") -> str:
    return str(rule.effective_from) if rule.effective_from else "always"


def said_by(ruling: "register.Ruling") -> str:
    """Where a rule was said, as sentences end with it."""
    if ruling.version is not None:
        return f"the {ruling.origin}'s policy, version {ruling.version}"
    return "settings of sources" if ruling.origin == "source settings" else "the model's own rule"


def _drafted(found: "flows.Drafted") -> None:
    whose = " of the tenant's policy" if found.draft.owner == "tenant" else ""
    option = " --for-tenant" if found.draft.owner == "tenant" else ""
    if not found.changes:
        screen.say(f"version {found.draft.version}{whose} says what is in force: nothing waits")
        return
    screen.say(f"Draft: version {found.draft.version}{whose} would change", "bold")
    for change in found.changes:
        screen.say(f"  {screen.clean(change, 1_000)}")
    screen.say(f"`muniment policy simulate{option}` shows what it does, `muniment policy apply{option}` does it.")


def _done(found: "flows.Drafted", open_: "estate.Estate", *, apply: bool, reason: str, as_json: bool) -> None:
    if not apply:
        if as_json:
            screen.dump(found)
        else:
            _drafted(found)
        return
    with screen.progress(show=not as_json) as progress:
        changed = open_.apply_policy(
            found.draft.version, reason, for_tenant=found.draft.owner == "tenant", progress=progress
        )
    report(changed, f"applied version {found.draft.version}{_act(changed)}", as_json=as_json)


def _act(changed: "flows.Changed") -> str:
    return f" (act {screen.short(changed.act)})" if changed.act else ""


Apply = Annotated[bool, typer.Option("--apply", help="Put it in force at once.")]


@app.command("set")
def set_(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[ATTRIBUTE] POLICY",
            help="authoritative, newest, confidence, most_reported, union, minimum or maximum.",
        ),
    ],
    sources: Annotated[
        str | None, typer.Option(help="Of authoritative: who decides, the first first, separated by commas.")
    ] = None,
    stale_after: Annotated[
        int | None,
        typer.Option(metavar="DAYS", help="A claim so much older than the newest one no longer decides."),
    ] = None,
    group: Group = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only of assets of this type.")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="DAY", help="From this day on: 2027-01-01.")] = None,
    reason: Reason = "",
    for_tenant: ForTenant = False,
    apply: Apply = False,
    as_json: screen.Json = False,
) -> None:
    """Draft a rule: what decides about an attribute, or about all of a group, of one asset type or of all.

    Examples: muniment policy set owner authoritative --sources hr,servicenow --stale-after 180
    ·   muniment policy set memory_mib maximum --type virtual_machine
    ·   muniment policy set --group placement newest --from 2027-01-01
    """
    if len(words) != (1 if group else 2):
        raise Rejected("give an attribute and a policy, or --group GROUP and a policy: `muniment policy set --help`")
    with screen.open_estate() as estate:
        found = estate.set_policy(
            None if group else words[0],
            words[-1],  # type: ignore[arg-type]  # checked with the whole rule
            [name.strip() for name in (sources or "").split(",") if name.strip()],
            group=group,
            type=type_,
            stale_after_days=stale_after,
            effective_from=from_,
            reason=reason,
            for_tenant=for_tenant,
        )
        _done(found, estate, apply=apply, reason=reason, as_json=as_json)


@app.command("unset")
def unset(
    attribute: Attribute = None,
    group: Group = None,
    type_: Annotated[str | None, typer.Option("--type", help="The rule for this type.")] = None,
    reason: Reason = "",
    for_tenant: ForTenant = False,
    apply: Apply = False,
    as_json: screen.Json = False,
) -> None:
    """Draft the policy without its rules about an attribute or a group.

    Example: muniment policy unset owner
    """
    with screen.open_estate() as estate:
        found = estate.drop_policy(attribute, group=group, type=type_, reason=reason, for_tenant=for_tenant)
        _done(found, estate, apply=apply, reason=reason, as_json=as_json)


@app.command("discard")
def discard(for_tenant: ForTenant = False, as_json: screen.Json = False) -> None:
    """Forget the draft: the next one begins with what is in force."""
    with screen.open_estate() as estate:
        found = estate.discard_policy(for_tenant=for_tenant)
    if as_json:
        screen.dump(found)
    else:
        screen.say(f"discarded: version {found.draft.version} says what is in force")


@app.command("simulate")
def simulate(version: Version = None, for_tenant: ForTenant = False, as_json: screen.Json = False) -> None:
    """Show what applying the draft would do to the register: counts, a sample, conflicts. Nothing is kept.

    Example: muniment policy simulate
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.apply_policy(version, for_tenant=for_tenant, dry_run=True, progress=progress)
    report(changed, "applying the policy", as_json=as_json)


@app.command("apply")
def apply_(
    version: Version = None, reason: Reason = "", for_tenant: ForTenant = False, as_json: screen.Json = False
) -> None:
    """Put the draft in force and fold the whole register by it; `muniment undo` takes it back exactly.

    `--version N` goes back to any earlier version. Where rules have begun since the last change
    (`set --from`), it makes the register follow them.

    Example: muniment policy apply --reason "HR owns the owners"
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json) as progress:
        changed = estate.apply_policy(version, reason, for_tenant=for_tenant, progress=progress)
    report(changed, f"applied{_act(changed)}", as_json=as_json)


@app.command("history")
def history(for_tenant: ForTenant = False, as_json: screen.Json = False) -> None:
    """List the versions of the policy, what each changed, who wrote it, and which is in force."""
    from muniment import register

    with screen.open_estate() as estate:
        found = estate.policy_history(for_tenant=for_tenant)
    if as_json:
        screen.dump(found)
        return
    befores = [one.rules for one in found[1:]] + [()]
    rows = [
        [
            str(one.version),
            one.state,
            f"{one.at:%Y-%m-%d %H:%M}",
            screen.clean(one.actor),
            screen.clean("; ".join(register.differences(before, one.rules)), 1_000),
            screen.clean(one.reason, 200),
        ]
        for one, before in zip(found, befores, strict=True)
    ]
    screen.table(
        "Versions of the policy",
        [">version", "state", "when (UTC)", "by", "what changed", "reason"],
        rows,
        note="" if rows else "`muniment policy set` writes the first.",
    )


@app.command("export")
def export(version: Version = None, for_tenant: ForTenant = False) -> None:
    """Print the newest version (or another) as JSON, for an editor or another home.

    Example: muniment policy export > policy.json
    """
    with screen.open_estate() as estate:
        screen.dump(estate.policy_document(version, for_tenant=for_tenant))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A JSON file, as `policy export` writes it.")],
    reason: Reason = "",
    for_tenant: ForTenant = False,
    apply: Apply = False,
    as_json: screen.Json = False,
) -> None:
    """Draft the policy of a file, checked, in the place of the whole one; shows what it changes.

    Example: muniment policy import policy.json
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise Rejected(f"{file} is too large to be a policy")
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Rejected(f"{file} is no policy: {error}") from error
    with screen.open_estate() as estate:
        found = estate.import_policy(document, reason, for_tenant=for_tenant)
        _done(found, estate, apply=apply, reason=reason, as_json=as_json)
