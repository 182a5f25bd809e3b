"""Commands that read the register: assets, show, why, history.

Called by `app`; they write nothing and answer within a second on a warm home.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.base.errors import Rejected
from muniment.cli import difference, moment, policies, screen, similar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muniment import estate as front
    from muniment import flows, graph, register


def assets(
    query: Annotated[
        str, typer.Argument(help="Words that begin a value: a name, an address, a serial, an owner.")
    ] = "",
    kind: Annotated[str | None, typer.Option("--type", help="Only this type, such as virtual_machine.")] = None,
    source: Annotated[str | None, typer.Option(help="Only what this source knows.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="ATTRIBUTE=VALUE, as shown; can be repeated.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only what bears this tag.")] = None,
    sort: Annotated[
        str, typer.Option(help="name, type, state, confidence, updated_at, version; -name turns it round.")
    ] = "name",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 50,
    like: Annotated[str | None, typer.Option(help="Words to be like, the most alike first; with --type.")] = None,
    as_of: moment.AsOf = None,
    as_json: screen.Json = False,
) -> None:
    """List the assets of the register.

    Examples: muniment assets web   ·   muniment assets --type server --where environment=production
    ·   muniment assets --like "old linux web server"
    """
    if like is not None:
        if query or source or where or tag or as_of or sort != "name":
            raise Rejected("--like goes with --type, --limit and --json only")
        similar.like(like, limit, kind, as_json=as_json)
        return
    with screen.open_estate() as estate:
        chosen = conditions(where or []) | ({"tag": tag.lower()} if tag else {})
        found = estate.assets(
            query,
            type=kind,
            source=source,
            where=chosen,
            sort=sort,
            limit=limit + 1,
            as_of=moment.read(as_of),
        )
        shown = found[:limit]
    if as_json:
        screen.dump(shown)
        return
    _list(shown, more=len(found) > limit)


def _list(shown: "Sequence[register.Asset]", *, more: bool) -> None:
    screen.table(
        "Assets",
        ["name", "type", "address", "os", "environment", "owner", "confidence", "sources", "id"],
        [
            [
                screen.clean(asset.name),
                asset.type.replace("_", " "),
                *(_first(asset.values.get(name)) for name in ("ip_address", "os", "environment", "owner")),
                screen.confidence(asset.confidence) + (" retired" if asset.state == "retired" else ""),
                screen.words(asset.sources),
                screen.short(asset.id),
            ]
            for asset in shown
        ],
        note="More match: raise --limit or narrow the search."
        if more
        else ""
        if shown
        else "Nothing matches: `muniment assets` without words lists all.",
    )


def conditions(where: list[str]) -> dict[str, str]:
    """What --where asks for."""
    pairs = {}
    for text in where:
        attribute, sign, value = (part.strip() for part in text.partition("="))
        if not sign:
            raise Rejected(f"--where {text}: write ATTRIBUTE=VALUE, such as environment=production")
        pairs[attribute] = value
    return pairs


def _first(value: Any) -> str:
    if isinstance(value, list):
        more = f" +{len(value) - 1}" if len(value) > 1 else ""
        return screen.words(value[0], 40) + more if value else ""
    return "" if value is None else screen.words(value, 40)


def show(name: screen.AssetName, as_of: moment.AsOf = None, as_json: screen.Json = False) -> None:
    """Show one asset: its values with confidence and source, its relations, its records, its conflicts.

    With --as-of its values and conflicts as they were; relations and records are those of today and left out.
    """
    if as_of is not None:
        _show_past(name, as_of, as_json=as_json)
        return
    with screen.open_estate() as estate:
        asset = estate.asset(name)
        records = estate.records(asset)
        relations = estate.related(asset)
        conflicts = estate.conflicts(asset=asset)
        annotations = estate.annotations(asset)
        cases = estate.identity_cases(asset)
    key = _linked_by(records)
    if as_json:
        body = screen.plain(asset)
        body["linked_by"] = key
        body["cases"] = screen.plain(cases)
        body["annotations"] = screen.plain(annotations)
        body["records"] = [{**screen.plain(r.record), "source": r.source} for r in records]
        body["relations"] = screen.plain(relations)
        body["conflicts"] = screen.plain(conflicts)
        screen.dump(body)
        return
    _print_head(asset, key, cases)
    _print_annotations(annotations)
    _print_values(asset, {conflict.attribute for conflict in conflicts})
    _print_relations(relations)
    screen.say("")
    screen.table(
        "Records",
        ["source", "known there as", "seen", ">values", "id"],
        [
            [
                screen.clean(one.source) + (" (gone)" if one.record.gone else ""),
                screen.clean(one.record.known_as),
                f"{one.record.observed_at:%Y-%m-%d}",
                str(len(one.record.claims)),
                screen.short(one.record.id),
            ]
            for one in records
        ],
        note="\n`muniment why ASSET ATTRIBUTE` proves a value; `muniment history ASSET` tells what changed.",
    )


def _show_past(name: str, as_of: str, *, as_json: bool) -> None:
    with screen.open_estate() as estate:
        asset = estate.asset(name, as_of=moment.read(as_of))
        conflicts = estate.conflicts(asset=asset, as_of=moment.read(as_of))
    if as_json:
        screen.dump({**screen.plain(asset), "conflicts": screen.plain(conflicts)})
        return
    _print_head(asset)
    _print_values(asset, {conflict.attribute for conflict in conflicts})
    screen.say("\n`muniment diff` tells what has changed since; `muniment history ASSET` when and through what.")


def diff(
    start: Annotated[str, typer.Argument(help="The earlier moment: 2026-03-01, 2026-03-01T12:30, or '7 days ago'.")],
    end: Annotated[str | None, typer.Argument(help="The later moment; else now.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only of this asset.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Tell what differs in the register, or in one asset, between two moments.

    Examples: muniment diff 2026-03-01   ·   muniment diff "7 days ago" --asset app01
    """
    with screen.open_estate() as estate:
        first, last = moment.read(start), moment.read(end)
        found = estate.diff(first, last, asset)
    if as_json:
        screen.dump(found)
        return
    until = f"{last:%Y-%m-%d %H:%M}" if last else "now"
    difference.show(found, f"From {first:%Y-%m-%d %H:%M} to {until} (UTC)", past=True)


