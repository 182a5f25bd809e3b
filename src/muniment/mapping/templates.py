"""Templates: named, versioned sets of mappings for a kind of source; which fits a layout, and where one no longer does.

Called by the mapping phase of an import and by `muniment templates`. The shipped ones are data in `shipped/`;
the tenant's own, and what is switched off, are an append-only table that `store` queries.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from muniment import model
from muniment.base.errors import Rejected

if TYPE_CHECKING:
    import pyarrow as pa

    from muniment.mapping.kinds import Kind
    from muniment.mapping.types import ColumnMapping

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_FIELDS = {"name", "title", "kind", "tab", "needs", "columns", "asset_type", "version"}
_BODY = {"attribute", "transform", "content", "beside"}
_MOST_COLUMNS = 5_000
_NEAR = 0.5
_MOSTLY = 0.9
_CONTENT = (
    ("number", r"^\s*-?\d[\d.,]*\s*[A-Za-z%]{0,5}\s*$"),
    ("date", r"^\s*(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})"),
    ("address", r"^\s*\d{1,3}(\.\d{1,3}){3}"),
)


@dataclass(frozen=True, slots=True)
class Template:
    """A set of mappings.

    `columns` (lower case) gives each an `attribute` (None: left out; no word of it: undecided), for those made from
    accepted mappings the `transform` and the `content` it was made from, and in `beside` what it means instead where
    another column is there too; `needs` must all be there.
    """

    name: str
    title: str
    version: int
    kind: str
    tab: str
    asset_type: str | None
    needs: tuple[str, ...]
    columns: Mapping[str, Mapping[str, Any]] = field(repr=False)
    shipped: bool = False
    enabled: bool = True

    def document(self) -> dict[str, Any]:
        """The template as JSON, as it is stored and exported."""
        named = {"name": self.name, "title": self.title, "version": self.version, "kind": self.kind, "tab": self.tab}
        return {**named, "asset_type": self.asset_type, "needs": list(self.needs), "columns": dict(self.columns)}


@dataclass(frozen=True, slots=True)
class Difference:
    """How a layout, or another template, differs from a template: columns by what happened to them."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]

    def __str__(self) -> str:
        parts = (("new", self.new), ("gone", self.gone), ("changed in kind", self.changed))
        return "; ".join(f"{what}: {', '.join(columns)}" for what, columns in parts if columns) or "no difference"


def template(document: Any, *, version: int = 1, shipped: bool = False, enabled: bool = True) -> Template:
    """The template that a document stands for.

    Raises:
        Rejected: it is none; the message names the place.
    """
    if not isinstance(document, Mapping) or not document.keys() <= _FIELDS:
        raise Rejected(f"a template is a JSON object with {', '.join(sorted(_FIELDS))}")
    name, columns, needs = document.get("name"), document.get("columns"), document.get("needs", [])
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Rejected(f"{name!r} is no name of a template: use small letters, digits, '-', '_' and '.'")
    if not isinstance(columns, Mapping) or not 0 < len(columns) <= _MOST_COLUMNS:
        raise Rejected(f'the template {name} needs columns, such as {{"sys_id": {{"attribute": "source_id"}}}}')
    if not isinstance(needs, list) or not all(isinstance(column, str) for column in needs):
        raise Rejected(f"the template {name}: needs is a list of columns")
    for column, body in columns.items():
        if not isinstance(body, Mapping) or not body.keys() <= _BODY:
            raise Rejected(f"the template {name}, column {column!r}: it takes {', '.join(sorted(_BODY))}")
        if not isinstance(body.get("beside", {}), Mapping):
            raise Rejected(f"the template {name}, column {column!r}: beside gives attributes by other columns")
        model.validated(body.get("transform", {}))
    texts = {key: document.get(key) or default for key, default in (("title", name), ("kind", "table"), ("tab", "*"))}
    return Template(
        name,
        str(texts["title"]),
        version,
        str(texts["kind"]),
        str(texts["tab"]).lower(),
        document.get("asset_type"),
        tuple(column.lower() for column in needs),
        {column.strip().lower(): dict(body) for column, body in columns.items()},
        shipped,
        enabled,
    )


@functools.cache
def shipped_templates() -> Mapping[str, Template]:
    """The templates that come with the program, by name."""
    folder = resources.files("muniment.mapping").joinpath("shipped")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".json")), key=lambda item: item.name)
    found = [template(json.loads(item.read_text(encoding="utf-8")), shipped=True) for item in files]
    return {one.name: one for one in found}


