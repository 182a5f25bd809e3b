"""What happened to an asset, told in words: what changed, through what, by whom and why.

Called by the doors for `history`. Reads versions, moves of ids and the log of acts; it writes nothing, and an
asset that left the register is told of like any other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, identity, memory, register
from muniment.base import events
from muniment.base.tenancy import Scope

_FEW_FILES = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; None where there was or is none."""

    attribute: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened to an asset: when, by whom, through what, why, and what it changed.

    `what` is a sentence, such as "import of cmdb.csv from servicenow"; `notes` say what became of the asset as a
    whole; `version` is the version it began, None where the values stayed or the asset left the register.
    """

    at: datetime
    actor: str
    what: str
    reason: str
    version: int | None
    notes: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Names:
    """What the causes of changes refer to: files of flows with their sources, acts, names of other assets."""

    deliveries: Mapping[str, Sequence[tuple[str, str]]]
    acts: Mapping[str, memory.Act]
    assets: Mapping[UUID, str]


def account(
    connection: sa.Connection,
    scope: Scope,
    asset: register.Asset,
    moves: Sequence[identity.Move],
    names: Mapping[UUID, str],
) -> list[Happened]:
    """Everything that happened to an asset, oldest first; `names` are those of the assets in `moves`."""
    versions = register.history(connection, scope, asset.id)
    known = _Names(_deliveries(connection, scope, asset), _acts(connection, scope), names)
    told = list(_versions(connection, scope, versions, known))
    for move in moves:
        cause = _move_cause(move)
        place = next((n for n, (one, by) in enumerate(told) if one.at >= move.at and _same(by, cause)), None)
        note = _moved(move, asset.id, known)
        if place is None:
            told.append((Happened(move.at, move.actor, _what(cause, known), "", None, (note,), ()), cause))
        else:
            one, by = told[place]
            told[place] = (_noting(one, note), by)
    return [one for one, _ in sorted(told, key=lambda item: item[0].at)]


def causes(connection: sa.Connection, scope: Scope) -> Callable[[Mapping[str, Any]], str]:
    """A function that tells a cause, as versions and moves keep it, in words; "" for none."""
    known = _Names(_delivered(connection, scope), _acts(connection, scope), {})
    return lambda cause: _what(cause, known) if cause.get("kind") else ""


def _noting(one: Happened, note: str) -> Happened:
    return Happened(one.at, one.actor, one.what, one.reason, one.version, (note, *one.notes), one.changes)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one.get("kind"), one.get("flow")) == (other.get("kind"), other.get("flow"))


def _versions(
    connection: sa.Connection, scope: Scope, versions: Sequence[register.Version], known: _Names
) -> Iterator[tuple[Happened, Mapping[str, Any]]]:
    """The versions with their causes, and between them the times at which the asset was not in the register."""
    if not versions:
        return
    yield _first(versions[0], "created", known), versions[0].cause
    for before, after in pairwise(versions):
        if before.valid_to is not None and before.valid_to < after.valid_from:
            yield _left(connection, scope, before.valid_to, known)
            yield _first(after, "came back", known), after.cause
        else:
            yield _later(before, after, known), after.cause
    if versions[-1].valid_to is not None:
        yield _left(connection, scope, versions[-1].valid_to, known)


def _first(version: register.Version, how: str, known: _Names) -> Happened:
    note = f"{how} with {len(version.values)} values"
    return _happened(version, (note,), (), known)


def _later(before: register.Version, after: register.Version, known: _Names) -> Happened:
    notes = []
    if (before.state == "retired") != (after.state == "retired"):
        notes.append("retired: no source lists it any more" if after.state == "retired" else "in use again")
    if before.name != after.name:
        notes.append(f"called {after.name}, before {before.name}")
    if before.type != after.type:
        notes.append(f"a {after.type.replace('_', ' ')}, before a {before.type.replace('_', ' ')}")
    changes = tuple(
        Change(key, before.values.get(key), after.values.get(key))
        for key in sorted({*before.values, *after.values})
        if before.values.get(key) != after.values.get(key)
    )
    return _happened(after, tuple(notes), changes, known)


def _happened(
    version: register.Version, notes: tuple[str, ...], changes: tuple[Change, ...], known: _Names
) -> Happened:
    cause, act = version.cause, _act_of(version.cause, known)
    reason = act.reason if act else cause.get("reason")
    return Happened(
        version.valid_from, version.actor, _what(cause, known), reason or "", version.version, notes, changes
    )


def _left(connection: sa.Connection, scope: Scope, at: datetime, known: _Names) -> tuple[Happened, Mapping[str, Any]]:
    """That an asset left the register: what the transaction that took it out wrote last says why."""
    found = events.first_since(connection, scope, at)
    cause = {} if found is None else _event_cause(found)
    note = "taken out of the register: no record of it is left"
    what = _what(cause, known) if cause else "unknown"
    reason = str(cause.get("reason") or "")
    return Happened(at, found.actor if found else "", what, reason, None, (note,), ()), cause


def _event_cause(found: events.Event) -> Mapping[str, Any]:
    if found.topic.startswith("import.") and "flow" in found.payload:
        return {"kind": "import", "flow": found.payload["flow"]}
    return {"kind": found.topic, **found.payload}


def _move_cause(move: identity.Move) -> Mapping[str, Any]:
    kind, _, flow = move.cause.partition(" ")
    return {"kind": kind, "flow": flow} if flow else {"kind": kind}


def _moved(move: identity.Move, asset: UUID, known: _Names) -> str:
    here = move.from_asset == asset
    other = known.assets.get(move.to_asset if here else move.from_asset, "an asset")
    if move.kind == "merge":
        return f"became part of {other}" if here else f"took in {other}"
    return f"{other} was split off" if here else f"split off {other}"


# Causes as sentences


def _what(cause: Mapping[str, Any], known: _Names) -> str:
    """What made a change, as people say it."""
    kind = str(cause.get("kind", ""))
    act = _act_of(cause, known)
    if act is not None:
        return f"undone: {act.what}" if kind == "act.undone" else act.what
    told = _SENTENCES.get(kind)
    if told is not None:
        return told(cause, known)
    noun, _, verb = kind.replace("_", " ").partition(".")
    return f"{noun} {verb}".strip() or "unknown"


def _act_of(cause: Mapping[str, Any], known: _Names) -> memory.Act | None:
    return known.acts.get(str(cause.get("act", "")))


def _import(cause: Mapping[str, Any], known: _Names) -> str:
    delivered = known.deliveries.get(str(cause.get("flow", "")), ())
    files = list(dict.fromkeys(file for file, _ in delivered)) or [str(file) for file in cause.get("files", ())]
    sources = sorted({source for _, source in delivered})
    listed = _and(files) if len(files) <= _FEW_FILES else f"{len(files)} files"
    return f"import of {listed or 'files'}" + (f" from {_and(sources)}" if sources else "")


def _settings(cause: Mapping[str, Any], _: _Names) -> str:
    left = {"kind", "source", "reason", "act"}
    changed = [f"{name.replace('_', ' ')} {_shown(value)}" for name, value in cause.items() if name not in left]
    return f"settings of the source {cause.get('source', '')} changed: {', '.join(changed)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _and([str(item) for item in value]) if isinstance(value, list) else str(value)


def _files(verb: str) -> Callable[[Mapping[str, Any], _Names], str]:
    return lambda cause, _: f"{verb} the import of {_and([str(file) for file in cause.get('files', ())])}"


def _columns(verb: str) -> Callable[[Mapping[str, Any], _Names], str]:
    return lambda cause, _: f"{verb} {_and([repr(str(column)) for column in cause.get('columns', ())])}"


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any], _Names], str]] = {
    "import": _import,
    "import.approved": _files("approved"),
    "import.rejected": _files("rejected"),
    "imports.withdrawn": lambda cause, _: f"withdrew {cause.get('what', 'imports')}",
    "imports.restored": lambda cause, _: f"restored {cause.get('what', 'imports')}",
    "source.changed": _settings,
    "source.rekeyed": lambda cause, _: f"rows are told apart by {_and([str(key) for key in cause.get('key', ())])}",
    "mapping.accepted": _columns("accepted the meaning of"),
    "mapping.rejected": _columns("rejected the meaning of"),
    "mapping.set": _columns("changed the meaning of"),
    "mapping.undone": lambda *_: "took back what was said of columns",
    "assets.merged": lambda *_: "merge",
    "asset.split": lambda *_: "split",
    "act.undone": lambda *_: "undo",
    "identity.judged_same": lambda *_: "judged one thing",
    "identity.judged_different": lambda *_: "judged different things",
    "identity.reviewed": lambda *_: "verdicts given in review",
}
"""Kinds of causes that are no act of the log. Any other is told by its own words: `policy.applied` is "policy
applied"."""


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _deliveries(connection: sa.Connection, scope: Scope, asset: register.Asset) -> dict[str, list[tuple[str, str]]]:
    """Per flow the files and sources of its imports: those of the asset's sources, where it has any."""
    return {
        flow: [item for item in delivered if item[1] in asset.sources] or delivered
        for flow, delivered in _delivered(connection, scope).items()
    }


def _delivered(connection: sa.Connection, scope: Scope) -> dict[str, list[tuple[str, str]]]:
    """Per flow the files and sources of its imports."""
    names = {source.id: source.name for source in evidence.list_sources(connection)}
    found: dict[str, list[tuple[str, str]]] = {}
    for one in evidence.list_imports(connection, scope):
        found.setdefault(str(one.flow_id), []).append((one.file, names[one.source_id]))
    return found


def _acts(connection: sa.Connection, scope: Scope) -> dict[str, memory.Act]:
    return {str(act.id): act for act in memory.list_acts(connection, scope)}
