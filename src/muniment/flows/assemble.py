"""The tables of one delivered file, each with its kind, parts joined to the things they are parts of.

Called by `deliver` while it reads. What belongs together is known for the kind of source, else told from
the names of the tabs and the columns they share. Stores nothing.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from muniment import evidence, mapping
from muniment.base.engine import Engine


@dataclass(frozen=True, slots=True)
class Whole:
    """A table to store; `parts` are the tabs that were joined to it, with how many rows."""

    table: evidence.Table
    kind: mapping.Kind
    parts: Mapping[str, int] = field(default_factory=dict)


def assembled(engine: Engine, tables: Iterable[evidence.Table], kind: str | None) -> Iterator[Whole]:
    """Give the tables of a file in their order, joined.

    Tables that nothing can be joined to are given at once, so that an archive of large files is not held
    in memory.

    Args:
        engine: for scratch tables.
        tables: as the readers give them.
        kind: the kind of all of them, where a person said it.
    """
    waiting: list[Whole] = []
    known: dict[str, mapping.Kind] = {}
    for table in tables:
        whole = _with_kind(table, known, kind)
        name = (whole.table.tab or "").lower()
        rule = whole.kind.tab(name)
        joins = rule.part_of or any(name and other.part_of == name for other in whole.kind.tabs.values())
        if joins or (name and not whole.kind.signature):
            waiting.append(whole)
        else:
            yield whole
    bundles: dict[str, list[Whole]] = {}
    for whole in waiting:  # a later tab may have told the kind
        told = known.get(whole.table.file, whole.kind) if not whole.kind.signature else whole.kind
        bundles.setdefault(_bundle(whole.table), []).append(dataclasses.replace(whole, kind=told))
    for bundle in bundles.values():
        yield from _joined(engine, bundle)


_WORKBOOKS = ("xlsx", "xls", "xlsb", "ods")


def _with_kind(table: evidence.Table, known: dict[str, mapping.Kind], kind: str | None) -> Whole:
    """The kind by the columns; tabs of one workbook take the kind of the first that is recognised."""
    found = mapping.kind(kind) if kind else mapping.recognise(table.columns, table.format)
    if found.signature:
        known.setdefault(table.file, found)
    else:
        found = known.get(table.file, found)
    tab = table.tab or found.tab_in(table.file)
    return Whole(dataclasses.replace(table, tab=tab) if tab else table, found)


def _bundle(table: evidence.Table) -> str:
    """What is joined: the tabs of a workbook, or files of an archive whose names differ by the tab only."""
    archive, sign, name = table.file.rpartition("!")
    if table.format in _WORKBOOKS:
        return table.file
    return f"{archive}{sign}{name.lower().rpartition((table.tab or '').lower())[0]}"


def _joined(engine: Engine, bundle: list[Whole]) -> Iterator[Whole]:
    owners: dict[int, list[tuple[int, evidence.Part]]] = {}
    parts: set[int] = set()
    names = {(whole.table.tab or "").lower(): place for place, whole in enumerate(bundle)}
    unknown = not bundle[0].kind.signature and bundle[0].table.format in _WORKBOOKS
    inferred = evidence.parts_by_name([whole.table for whole in bundle]) if unknown else {}
    for place, whole in enumerate(bundle):
        rule = whole.kind.tab(whole.table.tab or "")
        owner, keys = inferred.get(place, (names.get(rule.part_of), ()))
        if owner is not None:
            owners.setdefault(owner, []).append((place, evidence.Part(whole.table, (keys,) if keys else rule.keys)))
            parts.add(place)
    for place, whole in enumerate(bundle):
        if place in owners:
            yield from _with_parts(engine, whole, [part for _, part in owners[place]])
        elif place not in parts:
            yield whole


def _with_parts(engine: Engine, whole: Whole, parts: list[evidence.Part]) -> Iterator[Whole]:
    table, left = evidence.join_parts(engine, whole.table, parts)
    counts = {
        part.table.tab or "": part.table.rows.num_rows - rest.rows.num_rows
        for part, rest in zip(parts, left, strict=True)
    }
    yield Whole(table, whole.kind, {tab: count for tab, count in counts.items() if count})
    for rest in left:
        if rest.rows.num_rows:  # rows that fit nothing, or more than one thing: records of their own
            yield Whole(rest, whole.kind)