def _linked_by(records: "list[front.Claimed]") -> str:
    from muniment import graph

    return graph.linked_by([one.record for one in records])


def _print_head(asset: "register.Asset", key: str = "", cases: "Sequence[flows.CaseTold]" = ()) -> None:
    screen.say(f"{screen.clean(asset.name)}  ({asset.type.replace('_', ' ')}, {asset.state})", "bold")
    screen.say(
        f"id {asset.id} · version {asset.version} · {screen.confidence(asset.confidence)} · "
        f"created {asset.created_at:%Y-%m-%d %H:%M} by {screen.clean(asset.created_by)} · "
        f"updated {asset.updated_at:%Y-%m-%d %H:%M} by {screen.clean(asset.updated_by)}"
    )
    keys = ("hostname", "fqdn", "aliases", "name")
    names = [screen.words(asset.values[key], 100) for key in keys if key in asset.values]
    screen.say(f"known as {'; '.join(dict.fromkeys(names)) or 'nothing'}")
    if key:
        screen.say(f"linked by {key}: `muniment identity why {screen.clean(asset.name)}`")
    for case in {case.key: case for case in cases}.values():
        screen.say(f"{case.name}: {screen.clean(case.says, 300)}")
    screen.say("")


def _print_annotations(annotations: "list[register.Annotation]") -> None:
    tags = [screen.clean(one.text) for one in annotations if one.kind == "tag"]
    notes = [one for one in annotations if one.kind == "note"]
    if tags:
        screen.say(f"tagged {', '.join(tags)}")
    for one in notes:
        screen.say(f"{one.at:%Y-%m-%d %H:%M} {screen.clean(one.actor)}: {screen.clean(one.text, 1_000)}")
    if annotations:
        screen.say("")