def make(
    name: str, kind: str, tab: str, mappings: Sequence[ColumnMapping], rows: pa.Table, key: Sequence[str]
) -> Template:
    """A template of what is applied in a layout.

    Raises:
        Rejected: nothing is applied, or the name is none.
    """
    applied = {item.column.strip().lower(): item for item in mappings if item.applied}
    left_out = {item.column.strip().lower(): item for item in mappings if item.state == "rejected"}
    columns: dict[str, Any] = {
        column: {"attribute": item.attribute, "transform": dict(item.transform), "content": content(rows, item.column)}
        for column, item in applied.items()
    }
    columns |= {column: {"attribute": None} for column in left_out}
    columns = {**{item.column.strip().lower(): {} for item in mappings}, **columns}
    if not applied:
        raise Rejected("no column of that source gives values yet: accept or set some first")
    needs = [column.lower() for column in key] or sorted(applied)
    return template({"name": name, "kind": kind, "tab": tab or "*", "needs": needs, "columns": columns})


def content(rows: pa.Table, column: str) -> str:
    """What kind of content most cells of a column have: number, date, address, text; nothing where it is empty."""
    import pyarrow.compute as pc

    cells = rows[column].drop_null()
    if len(cells) == 0:
        return ""
    for name, pattern in reversed(_CONTENT):
        if (pc.sum(pc.match_substring_regex(cells, pattern)).as_py() or 0) >= _MOSTLY * len(cells):
            return name
    return "text"


def compare(one: Template, rows: pa.Table, columns: Sequence[str]) -> Difference:
    """What of a layout is new, gone or of another kind of content than the template knows."""
    there = {column.strip().lower(): column for column in columns}
    changed = []
    for column, body in sorted(one.columns.items()):
        known = body.get("content")
        now = content(rows, there[column]) if known and column in there else ""
        if now not in {"", known}:
            changed.append(f"{column} (was {known}, is {now})")
    new, gone = there.keys() - one.columns.keys(), one.columns.keys() - there.keys()
    return Difference(tuple(sorted(new)), tuple(sorted(gone)), tuple(changed))


def compare_templates(one: Template, other: Template) -> Difference:
    """What of another template is new, gone or read otherwise."""
    both = one.columns.keys() & other.columns.keys()
    changed = [
        f"{column} (was {one.columns[column].get('attribute')}, is {other.columns[column].get('attribute')})"
        if one.columns[column].get("attribute") != other.columns[column].get("attribute")
        else f"{column} (read otherwise)"
        for column in sorted(both)
        if one.columns[column] != other.columns[column]
    ]
    new, gone = other.columns.keys() - one.columns.keys(), one.columns.keys() - other.columns.keys()
    return Difference(tuple(sorted(new)), tuple(sorted(gone)), tuple(changed))


def fitting(
    known: Sequence[Template], kind: str, tab: str, rows: pa.Table, columns: Sequence[str]
) -> tuple[Template | None, list[tuple[Template, Difference]]]:
    """The template to apply to a layout, and those that nearly fit, with what keeps them from it.

    The tenant's own come before the shipped, those for the tab before those for any; of several the one that knows
    most of the columns.
    """
    there = {column.strip().lower() for column in columns}
    fits, nearly = [], []
    for one in known:
        share = len(there & one.columns.keys()) / len(one.columns)
        if not one.enabled or one.kind != kind or one.tab not in {"*", tab.lower()} or not there & one.columns.keys():
            continue
        difference = compare(one, rows, columns)
        if set(one.needs) <= there and not difference.changed and (one.shipped or share >= _NEAR):
            fits.append((not one.shipped, one.tab != "*", share, one.name, one))
        elif not one.shipped and share >= _NEAR:
            nearly.append((one, difference))
    return (max(fits, key=lambda item: item[:4])[4] if fits else None), nearly


def reading(one: Template, known: Sequence[Template], source: Kind, columns: Sequence[str]) -> Template:
    """A template as it reads a layout: with the columns of the parts that were joined, each as its own tab's says.

    Args:
        one: the template that fits the layout.
        known: all templates, of which those of the parts' tabs are taken.
        source: the kind of source, which knows what is a part of what.
        columns: of the layout.
    """
    there = {column.strip().lower() for column in columns}
    read = {}
    for column, body in one.columns.items():
        other = next((meant for name, meant in body.get("beside", {}).items() if name in there), None)
        instead = any(name in there for name in body.get("beside", {}))
        read[column] = {**body, "attribute": other} if instead else body
    for part in sorted(known, key=lambda part: (part.shipped, part.name), reverse=True):
        if part.enabled and part.kind == one.kind and source.tab(part.tab).part_of == one.tab != "*":
            read |= {f"{part.tab}[].{column}": body for column, body in part.columns.items()}
    return dataclasses.replace(one, columns=read)
