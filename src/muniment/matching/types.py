"""The nouns of column matching: targets, profiles, columns, candidates, proposals, learned pairs.

Made by callers (targets, learned pairs) and by the verbs beside this file. Nothing here does I/O, and
nothing here knows where a target or a value came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

NONE = ""
"""The target of a column that means nothing known: "none of them" is a candidate like any other."""

State = Literal["auto", "suggested", "unmapped"]


@dataclass(frozen=True, slots=True)
class Target:
    """Something a column may mean.

    Attributes:
        name: the identifier that candidates and proposals carry.
        label: its name for people.
        description: one sentence.
        synonyms: other headers known to mean it, in any case and punctuation.
        kind: what its values look like: text, hostname, fqdn, ip, mac, serial, uuid, os, size, integer,
            number, percent, money, boolean, date, datetime, enum, email or url.
        unit: the unit its values are kept in (MiB, GiB, MHz, days, ...), None when it has none.
        multi: whether one thing may have several values of it, so that several columns may mean it.
        values: lower-cased values it may take, with their synonyms; all of them for an enum,
            typical ones for any other kind; empty when unknown.
        group: the part of the model it belongs to: identity, hardware, software, ...
        wider: the target that this one is a case of, "" where it is none.
    """

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    kind: str
    unit: str | None
    multi: bool
    values: frozenset[str]
    group: str
    wider: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the values of one column look like; independent of the order of the rows.

    Attributes:
        rows: number of rows.
        filled: rows with a value that is neither blank nor a placeholder such as "N/A".
        distinct: number of different filled values.
        kinds: per detector of `detect.DETECTORS` the estimated share of filled values, 0 to 1, that it
            recognises; detectors that recognise nothing are absent.
        lengths: characters of a filled value: shortest, mean, longest (zeros when none is filled).
        samples: up to five different values, the most frequent first.
        common: up to forty of the most frequent values, lower-cased, each with its share of the filled.
        value_list: most values are lists of several values ("10.0.0.1, 10.0.0.2").
    """

    rows: int
    filled: int
    distinct: int
    kinds: Mapping[str, float]
    lengths: tuple[int, float, int]
    samples: tuple[str, ...]
    common: tuple[tuple[str, float], ...]
    value_list: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its header as written, the table or tab it is in, and its profile."""

    name: str
    table: str | None
    profile: Profile


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible meaning of a column.

    `probability` is calibrated over all candidates of the column, `NONE` among them, so they add up to
    one, also after learned pairs spoke. `reasons` are sentences for people, the weightiest first. `multi`:
    several columns of one table may mean this target. `wider`: the target that this one is a case of.
    """

    column: str
    target: str
    probability: float
    reasons: tuple[str, ...]
    multi: bool = False
    wider: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be done with a column after all columns of its table were weighed against each other.

    `target` is `NONE` when the column stays unmapped; `runner_up` is the best other candidate that names
    a target; `state` follows from the thresholds that `assign` was given.
    """

    column: str
    target: str
    probability: float
    reasons: tuple[str, ...]
    runner_up: Candidate | None
    state: State


@dataclass(frozen=True, slots=True)
class Learned:
    """How often people accepted and rejected one meaning for headers of one `name_key`."""

    column_key: str
    target: str
    accepted: int
    rejected: int