def _print_values(asset: "register.Asset", disputed: set[str]) -> None:
    from muniment import model

    order = {attribute: place for place, attribute in enumerate(model.attributes())}
    screen.table(
        "Values",
        ["attribute", "value", "confidence", "from", "rule", ""],
        [
            [
                attribute,
                screen.words(value, 80),
                screen.confidence(asset.provenance[attribute]["confidence"]),
                screen.words(asset.provenance[attribute]["sources"]),
                asset.provenance[attribute]["rule"],
                "in conflict" if attribute in disputed else "",
            ]
            for attribute, value in sorted(
                asset.values.items(), key=lambda item: (order.get(item[0], len(order)), item[0])
            )
        ],
    )


_MOST_SHOWN = 20


def _print_relations(relations: "list[graph.Related]") -> None:
    if not relations:
        return
    screen.say("")
    screen.table(
        "Relations",
        ["", "name", "type", "id"],
        [
            [
                one.relation,
                screen.clean(one.name),
                (one.type or "").replace("_", " ") if one.asset else f"not found: {screen.clean(one.note)}",
                screen.short(one.asset) if one.asset else "",
            ]
            for one in relations[:_MOST_SHOWN]
        ],
        note=f"and {len(relations) - _MOST_SHOWN} more: --json lists them" if len(relations) > _MOST_SHOWN else "",
    )


def why(
    name: screen.AssetName,
    attribute: Annotated[str, typer.Argument(help="The attribute, as `muniment show` names it.")],
    as_json: screen.Json = False,
) -> None:
    """Prove a value: winner, rivals, rule, and the raw cell of every claim."""
    with screen.open_estate() as estate:
        proof = estate.why(name, attribute)
    if as_json:
        screen.dump(proof)
    else:
        print_proof(proof)


_RULES = {
    "confidence": "the value whose sources are together most believable wins",
    "newest": "the most recently observed value wins",
    "most_reported": "the value that most sources report wins",
    "authoritative": "a source that is authoritative for this attribute decides",
    "union": "all values are kept, the best supported first",
    "minimum": "the smallest value wins",
    "maximum": "the largest value wins",
    "resolved": "a person said so, which outranks every source",
}


def print_proof(proof: "graph.Why") -> None:
    """Print a proof, so that it fits on a screen."""
    screen.say(f"{screen.clean(proof.name)} · {proof.attribute} = {screen.words(proof.value, 200)}", "bold")
    screen.say(
        f"rule {proof.rule}: {_RULES.get(proof.rule, '')} · {screen.confidence(proof.confidence)} · "
        f"a conflict here is {proof.severity}"
    )
    said = f"{screen.clean(str(proof.ruling.rule), 300)} ({policies.said_by(proof.ruling)})"
    screen.say(f"policy {said}{f' · {screen.clean(proof.outranked, 500)}' if proof.outranked else ''}")
    if proof.resolution:
        screen.say(_resolved(proof.resolution))
    if proof.conflict:
        screen.say(f"in conflict: {screen.clean(proof.conflict, 300)}", "yellow")
    screen.say("")
    if len(proof.choices) > 1:
        screen.table(
            "Values claimed",
            ["", "value", "confidence", "sources"],
            [
                [
                    "wins" if place == 0 else "",
                    screen.words(choice["value"], 80),
                    screen.confidence(choice["confidence"]),
                    screen.words(choice["sources"]),
                ]
                for place, choice in enumerate(proof.choices[:_CHOICES])
            ],
            note=_more(len(proof.choices) - _CHOICES, "values"),
        )
        screen.say("")
    for claim in proof.claims[:_CLAIMS]:
        _print_claim(claim)
    if len(proof.claims) > _CLAIMS:
        screen.say(_more(len(proof.claims) - _CLAIMS, "claims"))


_CHOICES, _CLAIMS, _CELLS = 6, 6, 2
"""How much of a proof is printed, so that it fits on a screen; --json has all of it."""


def _more(count: int, what: str) -> str:
    return f"and {count} more {what}: --json lists them" if count > 0 else ""


def _resolved(word: "register.Resolution") -> str:
    until = f" · until {word.until:%Y-%m-%d}" if word.until else ""
    agreed = " · until the sources agree" if word.until_agreed else ""
    came = f", as {screen.clean(word.chosen_source)} said" if word.chosen_source else ""
    reason = f": {screen.clean(word.reason, 300)}" if word.reason else " (no reason given)"
    return f"resolved by {screen.clean(word.actor)} on {word.at:%Y-%m-%d %H:%M}{came}{reason}{until}{agreed}"


