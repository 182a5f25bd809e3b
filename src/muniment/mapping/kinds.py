"""Kinds of source: recognised by their columns; each with what is known before learning.

`flows` asks which kind a delivery is, what identifies its rows and how far to trust it at first.
The knowledge is data, in `kinds.toml`.
"""

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from muniment.base.errors import Rejected

FILE_COLUMN = "(file name)"
"""A column that the import adds where a kind names the host by the file."""

_PLAIN = {
    "csv": "table",
    "tsv": "table",
    "xlsx": "spreadsheet",
    "json": "document",
    "jsonl": "document",
    "xml": "document",
    "html": "spreadsheet",
}
_DEFAULT_RELIABILITY = 0.75


@dataclass(frozen=True, slots=True)
class Tab:
    """What the rows of one tab are: their type, the columns that identify them.

    `list_name` says that all layouts of the tab list the same things, whatever their columns. Rows of a tab
    that is `part_of` another become lists in the rows of that one, found by the tab's `keys`.
    """

    asset_type: str | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    detail: bool = False
    skip: bool = False
    list_name: str = ""
    part_of: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source.

    `columns` says what columns (lower case) mean that no header could tell. `lag_days`: rows without a date
    of their own are believed to be so much older than their delivery. `untitled` is the tab that a file
    without tabs is, unless its name says which. `prefixes` may stand before the names of `columns`; of the lists
    in `details` only the columns named are attributes.
    """

    name: str
    title: str
    signature: tuple[frozenset[str], ...]
    reliability: Mapping[str, float]
    tabs: Mapping[str, Tab]
    file_names_host: bool
    lag_days: int
    columns: Mapping[str, str]
    untitled: str = ""
    prefixes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()

    def tab(self, name: str) -> Tab:
        """What is known of a tab, by its name in any case."""
        return self.tabs.get(name.lower()) or self.tabs.get("*") or Tab()

    def tab_in(self, file: str) -> str:
        """The tab that a file without tabs is: "RVTools_tabvInfo.csv" is vInfo; "" where it is none."""
        stem = file.rpartition("!")[2].rpartition("/")[2].partition(".")[0]
        for name in sorted(self.tabs, key=len, reverse=True):
            if name != "*" and stem.lower().endswith(name):
                return stem[-len(name) :]
        return self.untitled

    def meanings(self, columns: Sequence[str]) -> dict[str, str]:
        """What columns mean, by their names in lower case; "" for what is a detail and no attribute."""
        known = {}
        for column in (name.lower() for name in columns):
            plain = next((column.removeprefix(one) for one in self.prefixes if column.startswith(one)), column)
            part, sign, _ = plain.partition("[].")
            rule = self.tabs.get(part) if sign else None
            if rule is not None and rule.part_of:
                known[column] = ""
            elif plain in self.columns or (sign and part in self.details):
                known[column] = self.columns.get(plain, "")
        return known

    def share_right(self, group: str) -> float:
        """The share of right values to expect for a group of attributes."""
        return float(self.reliability.get(group, _DEFAULT_RELIABILITY))


@functools.cache
def kinds() -> Mapping[str, Kind]:
    """All kinds by name, the specific ones first."""
    text = resources.files("muniment.mapping").joinpath("kinds.toml").read_text(encoding="utf-8")
    return {name: _kind(name, body) for name, body in tomllib.loads(text).items()}


def _kind(name: str, body: Mapping[str, Any]) -> Kind:
    tabs = {
        tab: Tab(
            rule.get("type"),
            tuple(tuple(key) for key in rule.get("key", ())),
            rule.get("detail", False),
            rule.get("skip", False),
            f"{name} {tab}" if tab != "*" or rule.get("one_list", False) else "",
            rule.get("part_of", ""),
        )
        for tab, rule in body.get("tabs", {}).items()
    }
    return Kind(
        name,
        body["title"],
        tuple(frozenset(columns) for columns in body["signature"]),
        body["reliability"],
        tabs,
        body.get("file_names_host", False),
        body.get("lag_days", 0),
        body.get("columns", {}),
        body.get("untitled", ""),
        tuple(body.get("prefixes", ())),
        tuple(body.get("details", ())),
    )


def kind(name: str) -> Kind:
    """The kind of that name.

    Raises:
        Rejected: there is none.
    """
    found = kinds().get(name)
    if found is None:
        raise Rejected(f"{name!r} is not a kind of source: use one of {', '.join(kinds())}")
    return found


def recognise(columns: Sequence[str], file_format: str) -> Kind:
    """The kind whose signature the columns fulfil with most columns; else the plain one of the format."""
    present = {column.strip().lower() for column in columns}
    best: tuple[int, Kind] | None = None
    for candidate in kinds().values():
        hits = [len(needed) for needed in candidate.signature if needed <= present]
        if hits and (best is None or max(hits) > best[0]):
            best = (max(hits), candidate)
    return best[1] if best else kinds()[_PLAIN.get(file_format, "table")]
