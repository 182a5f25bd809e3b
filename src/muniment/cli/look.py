"""Commands that read the register: assets, show, why, history, conflicts.

Called by `app`; they write nothing and answer within a second on a warm home.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.cli import screen

if TYPE_CHECKING:
    from muniment import graph, register
    from muniment.base.home import Home


def assets(
    query: Annotated[
        str, typer.Argument(help="Words that begin a value: a name, an address, a serial, an owner.")
    ] = "",
    kind: Annotated[str | None, typer.Option("--type", help="Only this type, such as virtual_machine.")] = None,
    source: Annotated[str | None, typer.Option(help="Only what this source knows.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="ATTRIBUTE=VALUE, as shown; can be repeated.")] = None,
    sort: Annotated[
        str, typer.Option(help="name, type, state, confidence, updated_at, version; -name turns it round.")
    ] = "name",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many.")] = 50,
    as_json: screen.Json = False,
) -> None:
    """List the assets of the register.

    Examples: muniment assets web   ·   muniment assets --type server --where environment=production
    """
    from muniment import register

    home = screen.open_home()
    pairs = _conditions(home, where or [], kind)
    wanted = register.Query(query, kind, source, tuple(pairs), sort.removeprefix("-"), sort.startswith("-"), limit + 1)
    with home.scope.transaction() as connection:
        found = register.find(connection, home.scope, wanted)
    shown = found[:limit]
    if as_json:
        screen.dump(shown)
        return
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
        if len(found) > limit
        else ""
        if found
        else "Nothing matches: `muniment assets` without words lists all.",
    )


def _conditions(home: "Home", where: list[str], kind: str | None) -> list[tuple[str, str]]:
    """What --where and --type ask for, after a look whether there is any such thing."""
    from muniment import mapping, model
    from muniment.base.errors import Rejected

    with home.scope.transaction() as connection:
        known = mapping.attributes(connection)
    pairs = []
    for text in where:
        attribute, sign, value = (part.strip() for part in text.partition("="))
        if not sign:
            raise Rejected(f"--where {text}: write ATTRIBUTE=VALUE, such as environment=production")
        if attribute not in {*known, "type", "state"}:
            raise Rejected(f"--where {attribute}=...: no such attribute: `muniment model` lists them")
        pairs.append((attribute, value))
    if kind is not None and kind not in model.asset_types():
        raise Rejected(f"--type {kind}: there is none; use one of {', '.join(model.asset_types())}")
    return pairs


def _first(value: Any) -> str:
    if isinstance(value, list):
        more = f" +{len(value) - 1}" if len(value) > 1 else ""
        return screen.words(value[0], 40) + more if value else ""
    return "" if value is None else screen.words(value, 40)


def show(name: screen.AssetName, as_json: screen.Json = False) -> None:
    """Show one asset: its values with confidence and source, its records, its conflicts."""
    from muniment import evidence, identity, register

    home = screen.open_home()
    with home.scope.transaction() as connection:
        asset = screen.find_asset(connection, home, name)
        records = evidence.get_records(connection, identity.members(connection, asset.id))
        sources = {source.id: source.name for source in evidence.list_sources(connection)}
        conflicts = register.list_conflicts(connection, home.scope, asset_id=asset.id, limit=None)
    if as_json:
        body = screen.plain(asset)
        body["records"] = [{**screen.plain(r), "source": sources[r.source_id]} for r in records]
        body["conflicts"] = screen.plain(conflicts)
        screen.dump(body)
        return
    _print_head(asset)
    _print_values(asset, {conflict.attribute for conflict in conflicts})
    screen.say("")
    screen.table(
        "Records",
        ["source", "key", "seen", "values", "id"],
        [
            [
                sources[r.source_id] + (" (gone)" if r.gone else ""),
                screen.clean(r.source_key),
                f"{r.observed_at:%Y-%m-%d}",
                str(len(r.claims)),
                screen.short(r.id),
            ]
            for r in records
        ],
        note="\n`muniment why ASSET ATTRIBUTE` proves a value; `muniment history ASSET` tells what changed.",
    )


def _print_head(asset: "register.Asset") -> None:
    screen.say(f"{screen.clean(asset.name)}  ({asset.type.replace('_', ' ')}, {asset.state})", "bold")
    screen.say(
        f"id {asset.id} · version {asset.version} · {screen.confidence(asset.confidence)} · "
        f"created {asset.created_at:%Y-%m-%d %H:%M} by {screen.clean(asset.created_by)} · "
        f"updated {asset.updated_at:%Y-%m-%d %H:%M} by {screen.clean(asset.updated_by)}"
    )
    keys = ("hostname", "fqdn", "aliases", "name")
    names = [screen.words(asset.values[key], 100) for key in keys if key in asset.values]
    screen.say(f"known as {'; '.join(dict.fromkeys(names)) or 'nothing'}\n")


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


def why(
    name: screen.AssetName,
    attribute: Annotated[str, typer.Argument(help="The attribute, as `muniment show` names it.")],
    as_json: screen.Json = False,
) -> None:
    """Prove a value: winner, rivals, rule, and the raw cell of every claim."""
    from muniment import graph

    home = screen.open_home()
    with home.scope.transaction() as connection:
        proof = graph.why(connection, home, screen.find_asset(connection, home, name), attribute)
    if as_json:
        screen.dump(proof)
    else:
        _print_why(proof)


_RULES = {
    "confidence": "the value whose sources are together most believable wins",
    "newest": "the most recently observed value wins",
    "most_reported": "the value that most sources report wins",
    "authoritative": "a source that is authoritative for this attribute decides",
    "union": "all values are kept, the best supported first",
}


def _print_why(proof: "graph.Why") -> None:
    screen.say(f"{screen.clean(proof.name)} · {proof.attribute} = {screen.words(proof.value, 200)}", "bold")
    screen.say(
        f"rule {proof.rule}: {_RULES.get(proof.rule, '')} · {screen.confidence(proof.confidence)} · "
        f"a conflict here is {proof.severity}"
    )
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
                for place, choice in enumerate(proof.choices)
            ],
        )
        screen.say("")
    for claim in proof.claims:
        _print_claim(claim)


def _print_claim(claim: "graph.Claim") -> None:
    mark = "✓ " if claim.wins else "  "
    trust = "decides alone" if claim.authoritative else f"right {claim.share_right:.0%} of the time (prior)"
    screen.say(
        f"{mark}{screen.clean(claim.source)} says {screen.words(claim.values, 100)}"
        f" · seen {claim.observed_at:%Y-%m-%d} · {trust}{' · gone' if claim.gone else ''}",
        "bold" if claim.wins else "",
    )
    for cell in claim.cells:
        where = f"{screen.clean(cell.file)}{f' [{screen.clean(cell.tab)}]' if cell.tab else ''}"
        part = f", from {screen.clean(cell.part)}" if cell.part else ""
        screen.say(
            f"      {where} row {cell.row}{f' (line {cell.line})' if cell.line else ''}{part}, "
            f"column {screen.clean(cell.column)!r}: {screen.clean(cell.raw or '', 100)!r}"
        )
        reading = ", ".join(f"{key} {value}" for key, value in cell.transform.items()) or "as it is"
        screen.say(
            f"      mapped to {cell.mapped_to} ({_mapped(cell)}) · read {reading}"
            f" · gave {screen.words(cell.gave, 80) or 'nothing'}"
            f" · {'problem: ' + screen.clean(cell.problem, 120) if cell.problem else 'valid'}"
            f"{' · ' + screen.clean(cell.note, 120) if cell.note else ''}"
        )
    screen.say(
        f"      import {screen.short(claim.import_id)} of {claim.imported_at:%Y-%m-%d %H:%M}"
        f" · record {screen.clean(claim.source_key)}"
    )


def _mapped(cell: "graph.Cell") -> str:
    if cell.mapping_state == "auto":
        return f"by itself, {cell.mapping_probability:.2f}"
    return f"{cell.mapping_state} by {screen.clean(cell.mapped_by)}"


def history(
    name: screen.AssetName,
    as_json: screen.Json = False,
) -> None:
    """Tell what changed in an asset, when, through what and by whom; merges and splits too."""
    from muniment import identity, register

    home = screen.open_home()
    with home.scope.transaction() as connection:
        asset = screen.find_asset(connection, home, name)
        versions = register.history(connection, home.scope, asset.id)
        moves = identity.moves_of(connection, home.scope, asset.id)
    if as_json:
        screen.dump({"asset": str(asset.id), "versions": screen.plain(versions), "moves": screen.plain(moves)})
        return
    rows = []
    before: dict[str, Any] = {}
    for version in versions:
        changes = [
            f"{key}: {screen.words(before.get(key, '(none)'), 40)}"
            f" → {screen.words(version.values.get(key, '(none)'), 40)}"
            for key in sorted({*before, *version.values})
            if before.get(key) != version.values.get(key)
        ]
        first = f"created with {len(version.values)} values"
        rows.append(
            [
                str(version.version),
                f"{version.valid_from:%Y-%m-%d %H:%M}",
                version.cause.get("kind", ""),
                version.actor,
                first if version is versions[0] else "; ".join(changes) or "name, type or state",
            ]
        )
        before = dict(version.values)
    screen.table(f"History of {screen.clean(asset.name)}", [">version", "from (UTC)", "cause", "by", "change"], rows)
    for move in moves:
        other = move.to_asset if move.from_asset == asset.id else move.from_asset
        screen.say(
            f"{move.at:%Y-%m-%d %H:%M} {move.kind} with {screen.short(other)}"
            f" by {screen.clean(move.actor)} ({screen.clean(move.cause)})"
        )


def conflicts(
    severity: Annotated[str | None, typer.Option(help="critical, high, medium or low.")] = None,
    attribute: Annotated[str | None, typer.Option(help="Only this attribute.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only this asset.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, the most severe first.")] = 20,
    as_json: screen.Json = False,
) -> None:
    """List where sources disagree, the most severe first, each with a hint how to settle it."""
    from muniment import mapping, register
    from muniment.base.errors import Rejected

    home = screen.open_home()
    with home.scope.transaction() as connection:
        if attribute is not None and attribute not in mapping.attributes(connection):
            raise Rejected(f"--attribute {attribute}: there is none: `muniment model` lists them")
        asset_id = screen.find_asset(connection, home, asset).id if asset else None
        found = register.list_conflicts(
            connection, home.scope, severity=severity, attribute=attribute, asset_id=asset_id, limit=limit
        )
        counts = register.count_conflicts(connection, home.scope)
    if as_json:
        screen.dump({"open": counts, "conflicts": screen.plain(found)})
        return
    screen.table(
        "Conflicts (" + (", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none") + ")",
        ["severity", "asset", "attribute", "claims, the winner first", "hint"],
        [
            [
                c.severity,
                screen.clean(c.asset),
                c.attribute,
                " | ".join(
                    f"{screen.words(claim['value'], 40)} ({screen.words(claim['sources'])})" for claim in c.claims[:4]
                ),
                screen.clean(c.hint, 200),
            ]
            for c in found
        ],
        note="" if found else "The sources agree.",
    )
