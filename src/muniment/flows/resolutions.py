"""A person's word on values and assets: resolve, accept, edit, annotate. Each is one act with one undo.

Called by the doors. Values pass the attribute's normaliser, as cells of files do; a word becomes a
resolution, which outranks every claim until it is undone, expires or is replaced.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import identity, mapping, memory, model, register
from muniment.base.engine import Engine
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.flows.change import Changed, carry_out
from muniment.flows.progress import Progress, quiet

_SHOWN = 80
_FOR_EVER = register.Terms()


def read_value(known: Mapping[str, model.Attribute], attribute: str, text: str) -> tuple[model.Scalar, ...]:
    """What a person typed for an attribute, as the register keeps it.

    Raises:
        Rejected: there is no such attribute, or the text is no value of it; the message says what is.
    """
    definition = attribute_of(known, attribute)
    given = model.normalise(definition, text)
    if given.problem:
        raise Rejected(f"{attribute}={text[:_SHOWN]}: {given.problem}")
    if not given.values:
        why = given.note or "it is empty"
        raise Rejected(f"{attribute}={text[:_SHOWN]}: {why}; to say that there is no value use `--unset {attribute}`")
    return given.values


def attribute_of(known: Mapping[str, model.Attribute], attribute: str) -> model.Attribute:
    """The attribute of that name.

    Raises:
        Rejected: there is none; the message names close ones.
    """
    if attribute not in known:
        from muniment import matching

        close = ", ".join(matching.closest(attribute, list(known)))
        raise Rejected(
            f"{attribute!r} is not an attribute{f'; close: {close}' if close else ''}: `muniment model` lists them"
        )
    return known[attribute]


def resolve(
    home: Home,
    asset: UUID,
    attribute: str,
    value: str | None = None,
    *,
    source: str | None = None,
    terms: register.Terms = _FOR_EVER,
    progress: Progress = quiet,
    dry_run: bool = False,
) -> Changed:
    """Settle an attribute of an asset by a person's word: a value, or what a source says.

    Raises:
        Rejected: the value is none of the attribute's, or the source says nothing or several things.
    """

    def act(connection: sa.Connection, _: Engine) -> UUID:
        known = mapping.attributes(connection)
        definition = attribute_of(known, attribute)
        found = current(connection, home, asset)
        if value is not None:
            values: tuple[Any, ...] = read_value(known, attribute, value)
        else:
            values = _said_by(found, definition, source or "")
        what = f"resolved {attribute} of {found.name} to {_shown(values)}" + (f", as {source} says" if source else "")
        made = memory.add_act(connection, home.scope, "resolve", what, terms.reason)
        choice = register.Choice(found.id, attribute, values, source)
        register.resolve(connection, home.scope, made, [choice], terms)
        return made

    payload = {"asset": str(asset), "attribute": attribute, "reason": terms.reason}
    return carry_out(home, "value.resolved", act, payload, progress, dry_run=dry_run)


def _said_by(asset: register.Asset, attribute: model.Attribute, source: str) -> tuple[Any, ...]:
    proof = asset.provenance.get(attribute.name, {})
    first = {"value": asset.values.get(attribute.name), "sources": proof.get("sources", [])}
    offered = [*(proof.get("each") or [first]), *proof.get("rivals", [])]
    found = [choice["value"] for choice in offered if source in choice["sources"]]
    if not found:
        there = ", ".join(sorted({name for choice in offered for name in choice["sources"]})) or "no source does"
        raise NotFound(f"{source} says nothing about {attribute.name} of {asset.name}; {there}")
    if len(found) > 1 and not attribute.multi:
        raise Rejected(f"{source} says several things ({_shown(found)}): give the value itself")
    return tuple(found)


def accept(home: Home, asset: UUID, attribute: str, reason: str = "", progress: Progress = quiet) -> Changed:
    """Leave a conflict as it is; it is raised again when someone says something new.

    Raises:
        NotFound: there is no conflict to accept.
    """

    def act(connection: sa.Connection, _: Engine) -> UUID:
        found = current(connection, home, asset)
        attribute_of(mapping.attributes(connection), attribute)
        if not register.list_conflicts(connection, home.scope, asset_id=found.id, attribute=attribute):
            raise NotFound(f"{found.name} has no open conflict about {attribute}: `muniment conflicts` lists them")
        what = f"accepted the conflict about {attribute} of {found.name}"
        made = memory.add_act(connection, home.scope, "accept", what, reason)
        register.accept(connection, home.scope, made, [register.Choice(found.id, attribute)], reason)
        return made

    payload = {"asset": str(asset), "attribute": attribute, "reason": reason}
    return carry_out(home, "conflict.accepted", act, payload, progress)


def edit(
    home: Home,
    asset: UUID,
    values: Mapping[str, str],
    unset: Sequence[str] = (),
    *,
    reason: str = "",
    progress: Progress = quiet,
    dry_run: bool = False,
) -> Changed:
    """Correct attributes of an asset by hand: each becomes a resolution, all are one act.

    Raises:
        Rejected: a value is none of its attribute's, or nothing would change.
    """

    def act(connection: sa.Connection, _: Engine) -> UUID:
        known = mapping.attributes(connection)
        found = current(connection, home, asset)
        read = {attribute: read_value(known, attribute, text) for attribute, text in values.items()}
        read |= {attribute_of(known, attribute).name: () for attribute in unset}
        if not read:
            raise Rejected("nothing to change: give --set ATTRIBUTE=VALUE or --unset ATTRIBUTE")
        shown = ", ".join(f"{attribute} to {_shown(given)}" for attribute, given in read.items())
        made = memory.add_act(connection, home.scope, "edit", f"set {shown} of {found.name}", reason)
        choices = [register.Choice(found.id, attribute, given) for attribute, given in read.items()]
        register.resolve(connection, home.scope, made, choices, register.Terms(reason))
        return made

    payload = {"asset": str(asset), "attributes": sorted({*values, *unset}), "reason": reason}
    return carry_out(home, "asset.edited", act, payload, progress, dry_run=dry_run)


def annotate(
    home: Home,
    asset: UUID,
    *,
    tags: Sequence[str] = (),
    untags: Sequence[str] = (),
    note: str = "",
    progress: Progress = quiet,
) -> Changed:
    """Put tags on an asset, take some off, or write a note; no value changes.

    Raises:
        Rejected: there is nothing to write, or a tag has blanks or is too long.
    """
    wrong = [tag for tag in (*tags, *untags) if not tag or len(tag) > _SHOWN or any(sign.isspace() for sign in tag)]
    if wrong:
        raise Rejected(f"{wrong[0]!r} cannot be a tag: use one word of at most {_SHOWN} signs")
    entries = [("tag", tag.lower()) for tag in tags] + [("untag", tag.lower()) for tag in untags]
    entries += [("note", note.strip())] if note.strip() else []
    if not entries:
        raise Rejected("nothing to write: give +TAG, -TAG or the text of a note")

    def act(connection: sa.Connection, _: Engine) -> UUID:
        found = current(connection, home, asset)
        words = ", ".join({"tag": "+", "untag": "-", "note": "note: "}[kind] + text for kind, text in entries)
        made = memory.add_act(connection, home.scope, "annotate", f"annotated {found.name}: {_shown([words])}")
        register.annotate(connection, home.scope, made, found.id, entries)
        return made

    return carry_out(home, "asset.annotated", act, {"asset": str(asset)}, progress)


def current(connection: sa.Connection, home: Home, asset: UUID) -> register.Asset:
    """The asset that an id stands for now."""
    return register.get(connection, home.scope, identity.current_asset(connection, home.scope, asset))


def _shown(values: Sequence[Any]) -> str:
    text = ", ".join(str(value) for value in values) or "nothing"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
