"""Reads JSON and JSON lines into tables: finds the records in a document and flattens them.

Called by `read`. Exports wrap their records in many ways; what is a record is decided here, by
shape and a few words, and what is found is said in `Table.tab`. Values are never interpreted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from muniment.base.errors import Rejected
from muniment.evidence.decode import decode
from muniment.evidence.delivery import EXCERPT_LENGTH, Reject, Table, excerpt
from muniment.evidence.dumps import is_dump, things
from muniment.evidence.flatten import (
    LEAF_LIMIT,
    Columns,
    FlawedRecord,
    Json,
    NotJson,
    Number,
    Repeated,
    write,
    write_shallow,
)
from muniment.evidence.unwrap import unwrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from muniment.evidence.containers import Member

_SEARCH_DEPTH: Final = 3
_ENVELOPE_SCALARS: Final = 12
"""An object with more scalar members than this is a record, not the envelope of some."""
_FAILURES_ALLOWED: Final = 1_000
_LINES_TO_JUDGE: Final = 50
_SAMPLE: Final = 1024 * 1024
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_SEPARATORS: Final = re.compile(r"[\s,\]]*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IDENTITY: Final = _words("name hostname host fqdn serial serialnumber uuid id ip ipaddress assettag")
"""Members that make an object a record of its own, whatever lists it holds."""
_RECORDS: Final = _words(
    "assets computers data devices entries hosts hostvars instances inventory items machines"
    " nodes objects records resources result results rows servers systems value values"
    " virtualmachines vms"
)
"""Names of lists that hold records even inside something with a name (a cluster's hosts)."""
_PARTS: Final = _words(
    "addresses attributes bindings blockdevicemappings controllers cpus devicemappings disks"
    " drives errors filesystems groups interfaces ipaddresses labels links macaddresses messages"
    " metadata mounts networkinterfaces networks nics partitions permissions ports properties"
    " securitygroups tags volumes warnings"
)
"""Names of lists that are parts of one record, never records."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A list of records in a document, and where it is."""

    path: str | None
    elements: list[Json]


@dataclass(slots=True)
class _Reading:
    """A table in the making."""

    member: Member
    tab: str | None
    format: str
    details: dict[str, str]
    columns: Columns = field(default_factory=Columns)
    rejects: list[Reject] = field(default_factory=list)

    def take(self, line: int, value: Json) -> None:
        """Keep a record, or the reason why it cannot be kept; {} is as good as a blank line."""
        if value == {}:
            return
        if not isinstance(value, dict):
            kind = "a list" if isinstance(value, list) else "a plain value"
            self.refuse(line, f"element {line} is {kind}, not an object", write_shallow(value))
            return
        try:
            self.columns.add(line, value, unwrap(value))
        except FlawedRecord as error:
            reason = f"the record {error}: correct it and import it again"
            self.refuse(line, reason, write_shallow(value), excerpt(error.column) or None)

    def refuse(self, line: int | None, reason: str, text: str, column: str | None = None) -> None:
        """Keep a reject."""
        self.rejects.append(Reject(self.member.file, self.tab, line, column, reason, excerpt(text)))

    def table(self) -> Table:
        """Finish."""
        if self.columns.left_out:
            reason = (
                f"more than {LEAF_LIMIT:,} different fields: {self.columns.left_out:,} values of "
                "further fields are kept in the raw record only"
            )
            self.refuse(None, reason, "")
        rows = self.columns.table()
        return Table(
            file=self.member.file,
            tab=self.tab,
            format=self.format,
            details=self.details,
            columns=tuple(rows.column_names[2:]),
            rows=rows,
            rejects=tuple(self.rejects),
            observed=self.member.observed,
        )


def read_json(member: Member, *, lines: bool = False) -> Iterator[Table]:
    """Read one JSON document, or a file of JSON lines, which is also told by its content.

    Raises:
        Rejected: It is not text, not JSON, nested too deeply to parse, or holds no record.
    """
    decoded = decode(member.data)
    if decoded is None:
        raise Rejected(f"{member.file} is not text: export it as CSV, XLSX or JSON")
    text = decoded.utf8.decode("utf-8")
    details = {"encoding": decoded.encoding}
    try:
        if lines or _is_lines(text):
            yield _read_lines(_Reading(member, None, "jsonl", details), text)
        else:
            yield from _read_document(member, text, details)
    except RecursionError as error:
        raise Rejected(f"{member.file} is nested too deeply: export it flatter") from error


def _read_lines(reading: _Reading, text: str) -> Table:
    for number, line in enumerate(_LINE_END.split(text), start=1):
        if not line.strip():
            continue
        try:
            value = _DECODER.decode(line)
        except json.JSONDecodeError as error:
            reason = f"line {number} column {error.colno} is not JSON: {error.msg}"
            reading.refuse(number, reason, line)
        except RecursionError:
            reading.refuse(number, f"line {number} is nested too deeply", line)
        else:
            reading.take(number, value)
    return _not_empty(reading)


def _read_document(member: Member, text: str, details: dict[str, str]) -> Iterator[Table]:
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if not text.lstrip().startswith("[") and not error.msg.startswith("Extra data"):
            raise Rejected(
                f"{member.file} is not JSON: {error.msg} in line {error.lineno} column "
                f"{error.colno}: correct or export it again"
            ) from error
        yield _salvage(_Reading(member, None, "json", details), text)
        return
    if isinstance(value, list) and is_dump(value):
        yield from _read_dump(member, value, details)
        return
    found = _record_lists(value)
    if isinstance(value, dict) and found[0].elements != [value]:
        outside = {k: v for k, v in value.items() if not isinstance(v, (dict, list))}
        details |= {"outside the records": excerpt(write(outside))} if outside else {}
    if all(element == {} for part in found for element in part.elements):
        raise Rejected(f"{member.file} is empty: it holds no records, export it again")
    for part in found:
        reading = _Reading(member, part.path, "json", details)
        for number, element in enumerate(part.elements, start=1):
            reading.take(number, element)
        yield reading.table()


def _read_dump(member: Member, value: list[Json], details: dict[str, str]) -> Iterator[Table]:
    found, left = things(value)
    if not found:
        raise Rejected(f"{member.file} is a dump without machines or other things: export what lists them")
    if left:
        details |= {"left out": ", ".join(f"{count:,} {kind}" for kind, count in sorted(left.items()))}
    for kind, records in found.items():
        reading = _Reading(member, kind, "json", details)
        for number, record in enumerate(records, start=1):
            reading.take(number, record)
        yield reading.table()


def _not_empty(reading: _Reading) -> Table:
    table = reading.table()
    if not table.rows.num_rows and not table.rejects:
        raise Rejected(f"{table.file} is empty: it holds no records, export it again")
    return table


def _salvage(reading: _Reading, text: str) -> Table:
    """Read the whole elements of a broken list, or of documents one after the other.

    After an error reading goes on at the next object that has the members of the records before
    it; a file cut off in the middle so gives all but its last record.
    """
    at = len(text) - len(text.lstrip())
    at += text.startswith("[", at)
    number = failures = 0
    known: set[str] = set()
    while (at := _SEPARATORS.match(text, at).end()) < len(text):  # type: ignore[union-attr]
        number += 1
        try:
            value, at = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            reason = f"not JSON: {error.msg} in line {error.lineno} column {error.colno}"
            reading.refuse(error.lineno, reason, text[at : at + EXCERPT_LENGTH])
            failures += 1
            at = _next_record(text, max(error.pos, at + 1), known) if known else len(text)
            if failures == _FAILURES_ALLOWED:
                reading.refuse(error.lineno, "too many errors: the rest was not read", "")
                break
        else:
            reading.take(number, value)
            known |= value.keys() if isinstance(value, dict) else set()
    return _not_empty(reading)


def _next_record(text: str, at: int, known: set[str]) -> int:
    """Find the next object most of whose members are known; the end of the text if none is."""
    for _ in range(_FAILURES_ALLOWED):
        at = text.find("{", at)
        if at < 0:
            break
        try:
            value, end = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError:
            at += 1
            continue
        if 2 * len(known & value.keys()) > len(value):
            return at
        at = end
    return len(text)


def _is_lines(text: str) -> bool:
    """Tell JSON lines: several lines, most of them an object from brace to brace."""
    start = text[:_SAMPLE].lstrip()
    if not start.startswith("{"):
        return False
    lines = [line.strip() for line in _LINE_END.split(start, _LINES_TO_JUDGE)]
    lines = [line for line in lines[:_LINES_TO_JUDGE] if line]
    if len(lines) == 1:
        return False
    whole = sum(line.startswith("{") and line.endswith("}") for line in lines)
    return 2 * whole > len(lines) or _is_object(lines[0])


def _is_object(line: str) -> bool:
    try:
        return isinstance(_DECODER.decode(line), dict)
    except (json.JSONDecodeError, RecursionError):
        return False


def _record_lists(value: Json) -> list[_Found]:
    """Find the records: the document's own list, those in its envelope, or the one it is."""
    if isinstance(value, list):
        return [_unwrap(_Found(None, _level(value)))]
    if not isinstance(value, dict):
        return [_Found(None, [value])]
    if _is_keyed(value):
        return [_Found(None, _keyed(value))]
    return [_unwrap(part) for part in _inside(value, "", 1)] or [_Found(None, [value])]


def _level(value: list[Json]) -> list[Json]:
    """Lay a list of lists of objects flat, as queries of clouds give them ("Reservations[].Instances")."""
    inner = [element for element in value if isinstance(element, list) and _all_objects(element)]
    return [record for element in inner for record in element] if inner and len(inner) == len(value) else value


def _inside(value: dict[str, Json], prefix: str, depth: int) -> Iterator[_Found]:
    scalars = [key for key, inner in value.items() if not isinstance(inner, (dict, list))]
    if depth > _SEARCH_DEPTH or len(scalars) > _ENVELOPE_SCALARS:
        return
    identified = any(_word(key) in _IDENTITY for key in scalars)
    for key, inner in value.items():
        word, path = _word(key), prefix + key
        if word in _PARTS or (identified and word not in _RECORDS):
            continue
        if isinstance(inner, list):
            if any(isinstance(element, dict) for element in inner) or (not inner and word in _RECORDS):
                yield _Found(path, inner)
        elif isinstance(inner, dict) and _is_keyed(inner):
            yield _Found(path, _keyed(inner))
        elif isinstance(inner, dict):
            yield from _inside(inner, f"{path}.", depth + 1)


def _unwrap(found: _Found) -> _Found:
    """Go down while the elements are only wrappers of records ({"Instances": [...]}).

    A record keeps the plain members of its wrapper under the name of the wrapper's list, so
    that the account a reservation belongs to is not lost.
    """
    wrappers = [element for element in found.elements if isinstance(element, dict)]
    for key in wrappers[0] if wrappers else ():
        lists = [wrapper.get(key) for wrapper in wrappers]
        if _word(key) not in _RECORDS or len(wrappers) < len(found.elements):
            continue
        if any(_word(name) in _IDENTITY for wrapper in wrappers for name in wrapper):
            continue
        if not all(isinstance(inner, list) and _all_objects(inner) for inner in lists):
            continue
        around = (found.path or "").rpartition(".")[2] or "wrapper"
        inner = [_with_context(wrapper, key, around) for wrapper in wrappers]
        path = f"{found.path or ''}[].{key}"
        return _unwrap(_Found(path, [record for records in inner for record in records]))
    return found


def _with_context(wrapper: dict[str, Json], key: str, around: str) -> list[Json]:
    context: Json = {k: v for k, v in wrapper.items() if not isinstance(v, (dict, list))}
    elements = wrapper[key]
    records = elements if isinstance(elements, list) else []
    if not context:
        return records
    return [{around: context, **record} if isinstance(record, dict) else record for record in records]


def _is_keyed(value: dict[str, Json]) -> bool:
    """Tell an object of similar objects, {"host1": {...}, "host2": {...}}, keyed by name."""
    inner = [element for element in value.values() if isinstance(element, dict) and element]
    if len(inner) < max(2, len(value)):
        return False
    counts = Counter(key for element in inner for key in element)
    usual = {key for key, count in counts.items() if 2 * count > len(inner)}
    return sum(len(usual & element.keys()) / len(element) for element in inner) > len(inner) / 2


def _keyed(value: dict[str, Json]) -> list[Json]:
    return [{"_key": name, **element} for name, element in value.items() if isinstance(element, dict)]


def _all_objects(elements: list[Json]) -> bool:
    return all(isinstance(element, dict) for element in elements)


def _word(key: str) -> str:
    return re.sub(r"[^a-z]", "", key.lower())


def _object_of(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    return value if len(value) == len(pairs) else Repeated(pairs)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object_of,
    parse_float=Number,
    parse_int=Number,
    parse_constant=NotJson,
    strict=False,  # raw tabs and line ends inside text do occur and lose nothing
)