def _print_claim(claim: "graph.Claim") -> None:
    from muniment import model

    mark = "✓ " if claim.wins else "  "
    place = f"place {claim.rank} of the policy" if claim.rank else ""
    trust = f"{place}{', but stale' if claim.stale else ''}" if place else f"right {screen.share(claim)} of the time"
    screen.say(
        f"{mark}{screen.clean(claim.source)} says {screen.words(claim.values, 100)}"
        f" · seen {claim.observed_at:%Y-%m-%d} · {trust}{' · gone' if claim.gone else ''}",
        "bold" if claim.wins else "",
    )
    for cell in claim.cells[:_CELLS]:
        where = f"{screen.clean(cell.file)}{f' [{screen.clean(cell.tab)}]' if cell.tab else ''}"
        part = f", from {screen.clean(cell.part)}" if cell.part else ""
        screen.say(
            f"      {where} row {cell.row}{f' (line {cell.line})' if cell.line else ''}{part}, "
            f"column {screen.clean(cell.column)!r}: {screen.clean(cell.raw or '', 100)!r}"
        )
        rest = {key: value for key, value in cell.transform.items() if key != "steps"}
        reading = screen.clean(model.written(rest), 120) or "as it is"
        for step in cell.steps:
            screen.say(f"      {screen.clean(step.step, 80)} → {screen.words(step.texts, 80) or 'nothing'}")
        screen.say(
            f"      mapped to {cell.mapped_to} ({_mapped(cell)}) · read {reading}"
            f" · gave {screen.words(cell.gave, 80) or 'nothing'}"
            f" · {'problem: ' + screen.clean(cell.problem, 120) if cell.problem else 'valid'}"
            f"{' · ' + screen.clean(cell.note, 120) if cell.note else ''}"
        )
    if len(claim.cells) > _CELLS:
        screen.say(f"      {_more(len(claim.cells) - _CELLS, 'cells')}")
    screen.say(
        f"      import {screen.short(claim.import_id)} of {claim.imported_at:%Y-%m-%d %H:%M}"
        f" · known there as {screen.clean(claim.known_as)}"
    )


def _mapped(cell: "graph.Cell") -> str:
    if cell.mapping_state == "auto":
        return f"by itself, {cell.mapping_probability:.2f}"
    return f"{cell.mapping_state} by {screen.clean(cell.mapped_by)}"


def history(
    name: screen.AssetName,
    as_json: screen.Json = False,
) -> None:
    """Tell what changed in an asset: when, through what, by whom and why; merges, splits and withdrawals too.

    An asset that is no longer in the register answers to its last name, and to its id.
    """
    with screen.open_estate() as estate:
        past = estate.history(name)
    if as_json:
        body = {"asset": str(past.asset.id), "versions": past.versions, "moves": past.moves, "account": past.account}
        screen.dump(body)
        return
    screen.table(
        f"History of {screen.clean(past.asset.name)}",
        [">version", "when (UTC)", "through", "by", "what changed"],
        [
            [
                "" if one.version is None else str(one.version),
                f"{one.at:%Y-%m-%d %H:%M}",
                screen.clean(one.what, 200) + (f" ({screen.clean(one.reason, 200)})" if one.reason else ""),
                screen.clean(one.actor),
                _changed(one),
            ]
            for one in past.account
        ],
    )


_MOST_CHANGES = 12


def _changed(one: "graph.Happened") -> str:
    shown = [screen.clean(note, 200) for note in one.notes]
    shown += [
        f"{change.attribute}: {_or_none(change.before)} → {_or_none(change.after)}"
        for change in one.changes[:_MOST_CHANGES]
    ]
    more = len(one.changes) - _MOST_CHANGES
    return "; ".join(shown) + (f"; and {more} more: --json lists them" if more > 0 else "") or "its search terms"


def _or_none(value: Any) -> str:
    return "none" if value is None else screen.words(value, 40)
